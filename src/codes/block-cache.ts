// Orders and their blocks in memory. What is here never changes in the database, so nothing is ever invalidated; what is not
// here may have come into being a moment ago in another process, so "not there" is never remembered.
import { setImmediate } from 'node:timers/promises'
import type { Pool } from 'pg'
import { isGtin, type Gtin } from '../gs1/identifiers.ts'
import type { TailKeys } from './keys.ts'
import { createLru } from './lru.ts'
import { lowerBound, unpackBlock } from './order.ts'
import { unitId } from './serial.ts'
import * as store from './store.ts'
import type { TailKey } from './tail.ts'

/** An order as everything about its codes needs it. */
export type Order = {
  readonly no: number
  readonly id: string
  readonly gtin: Gtin
  /** Whose the codes are. */
  readonly participantNo: number
  readonly quantity: number
  readonly origin: store.OrderOrigin
  /** The name of the log that its units belong to. */
  readonly log: string
  readonly tailKey: TailKey
  /** The object id of its first unit. */
  readonly firstId: bigint
  /** The first random part of each block; empty where the serials were brought along. */
  readonly firsts: Float64Array
}

/** The block that holds `random` if the order has it at all; -1 if it is below all of them. */
export function holdsBlockOf(order: Order, random: number): number {
  const at = lowerBound(order.firsts, random)
  return order.firsts[at] === random ? at : at - 1
}

/** The place of `random` in a block, or -1. */
export function rankIn(randoms: Float64Array, random: number): number {
  const at = lowerBound(randoms, random)
  return randoms[at] === random ? at : -1
}

export type BlockCache = {
  orderWarm(orderNo: number): Order | undefined
  blockWarm(orderNo: number, block: number): Float64Array | undefined
  /** The orders among these numbers that exist; one query for all that are not in memory. */
  orders(orderNos: readonly number[]): Promise<Map<number, Order>>
  /**
   * Visits the blocks, loading those that are missing in portions; never holds more than a portion beyond the cache.
   * `visit` answers how much work it did, in checks of a mac; after `workMax` of them others get their turn.
   */
  forEachBlock<Wanted extends { order: Order; block: number }>(
    wanted: readonly Wanted[],
    visit: (randoms: Float64Array, wanted: Wanted) => number,
  ): Promise<void>
}

/** The work between two pauses, in checks of a mac: 3,000 take about 7 ms; a signature takes as long as 16 of them. */
export const workMax = 3_000
export const workOf = { mac: 1, signature: 16 } as const

const blocksMax = 8_000 // Of 8,000 bytes: 64 MB, the codes of eight million units.
const firstsMax = 1_000_000 // Of 8 bytes, one for each block of an order: 8 MB for a billion codes, plus 300 bytes an order.
const orderWeight = 40 // What an order costs beside its firsts, counted in firsts.
const blocksPerQuery = 256 // 2 MB an answer, 3 ms to unpack.
const blocksPerOrder = 2 ** 11 // More than the 1,500 an order may have; only spreads the keys of the cache.

export function createBlockCache(pool: Pool, keys: TailKeys): BlockCache {
  const orders = createLru<number, Order>(firstsMax, (order) => orderWeight + order.firsts.length)
  const blocks = createLru<number, Float64Array>(blocksMax)
  const loading = new Map<number, Promise<Map<number, Float64Array>>>()
  const blockKey = (orderNo: number, block: number): number => orderNo * blocksPerOrder + block

  const loadOrders = async (orderNos: readonly number[]): Promise<Order[]> => {
    const rows = await store.findOrders(pool, orderNos)
    const own = rows.filter((row) => row.origin === 'own').map((row) => row.no)
    const firsts = new Map<number, string>()
    if (own.length > 0) for (const row of await store.findBlockFirsts(pool, own)) firsts.set(row.order_no, row.firsts)
    const loaded: Order[] = []
    for (const row of rows) {
      const { gtin } = row
      if (!isGtin(gtin)) throw new Error(`Order ${row.id} has no GTIN`)
      const order: Order = {
        no: row.no,
        id: row.id,
        gtin,
        participantNo: row.participant_no,
        quantity: row.quantity,
        origin: row.origin,
        log: row.log,
        tailKey: await keys.get(row.tail_key_no),
        firstId: unitId(row.no, 0),
        firsts: unpackBlock(firsts.get(row.no) ?? ''),
      }
      orders.set(order.no, order)
      loaded.push(order)
    }
    return loaded
  }

  /** One query for a portion; whoever needs one of its blocks meanwhile waits for the same answer. */
  const loadBlocks = (portion: readonly { order: Order; block: number }[]): Promise<Map<number, Float64Array>> => {
    const keysOfPortion = portion.map(({ order, block }) => blockKey(order.no, block))
    const load = async () => {
      const found = new Map<number, Float64Array>()
      const rows = await store.findBlocks(
        pool,
        portion.map(({ order }) => order.no),
        portion.map(({ block }) => block),
      )
      for (const row of rows) {
        const randoms = unpackBlock(row.randoms)
        found.set(blockKey(row.order_no, row.block), randoms)
        blocks.set(blockKey(row.order_no, row.block), randoms)
      }
      return found
    }
    const promise = load().finally(() => keysOfPortion.forEach((key) => loading.delete(key)))
    keysOfPortion.forEach((key) => loading.set(key, promise))
    return promise
  }

  return {
    orderWarm: (orderNo) => orders.get(orderNo),
    blockWarm: (orderNo, block) => blocks.get(blockKey(orderNo, block)),
    async orders(orderNos) {
      const found = new Map<number, Order>()
      const missing: number[] = []
      for (const orderNo of new Set(orderNos)) {
        const order = orders.get(orderNo)
        if (order) found.set(orderNo, order)
        else missing.push(orderNo)
      }
      if (missing.length > 0) for (const order of await loadOrders(missing)) found.set(order.no, order)
      return found
    },
    async forEachBlock<Wanted extends { order: Order; block: number }>(
      wanted: readonly Wanted[],
      visit: (randoms: Float64Array, wanted: Wanted) => number,
    ) {
      for (let from = 0; from < wanted.length; from += blocksPerQuery) {
        const portion = wanted.slice(from, from + blocksPerQuery)
        // Taken out of the cache now: what others load meanwhile may push it out.
        const ready = new Map<number, Float64Array>()
        const missing: Wanted[] = []
        const others = new Set<Promise<Map<number, Float64Array>>>()
        for (const entry of portion) {
          const key = blockKey(entry.order.no, entry.block)
          const randoms = blocks.get(key)
          const promise = loading.get(key)
          if (randoms) ready.set(key, randoms)
          else if (promise) others.add(promise)
          else missing.push(entry)
        }
        const loads = missing.length > 0 ? [loadBlocks(missing), ...others] : [...others]
        for (const found of await Promise.all(loads)) for (const [key, randoms] of found) ready.set(key, randoms)
        let work = 0
        for (const entry of portion) {
          const randoms = ready.get(blockKey(entry.order.no, entry.block))
          if (randoms === undefined) throw new Error(`Order ${entry.order.id} lacks block ${entry.block}`)
          work += visit(randoms, entry)
          if (work < workMax) continue
          work = 0
          await setImmediate()
        }
      }
    },
  }
}
