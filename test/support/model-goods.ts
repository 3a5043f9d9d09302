// The goods of the simpler judge (model.ts): where each thing stands, and what becomes of all that is in it.
export type Firm = { name: string; roles: readonly string[] }

type Transit = { sender: string; addressee: string; passes: boolean }

export type Thing = {
  kind: 'unit' | 'case' | 'pallet'
  orderedBy: string | undefined
  state: string
  /** What it goes back to when it, or what it shares its fate with, comes back. */
  before: string | undefined
  /** Its state is its container's. */
  shares: boolean
  owner: string | undefined
  holder: string | undefined
  transit: Transit | undefined
  parent: string | undefined
  inside: Set<string>
  /** Customs said so of itself. */
  held: boolean
  /** Goods of another owner were put in it since it was last empty. */
  mixed: boolean
  /** The deepest that ever was in it since it was last empty. */
  height: number
  /** Something was packed in it once. */
  used: boolean
}

export const gone = ['sold', 'exported', 'destroyed', 'withdrawn', 'stolen']

export class Goods {
  readonly #firms: ReadonlyMap<string, Firm>
  things = new Map<string, Thing>()

  constructor(firms: readonly Firm[]) {
    this.#firms = new Map(firms.map((firm) => [firm.name, firm]))
  }

  add(name: string, kind: Thing['kind'], orderedBy?: string): void {
    const nowhere = { before: undefined, shares: false, owner: undefined, holder: undefined, transit: undefined }
    const empty = { parent: undefined, inside: new Set<string>(), held: false, mixed: false, height: 0, used: false }
    this.things.set(name, { kind, orderedBy, state: 'ordered', ...nowhere, ...empty })
  }

  at(name: string): Thing {
    const thing = this.things.get(name)
    if (!thing) throw new Error(`there is no ${name}`)
    return thing
  }

  is(who: string, role: string): boolean {
    return this.#firms.get(who)?.roles.includes(role) === true
  }

  *deep(name: string): Generator<string> {
    for (const inner of this.at(name).inside) {
      yield inner
      yield* this.deep(inner)
    }
  }

  /** It, and what it is packed in, outwards. */
  *around(name: string): Generator<string> {
    for (let at: string | undefined = name; at !== undefined; at = this.at(at).parent) yield at
  }

  onHold(name: string): boolean {
    return [...this.around(name)].some((each) => this.at(each).held)
  }

  /** It stands by itself: as it was in its container, on hold as that was. */
  takesOut(name: string): void {
    const thing = this.at(name)
    if (thing.parent === undefined) return
    thing.held = this.onHold(name)
    const outer = this.at(thing.parent)
    outer.inside.delete(name)
    if (outer.inside.size === 0) Object.assign(outer, { mixed: false, height: 0 })
    thing.parent = undefined
    thing.shares = false
  }

  moves(name: string, where: Partial<Pick<Thing, 'holder' | 'transit' | 'owner'>>): void {
    for (const each of [name, ...this.deep(name)]) Object.assign(this.at(each), where)
  }

  /** It leaves what it was packed in, and what is in it shares its fate. */
  ends(name: string, state: string): undefined {
    this.takesOut(name)
    this.moves(name, { transit: undefined })
    this.becomes(name, state)
    return undefined
  }

  becomes(name: string, state: string): void {
    const thing = this.at(name)
    if (state === 'exported') thing.before = thing.state
    Object.assign(thing, { state, shares: false })
    this.shared(name)
  }

  comesBack(name: string): undefined {
    const thing = this.at(name)
    Object.assign(thing, { state: thing.before ?? 'active', before: undefined, shares: false })
    this.shared(name)
    return undefined
  }

  /** What is in it is what it is, or again what it was. */
  shared(name: string): void {
    const { state, inside } = this.at(name)
    for (const each of inside) {
      const inner = this.at(each)
      if (gone.includes(state)) {
        if (!inner.shares && !gone.includes(inner.state)) Object.assign(inner, { before: inner.state, shares: true })
        if (inner.shares) inner.state = state
      } else if (inner.shares)
        Object.assign(inner, { state: inner.before ?? 'active', before: undefined, shares: false })
      this.shared(each)
    }
  }
}
