// Orders as their owner and the authorities see them.
import { padGtin } from '../gs1/identifiers.ts'
import { Problem } from '../http/problem.ts'
import { actingFor, seesAll, type Actor } from '../participants/actor.ts'
import { accessTo } from './access.ts'
import type { Order } from './block-cache.ts'
import { blockCount } from './order.ts'
import { createLru } from './lru.ts'
import { countRenewed, countSteps, findOrder, findOrderNo, listOrders, type OrderView } from './order-store.ts'
import type { Resolver } from './resolve.ts'
import type * as wire from './schema.ts'
import type { Connection } from './store.ts'

type Context = { pool: Connection; resolver: Resolver; counts: OrderCounter }

type Counts = { used: number; voided: number }
export type CountedOrder = OrderView & Counts

/** Adds counts to orders. */
export type OrderCounter = (orders: readonly OrderView[]) => Promise<CountedOrder[]>

const finishedMax = 100_000 // Orders of 100 bytes.
const nothing: Counts = { used: 0, voided: 0 }

/**
 * Counting walks the steps of an order, up to a second for the largest. An order whose codes all had their first step never counts
 * differently again, so it is counted once; what was taken back since is few and is counted apart.
 */
export function createOrderCounter(pool: Connection): OrderCounter {
  const finished = createLru<number, Counts>(finishedMax)
  return async (orders) => {
    const counts = new Map<number, Counts>()
    for (const { no } of orders) {
      const known = finished.get(no)
      if (known) counts.set(no, known)
    }
    const open = orders.flatMap(({ no }) => (counts.has(no) ? [] : [no]))
    for (const { no, used, voided } of open.length === 0 ? [] : await countSteps(pool, open))
      counts.set(no, { used, voided })
    const nos = orders.map(({ no }) => no)
    const renewed = new Map((nos.length === 0 ? [] : await countRenewed(pool, nos)).map((row) => [row.no, row]))
    return orders.map((order) => {
      const { used, voided } = counts.get(order.no) ?? nothing
      if (used + voided === order.quantity) finished.set(order.no, { used, voided })
      const change = renewed.get(order.no) ?? nothing
      return { ...order, used: used + change.used, voided: voided + change.voided }
    })
  }
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
