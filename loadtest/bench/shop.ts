import type { Firm, Stage } from './stage.ts'

/** A shop with goods on its shelf, bought from the maker. */
export async function stockedShop(stage: Stage, quantity: number): Promise<{ shop: Firm; codes: string[] }> {
  const { codes } = await stage.order(quantity)
  await stage.commission(codes)
  const shop = await stage.firm('retailer')
  for (let from = 0; from < codes.length; from += 10_000) {
    const part = codes.slice(from, from + 10_000)
    await stage.call('POST', '/scans', { codes: part, step: 'shipping', to: shop.id }, stage.maker.key)
    await stage.call('POST', '/scans', { codes: part, step: 'receiving' }, shop.key)
  }
  return { shop, codes }
}
