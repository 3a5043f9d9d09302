// What a participant sent, and what is sent to it: its newest shipments, each with what stands in its entry.
import { eventOf, listFields } from '../capture/recorded-event.ts'
import { actingFor, type Actor } from '../participants/actor.ts'
import * as store from './stock-store.ts'
import type { StockDeps } from './stock.ts'

const shown = 50

/** How many objects an event names, without reading the lists that stand beside it: they are given there as `{sha256, count}`. */
function objectsOf(event: Record<string, unknown>): { count: number; first?: string } {
  let count = 0
  let first: string | undefined
  for (const field of listFields) {
    const list = event[field]
    if (Array.isArray(list)) {
      count += list.length
      const [code] = list as unknown[]
      if (typeof code === 'string') first ??= code
    } else if (typeof list === 'object' && list !== null && 'count' in list) count += Number(list.count)
  }
  return { count, ...(first === undefined ? {} : { first }) }
}

/** GET /shipments?side=sent|received: the newest fifty. */
export async function tellShipments({ pool, directory }: StockDeps, actor: Actor, side: 'sent' | 'received') {
  const rows = await store.listShipments(pool, side === 'sent' ? 'sender' : 'addressee', actingFor(actor).no, shown)
  const named = async (no: number) => {
    const found = await directory.byNo(no)
    return found && { id: found.id, name: found.name, country: found.country }
  }
  return Promise.all(
    rows.map(async (row) => {
      const event = eventOf(row.bytes)
      const { count, first } = objectsOf(event)
      const place = row.place === null ? undefined : await directory.placeByNo(row.place)
      const [from, to] = [await named(row.sender), await named(row.addressee)]
      const carrier = row.carrier === null ? undefined : await named(row.carrier)
      return {
        eventID: typeof event['eventID'] === 'string' ? event['eventID'] : '',
        log: row.log,
        position: row.position,
        time: row.event_time.toISOString(),
        recordTime: row.record_time.toISOString(),
        ...(from ? { from } : {}),
        ...(to ? { to } : {}),
        ...(carrier ? { carrier } : {}),
        ...(place ? { place: { id: place.id, name: place.name } } : {}),
        documents: row.documents,
        objects: count,
        ...(first === undefined ? {} : { first }),
        ...(row.taken_back ? { takenBack: true } : {}),
      }
    }),
  )
}
