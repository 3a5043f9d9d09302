// The fold of the second, simpler ledger: what each recorded event does to the things that it names.

/** Where one object stands, its containers taken into account. */
export type Place = {
  state: string
  owner: number | null
  holder: number | null
  parent: string | null
  underWay: boolean
  addressee: number | null
}

export type Thing = Place & { sender: number | null; passes: boolean; inside: Set<string>; before?: string }

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
export type Entry = { by: { participant: string; for?: string }; event: Event; waiting?: 'all' | string[] }
export type Parties = { byUri: (uri: string) => number | undefined; isCustoms: (no: number) => boolean }

// As step.state numbers them.
export const stateNames = [
  ...['ordered', 'encoded', 'active', 'opened', 'sold'],
  ...['exported', 'destroyed', 'withdrawn', 'stolen', 'closed'],
]
const gone = new Set(['sold', 'exported', 'destroyed', 'withdrawn', 'stolen'])

/** The fold. Nothing is refused here: what is recorded happened. */
export class Model {
  readonly things = new Map<string, Thing>()
  /** What entries move although none made it. */
  readonly unmade = new Set<string>()
  readonly #parties: Parties

  constructor(parties: Parties) {
    this.#parties = parties
  }

  apply({ by, event }: Entry): void {
    const who = this.#parties.byUri(`urn:tamga:participant:${by.for ?? by.participant}`)
    if (who === undefined) throw new Error('an entry by nobody')
    switch (event.type) {
      case 'ObjectEvent':
        for (const code of event.epcList ?? []) this.#object(who, event, code)
        return
      case 'AggregationEvent':
        return this.#aggregation(who, event)
      case 'TransformationEvent':
        if (this.#replaces(event)) return
        for (const code of event.inputEPCList ?? []) this.#leaves(code, 'destroyed')
        for (const code of event.outputEPCList ?? []) this.#begins(who, code, 'active')
        return
      case 'TransactionEvent':
        return this.#closesOrder(who, event)
    }
  }

  #object(who: number, event: Event, code: string): void {
    const { action, bizStep: step, disposition } = event
    if (action === 'ADD')
      return this.#begins(who, code, disposition === 'encoded' && isUnit(code) ? 'encoded' : 'active')
    if (action === 'DELETE' && !this.things.has(code)) {
      return this.#begins(who, code, disposition === 'stolen' ? 'stolen' : 'withdrawn') // A code that was never used is voided.
    }
    if (disposition === 'stolen') return this.#leaves(code, 'stolen')
    if (step === 'retail_selling' || disposition === 'retail_sold') return this.#leaves(code, 'sold')
    if (step === 'destroying' || disposition === 'destroyed') return this.#leaves(code, 'destroyed')
    if (step === 'decommissioning' || disposition === 'recalled' || action === 'DELETE')
      return this.#leaves(code, 'withdrawn')
    if (step === 'shipping') return this.#ships(who, event, code)
    if (step === 'void_shipping') return this.#turns(who, event, code)
    if (step === 'dispensing' && disposition === 'partially_dispensed') return this.#leaves(code, 'opened')
    if (disposition === 'active' && this.#parties.isCustoms(who)) this.#thing(code).state = 'active'
    if (step === 'receiving' && disposition === 'returned') {
      const unsaleable = event.persistentDisposition?.set?.includes('non_sellable_other') === true
      this.#takeOut(code)
      for (const thing of this.#withContents(code)) if (thing.state === 'sold') thing.state = 'active'
      this.#thing(code).state = unsaleable ? 'withdrawn' : 'active'
      return
    }
    if (step === 'receiving') this.#arrives(who, code)
  }

  /** Received, seized, or come back from abroad. */
  #arrives(who: number, code: string): void {
    const thing = this.#thing(code)
    if (thing.state === 'exported') {
      for (const each of this.#withContents(code)) {
        each.holder = who
        if (each.state === 'exported') each.state = each.before ?? 'active'
      }
      return
    }
    const seized = this.#parties.isCustoms(who) && !(thing.underWay && thing.addressee === who)
    this.#takeOut(code)
    this.#stops(code, who, !seized)
  }

  /** A shipment is taken back, sent elsewhere, or turned away by whom it was for. */
  #turns(who: number, event: Event, code: string): void {
    const { addressee, sender } = this.#thing(code)
    const to = this.#addressee(event)
    if (addressee === who && sender !== who) {
      for (const thing of this.#withContents(code)) Object.assign(thing, { passes: false, addressee: sender })
    } else if (to !== undefined) {
      for (const thing of this.#withContents(code)) thing.addressee = to
    } else this.#stops(code, who, false)
  }

  #addressee({ destinationList }: Event): number | undefined {
    const named = (type: string) => destinationList?.find((each) => each.type === type)?.destination
    return this.#parties.byUri(named('owning_party') ?? named('possessing_party') ?? '')
  }

  #aggregation(who: number, event: Event): void {
    const container = event.parentID
    if (container === undefined || event.action === 'OBSERVE') return
    const children = event.childEPCs ?? []
    if (event.action === 'ADD') {
      if (!this.things.has(container)) this.#begins(who, container, 'active')
      for (const code of children) this.#packs(container, code)
      return
    }
    const all = children.length === 0 && (event.childQuantityList ?? []).length === 0
    for (const code of all ? [...this.#thing(container).inside] : children) this.#takeOut(code)
  }

  /** The new codes, in their order in the entry, stand where the old ones stood. */
  #replaces({ bizStep, inputEPCList: inputs = [], outputEPCList: outputs = [], ...event }: Event): boolean {
    const labels = bizStep === 'replacing' || bizStep === 'repackaging'
    if (!labels || inputs.length !== outputs.length || ![...inputs, ...outputs].every(isUnit)) return false
    outputs.forEach((code, i) => {
      const old = this.#thing((event['tamga:replaces'] ?? inputs)[i] ?? '')
      this.things.set(code, { ...old, inside: new Set() })
      const container = old.parent === null ? undefined : this.#thing(old.parent)
      const former = [...this.things].find(([, thing]) => thing === old)?.[0] ?? ''
      container?.inside.delete(former)
      container?.inside.add(code)
      Object.assign(old, { state: 'withdrawn', parent: null })
    })
    return true
  }

  #closesOrder(who: number, event: Event): void {
    const order = event.bizTransactionList?.find(({ bizTransaction }) => bizTransaction.startsWith(orderUri))
    if (event.action !== 'DELETE' || order === undefined || (event.epcList ?? []).length > 0) return
    this.#begins(who, order.bizTransaction, 'closed')
  }

  #thing(code: string): Thing {
    const thing = this.things.get(code)
    if (thing !== undefined) return thing
    // Only where a contradiction was let pass; `compare` insists on it.
    this.unmade.add(code)
    this.#begins(0, code, 'active')
    return this.#thing(code)
  }

  *#withContents(code: string): Generator<Thing> {
    const thing = this.#thing(code)
    yield thing
    for (const inner of thing.inside) yield* this.#withContents(inner)
  }

  #begins(who: number, code: string, state: string): void {
    const thing = this.things.get(code)
    if (thing !== undefined) {
      thing.state = state // Encoded before, in circulation now.
      return
    }
    const nowhere = { parent: null, underWay: false, addressee: null, sender: null, passes: false }
    this.things.set(code, { state, owner: who, holder: who, inside: new Set(), ...nowhere })
  }

  #takeOut(code: string): void {
    const thing = this.#thing(code)
    if (thing.parent === null) return
    this.#thing(thing.parent).inside.delete(code)
    thing.parent = null
  }

  #packs(container: string, code: string): void {
    const outer = this.#thing(container)
    const inner = this.#thing(code)
    // What a logistic unit is worth is what is in it: the first to go in says whose it is.
    if (!isUnit(container) && outer.inside.size === 0)
      Object.assign(outer, { owner: inner.owner, holder: inner.holder })
    inner.parent = container
    outer.inside.add(code)
  }

  /** Sold, destroyed, withdrawn or stolen: it is out of its container, and what is in it shares its fate. */
  #leaves(code: string, state: string): void {
    this.#takeOut(code)
    for (const thing of this.#withContents(code)) {
      if (!gone.has(thing.state) || thing === this.#thing(code)) thing.state = state
      Object.assign(thing, { underWay: false, addressee: null, sender: null, passes: false })
    }
  }

  #ships(who: number, event: Event, code: string): void {
    const named = (type: string) => event.destinationList?.find((each) => each.type === type)?.destination
    const owning = named('owning_party')
    const possessing = named('possessing_party')
    const to = this.#addressee(event)
    const carrier =
      named('urn:tamga:party:carrier') ?? (owning !== undefined && possessing !== owning ? possessing : undefined)
    const holder = carrier === undefined ? who : (this.#parties.byUri(carrier) ?? who)
    for (const thing of this.#withContents(code)) {
      if (to === undefined) {
        thing.holder = null
        if (gone.has(thing.state)) continue
        thing.before = thing.state
        thing.state = 'exported'
      } else {
        Object.assign(thing, { holder, underWay: true, addressee: to, sender: who, passes: owning !== undefined })
      }
    }
  }

  #stops(code: string, who: number, received: boolean): void {
    for (const thing of this.#withContents(code)) {
      if (received && thing.passes) thing.owner = who
      Object.assign(thing, { holder: who, underWay: false, addressee: null, sender: null, passes: false })
    }
  }
}

export const isUnit = (code: string): boolean => code.startsWith('https://id.gs1.org/01/')
export const orderUri = 'urn:tamga:code-order:'
