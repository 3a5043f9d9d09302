import Big from 'big.js'
import { idAt, type Ranges, sizeOf } from './ranges.ts'
import { piecesOf } from './pieces.ts'
import type { Item } from './schema.ts'

/** What is asked of a product here; see products/catalogue.ts. */
type Product = {
  hsCode: string
  originCountry: string
  netContent?: { value: string; unit: string }
  strength?: string
}

/** Units of one product that a declaration names as a whole, to be brought under its lines. */
export type Loose = { product: Product | undefined; units: Ranges }

/**
 * Brings units to lines: to the one whose heading is nearest to the product's, then whose origin is the same. Where several lines are
 * equally near, to the one that declares just so many, else to each as many as it declares.
 * @returns for each of the loose their shares, in order
 */
export function bringToLines(items: readonly Item[], loose: readonly Loose[]): { item: number; units: Ranges }[][] {
  const room = new Map<number, number>()
  const near = loose.map(({ product }) => nearest(items, product))
  loose.forEach(({ product }, i) => {
    for (const item of near[i] ?? []) if (!room.has(item.number)) room.set(item.number, declared(item, product))
  })
  const shares: { item: number; units: Ranges }[][] = loose.map(() => [])
  loose.forEach(({ units }, i) => {
    const exact = near[i]?.find(({ number }) => room.get(number) === sizeOf(units))
    if (!exact) return
    room.set(exact.number, 0)
    shares[i] = [{ item: exact.number, units }]
  })
  loose.forEach(({ units }, i) => {
    if (shares[i]?.length === 0) shares[i] = fill(near[i] ?? [], units, room)
  })
  return shares
}

const declared = ({ pieces, quantity, unit }: Item, product: Product | undefined): number => {
  const content = product?.netContent && { ...product.netContent, strengthPercent: product.strength }
  const known = pieces === undefined ? piecesOf(String(quantity), unit, content) : new Big(pieces)
  return known ? known.round(0, Big.roundHalfUp).toNumber() : Infinity
}

/** What is left over goes to the first: too many of something is seen there. */
function fill(items: readonly Item[], units: Ranges, room: Map<number, number>): { item: number; units: Ranges }[] {
  const first = items[0]?.number ?? 1
  if (items.length < 2) return [{ item: first, units }]
  const shares: { item: number; units: Ranges }[] = []
  let from = 0
  const size = sizeOf(units)
  for (const { number } of items) {
    const count = Math.min(room.get(number) ?? 0, size - from)
    if (count <= 0) continue
    room.set(number, (room.get(number) ?? 0) - count)
    shares.push({ item: number, units: cut(units, from, count) })
    from += count
  }
  return from < size ? [...shares, { item: first, units: cut(units, from, size - from) }] : shares
}

/** So many units from a rank on. */
function cut(units: Ranges, from: number, count: number): Ranges {
  const [first, last] = [idAt(units, from), idAt(units, from + count - 1)]
  return units.flatMap(([a, b]) => {
    const [start, end] = [a > first ? a : first, b < last + 1n ? b : last + 1n]
    return start < end ? [[start, end] as const] : []
  })
}

function nearest(items: readonly Item[], product: Product | undefined): Item[] {
  const score = ({ hsCode, originCountry }: Item): number =>
    product ? samePrefix(product.hsCode, hsCode) * 2 + Number(originCountry === product.originCountry) : 0
  const best = Math.max(...items.map(score))
  return items.filter((item) => score(item) === best)
}

/** How many leading digits two headings share. */
export function samePrefix(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i
  return length
}
