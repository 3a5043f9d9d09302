import type { FastifyBaseLogger } from 'fastify'
import type { Pool } from 'pg'
import type { Capture } from '../capture/capture.ts'
import type { Resolver } from '../codes/resolve.ts'
import { findGroups, readPositions } from '../declarations/goods-store.ts'
import { type Ranges, idAt, parseRanges, sizeOf } from '../declarations/ranges.ts'
import type { Standing } from '../declarations/standing.ts'
import type { Db } from '../db/connect.ts'
import type { Uri } from '../epcis/event.ts'
import { momentAt } from '../epcis/moment.ts'
import { epcOf, objectEvent } from '../epcis/write.ts'
import type { Actor } from '../participants/actor.ts'
import { listParticipants, participantRef } from '../participants/store.ts'

export type ActivateDeps = {
  pool: Pool
  db: Db
  resolver: Resolver
  capture: Capture
  now: () => Date
  log: Pick<FastifyBaseLogger, 'error' | 'warn'>
}

/** Codes to an event: entries of this size are written in a moment, and a till waits for no more than one of them. */
const portion = 5_000

/**
 * Customs' release brings an importer's goods into circulation: an event like any other, by customs, for each unit that is only
 * applied. What cannot be brought (it is on hold, or was sold meanwhile) stays as it is.
 */
export function createActivation(deps: ActivateDeps): (standing: Standing) => Promise<void> {
  return async (standing) => {
    const { content, goods } = standing.current.body
    if (content.flow !== 'import' || goods.parts.length === 0) return
    const actor = await customs(deps.db)
    if (!actor) return
    for (const name of new Set(goods.parts.map(({ log }) => log))) {
      const units = goods.parts.filter(({ log }) => log === name).flatMap((part) => parseRanges(part.units))
      const ids = await encodedOf(deps, name, units)
      for (let from = 0; from < ids.length; from += portion) {
        await record(deps, actor, standing.id, ids.slice(from, from + portion))
      }
    }
  }
}

/** In whose name the machine releases: the customs service that was registered first. */
async function customs(db: Db): Promise<Actor | undefined> {
  const [row] = await listParticipants(db, { role: 'customs' }, 0, 1)
  return row && { participant: participantRef(row), key: { no: 0, id: 'tamga', kind: 'system' } }
}

async function encodedOf({ pool }: ActivateDeps, log: string, units: Ranges): Promise<bigint[]> {
  const now = (await readPositions(pool, [log])).get(log)
  if (!now) return []
  const groups = await findGroups(pool, now.no, units, now.size)
  if (!groups.some(({ step }) => step.state === 'encoded')) return []
  const all = Array.from({ length: sizeOf(units) }, (_, i) => idAt(units, i))
  // Where all are alike, as with every honest load, nobody has to be asked one by one.
  if (groups.every(({ step }) => step.state === 'encoded')) return all
  const encoded: bigint[] = []
  for (const id of all) {
    const [own] = await findGroups(pool, now.no, [[id, id + 1n]], now.size)
    if (own?.step.state === 'encoded') encoded.push(id)
  }
  return encoded
}

async function record(deps: ActivateDeps, actor: Actor, declaration: string, ids: readonly bigint[]): Promise<void> {
  const names = await deps.resolver.describe(ids)
  const epcs = names.flatMap((name, i) =>
    name && 'gtin' in name ? [epcOf('', { kind: 'unit', ...name, attributes: new Map() }, `/codes/${i}`)] : [],
  )
  if (epcs.length === 0) return
  const event = objectEvent({
    eventTime: momentAt(deps.now()),
    action: 'OBSERVE',
    bizStep: 'entering_exiting',
    disposition: 'active',
    epcList: epcs,
    bizTransactionList: [{ type: 'inv', bizTransaction: `urn:tamga:declaration:${declaration}` as Uri }],
  })
  try {
    await deps.capture.record(actor, event, { partial: true })
  } catch (error) {
    // The release stands; whose goods stay out of circulation sees why in a finding.
    deps.log.warn({ err: error, declaration }, 'released goods could not be brought into circulation')
  }
}
