import type { Pool } from 'pg'
import type { EventLedger } from '../capture/prepare.ts'
import { findLogsOf } from '../capture/store.ts'
import { findOrderNo } from '../codes/order-store.ts'
import type { Resolver } from '../codes/resolve.ts'
import { blockSize, claimedFrom } from '../codes/serial.ts'
import { readCode } from '../gs1/read.ts'
import type { Reading } from '../gs1/read.ts'
import { Problem, type ProblemItem, problemItemsMax } from '../http/problem.ts'
import type { Catalogue } from '../products/catalogue.ts'
import * as store from './goods-store.ts'
import { bringToLines, type Loose } from './lines.ts'
import {
  byOrder,
  difference,
  formatRanges,
  idAt,
  intersection,
  type Ranges,
  rangesOf,
  sizeOf,
  union,
} from './ranges.ts'
import type { DeclaredCode, Item } from './schema.ts'

export type GoodsDeps = {
  pool: Pool
  resolver: Resolver
  catalogue: Catalogue
  ledger: Pick<EventLedger, 'logNo'>
  nestingMax: number
}

/** Units of one GTIN in one log, under one line. */
export type Part = { item: number; log: string; gtin: string; units: Ranges }

/** A code that leads to nothing, and why. */
export type BadCode = { path: string; code: string; why: 'unknown' | 'forged'; item?: number }

/** What a declaration's codes mean: the set of consumer units is frozen; what they are packed in may change. */
export type Goods = {
  /** How many entries each log had that these goods are of: what was not there yet does not count. */
  positions: Readonly<Record<string, number>>
  parts: readonly Part[]
  bad: readonly BadCode[]
  /** Cases that are products of their own and in which nothing is recorded. */
  emptyCases: number
  containers: number
}

export type CodeList = { path: string; item?: number; codes: readonly DeclaredCode[] }

export const codeLists = (declared: {
  codes?: readonly DeclaredCode[]
  items?: readonly Pick<Item, 'number' | 'codes'>[]
}): CodeList[] => [
  ...(declared.items ?? []).flatMap(({ number, codes }, i) =>
    codes && codes.length > 0 ? [{ path: `/items/${i}/codes`, item: number, codes }] : [],
  ),
  ...(declared.codes && declared.codes.length > 0 ? [{ path: '/codes', codes: declared.codes }] : []),
]

type Named = { log: string; id: bigint; item: number | undefined }

/**
 * Finds what codes mean, below the newest entry of now or below given positions.
 * @throws Problem code_malformed, gtin_check_digit, field_invalid with the place of each code that is none
 */
export async function readGoods(
  deps: GoodsDeps,
  lists: readonly CodeList[],
  items: readonly Item[],
  at?: Readonly<Record<string, number>>,
): Promise<Goods> {
  const bad: BadCode[] = []
  const named: Named[] = []
  const direct: { log: string; item: number | undefined; units: Ranges }[] = []
  for (const list of lists) {
    const { readings, blocks } = await readList(deps, list)
    for (const block of blocks) {
      // Cases are opened, each; of units a range is all there is to know.
      if (block.cases) for (const id of idsOf(block.units)) named.push({ log: block.log, id, item: list.item })
      else direct.push(block)
    }
    const resolved = await deps.resolver.resolve(readings.map(({ reading }) => reading))
    const logs = await findLogsOf(
      deps.pool,
      resolved.flatMap((answer) => (answer.kind === 'logistic' ? [answer.objectId] : [])),
    )
    for (const [i, answer] of resolved.entries()) {
      const { path = '', text = '' } = readings[i] ?? {}
      const fault = (why: BadCode['why']) =>
        bad.push({ path, code: text.slice(0, 200), why, ...(list.item === undefined ? {} : { item: list.item }) })
      if (answer.kind === 'fault') fault('unknown')
      else if (answer.kind === 'logistic') {
        const log = logs.get(answer.objectId)
        if (log === undefined) fault('unknown')
        else named.push({ log, id: answer.objectId, item: list.item })
      } else if (answer.tail === 'forged') fault('forged')
      else {
        const log = answer.order?.log ?? (await deps.catalogue.byGtin(answer.gtin))?.group.log
        if (log === undefined) fault('unknown')
        else named.push({ log, id: answer.objectId, item: list.item })
      }
    }
  }
  const logs = [...new Set([...named, ...direct].map(({ log }) => log))]
  const now = await store.readPositions(deps.pool, logs)
  const positions = Object.fromEntries(logs.map((log) => [log, at?.[log] ?? now.get(log)?.size ?? 0]))
  const found = await openAll(deps, logs, named, direct, positions)
  return { positions, bad, ...(await assign(deps, found, items)) }
}

type BlockCodes = { log: string; item: number | undefined; units: Ranges }

const idsOf = (ranges: Ranges): bigint[] => Array.from({ length: sizeOf(ranges) }, (_, i) => idAt(ranges, i))

async function readList(deps: GoodsDeps, { path, item, codes }: CodeList) {
  const readings: { reading: Reading; path: string; text: string }[] = []
  const blocks: (BlockCodes & { cases: boolean })[] = []
  const errors: ProblemItem[] = []
  for (const [i, code] of codes.entries()) {
    const at = `${path}/${i}`
    if (typeof code !== 'string') {
      const units = await blockOf(deps, code)
      if (units) blocks.push({ ...units, item })
      else errors.push({ path: at, code: 'field_invalid', detail: 'There is no such order or block.' })
      continue
    }
    const { reading, fault } = readCode(code)
    if (reading) readings.push({ reading, path: at, text: code })
    else errors.push({ path: at, code: fault.code, detail: fault.detail, ...(fault.hint ? { hint: fault.hint } : {}) })
  }
  const [first] = errors
  if (first) {
    throw new Problem(first.code, {
      detail: `${first.detail} (at ${first.path})`,
      errors: errors.slice(0, problemItemsMax),
      errorCount: errors.length,
    })
  }
  return { readings, blocks }
}

async function blockOf({ pool, resolver, catalogue }: GoodsDeps, range: Exclude<DeclaredCode, string>) {
  const no = await findOrderNo(pool, range.order)
  const order = no === undefined ? undefined : await resolver.order(no)
  const first = range.block * blockSize + (range.from ?? 0)
  const last = Math.min(range.block * blockSize + (range.to ?? blockSize - 1), (order?.quantity ?? 0) - 1)
  if (!order || first > last) return undefined
  const cases = ((await catalogue.byGtin(order.gtin))?.contains.length ?? 0) > 0
  return { log: order.log, cases, units: [[order.firstId + BigInt(first), order.firstId + BigInt(last) + 1n]] as const }
}

type Found = {
  item: number | undefined
  log: string
  units: Ranges
  cases: readonly bigint[]
  /** To which nothing ever happened. */
  unborn: Ranges
}

/** What is in what was named, through all levels; from earlier counts where they still hold. */
async function openAll(
  { pool, ledger, nestingMax }: GoodsDeps,
  logs: readonly string[],
  named: readonly Named[],
  direct: readonly BlockCodes[],
  positions: Readonly<Record<string, number>>,
): Promise<Found[]> {
  const found: Found[] = []
  for (const name of logs) {
    const log = await ledger.logNo(name)
    const before = positions[name] ?? 0
    const here = named.filter((object) => object.log === name)
    const ids = [...new Set(here.map(({ id }) => id))]
    const known = await store.findSummaries(
      pool,
      log,
      ids.filter((id) => id < 0n),
      before,
    )
    const counted = new Set(known.map(({ root }) => root))
    const fresh = await store.openUp(
      pool,
      log,
      ids.filter((id) => !counted.has(id)),
      before,
      nestingMax,
    )
    const large = fresh.filter(({ root, units }) => root < 0n && sizeOf(units) >= summaryMin)
    if (large.length > 0) await store.insertSummaries(pool, log, before, large)
    const inside = new Map([...known, ...fresh].map((each) => [each.root, each]))
    for (const item of new Set(
      [...here, ...direct.filter((block) => block.log === name)].map((object) => object.item),
    )) {
      const units: [bigint, bigint][] = []
      const cases: bigint[] = []
      const unborn: bigint[] = []
      const add = (ranges: Ranges) => ranges.forEach(([from, to]) => units.push([from, to]))
      for (const { id } of here.filter((object) => object.item === item)) {
        const open = inside.get(id)
        add(open?.units ?? [])
        cases.push(...(open?.containers ?? []))
        // A code that nothing happened to yet is declared all the same.
        if (open || id < 0n) continue
        units.push([id, id + 1n])
        unborn.push(id)
      }
      direct.filter((block) => block.item === item && block.log === name).forEach((block) => add(block.units))
      found.push({ item, log: name, units: union(units), cases, unborn: rangesOf(unborn) })
    }
  }
  return found
}

/** Containers of fewer units are counted faster than a count is found again. */
const summaryMin = 100

/** Brings units under lines: those of a line stay there, those of the declaration go to the line that fits their GTIN best. */
async function assign(deps: GoodsDeps, found: readonly Found[], items: readonly Item[]) {
  const parts: Part[] = []
  const taken = new Map<string, Ranges>()
  let emptyCases = 0
  // Lines first: a unit that is named twice counts where it was named more closely.
  for (const each of [...found].sort((a, b) => Number(a.item === undefined) - Number(b.item === undefined))) {
    const fresh = difference(each.units, taken.get(each.log) ?? [])
    taken.set(each.log, union([...(taken.get(each.log) ?? []), ...fresh]))
    const loose: (Loose & { gtin: string })[] = []
    for (const { gtin, units } of await byGtin(deps, fresh)) {
      const product = await deps.catalogue.byGtin(gtin)
      const isCase = product !== undefined && product.contains.length > 0
      // A case that was never put on goods is no case: it stays among the units, where it is seen.
      const counted = isCase ? intersection(units, each.unborn) : units
      emptyCases += sizeOf(units) - sizeOf(counted)
      if (counted.length > 0) loose.push({ gtin, product, units: counted })
    }
    const { item } = each
    const shares = item === undefined ? bringToLines(items, loose) : loose.map(({ units }) => [{ item, units }])
    for (const [i, { gtin }] of loose.entries()) {
      for (const share of shares[i] ?? []) parts.push({ ...share, log: each.log, gtin })
    }
  }
  const containers = new Set(found.flatMap(({ cases }) => cases)).size
  return { parts: merged(parts), emptyCases, containers }
}

function merged(parts: readonly Part[]): Part[] {
  const found = new Map<string, Part>()
  for (const part of parts) {
    const key = `${part.item} ${part.log} ${part.gtin}`
    const known = found.get(key)
    found.set(key, known ? { ...known, units: union([...known.units, ...part.units]) } : part)
  }
  return [...found.values()].sort((a, b) => a.item - b.item || (a.gtin < b.gtin ? -1 : 1))
}

async function byGtin({ resolver }: GoodsDeps, units: Ranges): Promise<{ gtin: string; units: Ranges }[]> {
  const parts: { gtin: string; units: Ranges }[] = []
  const claimed: [bigint, bigint][] = []
  for (const [orderNo, ranges] of byOrder(units)) {
    const order = (ranges[0]?.[0] ?? 0n) < claimedFrom ? await resolver.order(orderNo) : undefined
    if (order) parts.push({ gtin: order.gtin, units: ranges })
    else ranges.forEach(([from, to]) => claimed.push([from, to]))
  }
  const ids = Array.from({ length: sizeOf(claimed) }, (_, i) => idAt(claimed, i))
  const names = await resolver.describe(ids)
  const gtins = new Map<string, bigint[]>()
  names.forEach((name, i) => {
    const id = ids[i]
    if (!name || !('gtin' in name) || id === undefined) return
    gtins.set(name.gtin, [...(gtins.get(name.gtin) ?? []), id])
  })
  for (const [gtin, own] of gtins) parts.push({ gtin, units: rangesOf(own) })
  return parts
}

/** All units of a log's parts. */
export const unitsOf = (parts: readonly Part[], log?: string): Ranges =>
  union(parts.filter((part) => log === undefined || part.log === log).flatMap(({ units }) => units))

export const overlap = (a: readonly Part[], b: readonly Part[]): Ranges =>
  union([...new Set(a.map(({ log }) => log))].flatMap((log) => intersection(unitsOf(a, log), unitsOf(b, log))))

/** As it stands in an act. */
export type StoredGoods = Omit<Goods, 'parts'> & { parts: readonly (Omit<Part, 'units'> & { units: string })[] }

export const storedGoods = (goods: Goods): StoredGoods => ({
  ...goods,
  parts: goods.parts.map((part) => ({ ...part, units: formatRanges(part.units) })),
})
