// What the simpler judge (model.ts) is asked about: who takes part, what there is, and how an order of its is told to the service.
import type { Scan } from '../../src/capture/schema.ts'
import type { Firm } from './model-goods.ts'
import { Model, type Order, type Refusals, type What } from './model.ts'
import type { Cast } from './story.ts'

export const cast: Cast = {
  maker: { roles: ['producer'] },
  importer: { roles: ['importer', 'retailer'] },
  trader: { roles: ['distributor', 'retailer'] },
  carrier: { roles: ['carrier'] },
  store: { roles: ['warehouse'] },
  shop: { roles: ['retailer'] },
  customs: { roles: ['customs'] },
}
export const firms: Firm[] = Object.entries(cast).map(([name, { roles }]) => ({ name, roles }))
export const names = firms.map((firm) => firm.name)

/** What each producer has ordered for a life: bottles (U, V) and cases (C, D). */
export const stock = { maker: { U: 12, C: 4 }, importer: { V: 6, D: 2 } } as const
const pallets = 5

export const isBottle = (letter: string): boolean => letter === 'U' || letter === 'V'

/** New goods for a new life; every one is told to `each`, pallets last. */
export function freshModel(nestingMax: number, each: (name: string, letter: string, i: number) => void): Model {
  const model = new Model(firms, nestingMax)
  for (const [owner, kinds] of Object.entries(stock)) {
    for (const [letter, count] of Object.entries(kinds)) {
      for (let i = 0; i < count; i++) {
        model.add(`${letter}${i}`, isBottle(letter) ? 'unit' : 'case', owner)
        each(`${letter}${i}`, letter, i)
      }
    }
  }
  for (let i = 0; i < pallets; i++) {
    model.add(`P${i}`, 'pallet')
    each(`P${i}`, 'P', i)
  }
  return model
}

const scans: Record<What, Pick<Scan, 'step' | 'disposition'>> = {
  commission: { step: 'commissioning' },
  encode: { step: 'encoding' },
  pack: { step: 'packing' },
  unpack: { step: 'unpacking' },
  'unpack all': { step: 'unpacking' },
  ship: { step: 'shipping' },
  redirect: { step: 'void_shipping' },
  void: { step: 'void_shipping' },
  receive: { step: 'receiving' },
  sell: { step: 'retail_selling' },
  return: { step: 'receiving', disposition: 'returned' },
  'return broken': { step: 'receiving', disposition: 'returned' },
  destroy: { step: 'destroying' },
  withdraw: { step: 'decommissioning' },
  lose: { step: 'inspecting', disposition: 'stolen' },
  open: { step: 'dispensing', disposition: 'partially_dispensed' },
  hold: { step: 'holding' },
  lift: { step: 'holding', disposition: 'available' },
  release: { step: 'inspecting', disposition: 'active' },
  observe: { step: 'storing' },
  carry: { step: 'departing' },
}

/** A scan, but for its id and time. That what is returned is broken no scan can say. */
export function scanOf(order: Order, code: (name: string) => string, idOf: (name: string) => string): Scan {
  const { what, goods, container, to, carrier, ownership } = order
  return {
    ...scans[what],
    codes: goods.map(code),
    ...(container === undefined ? {} : { parent: code(container) }),
    ...(to === undefined ? {} : { to: to === 'outside' ? { name: 'Somebody', country: 'KZ' } : idOf(to) }),
    ...(carrier === undefined ? {} : { carrier: idOf(carrier) }),
    ...(ownership === undefined ? {} : { transfer: ownership ? 'ownership' : 'possession' }),
  }
}

/** The lists of an entry are sorted, and its codes are judged in this order. */
export const inEntryOrder = (order: Order, link: (name: string) => string): Order => ({
  ...order,
  goods: order.goods
    .map((name) => ({ name, link: link(name) }))
    .sort((a, b) => (a.link < b.link ? -1 : 1))
    .map(({ name }) => name),
})

export type Refused = { code: string; errors?: readonly { code: string; value?: string }[] | undefined }

/** What the service said, in the model's words. */
export function refusalsOf(
  { code: whole, errors = [] }: Refused,
  order: Order,
  link: (name: string) => string,
): Refusals {
  const named = new Map(
    [...order.goods, ...(order.container ? [order.container] : [])].map((name) => [link(name), name]),
  )
  if (errors.length === 0) return new Set([` ${whole}`])
  return new Set(errors.map((error) => `${named.get(error.value ?? '') ?? ''} ${error.code}`))
}

export const sayRefusals = (refusals: Refusals | undefined): string => [...(refusals ?? [])].sort().join(', ') || 'ok'

/** What had happened to the goods of the last order, for who has to find out which of the two judges is right. */
export function story(orders: readonly Order[], refusals: readonly (Refusals | undefined)[]): string {
  const done = orders.map((order, i) => ({
    order,
    touched: [...order.goods, ...(order.container ? [order.container] : [])],
    counts: (refusals[i]?.size ?? 0) === 0 || i === orders.length - 1,
  }))
  const about = new Set(done.at(-1)?.touched)
  for (const { touched, counts, order } of done.toReversed()) {
    if (counts && order.container && touched.some((name) => about.has(name)))
      for (const name of touched) about.add(name)
  }
  const lines = done.filter(({ touched, counts }) => counts && touched.some((name) => about.has(name)))
  return lines
    .slice(-60)
    .map(({ order }) => sayOrder(order))
    .join('\n')
}

export function sayOrder({ who, what, goods, container, to, carrier, ownership }: Order): string {
  const where = `${container ? ` in ${container}` : ''}${to ? ` to ${to}` : ''}${carrier ? ` by ${carrier}` : ''}`
  return `${who} ${what} ${goods.join(',')}${where}${ownership === false ? ' (possession)' : ''}`
}
