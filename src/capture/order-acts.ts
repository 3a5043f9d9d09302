import type { Order as CodeOrder } from '../codes/block-cache.ts'
import type { ActReceipt, OrderActs, VoidReason } from '../codes/order-acts.ts'
import type { Resolver } from '../codes/resolve.ts'
import type { Subject } from '../custody/claim.ts'
import type { Disposition } from '../epcis/vocabulary.ts'
import type { EpcisEvent, Uri } from '../epcis/event.ts'
import { momentAt } from '../epcis/moment.ts'
import { epcOf, objectEvent, transactionEvent } from '../epcis/write.ts'
import { type Actor, actingFor, mandated } from '../participants/actor.ts'
import { type Capture, identityOf } from './capture.ts'
import { type PrepareDeps, prepareClaim } from './prepare.ts'
import { recordedBody } from './routes.ts'

export type OrderActDeps = PrepareDeps & { capture: Capture; resolver: Resolver; now: () => Date }

/** What a void says in EPCIS words: the codes will never be seen on goods, for this reason. */
const dispositionOf: Record<VoidReason, Disposition> = { spoiled: 'damaged', lost: 'unavailable', stolen: 'stolen' }

/**
 * Closing an order and voiding codes are entries like any other (D3), judged under the same lock: a code that is commissioned at the
 * same moment is either used or cancelled, never both.
 */
export function createOrderActs(deps: OrderActDeps): OrderActs {
  const record = async (
    actor: Actor,
    event: EpcisEvent,
    order: CodeOrder,
    claim: Parameters<typeof prepareClaim>[4]['claim'],
  ) => {
    const asked = { claim, logName: order.log, place: null }
    const covered = mandated(actor, 'order_codes', [order.gtin])
    const prepared = await prepareClaim(deps, covered, event, identityOf(event, covered), asked)
    const receipt: ActReceipt = recordedBody(await deps.capture.commit(prepared))
    return receipt
  }
  return {
    closeOrder: (actor, order) => {
      const event = transactionEvent({ ...common(order, deps.now()), action: 'DELETE' })
      const subject = subjectOf(order, order.firstId - 1n, '', `urn:tamga:code-order:${order.id}`)
      const parts = [{ act: 'close_order' as const, subjects: [subject] }]
      return record(actor, event, order, {
        principal: actingFor(actor).no,
        parts,
        eventTimeMs: event.eventTime.at.getTime(),
      })
    },
    voidCodes: async (actor, order, ids, reason) => {
      const names = await deps.resolver.describe(ids)
      const epcs = ids.map((id, i) => {
        const name = names[i]
        if (!name || !('gtin' in name)) throw new Error(`the order ${order.no} does not know its own code ${id}`)
        return epcOf('', { kind: 'unit', ...name, attributes: new Map() }, `/codes/${i}`)
      })
      const event = objectEvent({
        ...common(order, deps.now()),
        action: 'DELETE',
        bizStep: 'decommissioning',
        disposition: dispositionOf[reason],
        epcList: epcs,
      })
      const subjects = ids.map((id, i) => subjectOf(order, id, `/codes/${i}`, epcs[i]?.link ?? ''))
      return record(actor, event, order, {
        principal: actingFor(actor).no,
        parts: [{ act: 'void_code', subjects }],
        becomes: reason === 'stolen' ? 'stolen' : 'withdrawn',
        eventTimeMs: event.eventTime.at.getTime(),
      })
    },
  }
}

const common = (order: CodeOrder, now: Date) => ({
  eventTime: momentAt(now),
  bizTransactionList: [{ type: 'prodorder' as const, bizTransaction: `urn:tamga:code-order:${order.id}` as Uri }],
})

const subjectOf = (order: CodeOrder, id: bigint, path: string, code: string): Subject => ({
  id,
  path,
  code,
  observe: false,
  orderedBy: order.participantNo,
  orderObject: order.firstId - 1n,
})
