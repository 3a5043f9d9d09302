import type { Pool } from 'pg'
import type { Resolver } from '../codes/resolve.ts'
import { loadBench } from '../custody/load.ts'
import { standing } from '../custody/object.ts'
import { readCode } from '../gs1/read.ts'
import { Problem } from '../http/problem.ts'
import { codesOf, eventOf, withLists } from './recorded-event.ts'
import * as store from './store.ts'

export type DocumentDeps = { pool: Pool; resolver: Resolver }

/**
 * Everything that is under way to an addressee under a document, as canonical links: what a receiving scan without codes means. Read
 * before the lock; the judge looks again, so what leaves in between is refused and not received twice.
 * @param document as the sender wrote it, or the URI of the business transaction
 * @throws Problem not_addressed where nothing is
 */
export async function underWayUnder(deps: DocumentDeps, document: string, addressee: number): Promise<string[]> {
  const found: string[] = []
  for (const transit of await store.findTransits(deps.pool, document, addressee)) {
    const entry = await store.findEntry(deps.pool, transit.log, transit.position)
    const codes = codesOf(await withLists(deps.pool, eventOf(entry.bytes)))
    const objects = await stillUnderWay(deps, transit.log, codes, addressee)
    found.push(...objects.map(({ code }) => code))
  }
  if (found.length > 0) return [...new Set(found)]
  throw new Problem('not_addressed', {
    detail: `Nothing is under way to you under the document ${document}. Check its number with the sender, or scan the goods.`,
  })
}

/** Those of the codes that are on their way to the addressee now. */
export async function stillUnderWay(
  { pool, resolver }: DocumentDeps,
  log: number,
  codes: readonly string[],
  addressee: number,
): Promise<{ id: bigint; code: string }[]> {
  const resolved = await resolver.resolve(codes.flatMap((code) => readCode(code).reading ?? []))
  const ids = resolved.map((answer) => (answer.kind === 'fault' ? 0n : answer.objectId))
  const subjects = ids.map((id) => ({ id, path: '', code: '', observe: false, orderedBy: null, orderObject: null }))
  const claim = { principal: addressee, parts: [{ act: 'receive' as const, subjects }], eventTimeMs: 0 }
  const { steps } = await loadBench(pool, log, [claim], false)
  return codes.flatMap((code, i) => {
    const step = steps.get(ids[i] ?? 0n)
    if (!step) return []
    const now = standing(step, (id) => steps.get(id))
    return now.underWay && now.addressee === addressee ? [{ id: step.id, code }] : []
  })
}
