// Orders as their owner and the authorities see them.
import { padGtin } from '../gs1/identifiers.ts'
import { Problem } from '../http/problem.ts'
import { actingFor, seesAll, type Actor } from '../participants/actor.ts'
import { accessTo } from './access.ts'
import type { Order } from './block-cache.ts'
import { blockCount } from './order.ts'
import { createLru } from './lru.ts'
import {
  countRenewed,
  countSteps,
  findOrder,
  findOrderNo,
  listOrders,
  type OrderView,
  type RangeCounts,
} from './order-store.ts'
import type { Resolver } from './resolve.ts'
import type * as wire from './schema.ts'
import type { Connection } from './store.ts'

type Context = { pool: Connection; resolver: Resolver; counts: OrderCounter }

type Counts = { used: number; voided: number }
export type CountedOrder = OrderView & Counts

/** Adds counts to orders. */
export type OrderCounter = (orders: readonly OrderView[]) => Promise<CountedOrder[]>

/** Ranks that are counted together; each run is remembered once it is finished. */
const runCodes = 32_768
const ordersMax = 100_000 // Orders of 100 bytes.
const nothing: Counts = { used: 0, voided: 0 }

/** What is finished of an order: its sums, and the runs (by the rank they begin after) that are not. */
type Progress = Counts & { open: number[] }

/**
 * Counting walks the steps of an order, up to a second for the largest. A run of codes that all had their first step never counts
 * differently again, so it is counted once, and a line that uses up an order from its beginning leaves one run to count; what was
 * taken back since is few and is counted apart.
 */
export function createOrderCounter(pool: Connection, run = runCodes): OrderCounter {
  const orders = createLru<number, Progress>(ordersMax, ({ open }) => 1 + open.length)
  const progressOf = ({ no, quantity }: OrderView): Progress =>
    orders.get(no) ?? { ...nothing, open: Array.from({ length: Math.ceil(quantity / run) }, (_, i) => i * run) }
  return async (asked) => {
    const known = new Map(asked.map((order) => [order.no, progressOf(order)]))
    const ranges = asked.flatMap(({ no, quantity }) =>
      (known.get(no)?.open ?? []).map((after) => ({ no, after, upTo: Math.min(quantity, after + run) })),
    )
    const rows = ranges.length === 0 ? [] : await countSteps(pool, ranges)
    const nos = asked.map(({ no }) => no)
    const renewed = new Map((nos.length === 0 ? [] : await countRenewed(pool, nos)).map((row) => [row.no, row]))
    return asked.map((order) => {
      const before = known.get(order.no) ?? { ...nothing, open: [] }
      const { finished, all } = addRuns(
        order.quantity,
        before,
        rows.filter(({ no }) => no === order.no),
        run,
      )
      orders.set(order.no, finished)
      const change = renewed.get(order.no) ?? nothing
      return { ...order, used: all.used + change.used, voided: all.voided + change.voided }
    })
  }
}

function addRuns(
  quantity: number,
  before: Progress,
  rows: readonly RangeCounts[],
  run: number,
): { finished: Progress; all: Counts } {
  const all = { used: before.used, voided: before.voided }
  const finished: Progress = { used: before.used, voided: before.voided, open: [] }
  for (const { after, used, voided } of rows) {
    all.used += used
    all.voided += voided
    if (used + voided < Math.min(run, quantity - after)) finished.open.push(after)
    else {
      finished.used += used
      finished.voided += voided
    }
  }
  return { finished, all }
}

/** The orders that the actor may see, newest first, below the number `before`. */
export async function list(
  { pool, counts }: Context,
  actor: Actor,
  gtin: string | undefined,
  before: number | undefined,
  limit: number,
): Promise<CountedOrder[]> {
  const all = actor.principal === undefined && seesAll(actor.participant)
  const padded = gtin === undefined ? undefined : padGtin(gtin).value
  if (gtin !== undefined && padded === undefined) return []
  const filter = {
    ...(all ? {} : { participantNo: actingFor(actor).no }),
    ...(padded === undefined ? {} : { gtin: padded }),
  }
  return counts(await listOrders(pool, filter, before, limit))
}

/** @throws Problem not_found, also for who may not see it */
export async function find({ pool, counts }: Context, actor: Actor, id: string): Promise<CountedOrder> {
  const view = await findOrder(pool, id)
  if (view === undefined) throw new Problem('not_found')
  if (accessTo(actor, { gtin: view.gtin, participantNo: view.participant_no }) === 'none')
    throw new Problem('not_found')
  const [counted] = await counts([view])
  return counted ?? { ...view, ...nothing }
}

/**
 * The order, for its owner alone and whoever acts for it under a mandate.
 * @throws Problem not_found; not_mandated for those who see all, but no codes
 */
export async function findOwn(
  { pool, resolver }: Pick<Context, 'pool' | 'resolver'>,
  actor: Actor,
  id: string,
): Promise<Order> {
  const no = await findOrderNo(pool, id)
  const order = no === undefined ? undefined : await resolver.order(no)
  const access = order === undefined ? 'none' : accessTo(actor, order)
  if (order === undefined || access === 'none') throw new Problem('not_found')
  if (access === 'reader') {
    throw new Problem('not_mandated', {
      detail:
        'Codes with their verification tails go to the participant that ordered them alone. Ask it for a mandate.',
    })
  }
  return order
}

/** The order as api.md has it. */
export const toWire = (view: CountedOrder): wire.Order => ({
  id: view.id,
  gtin: view.gtin,
  quantity: view.quantity,
  state: view.closed ? 'closed' : 'ready',
  blocks: blockCount(view.quantity),
  origin: view.origin,
  tail: view.tail,
  participant: view.participant,
  issued: view.quantity,
  used: view.used,
  voided: view.voided,
  createdAt: view.created_at.toISOString(),
})
