import type { Role } from '../participants/actor.ts'
import { type State, states } from './object.ts'

/**
 * The law of custody: who may do what to an object in which state. One table, for the judge to apply and for an inspector to read
 * (`npm run law` prints it). What is not in a row is forbidden. The order of refusals is in `refusals.ts`.
 */

export type Act =
  | 'commission'
  | 'encode'
  | 'create_logistic_unit'
  | 'observe'
  | 'record'
  | 'open_container'
  | 'pack'
  | 'unpack_from'
  | 'unpack'
  | 'ship'
  | 'carry'
  | 'void_shipping'
  | 'redirect'
  | 'reject'
  | 'come_back'
  | 'receive'
  | 'open'
  | 'sell'
  | 'take_back'
  | 'destroy'
  | 'withdraw'
  | 'lose'
  | 'consume'
  | 'produce'
  | 'hold'
  | 'lift_hold'
  | 'seize'
  | 'release'
  | 'close_order'
  | 'void_code'
  | 'replace'
  | 'mark_anew'
  | 'undo'

/** Whose act it is, measured against how the object stands. */
export type Who =
  | 'orderer' // ordered the code
  | 'anyone'
  | 'holder'
  | 'owner'
  | 'holder or sender' // under way the carrier holds, and the sender still answers
  | 'holder or owner'
  | 'involved' // owner, holder, addressee or sender
  | 'owner and holder'
  | 'addressee'
  | 'sender'
  | 'seller' // under whose name it was sold
  | 'authority' // the role decides
  | 'recorder' // recorded what is taken back

export type Rule = {
  /** How an event says it, in EPCIS words. */
  said: string
  roles?: readonly Role[]
  who: Who
  from: readonly State[]
  underWay: 'no' | 'yes' | 'either'
  /** What happens where the object is packed in something. */
  packed: 'refused' | 'taken out' | 'stays'
  /** What it becomes; absent: what it was. */
  becomes?: State
  /** What else changes. */
  effect?: string
}

const living = ['encoded', 'active', 'opened'] as const

export const law: Record<Act, Rule> = {
  commission: {
    said: 'ObjectEvent ADD commissioning (disposition active or none)',
    roles: ['producer', 'importer'],
    who: 'orderer',
    from: ['ordered', 'encoded'],
    underWay: 'no',
    packed: 'stays',
    becomes: 'active',
    effect: 'the orderer becomes owner and holder',
  },
  encode: {
    said: 'ObjectEvent ADD commissioning or encoding, disposition encoded',
    roles: ['producer', 'importer'],
    who: 'orderer',
    from: ['ordered'],
    underWay: 'no',
    packed: 'stays',
    becomes: 'encoded',
    effect: 'the orderer becomes owner and holder',
  },
  create_logistic_unit: {
    said: 'ObjectEvent ADD commissioning of an SSCC',
    who: 'anyone',
    from: ['ordered'],
    underWay: 'no',
    packed: 'stays',
    becomes: 'active',
    effect: 'who creates it becomes owner and holder',
  },
  observe: {
    said: 'OBSERVE with any other step (inspecting, storing, picking, stock_taking, …)',
    who: 'holder or owner',
    from: [...living, 'withdrawn'],
    underWay: 'either',
    packed: 'stays',
  },
  record: {
    said: 'TransactionEvent, AssociationEvent',
    who: 'involved',
    from: [...living, 'sold', 'exported', 'withdrawn', 'stolen'],
    underWay: 'either',
    packed: 'stays',
  },
  open_container: {
    said: 'AggregationEvent ADD: the parent (a new SSCC, or a unit or logistic unit that one holds)',
    who: 'holder',
    from: ['ordered', 'encoded', 'active'],
    underWay: 'no',
    packed: 'stays',
    effect: 'a new or emptied container is opened',
  },
  pack: {
    said: 'AggregationEvent ADD: the children',
    who: 'holder',
    from: ['encoded', 'active'],
    underWay: 'no',
    packed: 'refused',
    effect: 'moves with its container from now on',
  },
  unpack_from: {
    said: 'AggregationEvent DELETE: the parent',
    who: 'holder',
    from: ['encoded', 'active'],
    underWay: 'no',
    packed: 'stays',
    effect: 'closed once it is empty',
  },
  unpack: {
    said: 'AggregationEvent DELETE: the children; none named means all',
    who: 'holder',
    from: [...living, 'sold', 'exported', 'destroyed', 'withdrawn', 'stolen'],
    underWay: 'no',
    packed: 'taken out',
  },
  ship: {
    said: 'ObjectEvent OBSERVE shipping',
    who: 'holder',
    from: [...living, 'withdrawn'],
    underWay: 'no',
    packed: 'refused',
    effect: 'under way to the addressee; the carrier, else the sender, answers; to who is not registered: exported',
  },
  carry: {
    said: 'ObjectEvent OBSERVE loading, departing, transporting, arriving, unloading',
    who: 'holder or sender',
    from: [...living, 'withdrawn'],
    underWay: 'either',
    packed: 'stays',
  },
  void_shipping: {
    said: 'ObjectEvent OBSERVE void_shipping',
    who: 'sender',
    from: [...living, 'withdrawn'],
    underWay: 'yes',
    packed: 'refused',
    effect: 'the sender holds it again',
  },
  redirect: {
    said: 'ObjectEvent OBSERVE void_shipping that names another addressee',
    who: 'sender',
    from: [...living, 'withdrawn'],
    underWay: 'yes',
    packed: 'refused',
    effect: 'under way to the new addressee, who becomes owner where ownership passes',
  },
  reject: {
    said: 'ObjectEvent OBSERVE void_shipping, by the addressee',
    who: 'addressee',
    from: [...living, 'withdrawn'],
    underWay: 'yes',
    packed: 'refused',
    effect: 'under way back to the sender',
  },
  come_back: {
    said: 'ObjectEvent OBSERVE receiving of what left the system, by who sent it out',
    who: 'owner',
    from: ['exported'],
    underWay: 'no',
    packed: 'taken out',
    effect: 'the owner holds it again, as it was',
  },
  open: {
    said: 'ObjectEvent OBSERVE dispensing, disposition partially_dispensed',
    who: 'holder',
    from: ['active', 'opened'],
    underWay: 'no',
    packed: 'taken out',
    becomes: 'opened',
    effect: 'sold by quantity from now on',
  },
  receive: {
    said: 'ObjectEvent OBSERVE receiving',
    who: 'addressee',
    from: [...living, 'withdrawn'],
    underWay: 'yes',
    packed: 'taken out',
    effect: 'the addressee becomes holder, and owner where ownership passes',
  },
  sell: {
    said: 'ObjectEvent OBSERVE retail_selling; POST /receipts',
    roles: ['retailer'],
    who: 'owner and holder',
    from: ['active', 'opened'],
    underWay: 'no',
    packed: 'taken out',
    becomes: 'sold',
    effect:
      'what is in it is sold too; a part of it leaves it opened; also from the hands of who has a mandate to or from the owner that allows sell',
  },
  take_back: {
    said: 'ObjectEvent OBSERVE receiving, disposition returned; POST /returns',
    roles: ['retailer'],
    who: 'seller',
    from: ['sold'],
    underWay: 'no',
    packed: 'taken out',
    becomes: 'active',
    effect: 'withdrawn where it cannot be sold again',
  },
  destroy: {
    said: 'destroying; ObjectEvent DELETE with disposition destroyed',
    who: 'holder',
    from: [...living, 'withdrawn'],
    underWay: 'no',
    packed: 'taken out',
    becomes: 'destroyed',
  },
  withdraw: {
    said: 'decommissioning; ObjectEvent DELETE; disposition recalled or inactive',
    who: 'holder',
    from: living,
    underWay: 'no',
    packed: 'taken out',
    becomes: 'withdrawn',
  },
  lose: {
    said: 'any step with disposition stolen',
    who: 'holder or sender',
    from: [...living, 'withdrawn'],
    underWay: 'either',
    packed: 'taken out',
    becomes: 'stolen',
  },
  consume: {
    said: 'TransformationEvent: the inputs',
    who: 'holder',
    from: living,
    underWay: 'no',
    packed: 'taken out',
    becomes: 'destroyed',
    effect: 'its history goes on in the outputs',
  },
  produce: {
    said: 'TransformationEvent: the outputs',
    roles: ['producer', 'importer'],
    who: 'orderer',
    from: ['ordered'],
    underWay: 'no',
    packed: 'stays',
    becomes: 'active',
  },
  hold: {
    said: 'holding, by customs',
    roles: ['customs'],
    who: 'authority',
    from: [...living, 'withdrawn'],
    underWay: 'either',
    packed: 'stays',
    effect: 'nobody moves it until customs lift the hold',
  },
  lift_hold: {
    said: 'holding with disposition available, by customs',
    roles: ['customs'],
    who: 'authority',
    from: [...living, 'withdrawn'],
    underWay: 'either',
    packed: 'stays',
    effect: 'the hold ends; only who set it lifts it',
  },
  seize: {
    said: 'receiving of what is not under way to them, by customs',
    roles: ['customs'],
    who: 'authority',
    from: [...living, 'withdrawn', 'stolen'],
    underWay: 'either',
    packed: 'taken out',
    effect: 'customs hold it, in both senses',
  },
  release: {
    said: 'ObjectEvent OBSERVE with disposition active, by customs',
    roles: ['customs'],
    who: 'authority',
    from: ['encoded'],
    underWay: 'either',
    packed: 'stays',
    becomes: 'active',
    effect: "an importer's goods come into circulation",
  },
  close_order: {
    said: 'POST /code-orders/{id}/close',
    who: 'orderer',
    from: ['ordered'],
    underWay: 'no',
    packed: 'stays',
    becomes: 'closed',
    effect: 'its unused codes are cancelled',
  },
  void_code: {
    said: 'POST /code-orders/{id}/voids',
    who: 'orderer',
    from: ['ordered'],
    underWay: 'no',
    packed: 'stays',
    becomes: 'withdrawn',
    effect: 'stolen where that is the reason; nobody holds it',
  },
  replace: {
    said: 'TransformationEvent replacing or repackaging, as many outputs as inputs, all units: the old codes',
    who: 'holder',
    from: living,
    underWay: 'no',
    packed: 'stays',
    becomes: 'withdrawn',
    effect: 'the new code takes its place: owner, holder, container and history; nobody holds the old one',
  },
  mark_anew: {
    said: 'the same: the new codes',
    roles: ['producer', 'importer'],
    who: 'orderer',
    from: ['ordered'],
    underWay: 'no',
    packed: 'stays',
    effect: 'stands where the old code stood',
  },
  undo: {
    said: 'errorDeclaration on an event that is recorded, within the undo window',
    who: 'recorder',
    from: states.filter((state) => state !== 'closed'),
    underWay: 'either',
    packed: 'stays',
    effect: 'all that it named stands as before, if nothing has happened to it since; else who did it must agree',
  },
}
