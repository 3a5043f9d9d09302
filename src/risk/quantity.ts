import Big from 'big.js'
import { piecesOf } from '../declarations/pieces.ts'
import type { Item } from '../declarations/schema.ts'
import type { GoodsView } from './goods-facts.ts'

/** What is declared, in consumer units; undefined where the customs unit and the products do not tell. */
export function declaredPieces(item: Item, views: readonly Pick<GoodsView, 'products'>[]): Big | undefined {
  if (item.pieces !== undefined) return new Big(item.pieces)
  const kinds = new Set(
    views.flatMap(({ products }) =>
      products.map(({ netContent, strength }) => `${netContent?.value} ${netContent?.unit} ${strength}`),
    ),
  )
  const [product] = views.flatMap(({ products }) => products)
  const content =
    product?.netContent && kinds.size === 1 ? { ...product.netContent, strengthPercent: product.strength } : undefined
  return piecesOf(String(item.quantity), item.unit, content)
}
