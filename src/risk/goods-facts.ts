import type { Pool } from 'pg'
import { eventOf } from '../capture/recorded-event.ts'
import { isSerious } from '../clones/clone.ts'
import type { Resolver } from '../codes/resolve.ts'
import { claimedFrom } from '../codes/serial.ts'
import type { Limits } from '../config/limits.ts'
import { flag, standing, type Standing, type State, stateNo } from '../custody/object.ts'
import type { Part } from '../declarations/goods.ts'
import * as goods from '../declarations/goods-store.ts'
import { byOrder, has, type Ranges, sizeOf, union } from '../declarations/ranges.ts'
import type { ParticipantRef } from '../participants/actor.ts'
import type { Directory } from '../participants/directory.ts'
import type { Catalogue, Product } from '../products/catalogue.ts'
import * as store from './facts-store.ts'
import { type LifeFacts, readLives } from './life-facts.ts'

export type GoodsFactDeps = {
  pool: Pool
  resolver: Resolver
  catalogue: Catalogue
  directory: Directory
  limits: Limits
}

/** Something that was counted, with a few of what it rests on. */
export type Counted = { count: number; ids: bigint[]; positions: number[] }

export type StatePart = { group: goods.Group; now: Standing; gtin: string }

/** What the ledger says of the units of one line in one log. */
export type GoodsView = {
  log: string
  units: Ranges
  parts: readonly Part[]
  products: readonly Product[]
  standings: readonly StatePart[]
  uncommissioned: number
  born: ReadonlyMap<number, goods.BornEntry>
  ilmd: ReadonlyMap<number, { lot: string | null; expiry: string | null }>
  doubts: ReadonlyMap<string, store.Doubt>
  suspicions: readonly store.SuspicionRow[]
  doubleEnds: Awaited<ReturnType<typeof store.findDoubleEnds>>
  recalls: readonly store.RecallRow[]
  lives: LifeFacts
  usedShare: number | undefined
  asOf: store.AsOf
  maker: ReadonlyMap<number, ParticipantRef>
  country: ReadonlyMap<number, string>
}

const doubtCodes = ['sealed_elsewhere', 'packed_elsewhere', 'two_custodians', 'impossible_travel', 'already_sold']

const finals: readonly State[] = ['sold', 'exported', 'destroyed']

/** Counting the codes in use of larger orders takes longer than the fact is worth. */
const usedMax = 200_000

export async function viewGoods(
  deps: GoodsFactDeps,
  log: { name: string; no: number },
  parts: readonly Part[],
  asOf: store.AsOf,
): Promise<GoodsView> {
  const { pool, limits } = deps
  const units = union(parts.flatMap((part) => part.units))
  const groups = await goods.findGroups(pool, log.no, units, asOf.before)
  const parents = groups.flatMap(({ step }) => step.parent ?? [])
  const containers = await goods.findContainerSteps(pool, log.no, parents, asOf.before)
  const gtinOf = (id: bigint) => parts.find((part) => has(part.units, id))?.gtin ?? ''
  const standings = groups.map((group) => ({
    group,
    now: standing(group.step, (id) => containers.get(id)),
    gtin: gtinOf(group.step.id),
  }))
  const bornAt = [...new Set(groups.map(({ born }) => born))].slice(0, 1_000)
  const entries = await goods.findEntries(pool, log.no, bornAt)
  const gtins = [...new Set(parts.map(({ gtin }) => gtin))]
  const products = (await Promise.all(gtins.map((gtin) => deps.catalogue.byGtin(gtin)))).filter(
    (product) => product !== undefined,
  )
  const maker = new Map<number, ParticipantRef>()
  const country = new Map<number, string>()
  for (const entry of entries) {
    const by = await deps.directory.byNo(entry.participant)
    const place = entry.place === null ? undefined : await deps.directory.placeByNo(entry.place)
    if (by) maker.set(entry.position, by)
    const where = place?.country ?? by?.country
    if (where !== undefined) country.set(entry.position, where)
  }
  const living = groups.reduce((sum, { count }) => sum + count, 0)
  return {
    log: log.name,
    units,
    parts,
    products,
    standings,
    uncommissioned: sizeOf(units) - living,
    born: new Map(entries.map((entry) => [entry.position, entry])),
    ilmd: await store.findIlmd(pool, log.no, bornAt),
    doubts: new Map((await store.findDoubts(pool, units, asOf, doubtCodes)).map((doubt) => [doubt.code, doubt])),
    suspicions: await store.findSuspicionsIn(pool, units, asOf),
    doubleEnds: standings.some(({ now }) => finals.includes(now.state))
      ? await store.findDoubleEnds(pool, units, asOf, finals.map(stateNo))
      : { objects: 0, examples: [], positions: [], participants: 0 },
    recalls: await store.findRecallsOf(pool, gtins, units, asOf.at),
    lives: await readLives(pool, log.no, groups, asOf.before, limits),
    usedShare: await usedShare(deps, asOf, units),
    asOf,
    maker,
    country,
  }
}

async function usedShare(
  { pool, resolver }: GoodsFactDeps,
  asOf: store.AsOf,
  units: Ranges,
): Promise<number | undefined> {
  let [used, ordered] = [0, 0]
  for (const [orderNo, ranges] of byOrder(units)) {
    const order = (ranges[0]?.[0] ?? 0n) < claimedFrom ? await resolver.order(orderNo) : undefined
    if (!order || ordered + order.quantity > usedMax) return undefined
    ordered += order.quantity
    used += await store.countUsed(pool, asOf, order.firstId, order.quantity)
  }
  return ordered === 0 ? undefined : used / ordered
}

const add = (into: Counted, count: number, ids: readonly bigint[], positions: readonly number[]): Counted => ({
  count: into.count + count,
  ids: [...into.ids, ...ids].slice(0, 10),
  positions: [...new Set([...into.positions, ...positions])].slice(0, 10),
})

export const nothing: Counted = { count: 0, ids: [], positions: [] }

/** Units whose standing has something, with the entries that made it so. */
export const countWhere = (views: readonly GoodsView[], is: (part: StatePart, view: GoodsView) => boolean): Counted =>
  views.reduce(
    (sum, view) =>
      view.standings
        .filter((part) => is(part, view))
        .reduce((inner, { group }) => add(inner, group.count, group.examples, [group.newest]), sum),
    nothing,
  )

/** Units whose codes were issued and never put on goods. */
export async function countUncommissioned({ pool }: GoodsFactDeps, views: readonly GoodsView[]): Promise<Counted> {
  let counted = nothing
  for (const { uncommissioned, units, asOf } of views) {
    const ids = uncommissioned === 0 ? [] : await store.findUnborn(pool, units, asOf, 10)
    counted = add(counted, uncommissioned, ids, [])
  }
  return counted
}

/** Units of a recalled product, lot or code. */
export const countRecalled = (views: readonly GoodsView[]): Counted =>
  views.reduce((sum, view) => {
    const whole = view.recalls.filter(({ objectId }) => objectId === null)
    const byProduct = countWhere([view], ({ group, gtin }) =>
      whole.some(
        (recall) => recall.gtin === gtin && (recall.lot === null || recall.lot === view.ilmd.get(group.born)?.lot),
      ),
    )
    const single = view.recalls.flatMap(({ objectId }) => objectId ?? [])
    return add(add(sum, byProduct.count, byProduct.ids, byProduct.positions), single.length, single, [])
  }, nothing)

export const countExpired = (views: readonly GoodsView[]): Counted =>
  countWhere(views, ({ group }, view) => {
    const expiry = view.ilmd.get(group.born)?.expiry ?? undefined
    return expiry !== undefined && expiry < view.asOf.at.toISOString().slice(0, 10)
  })

/** Units about which sightings exclude each other, in one way. */
export function countSuspected(views: readonly GoodsView[], codes: readonly string[], doubtCode: string) {
  let counted = nothing
  let serious = false
  for (const view of views) {
    const byUnit = new Map<bigint, store.SuspicionRow[]>()
    for (const row of view.suspicions.filter(({ code }) => codes.includes(code))) {
      byUnit.set(row.id, [...(byUnit.get(row.id) ?? []), row])
    }
    const doubt = view.doubts.get(doubtCode)
    const ids = [...new Set([...byUnit.keys(), ...(doubt?.examples ?? [])])]
    const positions = [...[...byUnit.values()].flat().map(({ position }) => position), ...(doubt?.positions ?? [])]
    counted = add(counted, Math.max(byUnit.size, doubt?.objects ?? 0), ids, positions)
    serious ||= [...byUnit.values()].some(isSerious)
  }
  return { ...counted, serious }
}

/** The country of origin that a commissioning entry itself names (CBV master data `countryOfOrigin`). */
export function originOf(entry: goods.BornEntry | undefined): string | undefined {
  if (!entry) return undefined
  const { ilmd } = bornEvent(entry)
  if (typeof ilmd !== 'object' || ilmd === null) return undefined
  for (const [name, value] of Object.entries(ilmd)) {
    if (/(^|[:#])countryOfOrigin$/.test(name) && typeof value === 'string') return value
  }
  return undefined
}

/** Entries are up to 64 KB, and several facts read them. */
const read = new WeakMap<goods.BornEntry, Record<string, unknown>>()

/** What an entry says that began the life of units. */
export function bornEvent(entry: goods.BornEntry): Record<string, unknown> {
  const event = read.get(entry) ?? eventOf(entry.bytes)
  read.set(entry, event)
  return event
}

/** Origins of the units: by commissioning data, else by the register of products. The place of marking alone says nothing. */
export function origins(views: readonly GoodsView[]): { origin: string; basis: string; counted: Counted }[] {
  const found = new Map<string, { origin: string; basis: string; counted: Counted }>()
  for (const view of views) {
    for (const { group, gtin } of view.standings) {
      const said = originOf(view.born.get(group.born))
      const registered = view.products.find((product) => product.gtin === gtin)?.originCountry
      const origin = said ?? registered
      if (origin === undefined) continue
      const basis = said === undefined ? 'product' : 'commissioning'
      const known = found.get(origin) ?? { origin, basis, counted: nothing }
      found.set(origin, { ...known, counted: add(known.counted, group.count, group.examples, [group.born]) })
    }
  }
  return [...found.values()].sort((a, b) => b.counted.count - a.counted.count || (a.origin < b.origin ? -1 : 1))
}

/** Units that this firm neither owns nor holds, nor is addressed for, and for whose owner it has no mandate. */
export const countStrange = (
  views: readonly GoodsView[],
  participant: number,
  principals: ReadonlySet<number>,
): Counted =>
  countWhere(views, ({ now }) => {
    const parties = [now.owner, now.holder, now.addressee, now.sender]
    return !parties.some((no) => no !== null && (no === participant || principals.has(no)))
  })

export const isHeld = ({ now }: StatePart): boolean => now.held || (now.own.flags & flag.held) !== 0
