// A second, simpler judge: written from the contract and the design alone, it shares nothing with src/custody and works the other way
// round. A container's fate (whose it is, who holds it, where it goes, what became of it) is written down for everything in it at
// once, so that nothing about a thing ever has to be looked up in what it is packed in. Only a hold is not: who lifts the pallet's
// hold does not lift the one of a bottle in it.

import { type Firm, gone, Goods, type Thing } from './model-goods.ts'

/** What somebody orders the ledger to record. */
export type Order = {
  who: string
  what: What
  goods: readonly string[]
  container?: string
  to?: string
  carrier?: string
  ownership?: boolean
}

export const whats = [
  ...['commission', 'encode', 'pack', 'unpack', 'unpack all', 'ship', 'redirect', 'void', 'receive', 'sell', 'return'],
  ...['return broken', 'destroy', 'withdraw', 'lose', 'open', 'hold', 'lift', 'release', 'observe', 'carry'],
] as const
export type What = (typeof whats)[number]

const living = ['encoded', 'active', 'opened']
const movable = [...living, 'withdrawn']

/** What stands against an order: `U1 not_holder`, …; empty: nothing. */
export type Refusals = Set<string>

export class Model extends Goods {
  readonly #nestingMax: number

  constructor(firms: readonly Firm[], nestingMax: number) {
    super(firms)
    this.#nestingMax = nestingMax
  }

  /** Does what is ordered, or nothing at all. */
  judge(order: Order): Refusals {
    const role = this.#roleMissing(order)
    if (role) return new Set([' role_missing'])
    if (order.what === 'ship' && order.to === order.who) return new Set([' field_invalid'])
    const saved = new Map([...this.things].map(([name, thing]) => [name, { ...thing, inside: new Set(thing.inside) }]))
    const refusals = this.#apply(order)
    if (refusals.size > 0) this.things = saved
    return refusals
  }

  #roleMissing({ who, what, goods }: Order): boolean {
    switch (what) {
      case 'commission':
      case 'encode':
        // Anybody may number a pallet.
        return (
          goods.some((name) => this.at(name).kind !== 'pallet') &&
          !['producer', 'importer'].some((r) => this.is(who, r))
        )
      case 'sell':
      case 'return':
      case 'return broken':
        return !this.is(who, 'retailer')
      default:
        return false
    }
  }

  #apply(order: Order): Refusals {
    const refusals: Refusals = new Set()
    const { container } = order
    if (container !== undefined) {
      const refused = this.#refuseContainer(order, container)
      if (refused !== undefined) return new Set([`${container} ${refused}`])
      if (order.what === 'pack') this.#opens(order.who, container)
    }
    const all = order.what === 'unpack all' && container !== undefined
    for (const name of all ? [...this.at(container).inside] : order.goods) {
      const refused = this.#one(order, name)
      if (refused !== undefined) refusals.add(`${all ? container : name} ${refused}`)
    }
    return refusals
  }

  #refuseContainer({ who, what }: Order, name: string): string | undefined {
    const thing = this.at(name)
    const packing = what === 'pack'
    if (thing.state === 'ordered') {
      if (packing && thing.kind === 'pallet') return undefined
      return thing.kind === 'pallet' ? 'code_unknown' : 'wrong_state'
    }
    const customs = this.is(who, 'customs')
    return (
      this.#refuseHands(who, thing, customs) ??
      this.#refuseState(who, thing, name, ['encoded', 'active']) ??
      (thing.transit && !customs ? 'wrong_state' : undefined)
    )
  }

  /** The customs' law: they need not hold what they open, re-pack or destroy. */
  #refuseHands(who: string, thing: Thing, exempt = false): string | undefined {
    return exempt || this.#has(who, thing) ? undefined : 'not_holder'
  }

  #has(who: string, { holder, transit }: Thing): boolean {
    return holder === who || transit?.sender === who
  }

  /** Withdrawn, on hold, wrong state: in this order. */
  #refuseState(who: string, thing: Thing, name: string, from: readonly string[], moves = true): string | undefined {
    if (thing.state === 'withdrawn' && !from.includes('withdrawn')) return 'withdrawn'
    if (moves && this.onHold(name) && !this.is(who, 'customs')) return 'on_hold'
    return from.includes(thing.state) ? undefined : 'wrong_state'
  }

  #opens(who: string, name: string): void {
    const thing = this.at(name)
    if (thing.state === 'ordered') Object.assign(thing, { state: 'active', owner: who, holder: who })
    if (thing.inside.size === 0) Object.assign(thing, { used: true, mixed: false, height: 0 })
  }

  #one(order: Order, name: string): string | undefined {
    const thing = this.at(name)
    const { who, what } = order
    const customs = this.is(who, 'customs')
    if (thing.state === 'ordered' && what !== 'commission' && what !== 'encode')
      return thing.kind === 'pallet' ? 'code_unknown' : 'wrong_state'
    switch (what) {
      case 'commission':
      case 'encode':
        return this.#marks(who, what, name, thing)
      case 'pack':
        return this.#packs(order, name, thing, customs)
      case 'unpack':
      case 'unpack all':
        return this.#unpacks(order, name, thing, customs)
      case 'ship':
        return this.#ships(order, name, thing)
      case 'redirect':
      case 'void':
        return this.#turns(order, name, thing)
      case 'receive':
        return this.#receives(who, name, thing, customs)
      case 'sell':
        return this.#sells(who, name, thing)
      case 'return':
      case 'return broken':
        if (thing.owner !== who) return 'not_owner'
        return (
          this.#refuseState(who, thing, name, ['sold']) ?? this.ends(name, what === 'return' ? 'active' : 'withdrawn')
        )
      case 'destroy':
        return (
          this.#refuseHands(who, thing, customs) ??
          this.#refuseState(who, thing, name, movable) ??
          (thing.transit && !customs ? 'wrong_state' : this.ends(name, 'destroyed'))
        )
      case 'withdraw':
      case 'open':
        return (
          this.#refuseHands(who, thing) ??
          this.#refuseState(who, thing, name, what === 'open' ? ['active', 'opened'] : living) ??
          (thing.transit ? 'wrong_state' : this.ends(name, what === 'open' ? 'opened' : 'withdrawn'))
        )
      case 'lose':
        return (
          this.#refuseHands(who, thing) ?? this.#refuseState(who, thing, name, movable) ?? this.ends(name, 'stolen')
        )
      case 'hold':
      case 'lift':
      case 'release':
      case 'observe':
      case 'carry':
        return this.#stays(who, what, name, thing, customs)
    }
  }

  /** What leaves a thing where it is. To anybody but customs, their acts are observations. */
  #stays(who: string, what: What, name: string, thing: Thing, customs: boolean): string | undefined {
    const official = customs && (what === 'hold' || what === 'lift' || what === 'release')
    const owns = what !== 'carry' && thing.owner === who
    if (!official && !owns && !customs && !this.#has(who, thing)) return 'not_holder'
    const refused = this.#refuseState(who, thing, name, official && what === 'release' ? ['encoded'] : movable, false)
    if (refused !== undefined || !official) return refused
    if (what === 'lift' && !thing.held) return 'wrong_state'
    if (what === 'release') thing.state = 'active'
    else thing.held = what === 'hold'
    return undefined
  }

  #marks(who: string, what: What, name: string, thing: Thing): string | undefined {
    const encodes = what === 'encode'
    const again = thing.kind !== 'pallet' && !encodes ? ['ordered', 'encoded'] : ['ordered']
    if (thing.kind !== 'pallet') {
      if (thing.state === 'ordered' ? thing.orderedBy !== who : thing.owner !== who) return 'not_owner'
    }
    const refused = this.#refuseState(who, thing, name, again)
    if (refused !== undefined) return refused
    if (thing.transit) return 'wrong_state'
    const first = thing.state === 'ordered'
    thing.state = encodes && thing.kind !== 'pallet' ? 'encoded' : 'active'
    if (first) Object.assign(thing, { owner: who, holder: who })
    return undefined
  }

  #packs({ who, container = '' }: Order, name: string, thing: Thing, customs: boolean): string | undefined {
    const outer = this.at(container)
    const first = outer.inside.size === 0 && outer.kind === 'pallet' && outer.parent === undefined
    const together = thing.holder === outer.holder && JSON.stringify(thing.transit) === JSON.stringify(outer.transit)
    if (customs && !first && !together) return 'not_holder'
    const refused =
      this.#refuseHands(who, thing, customs) ??
      this.#refuseState(who, thing, name, ['encoded', 'active']) ??
      (thing.transit && !customs ? 'wrong_state' : undefined)
    if (refused !== undefined) return refused
    const chain = [...this.around(container)]
    if (thing.parent === container || chain.includes(name)) return 'wrong_state'
    if (chain.length + thing.height > this.#nestingMax) return 'wrong_state'
    if (thing.parent !== undefined) return 'packed_elsewhere'
    // A pallet is worth what is in it: the first to go in says whose it is.
    if (outer.inside.size === 0 && outer.kind === 'pallet') {
      outer.owner = thing.owner
      if (first) Object.assign(outer, { holder: thing.holder, transit: thing.transit })
    }
    thing.parent = container
    outer.inside.add(name)
    const owners = [name, ...this.deep(name)].map((each) => this.at(each).owner)
    chain.forEach((each, i) => {
      const one = this.at(each)
      one.height = Math.max(one.height, thing.height + 1 + i)
      if (owners.some((owner) => owner !== one.owner) || thing.mixed) one.mixed = true
    })
    return undefined
  }

  #unpacks({ who, container }: Order, name: string, thing: Thing, customs: boolean): string | undefined {
    const refused = this.#refuseHands(who, thing, customs) ?? this.#refuseState(who, thing, name, [...living, ...gone])
    if (refused !== undefined) return refused
    if ((thing.transit && !customs) || thing.parent !== container) return 'wrong_state'
    this.takesOut(name)
    return undefined
  }

  #ships({ who, to, carrier, ownership = false }: Order, name: string, thing: Thing): string | undefined {
    const refused = this.#refuseHands(who, thing) ?? this.#refuseState(who, thing, name, movable)
    if (refused !== undefined) return refused
    if (thing.transit) return 'wrong_state'
    if (to === undefined) return 'not_addressed'
    if (ownership && (thing.mixed || (thing.owner !== who && thing.owner !== to))) return 'not_owner'
    if (thing.parent !== undefined) return 'packed_elsewhere'
    if (to === 'outside') {
      for (const each of [name, ...this.deep(name)]) this.at(each).holder = undefined
      this.becomes(name, 'exported')
      return undefined
    }
    this.moves(name, { holder: carrier ?? who, transit: { sender: who, addressee: to, passes: ownership } })
    return undefined
  }

  /** The sender takes it back or sends it elsewhere; the addressee turns it away. */
  #turns({ who, what, to, ownership = false }: Order, name: string, thing: Thing): string | undefined {
    const { transit } = thing
    const rejects = transit?.addressee === who && transit.sender !== who
    if (!rejects && transit?.sender !== who) {
      return !transit && thing.holder === who ? 'wrong_state' : 'not_holder'
    }
    const refused = this.#refuseState(who, thing, name, movable)
    if (refused !== undefined || !transit) return refused
    const elsewhere = what === 'redirect' && !rejects
    if (elsewhere && ownership && (thing.mixed || (thing.owner !== who && thing.owner !== to))) return 'not_owner'
    if (thing.parent !== undefined) return 'packed_elsewhere'
    if (rejects) this.moves(name, { transit: { ...transit, addressee: transit.sender, passes: false } })
    else if (elsewhere) this.moves(name, { transit: { sender: who, addressee: to ?? '', passes: ownership } })
    else this.moves(name, { holder: who, transit: undefined })
    return undefined
  }

  #receives(who: string, name: string, thing: Thing, customs: boolean): string | undefined {
    const { transit } = thing
    const mine = transit?.addressee === who
    if (thing.state === 'exported' && thing.owner === who) {
      const refused = this.#refuseState(who, thing, name, ['exported'])
      if (refused !== undefined) return refused
      this.takesOut(name)
      this.moves(name, { holder: who })
      return this.comesBack(name)
    }
    if (customs && !mine) {
      const refused = this.#refuseState(who, thing, name, [...movable, 'stolen'])
      if (refused !== undefined) return refused
      this.takesOut(name)
      this.moves(name, { holder: who, transit: undefined })
      thing.held = true
      return undefined
    }
    // A pallet that never held anything is nothing that somebody could wait for: whoever has it may say so.
    const nothing = thing.kind === 'pallet' && !thing.used && thing.state === 'active' && !this.onHold(name)
    if (!mine && !nothing) {
      if (!transit && thing.holder === who) return 'wrong_state'
      return 'not_addressed'
    }
    const refused = this.#refuseState(who, thing, name, movable)
    if (refused !== undefined) return refused
    this.takesOut(name)
    this.moves(name, { holder: who, transit: undefined, ...(transit?.passes === true ? { owner: who } : {}) })
    return undefined
  }

  #sells(who: string, name: string, thing: Thing): string | undefined {
    if (thing.state === 'sold') return 'already_sold'
    if (thing.state === 'withdrawn' || thing.state === 'stolen') return 'withdrawn'
    if (thing.owner !== who) return 'not_owner'
    const refused = this.#refuseHands(who, thing) ?? this.#refuseState(who, thing, name, ['active', 'opened'])
    if (refused !== undefined) return refused
    if (thing.transit || thing.kind === 'pallet') return 'wrong_state'
    // Who sells a case sells what is in it.
    for (const each of this.deep(name)) {
      const inner = this.at(each)
      if (inner.owner !== who) return 'not_owner'
      const inside = this.#refuseState(who, inner, each, ['active', 'opened'])
      if (inside !== undefined) return inside
    }
    return this.ends(name, 'sold')
  }
}
