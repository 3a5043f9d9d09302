import { findWithoutRows } from '../declarations/act-store.ts'
import type { LodgedBody } from '../declarations/bodies.ts'
import { parseRanges } from '../declarations/ranges.ts'
import * as store from '../declarations/store.ts'
import { type BorderDeps, keepLines, keepNames } from './lodge.ts'

/**
 * Writes what a crash left unwritten: the entry and its act are there, the rows by which a declaration is found are not. Called at the
 * start, after the acts themselves were mended. @returns how many
 */
export async function mendDeclarations(deps: BorderDeps): Promise<number> {
  const acts = await findWithoutRows(deps.pool)
  for (const act of acts) {
    // Written by `lodge` or `amend`, and pinned by its entry.
    const { content, goods, declarant, version } = JSON.parse(act.body) as LodgedBody
    const participant = await deps.directory.byId(declarant)
    if (!participant) throw new Error(`the declarant ${declarant} of entry ${act.position} is not registered`)
    await deps.exclusively(`declaration ${act.subject}`, async (client) => {
      const known = await store.findDeclaration(client, act.subject)
      const no =
        known?.no ??
        (await store.insertDeclaration(client, {
          id: act.subject,
          participant: participant.no,
          reference: content.reference,
          flow: content.flow,
          office: content.office,
          lodged_at: act.at,
          position: act.position,
        }))
      const parts = goods.parts.map((part) => ({ ...part, units: parseRanges(part.units) }))
      await keepLines(deps, client, no, version, content, { ...goods, parts })
      await keepNames(client, no, act.subject, content)
    })
  }
  return acts.length
}
