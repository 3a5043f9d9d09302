// Orders as their owner and the authorities see them.
import { padGtin } from '../gs1/identifiers.ts'
import { Problem } from '../http/problem.ts'
import { actingFor, seesAll, type Actor } from '../participants/actor.ts'
import { accessTo } from './access.ts'
import type { Order } from './block-cache.ts'
import { blockCount } from './order.ts'
import { findOrder, findOrderNo, listOrders, type OrderView } from './order-store.ts'
import type { Resolver } from './resolve.ts'
import type * as wire from './schema.ts'
import type { Connection } from './store.ts'

type Context = { pool: Connection; resolver: Resolver }

/** The orders that the actor may see, newest first, below the number `before`. */
export async function list(
  { pool }: Context,
  actor: Actor,
  gtin: string | undefined,
  before: number | undefined,
  limit: number,
): Promise<OrderView[]> {
  const all = actor.principal === undefined && seesAll(actor.participant)
  const padded = gtin === undefined ? undefined : padGtin(gtin).value
  if (gtin !== undefined && padded === undefined) return []
  const filter = {
    ...(all ? {} : { participantNo: actingFor(actor).no }),
    ...(padded === undefined ? {} : { gtin: padded }),
  }
  return listOrders(pool, filter, before, limit)
}

/** @throws Problem not_found, also for who may not see it */
export async function find({ pool }: Context, actor: Actor, id: string): Promise<OrderView> {
  const view = await findOrder(pool, id)
  if (view === undefined) throw new Problem('not_found')
  if (accessTo(actor, { gtin: view.gtin, participantNo: view.participant_no }) === 'none')
    throw new Problem('not_found')
  return view
}

/**
 * The order, for its owner alone and whoever acts for it under a mandate.
 * @throws Problem not_found; not_mandated for those who see all, but no codes
 */
export async function findOwn({ pool, resolver }: Context, actor: Actor, id: string): Promise<Order> {
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
export const toWire = (view: OrderView): wire.Order => ({
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
