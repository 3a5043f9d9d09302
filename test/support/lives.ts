// Random legal lives of a few goods among a few firms: what happened, in the order in which it happened, as scans.

export type Firm = 'maker' | 'trader' | 'store' | 'shop' | 'carrier'

/** Something that happened: who scanned what. Goods are names; `minute` counts from the beginning. */
export type Fact = {
  who: Firm
  step: string
  goods: readonly string[]
  parent?: string
  to?: Firm
  carrier?: Firm
  transfer?: 'ownership' | 'possession'
  minute: number
}

type Thing = {
  state: 'ordered' | 'active' | 'sold' | 'destroyed'
  owner?: Firm
  holder?: Firm
  parent?: string | undefined
  underWay?: { from: Firm; to: Firm; ownership: boolean } | undefined
}

/** What is to be found in the end. */
export type End = { state: string; owner: string | undefined; holder: string | undefined; parent: string | undefined }

/** Who sends to whom: back too. A warehouse keeps goods for others. */
const sendsTo: Record<Firm, readonly Firm[]> = {
  maker: ['trader', 'store', 'shop'],
  trader: ['maker', 'store', 'shop'],
  store: ['maker', 'trader', 'shop'],
  shop: ['trader', 'maker'],
  carrier: [],
}

/**
 * Plays a life: in each minute one of the things that may happen now is picked.
 * @param picks which of them, each a number that is taken modulo how many there are
 */
export function live(units: readonly string[], pallets: readonly string[], picks: readonly number[]) {
  const things = new Map<string, Thing>([...units, ...pallets].map((name) => [name, { state: 'ordered' } as const]))
  const facts: Fact[] = []
  picks.forEach((pick, minute) => {
    const possible = possibilities(things, units, pallets)
    const chosen = possible[pick % Math.max(possible.length, 1)]
    if (!chosen) return
    chosen.happen()
    facts.push({ ...chosen.fact, minute })
  })
  const ends = new Map<string, End>()
  for (const [name, thing] of things) {
    const outer = thing.parent === undefined ? thing : thingOf(things, thing.parent)
    const { state } = thing
    const inTransit = state === 'active' && outer.underWay !== undefined
    ends.set(name, {
      state: inTransit ? 'in_transit' : state,
      owner: thing.owner,
      holder: outer.holder,
      parent: thing.parent,
    })
  }
  return { facts, ends }
}

type Possible = { fact: Omit<Fact, 'minute'>; happen: () => void }

function thingOf(things: ReadonlyMap<string, Thing>, name: string): Thing {
  const thing = things.get(name)
  if (!thing) throw new Error(`there is no ${name}`)
  return thing
}

function possibilities(
  things: ReadonlyMap<string, Thing>,
  units: readonly string[],
  pallets: readonly string[],
): Possible[] {
  const at = (name: string) => thingOf(things, name)
  const inside = (pallet: string) => units.filter((unit) => at(unit).parent === pallet)
  const found: Possible[] = []
  const fresh = units.filter((unit) => at(unit).state === 'ordered')
  for (const count of new Set([1, fresh.length])) {
    const goods = fresh.slice(0, count)
    if (goods.length > 0)
      found.push({ fact: { who: 'maker', step: 'commissioning', goods }, happen: () => commission(goods.map(at)) })
  }
  for (const name of [...units, ...pallets]) {
    const thing = at(name)
    if (thing.state !== 'active' || thing.parent !== undefined) continue
    if (thing.underWay) found.push(...underWay(name, thing, inside(name).map(at)))
    else found.push(...standing(name, thing, inside(name).map(at)))
  }
  for (const pallet of pallets) {
    const parent = at(pallet)
    const packed = inside(pallet)
    const by = parent.holder
    const ready = parent.state === 'ordered' || parent.underWay === undefined
    const loose = units.filter((unit) => isLoose(at(unit)) && (by === undefined || at(unit).holder === by))
    const [first] = packed.length > 0 ? [parent] : loose.map(at)
    const holder = ready ? first?.holder : undefined
    const goods = loose.filter((unit) => at(unit).holder === holder && at(unit).owner === first?.owner)
    for (const count of new Set([1, 2, goods.length])) {
      const some = goods.slice(0, count)
      if (holder === undefined || some.length < count || count === 0) continue
      found.push({
        fact: { who: holder, step: 'packing', goods: some, parent: pallet },
        happen: () => pack(pallet, parent, some.map(at), holder),
      })
    }
    if (by === undefined || packed.length === 0) continue
    if (parent.underWay) {
      const { to, ownership } = parent.underWay
      const [part = ''] = packed
      found.push({
        fact: { who: to, step: 'receiving', goods: [part] },
        happen: () => receivePart(at(part), to, ownership),
      })
      continue
    }
    for (const some of [packed, packed.slice(0, 1), []]) {
      const taken = some.length === 0 ? packed : some
      found.push({
        fact: { who: by, step: 'unpacking', goods: some, parent: pallet },
        happen: () => taken.map(at).forEach((unit) => takeOut(unit, by)),
      })
    }
    if (by !== 'shop') continue
    for (const unit of packed.filter((name) => at(name).owner === 'shop')) {
      found.push({
        fact: { who: 'shop', step: 'retail_selling', goods: [unit] },
        happen: () => finish(at(unit), 'sold', 'shop'),
      })
    }
  }
  return found
}

const isLoose = (thing: Thing): boolean =>
  thing.state === 'active' && thing.parent === undefined && thing.underWay === undefined

function underWay(name: string, thing: Thing, contents: readonly Thing[]): Possible[] {
  const { from, to, ownership } = thing.underWay ?? { from: 'maker' as const, to: 'shop' as const, ownership: false }
  const found: Possible[] = [
    {
      fact: { who: to, step: 'receiving', goods: [name] },
      happen: () => {
        for (const one of [thing, ...contents]) {
          one.holder = to
          if (ownership) one.owner = to
        }
        thing.underWay = undefined
      },
    },
    { fact: { who: thing.holder ?? from, step: 'departing', goods: [name] }, happen: () => undefined },
    {
      fact: { who: from, step: 'void_shipping', goods: [name] },
      happen: () => {
        for (const one of [thing, ...contents]) one.holder = from
        thing.underWay = undefined
      },
    },
  ]
  return found
}

function standing(name: string, thing: Thing, contents: readonly Thing[]): Possible[] {
  const { holder, owner } = thing
  if (holder === undefined || owner === undefined) return []
  const found: Possible[] = []
  for (const to of sendsTo[holder]) {
    for (const carrier of [undefined, 'carrier' as const]) {
      const transfer = to === 'store' || owner !== holder ? ('possession' as const) : ('ownership' as const)
      found.push({
        fact: { who: holder, step: 'shipping', goods: [name], to, transfer, ...(carrier ? { carrier } : {}) },
        happen: () => {
          for (const one of [thing, ...contents]) one.holder = carrier ?? holder
          thing.underWay = { from: holder, to, ownership: transfer === 'ownership' }
        },
      })
    }
  }
  if (name.startsWith('P')) return found
  found.push({
    fact: { who: holder, step: 'destroying', goods: [name] },
    happen: () => finish(thing, 'destroyed', holder),
  })
  if (holder === 'shop' && owner === 'shop')
    found.push({
      fact: { who: holder, step: 'retail_selling', goods: [name] },
      happen: () => finish(thing, 'sold', holder),
    })
  return found
}

function commission(things: readonly Thing[]): void {
  for (const thing of things) Object.assign(thing, { state: 'active', owner: 'maker', holder: 'maker' })
}

function pack(name: string, pallet: Thing, things: readonly Thing[], holder: Firm): void {
  Object.assign(pallet, { state: 'active', holder, owner: things[0]?.owner })
  for (const thing of things) thing.parent = name
}

function takeOut(thing: Thing, holder: Firm): void {
  thing.parent = undefined
  thing.holder = holder
}

function receivePart(thing: Thing, to: Firm, ownership: boolean): void {
  takeOut(thing, to)
  if (ownership) thing.owner = to
}

function finish(thing: Thing, state: 'sold' | 'destroyed', holder: Firm): void {
  takeOut(thing, holder)
  thing.state = state
}
