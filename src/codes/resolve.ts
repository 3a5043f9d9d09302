// From what a code says to the number of the object that it names, and back. Orders and blocks never change, so whatever is
// cached is right; warm, a code costs two binary searches in memory and no allocation but its answer.
import { setImmediate } from 'node:timers/promises'
import type { Pool } from 'pg'
import { markOf, systemOf } from '../gs1/foreign.ts'
import { isGtin, isSerial, isSscc, type Gtin, type Serial, type Sscc } from '../gs1/identifiers.ts'
import { hintTexts, type Reading, type Tail } from '../gs1/read.ts'
import { createBlockCache, holdsBlockOf, rankIn, workMax, workOf, type BlockCache, type Order } from './block-cache.ts'
import type { TailKeys } from './keys.ts'
import { createLru } from './lru.ts'
import { blockSize, claimedFrom, orderNoOf, ownSerial, randomOf, splitUnitId } from './serial.ts'
import * as store from './store.ts'
import { judgeTail, withoutLostSeparator, type TailVerdict } from './tail.ts'

export type CodeRefusal = {
  code: 'code_unknown' | 'code_malformed'
  /** One sentence for people: what is wrong and what to do. */
  detail: string
  hint?: 'lost_gs' | 'changed_case'
}

/** `order` is absent where nobody ordered the unit: it was only claimed by an event in a group that observes. */
export type ResolvedUnit = {
  kind: 'unit'
  objectId: bigint
  gtin: Gtin
  serial: Serial
  order: Order | undefined
  tail: TailVerdict
  fault?: never
}
export type ResolvedLogistic = { kind: 'logistic'; objectId: bigint; sscc: Sscc; fault?: never }
export type Resolved = ResolvedUnit | ResolvedLogistic | { kind: 'fault'; fault: CodeRefusal }

/** What an object is called outside. */
export type ObjectName = { gtin: Gtin; serial: Serial } | { sscc: Sscc }

export type Resolver = {
  /** One answer for each reading, in order. Never throws for what a code says. */
  resolve(readings: readonly Reading[]): Promise<Resolved[]>
  /** The answer if memory alone can give it. */
  resolveWarm(reading: Reading): Resolved | undefined
  /** The names of objects; undefined for an order's own id and for ids that were never given out. */
  describe(ids: readonly bigint[]): Promise<(ObjectName | undefined)[]>
  /** An order by its number, from memory where possible. */
  order(orderNo: number): Promise<Order | undefined>
}

type UnitReading = Extract<Reading, { kind: 'unit' }>
type Foreign = { objectId: bigint; orderNo: number }

const foreignMax = 100_000 // Entries of about 200 bytes: 20 MB.
const foreignPerQuery = 5_000
const notOne = -1 // The order number of a unit that nobody ordered.

/** @param options.issuingState the first character of own serials (design D3) */
export function createResolver(pool: Pool, keys: TailKeys, options: { issuingState: string }): Resolver {
  const { issuingState } = options
  const blocks = createBlockCache(pool, keys)
  const foreign = createLru<string, Foreign>(foreignMax)

  /** undefined: memory does not know; null: it does, and no own order has this code. */
  const ownWarm = (reading: UnitReading): Resolved | undefined | null => {
    const orderNo = orderNoOf(issuingState, reading.serial)
    if (orderNo < 0) return null
    const order = blocks.orderWarm(orderNo)
    if (order === undefined) return undefined
    if (order.origin !== 'own' || order.gtin !== reading.gtin) return null
    const random = randomOf(reading.serial)
    const block = holdsBlockOf(order, random)
    if (block < 0) return null
    const randoms = blocks.blockWarm(order.no, block)
    if (randoms === undefined) return undefined
    const rank = rankIn(randoms, random)
    return rank < 0 ? null : unitAt(reading, order, block * blockSize + rank)
  }

  const foreignWarm = (reading: UnitReading): Resolved | undefined => {
    const known = foreign.get(reading.gtin + reading.serial)
    if (known === undefined) return undefined
    if (known.orderNo === notOne) return unit(reading, known.objectId, undefined, 'absent')
    const order = blocks.orderWarm(known.orderNo)
    return order && broughtUnit(reading, order, known.objectId)
  }

  const resolveWarm = (reading: Reading): Resolved | undefined => {
    if (reading.kind !== 'unit') return withoutSerial(reading)
    const own = ownWarm(reading)
    return own === null ? foreignWarm(reading) : own
  }

  /** Looks up what is not in memory: first all orders that serials name, then blocks, then serials that are not ours. */
  const resolveCold = async (readings: readonly UnitReading[]): Promise<(Resolved | undefined)[]> => {
    const answers = await resolveOwn(blocks, issuingState, readings)
    const rest: number[] = []
    answers.forEach((answer, i) => answer === undefined && rest.push(i))
    for (let from = 0; from < rest.length; from += foreignPerQuery) {
      const part = rest.slice(from, from + foreignPerQuery)
      const asked = part.flatMap((i) => readings[i] ?? [])
      const rows = await store.findForeign(
        pool,
        asked.map((reading) => reading.gtin),
        asked.map((reading) => reading.serial),
      )
      await blocks.orders(rows.flatMap((row) => row.order_no ?? []))
      for (const row of rows) {
        const reading = asked[row.n - 1]
        const at = part[row.n - 1]
        if (!reading || at === undefined) continue
        foreign.set(reading.gtin + reading.serial, { objectId: row.unit_id, orderNo: row.order_no ?? notOne })
        const order = row.order_no === null ? undefined : (await blocks.orders([row.order_no])).get(row.order_no)
        answers[at] = order ? broughtUnit(reading, order, row.unit_id) : unit(reading, row.unit_id, undefined, 'absent')
      }
    }
    return answers
  }

  const resolve = async (readings: readonly Reading[]): Promise<Resolved[]> => {
    const answers: (Resolved | undefined)[] = []
    const cold: number[] = []
    let work = 0
    for (const reading of readings) {
      const answer = resolveWarm(reading)
      if (answer === undefined) cold.push(answers.length)
      answers.push(answer)
      if (answer?.kind === 'unit' && answer.tail !== 'absent') work += workOf[answer.order?.tailKey.kind ?? 'mac']
      if (work < workMax) continue
      work = 0
      await setImmediate()
    }
    if (cold.length > 0) {
      const asked = cold.flatMap((i) => unitReading(readings[i]) ?? [])
      const found = await resolveCold(asked)
      const explained = await explainUnknown(asked, found, resolveCold)
      cold.forEach((i, j) => (answers[i] = found[j] ?? explained.get(j)))
    }
    return answers.map((answer, i) => answer ?? unknownUnit(readings[i] as Reading))
  }

  return {
    resolve,
    resolveWarm,
    describe: (ids) => describeIds(pool, blocks, issuingState, ids),
    order: async (orderNo) => (await blocks.orders([orderNo])).get(orderNo),
  }
}

const unitReading = (reading: Reading | undefined): UnitReading | undefined =>
  reading?.kind === 'unit' ? reading : undefined

const unknown: Resolved = {
  kind: 'fault',
  fault: {
    code: 'code_unknown',
    detail: 'This code was never issued. Scan it again; if it stays unknown, keep the goods apart.',
  },
}

const foreignMark = (system: string): Resolved => ({
  kind: 'fault',
  fault: {
    code: 'code_unknown',
    detail: `This is ${markOf(system)}, not in our register. Scan the mark that was made for this country, if there is one.`,
  },
})

/** A proper code that nobody here has issued: whose it is, where its tail tells. */
function unknownUnit(reading: Reading): Resolved {
  const system = systemOf(reading)
  return system === undefined ? unknown : foreignMark(system)
}

function withoutSerial(reading: Exclude<Reading, UnitReading>): Resolved {
  if (reading.kind === 'logistic') return { kind: 'logistic', objectId: -BigInt(reading.sscc), sscc: reading.sscc }
  if (reading.kind === 'foreign') return foreignMark(reading.system)
  const detail = `This is a key of AI ${reading.ai} and names no single unit here. Scan the unit's own code.`
  return { kind: 'fault', fault: { code: 'code_unknown', detail } }
}

const unit = (
  { gtin, serial }: UnitReading,
  objectId: bigint,
  order: Order | undefined,
  tail: TailVerdict,
): ResolvedUnit => ({ kind: 'unit', objectId, gtin, serial, order, tail })

/** The code at `rank` of an order, once its tail is judged by the order's key and no other. */
function unitAt(reading: UnitReading, order: Order, rank: number): Resolved {
  const objectId = order.firstId + BigInt(rank)
  if (reading.tail === undefined) return judgedWithoutTail(reading, order, objectId)
  const verdict = judgeTail(order.tailKey, reading.gtin, reading.serial, reading.tail)
  return verdict === 'changed_case' ? malformedCase : unit(reading, objectId, order, verdict)
}

/** A serial brought along may come with a tail of where it came from; only one that names our key is ours to judge. */
function broughtUnit(reading: UnitReading, order: Order, objectId: bigint): Resolved {
  if (reading.tail?.keyId !== order.tailKey.id) return judgedWithoutTail(reading, order, objectId)
  return unitAt(reading, order, Number(objectId - order.firstId))
}

/** A code whose tail is missing, perhaps because AI 91 swallowed it. */
function judgedWithoutTail(reading: UnitReading, order: Order, objectId: bigint): Resolved {
  if (reading.tail === undefined && reading.attributes.size > 0) {
    const mended = withoutLostSeparator(reading.serial, reading.attributes)
    const verdict = mended && judgeTail(order.tailKey, reading.gtin, mended.serial, mended.tail)
    if (mended?.serial === reading.serial && verdict === 'valid') return malformedSeparator
  }
  return unit(reading, objectId, order, 'absent')
}

const malformedCase: Resolved = {
  kind: 'fault',
  fault: {
    code: 'code_malformed',
    hint: 'changed_case',
    detail: hintTexts.changed_case,
  },
}

const malformedSeparator: Resolved = {
  kind: 'fault',
  fault: {
    code: 'code_malformed',
    hint: 'lost_gs',
    detail: hintTexts.lost_gs,
  },
}

/** Own codes that are not in memory. A batch may touch more blocks than memory should hold, so they come in portions. */
async function resolveOwn(
  blocks: BlockCache,
  issuingState: string,
  readings: readonly UnitReading[],
): Promise<(Resolved | undefined)[]> {
  const answers = new Array<Resolved | undefined>(readings.length).fill(undefined)
  const orderNos = readings.map((reading) => orderNoOf(issuingState, reading.serial))
  const orders = await blocks.orders(orderNos.filter((orderNo) => orderNo >= 0))
  const wanted = new Map<string, { order: Order; block: number; at: number[] }>()
  readings.forEach((reading, i) => {
    const order = orders.get(orderNos[i] ?? notOne)
    if (order?.origin !== 'own' || order.gtin !== reading.gtin) return
    const block = holdsBlockOf(order, randomOf(reading.serial))
    if (block < 0) return
    const key = `${order.no}/${block}`
    const entry = wanted.get(key)
    if (entry) entry.at.push(i)
    else wanted.set(key, { order, block, at: [i] })
  })
  await blocks.forEachBlock([...wanted.values()], (randoms, { order, block, at }) => {
    for (const i of at) {
      const reading = readings[i]
      const rank = reading ? rankIn(randoms, randomOf(reading.serial)) : -1
      if (reading && rank >= 0) answers[i] = unitAt(reading, order, block * blockSize + rank)
    }
    return at.length * workOf[order.tailKey.kind]
  })
  return answers
}

/**
 * Codes that nobody knows as they stand, but would be known after undoing what happened on the way from the scanner:
 * letters whose case changed, a serial that swallowed AI 91. Where a tail is there it must fit, or the code stays unknown.
 */
async function explainUnknown(
  readings: readonly UnitReading[],
  found: readonly (Resolved | undefined)[],
  lookUp: (readings: readonly UnitReading[]) => Promise<(Resolved | undefined)[]>,
): Promise<Map<number, Resolved>> {
  const tries: { at: number; reading: UnitReading; explains: Resolved }[] = []
  readings.forEach((reading, at) => {
    if (found[at] !== undefined) return
    const upper = reading.serial.toUpperCase()
    if (upper !== reading.serial && isSerial(upper)) {
      tries.push({ at, reading: { ...reading, serial: upper }, explains: malformedCase })
    }
    const mended = withoutLostSeparator(reading.serial, reading.attributes)
    if (mended && mended.serial !== reading.serial && isSerial(mended.serial)) {
      const again: UnitReading = {
        kind: 'unit',
        gtin: reading.gtin,
        serial: mended.serial,
        tail: mended.tail,
        attributes: new Map(),
      }
      tries.push({ at, reading: again, explains: malformedSeparator })
    }
  })
  if (tries.length === 0) return new Map()
  const answers = await lookUp(tries.map((attempt) => attempt.reading))
  const explained = new Map<number, Resolved>()
  tries.forEach(({ at, reading, explains }, i) => {
    if (fits(answers[i], reading.tail)) explained.set(at, explains)
  })
  return explained
}

function fits(answer: Resolved | undefined, tail: Tail | undefined): boolean {
  if (answer === undefined) return false
  if (answer.kind === 'fault') return answer.fault.hint === 'changed_case'
  return answer.kind === 'unit' && answer.order !== undefined && answer.tail === (tail ? 'valid' : 'absent')
}

async function describeIds(
  pool: Pool,
  blocks: BlockCache,
  issuingState: string,
  ids: readonly bigint[],
): Promise<(ObjectName | undefined)[]> {
  const places = ids.map((id) => (id >= 0n && id < claimedFrom ? splitUnitId(id) : undefined))
  const orders = await blocks.orders(places.flatMap((place) => (place ? [place.orderNo] : [])))
  const names = new Array<ObjectName | undefined>(ids.length).fill(undefined)
  const wanted = new Map<string, { order: Order; block: number; at: number[] }>()
  const elsewhere = new Map<bigint, number[]>()

  ids.forEach((id, i) => {
    if (id < 0n) {
      const sscc = (-id).toString().padStart(18, '0')
      if (isSscc(sscc)) names[i] = { sscc }
      return
    }
    const place = places[i]
    const order = place && orders.get(place.orderNo)
    if (place && (order === undefined || place.rank < 0 || place.rank >= order.quantity)) return
    if (place && order?.origin === 'own') {
      const block = Math.floor(place.rank / blockSize)
      const key = `${order.no}/${block}`
      const entry = wanted.get(key)
      if (entry) entry.at.push(i)
      else wanted.set(key, { order, block, at: [i] })
      return
    }
    const same = elsewhere.get(id)
    if (same) same.push(i)
    else elsewhere.set(id, [i])
  })
  await blocks.forEachBlock([...wanted.values()], (randoms, { order, at }) => {
    for (const i of at) {
      const random = randoms[(places[i]?.rank ?? 0) % blockSize]
      if (random !== undefined) names[i] = { gtin: order.gtin, serial: ownSerial(issuingState, order.no, random) }
    }
    return at.length
  })
  const rows = elsewhere.size === 0 ? [] : await store.findForeignNames(pool, [...elsewhere.keys()])
  for (const { unit_id, gtin, serial } of rows) {
    if (!isGtin(gtin) || !isSerial(serial)) continue
    for (const i of elsewhere.get(unit_id) ?? []) names[i] = { gtin, serial }
  }
  return names
}
