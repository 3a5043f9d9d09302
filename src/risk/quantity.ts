import Big from 'big.js'
import { type Content, piecesOf } from '../declarations/pieces.ts'
import { sizeOf } from '../declarations/ranges.ts'
import type { Item } from '../declarations/schema.ts'
import type { GoodsView } from './goods-facts.ts'

type Counted = Pick<GoodsView, 'products' | 'parts'>
type Product = GoodsView['products'][number]

const contentOf = ({ netContent, strength }: Product): Content | undefined =>
  netContent ? { ...netContent, strengthPercent: strength } : undefined

/**
 * The same of a line with several products, which hold different amounts: as many pieces as there are where their contents add up to
 * what is declared, else so many more or fewer as the difference is at least.
 */
export function mixedPieces(item: Item, views: readonly Counted[]): Big | undefined {
  const pieces: Big[] = []
  let [count, sum] = [new Big(0), new Big(0)]
  for (const { products, parts } of views) {
    for (const { gtin, units: own } of parts) {
      const product = products.find((known) => known.gtin === gtin)
      const perUnit = piecesOf('1', item.unit, product && contentOf(product))
      if (!perUnit || perUnit.eq(0)) return undefined
      const piece = new Big(1).div(perUnit)
      pieces.push(piece)
      count = count.plus(sizeOf(own))
      sum = sum.plus(piece.times(sizeOf(own)))
    }
  }
  const [smallest, largest] = [...pieces]
    .sort((a, b) => a.cmp(b))
    .filter((_, i, all) => i === 0 || i === all.length - 1)
  if (!smallest) return undefined
  const difference = new Big(String(item.quantity)).minus(sum)
  if (difference.abs().times(2).lte(smallest)) return count
  const least = difference
    .abs()
    .div(largest ?? smallest)
    .round(0, Big.roundUp)
  return difference.gt(0) ? count.plus(least) : count.minus(least)
}

/**
 * What the declared quantity says beside declared pieces, with what rounding of its last digit allows: two figures that are not the
 * same goods are not one declaration.
 */
export function quantityClaim(item: Item, views: readonly Counted[]): { pieces: Big; within: Big } | undefined {
  if (item.pieces === undefined) return undefined
  const { pieces: _, ...rest } = item
  const pieces = declaredPieces(rest, views)
  const one = declaredPieces({ ...rest, quantity: '1' }, views)
  if (!pieces || !one) return undefined
  const [, digits = ''] = new Big(String(item.quantity)).toFixed().split('.')
  const rounding = one.div(new Big(10).pow(digits.length)).div(2)
  return { pieces, within: rounding.gt(0.5) ? rounding : new Big(0.5) }
}

/** What is declared, in consumer units; undefined where the customs unit and the products do not tell. */
export function declaredPieces(item: Item, views: readonly Pick<GoodsView, 'products'>[]): Big | undefined {
  if (item.pieces !== undefined) return new Big(item.pieces)
  const kinds = new Set(
    views.flatMap(({ products }) =>
      products.map(({ netContent, strength }) => `${netContent?.value} ${netContent?.unit} ${strength}`),
    ),
  )
  const [product] = views.flatMap(({ products }) => products)
  const content = product && kinds.size === 1 ? contentOf(product) : undefined
  return piecesOf(String(item.quantity), item.unit, content)
}
