// Random orders for a model of custody: some that may well be legal, some that nobody would think of.
import type { Thing } from './model-goods.ts'
import type { Model, Order, What } from './model.ts'
import { mulberry32 } from './random.ts'

export type Random = { below(n: number): number; chance(p: number): boolean; of<T>(list: readonly T[]): T }

/** The same choices for the same seed. */
export function random(seed: number): Random {
  const next = mulberry32(seed)
  const below = (n: number) => Math.floor(next() * n)
  return {
    below,
    chance: (p) => next() < p,
    of: (list) => {
      const one = list[below(list.length)]
      if (one === undefined) throw new Error('nothing to choose from')
      return one
    },
  }
}

/** How often each is tried. */
const weights: Record<What, number> = {
  commission: 8,
  encode: 3,
  pack: 16,
  unpack: 5,
  'unpack all': 2,
  ship: 14,
  redirect: 3,
  void: 3,
  receive: 16,
  sell: 6,
  return: 3,
  'return broken': 2,
  destroy: 1,
  withdraw: 1,
  lose: 1,
  open: 2,
  hold: 2,
  lift: 3,
  release: 2,
  observe: 2,
  carry: 2,
}
const lots = Object.entries(weights).flatMap(([what, times]) => Array.from({ length: times }, () => what as What))

const official: readonly What[] = ['hold', 'lift', 'release']

export function anyOrder(model: Model, firms: readonly string[], { of, chance, below }: Random): Order {
  const names = [...model.things.keys()]
  const sensible = chance(0.85)
  const what = of(lots)
  const first = sensible ? likely(model, what, names, of) : of(names)
  const thing = model.at(first)
  const who = sensible && chance(0.9) ? whoMight(what, thing, firms, of) : of(firms)
  // Several at a time: mostly goods that are together anyway.
  const together = names.filter((name) => name !== first && alike(model.at(name), thing, what))
  const goods = [first]
  while (chance(what === 'pack' || what === 'commission' ? 0.6 : 0.25) && goods.length < 5) {
    const another = sensible && together.length > 0 ? of(together) : of(names)
    if (!goods.includes(another)) goods.push(another)
  }
  return {
    who,
    what,
    goods: what === 'unpack all' ? [] : goods,
    ...rest(model, what, goods, firms, { of, chance, below }),
  }
}

function rest(model: Model, what: What, goods: readonly string[], firms: readonly string[], { of, chance }: Random) {
  const [first = ''] = goods
  switch (what) {
    case 'pack':
    case 'unpack':
    case 'unpack all': {
      const own = model.at(first).parent
      const outer = [...model.things].filter(([name, { kind }]) => kind !== 'unit' && !goods.includes(name))
      const { holder, transit } = model.at(first)
      const near = outer.filter(
        ([, each]) =>
          (each.holder === holder && each.transit?.addressee === transit?.addressee && each.state === 'active') ||
          (each.state === 'ordered' && each.kind === 'pallet'),
      )
      const inside = what !== 'pack' && own !== undefined && !goods.includes(own) && chance(0.9)
      return { container: inside ? own : of(near.length > 0 && chance(0.85) ? near : outer)[0] }
    }
    case 'ship': {
      if (chance(0.04)) return {}
      const to = chance(0.06) ? 'outside' : of(firms)
      return { to, ownership: chance(0.6), ...(chance(0.3) && to !== 'outside' ? { carrier: of(firms) } : {}) }
    }
    case 'redirect':
      return { to: of(firms), ownership: chance(0.5) }
    default:
      return {}
  }
}

/** Something of which the law would at least consider it. */
function likely(model: Model, what: What, names: readonly string[], of: Random['of']): string {
  const retails = (name: string | undefined) => name !== undefined && model.is(name, 'retailer')
  const fits = names.filter((name) => {
    const { kind, owner, holder, state, transit, parent, inside, held } = model.at(name)
    switch (what) {
      case 'commission':
        return state === 'ordered' || state === 'encoded'
      case 'encode':
        return state === 'ordered'
      case 'pack':
      case 'ship':
        return (state === 'active' || state === 'encoded') && !transit && parent === undefined && !model.onHold(name)
      case 'sell':
        return kind !== 'pallet' && state === 'active' && !transit && owner === holder && retails(owner)
      case 'receive':
        return transit !== undefined || state === 'exported'
      case 'void':
      case 'redirect':
        return transit !== undefined
      case 'return':
      case 'return broken':
        return state === 'sold'
      case 'unpack':
        return parent !== undefined
      case 'unpack all':
        return inside.size > 0
      case 'lift':
        return held
      case 'release':
        return state === 'encoded'
      default:
        return state !== 'ordered' && parent === undefined
    }
  })
  return of(fits.length > 0 ? fits : names)
}

function whoMight(what: What, thing: Thing, firms: readonly string[], of: Random['of']): string {
  if (official.includes(what)) return 'customs'
  const { owner, holder, transit, orderedBy, state } = thing
  const parties =
    state === 'ordered'
      ? [orderedBy]
      : what === 'receive'
        ? [transit?.addressee ?? owner]
        : what === 'void' || what === 'redirect'
          ? [transit?.sender, transit?.sender, transit?.addressee]
          : what === 'return' || what === 'return broken'
            ? [owner]
            : [holder, holder, owner]
  const known = parties.filter((name) => name !== undefined)
  return of(known.length > 0 ? known : firms)
}

const alike = (a: Thing, b: Thing, what: What): boolean =>
  a.state === b.state &&
  a.holder === b.holder &&
  a.transit?.addressee === b.transit?.addressee &&
  (what === 'pack' || a.parent === b.parent)
