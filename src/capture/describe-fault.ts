import type { Pool } from 'pg'
import type { Fault } from '../custody/claim.ts'
import { findSale } from '../custody/store.ts'
import { type Actor, actingFor } from '../participants/actor.ts'
import type { Directory } from '../participants/directory.ts'
import { eventOf } from './recorded-event.ts'
import * as store from './store.ts'

type Deps = { pool: Pool; directory: Directory }

/** What a refusal says of the entry that made the object what it is; undefined where the code says enough. */
export async function describeFault(deps: Deps, fault: Fault, log: number, actor: Actor): Promise<string | undefined> {
  if (fault.code === 'already_sold' && fault.position !== undefined) {
    return describeSale(deps, fault.subject.id, fault.position, log, actor)
  }
  return fault.code === 'on_hold' ? describeHold(deps, fault, log) : undefined
}

/** When the first sale was, and to the seller himself also where. */
async function describeSale({ pool, directory }: Deps, id: bigint, position: number, log: number, actor: Actor) {
  const first = await findSale(pool, log, id)
  const sale = await store.findEntry(pool, log, first ?? position)
  const mine = (sale.principal ?? sale.participant) === actingFor(actor).no
  const place = mine && sale.place !== null ? await directory.placeByNo(sale.place) : undefined
  const where = place ? ` at ${place.name}` : ''
  return `It was sold on ${sale.eventTime.toISOString()}${where}. Do not sell it again; take it back as a return if it came back.`
}

/** Which authority holds it, or the container that it is in, since when and why: authorities act by name. */
async function describeHold({ pool, directory }: Deps, { subject, detail }: Fault, log: number) {
  const position = await store.findHold(pool, log, subject.id)
  if (position === undefined) return undefined
  const hold = await store.findEntry(pool, log, position)
  const by = await directory.byNo(hold.principal ?? hold.participant)
  const code = eventOf(hold.bytes)['tamga:reason']
  const why = typeof code === 'string' ? ((await store.findReason(pool, 'hold', code)) ?? code) : 'no reason was given'
  const inside = detail?.startsWith('Something in it') === true ? 'Something in it is held' : 'It is held'
  return `${inside} by ${by?.name ?? 'customs'} since ${hold.eventTime.toISOString().slice(0, 10)}: ${why}. Ask them to lift the hold.`
}
