// What makers made within an hour, against what they can: indicator P19.
import type { ClientBase } from 'pg'
import { listFields } from '../capture/recorded-event.ts'
import { listActsOfKind } from '../declarations/act-store.ts'
import { bornEvent, type GoodsView } from './goods-facts.ts'

/** Licensed: by an authority. Declared: the maker's own word. */
export const capacityBases = ['licensed', 'declared'] as const

export type Capacity = {
  participant: string
  /** Id of a product group. */
  group: string
  /** Consumer units. */
  perHour: number
  basis: (typeof capacityBases)[number]
  from: string
  until: string
  legalBasis: string
}

export type KnownCapacity = { id: string; at: Date; position: number; body: Capacity }

export const capacityKind = 'capacity_set'

/** Every capacity that was registered, the newest last; acts of the log `customs` below a position count. */
export async function listCapacities(client: Pick<ClientBase, 'query'>, before?: number): Promise<KnownCapacity[]> {
  return (await listActsOfKind(client, [capacityKind], before)).map(({ subject, at, position, body }) => ({
    id: subject,
    at,
    position,
    body: JSON.parse(body) as Capacity, // Written by border/capacity-routes.ts and pinned by its entry.
  }))
}

/** Units of a group that a maker commissioned within an hour, by event time: all of each entry, declared here or not. */
export type Made = { maker: string; group: string; hour: Date; count: number; positions: number[] }

export type Production = { made: Made[]; backdatedHours: number }

export function production(views: readonly GoodsView[]): Production {
  const made = new Map<string, Made>()
  let backdatedHours = 0
  for (const view of views) {
    for (const entry of view.born.values()) {
      const { position, eventTime, recordTime } = entry
      const gtin = view.standings.find(({ group }) => group.born === position)?.gtin
      const product = view.products.find((known) => known.gtin === gtin)
      const maker = view.maker.get(position)
      const hour = new Date(Math.floor(eventTime.getTime() / hourMs) * hourMs)
      const key = `${maker?.id} ${product?.group.id} ${hour.getTime()}`
      const known = made.get(key) ?? {
        maker: maker?.id ?? '',
        group: product?.group.id ?? '',
        hour,
        count: 0,
        positions: [],
      }
      // Two lines of a declaration, or two parts of one, rest on the same entry.
      if (!known.positions.includes(position)) {
        known.count += codeCount(bornEvent(entry))
        known.positions.push(position)
      }
      made.set(key, known)
      backdatedHours = Math.max(backdatedHours, (recordTime.getTime() - eventTime.getTime()) / hourMs)
    }
  }
  return { made: [...made.values()].sort((a, b) => b.count - a.count), backdatedHours }
}

const hourMs = 3_600_000

/** How many codes an entry names; a long list is replaced by its count (design D6). */
function codeCount(event: Record<string, unknown>): number {
  let count = 0
  for (const field of listFields) {
    const list = event[field]
    if (Array.isArray(list)) count += list.length
    else if (typeof list === 'object' && list !== null && 'count' in list) count += Number(list.count)
  }
  return count
}

/** The hour in which a maker exceeded most what was registered for it then; undefined where nothing was. */
export function worstHour(
  made: readonly Made[],
  known: readonly KnownCapacity[],
): { ratio: number; made: Made } | undefined {
  let worst: { ratio: number; made: Made } | undefined
  for (const each of made) {
    const capacity = known.findLast(
      ({ body }) =>
        body.participant === each.maker &&
        body.group === each.group &&
        new Date(body.from) <= each.hour &&
        each.hour < new Date(body.until),
    )
    if (!capacity) continue
    const ratio = each.count / capacity.body.perHour
    if (!worst || ratio > worst.ratio) worst = { ratio, made: each }
  }
  return worst
}
