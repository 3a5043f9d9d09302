import type { Pool } from 'pg'
import { eventOf, withLists } from '../capture/recorded-event.ts'
import { findEntry } from '../capture/store.ts'
import { refuseOrderActs } from '../capture/take-back.ts'
import { findSubjects, type SubjectSources } from '../capture/subjects.ts'
import { loadUndo } from '../custody/undo.ts'
import { type EpcisEvent, eventEpcs } from '../epcis/event.ts'
import { parseEvent } from '../epcis/parse.ts'
import { Problem } from '../http/problem.ts'

export type ChainDeps = SubjectSources & { pool: Pool; now: () => Date; clockAheadMaxMs: number }

/** One event that would have to be taken back. */
export type Link = { event: EpcisEvent; by: number; last: number }

/** More than this is no mistake any more that can be unwound, but a trade. */
const linksMax = 100

/**
 * The event at a position and everything that was built on it since, newest first: what has to be taken back, in this order.
 * @throws Problem not_possible where that is too much, or codes were cancelled by it
 */
export async function findChain(deps: ChainDeps, log: number, position: number): Promise<Link[]> {
  const links = new Map<number, Link>()
  const open = [position]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { event, by, at } = await readLink(deps, log, next)
    if (links.has(at)) continue
    if (links.size === linksMax) {
      throw new Problem('not_possible', {
        detail: `More than ${linksMax} events have built on it since. Record what is true now instead.`,
      })
    }
    refuseOrderActs(event)
    const { subjects } = await findSubjects(deps, eventEpcs(event), true)
    const container = event.type === 'AggregationEvent' && event.parentID ? subjects.get(event.parentID)?.id : undefined
    const ids = [...new Set([...subjects.values()].map(({ id }) => id))].filter((id) => id !== 0n)
    const undo = await loadUndo(
      deps.pool,
      log,
      { position: at, ...(container === undefined ? {} : { container }) },
      ids,
    )
    links.set(at, { event, by, last: undo.positions.at(-1) ?? at })
    for (const later of new Set(undo.later.map((step) => step.position))) open.push(later)
  }
  return [...links.values()].sort((a, b) => b.last - a.last)
}

/** The event of an entry; of one that settled a waiting fact, that fact. */
async function readLink(deps: ChainDeps, log: number, position: number) {
  const entry = await findEntry(deps.pool, log, position)
  const whole: unknown = JSON.parse(entry.bytes.toString('utf8'))
  if (typeof whole === 'object' && whole !== null && 'settles' in whole && typeof whole.settles === 'number') {
    return readLink(deps, log, whole.settles)
  }
  const event = await withLists(deps.pool, eventOf(entry.bytes))
  const parsed = parseEvent(event, { now: deps.now(), clockAheadMaxMs: deps.clockAheadMaxMs })
  if (parsed.problems) throw new Error(`the event of the entry ${position} in log ${log} cannot be read any more`)
  return { event: parsed.event, by: entry.principal ?? entry.participant, at: position }
}
