// The fold of the second, simpler ledger: what each recorded event does to the things that it names.
import { Goods, type Thing } from './model-goods.ts'

/** Where one object stands, its containers taken into account. */
export type Place = {
  state: string
  owner: number | null
  holder: number | null
  parent: string | null
  underWay: boolean
  addressee: number | null
}

export type Event = {
  type: string
  action?: string
  bizStep?: string
  disposition?: string
  persistentDisposition?: { set?: string[] }
  parentID?: string
  epcList?: string[]
  childEPCs?: string[]
  inputEPCList?: string[]
  outputEPCList?: string[]
  childQuantityList?: unknown[]
  destinationList?: { type: string; destination: string }[]
  bizTransactionList?: { type?: string; bizTransaction: string }[]
  eventID?: string
  errorDeclaration?: object
  'tamga:replaces'?: string[]
}

/** `waiting`: the codes that the entry does not move yet; another entry will, once their predecessors came. */
export type Entry = {
  by: { participant: string; for?: string }
  event: Event
  waiting?: 'all' | string[]
  settles?: number
}
export type Parties = { byUri: (uri: string) => number | undefined; isCustoms: (no: number) => boolean }

// As step.state numbers them.
export const stateNames = [
  ...['ordered', 'encoded', 'active', 'opened', 'sold'],
  ...['exported', 'destroyed', 'withdrawn', 'stolen', 'closed'],
]

/** The fold. Nothing is refused here: what is recorded happened. Who somebody is, is his number as text. */
export class Model extends Goods {
  /** What entries move although none made it. */
  readonly unmade = new Set<string>()
  readonly #parties: Parties

  constructor(parties: Parties) {
    super([])
    this.#parties = parties
  }

  /** Where it stands, as the step table would say it. */
  place(code: string): Place {
    const { state, owner, holder, parent, transit } = this.at(code)
    const no = (who: string | undefined) => (who === undefined ? null : Number(who))
    return {
      state,
      owner: no(owner),
      holder: no(holder),
      parent: parent ?? null,
      underWay: transit !== undefined,
      addressee: no(transit?.addressee),
    }
  }

  apply({ by, event }: Entry): void {
    const no = this.#parties.byUri(`urn:tamga:participant:${by.for ?? by.participant}`)
    if (no === undefined) throw new Error('an entry by nobody')
    const who = String(no)
    switch (event.type) {
      case 'ObjectEvent':
        for (const code of event.epcList ?? []) this.#object(who, event, code)
        return
      case 'AggregationEvent':
        return this.#aggregation(who, event)
      case 'TransformationEvent':
        if (this.#replaces(event)) return
        for (const code of event.inputEPCList ?? []) this.ends(this.#known(code), 'destroyed')
        for (const code of event.outputEPCList ?? []) this.#begins(who, code, 'active')
        return
      case 'TransactionEvent':
        return this.#closesOrder(who, event)
    }
  }

  #object(who: string, event: Event, code: string): void {
    const { action, bizStep: step, disposition } = event
    if (action === 'ADD')
      return this.#begins(who, code, disposition === 'encoded' && isUnit(code) ? 'encoded' : 'active')
    if (action === 'DELETE' && !this.things.has(code)) {
      this.#begins(who, code, disposition === 'stolen' ? 'stolen' : 'withdrawn') // A code that was never used is voided.
      this.at(code).holder = undefined
      return
    }
    this.#known(code)
    if (disposition === 'stolen') return this.ends(code, 'stolen')
    if (step === 'retail_selling' || disposition === 'retail_sold') return this.ends(code, 'sold')
    if (step === 'destroying' || disposition === 'destroyed') return this.ends(code, 'destroyed')
    if (step === 'decommissioning' || disposition === 'recalled' || action === 'DELETE')
      return this.ends(code, 'withdrawn')
    if (step === 'shipping') return this.#ships(who, event, code)
    if (step === 'void_shipping') return this.#turns(who, event, code)
    if (step === 'dispensing' && disposition === 'partially_dispensed') return this.ends(code, 'opened')
    if (disposition === 'active' && this.#isCustoms(who)) this.at(code).state = 'active'
    if (step !== 'receiving') return
    if (disposition !== 'returned') return this.#arrives(who, code)
    const unsaleable = event.persistentDisposition?.set?.includes('non_sellable_other') === true
    this.ends(code, unsaleable ? 'withdrawn' : 'active')
  }

  /** Received, seized, or come back from abroad. */
  #arrives(who: string, code: string): void {
    const { state, transit } = this.at(code)
    this.takesOut(code)
    this.moves(code, { holder: who, transit: undefined })
    if (state === 'exported') this.comesBack(code)
    else if (transit?.passes === true && (!this.#isCustoms(who) || transit.addressee === who))
      this.moves(code, { owner: who })
  }

  /** A shipment is taken back, sent elsewhere, or turned away by whom it was for. */
  #turns(who: string, event: Event, code: string): void {
    const { transit } = this.at(code)
    const to = this.#addressee(event)
    if (transit && transit.addressee === who && transit.sender !== who) {
      this.moves(code, { transit: { ...transit, addressee: transit.sender, passes: false } })
    } else if (to !== undefined) {
      const passes = event.destinationList?.some(({ type }) => type === 'owning_party') === true
      this.moves(code, { transit: { sender: who, addressee: to, passes } })
    } else this.moves(code, { holder: who, transit: undefined })
  }

  #isCustoms(who: string): boolean {
    return this.#parties.isCustoms(Number(who))
  }

  #byUri(uri: string | undefined): string | undefined {
    return uri === undefined ? undefined : this.#parties.byUri(uri)?.toString()
  }

  #addressee({ destinationList }: Event): string | undefined {
    const named = (type: string) => destinationList?.find((each) => each.type === type)?.destination
    return this.#byUri(named('owning_party') ?? named('possessing_party'))
  }

  #aggregation(who: string, event: Event): void {
    const container = event.parentID
    if (container === undefined || event.action === 'OBSERVE') return
    const children = event.childEPCs ?? []
    if (event.action === 'ADD') {
      if (!this.things.has(container)) this.#begins(who, container, 'active')
      for (const code of children) this.#packs(container, this.#known(code))
      return
    }
    const all = children.length === 0 && (event.childQuantityList ?? []).length === 0
    for (const code of all ? [...this.at(this.#known(container)).inside] : children) this.takesOut(this.#known(code))
  }

  /** The new codes, in their order in the entry, stand where the old ones stood. */
  #replaces({ bizStep, inputEPCList: inputs = [], outputEPCList: outputs = [], ...event }: Event): boolean {
    const labels = bizStep === 'replacing' || bizStep === 'repackaging'
    if (!labels || inputs.length !== outputs.length || ![...inputs, ...outputs].every(isUnit)) return false
    outputs.forEach((code, i) => {
      const former = this.#known((event['tamga:replaces'] ?? inputs)[i] ?? '')
      const old = this.at(former)
      this.things.set(code, { ...old, inside: new Set() })
      if (old.parent !== undefined) {
        const { inside } = this.at(old.parent)
        inside.delete(former)
        inside.add(code)
      }
      Object.assign(old, {
        state: 'withdrawn',
        holder: undefined,
        parent: undefined,
        transit: undefined,
      } satisfies Partial<Thing>)
    })
    return true
  }

  #closesOrder(who: string, event: Event): void {
    const order = event.bizTransactionList?.find(({ bizTransaction }) => bizTransaction.startsWith(orderUri))
    if (event.action !== 'DELETE' || order === undefined || (event.epcList ?? []).length > 0) return
    this.#begins(who, order.bizTransaction, 'closed')
  }

  /** The code, which now stands somewhere. Unmade only where a contradiction was let pass; `compare` insists on it. */
  #known(code: string): string {
    if (!this.things.has(code)) {
      this.unmade.add(code)
      this.#begins('0', code, 'active')
    }
    return code
  }

  #begins(who: string, code: string, state: string): void {
    if (!this.things.has(code)) {
      this.add(code, isUnit(code) ? 'unit' : 'pallet')
      Object.assign(this.at(code), { owner: who, holder: who } satisfies Partial<Thing>)
    }
    this.at(code).state = state // Encoded before, in circulation now.
  }

  #packs(container: string, code: string): void {
    this.takesOut(code)
    const outer = this.at(container)
    const inner = this.at(code)
    // What a logistic unit is worth is what is in it: the first to go in says whose it is, and where it goes.
    if (!isUnit(container) && outer.inside.size === 0) {
      outer.owner = inner.owner
      if (outer.parent === undefined) Object.assign(outer, { holder: inner.holder, transit: inner.transit })
    }
    inner.parent = container
    outer.inside.add(code)
  }

  #ships(who: string, event: Event, code: string): void {
    const named = (type: string) => event.destinationList?.find((each) => each.type === type)?.destination
    const owning = named('owning_party')
    const possessing = named('possessing_party')
    const to = this.#addressee(event)
    if (to === undefined) {
      this.moves(code, { holder: undefined })
      return this.becomes(code, 'exported')
    }
    const carrier =
      named('urn:tamga:party:carrier') ?? (owning !== undefined && possessing !== owning ? possessing : undefined)
    this.moves(code, {
      holder: this.#byUri(carrier) ?? who,
      transit: { sender: who, addressee: to, passes: owning !== undefined },
    })
  }
}

export const isUnit = (code: string): boolean => code.startsWith('https://id.gs1.org/01/')
export const orderUri = 'urn:tamga:code-order:'
