// Who may order codes, who gets their tails, who may see an order. Tails are for the order's owner alone: anyone else could
// print copies that no check tells from the real ones (design D3).
import { actingFor, mandated, seesAll, type Actor } from '../participants/actor.ts'
import { Problem } from '../http/problem.ts'

/** What the rules below need to know of a product. */
export type OrderableProduct = { gtin: string; ownerNo: number; importerNos: readonly number[] }

/** What they need to know of an order. */
export type OwnedOrder = { gtin: string; participantNo: number }

/**
 * Checks that the actor may order codes of the product: its owner, an importer of it, or under a mandate of either.
 * That it is a producer or importer at all is the route's to say.
 * @returns the actor, with the mandate that covers the order
 * @throws Problem not_mandated, key_limited
 */
export function mayOrder(actor: Actor, product: OrderableProduct): Actor {
  const buyer = actingFor(actor)
  const covered = checkLimits(actor, product.gtin)
  if (buyer.no === product.ownerNo || product.importerNos.includes(buyer.no)) return covered
  throw new Problem('not_mandated', {
    detail:
      `GTIN ${product.gtin} belongs to another participant. Ask it for a mandate to order_codes, or register as an importer ` +
      `of it (POST /products/${product.gtin}/importers).`,
  })
}

/** What somebody may do with an order: everything, look at it without codes, or not even know of it. */
export type OrderAccess = 'owner' | 'reader' | 'none'

/**
 * What the actor may do with an order.
 * @throws Problem not_mandated, key_limited where it acts for the owner but its mandate or key does not reach that far
 */
export function accessTo(actor: Actor, order: OwnedOrder): OrderAccess {
  if (actingFor(actor).no === order.participantNo) {
    checkLimits(actor, order.gtin)
    return 'owner'
  }
  return actor.principal === undefined && seesAll(actor.participant) ? 'reader' : 'none'
}

/** A mandate reaches as far as it says; a key that is limited to steps makes codes only where it may put them on goods. */
function checkLimits(actor: Actor, gtin: string): Actor {
  const covered = mandated(actor, 'order_codes', [gtin])
  if (actor.steps !== undefined && !actor.steps.includes('commissioning')) {
    throw new Problem('key_limited', {
      detail: 'This key is limited to other steps than commissioning. Use another key.',
    })
  }
  return covered
}
