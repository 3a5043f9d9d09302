// The bottles, their cases and pallets: products, ordered codes, and which goes into which.
import { Type } from 'typebox'
import type { Actor } from './actors.ts'
import { DemoError } from './client.ts'
import type { Numbers } from './numbers.ts'
import type { Teller } from './tell.ts'

export type Quantities = { bottles: number; perCase: number; perPallet: number }

/** As the issue of a whole line's day: 1,667 cases on 28 pallets, the last of each not full. */
export const usualQuantities: Quantities = { bottles: 20_000, perCase: 12, perPallet: 60 }

export type Case = { code: string; bottles: readonly string[] }
export type Pallet = { sscc: string; cases: readonly Case[] }
export type Goods = {
  gtin: string
  caseGtin: string
  bottles: readonly string[]
  cases: readonly Case[]
  pallets: readonly Pallet[]
}

const Order = Type.Object({ id: Type.String(), quantity: Type.Integer(), blocks: Type.Integer() })
const anything = Type.Unknown()

/** Registers both products, orders their codes, downloads them block by block as a printer would, and plans the packing. */
export async function orderGoods(
  tell: Teller,
  distillery: Actor,
  numbers: Numbers,
  quantities: Quantities,
): Promise<Goods> {
  const { bottles, perCase, perPallet } = quantities
  const gtin = numbers.gtin()
  const caseGtin = numbers.gtin(1)
  const vodka = { group: 'alcohol', hsCode: '2208601100', originCountry: 'KG', strength: '40' }
  await distillery.office.ask(anything, 'POST', '/products', {
    ...vodka,
    gtin,
    name: 'Vodka Ala-Too 0.5 l',
    netContent: { value: '0.5', unit: 'l' },
  })
  await distillery.office.ask(anything, 'POST', '/products', {
    ...vodka,
    gtin: caseGtin,
    name: `Vodka Ala-Too 0.5 l, case of ${perCase}`,
    packLevel: 1,
    contains: [{ gtin, count: perCase }],
  })
  const bottleCodes = await orderCodes(tell, distillery, gtin, bottles, 'codes for bottles')
  const caseCodes = await orderCodes(tell, distillery, caseGtin, Math.ceil(bottles / perCase), 'codes for cases')
  const cases = groups(bottleCodes, perCase).map((group, i) => ({ code: caseCodes[i] ?? '', bottles: group }))
  const pallets = groups(cases, perPallet).map((group) => ({ sscc: `(00)${numbers.sscc()}`, cases: group }))
  return { gtin, caseGtin, bottles: bottleCodes, cases, pallets }
}

async function orderCodes(
  tell: Teller,
  { office }: Actor,
  gtin: string,
  quantity: number,
  what: string,
): Promise<string[]> {
  const order = await office.ask(Order, 'POST', '/code-orders', { gtin, quantity })
  const progress = tell.progress(`Orders ${what}`, quantity)
  const codes: string[] = []
  for (let block = 0; block < order.blocks; block++) {
    const text = await office.ask(Type.String(), 'GET', `/code-orders/${order.id}/codes?block=${block}&format=text`)
    const lines = text.split('\n').filter((line) => line !== '')
    codes.push(...lines)
    progress.advance(lines.length)
  }
  progress.done()
  if (codes.length !== quantity) throw new DemoError(`${quantity} codes were ordered and ${codes.length} came.`)
  return codes
}

/** Consecutive groups of at most `size`. */
export function groups<Item>(items: readonly Item[], size: number): Item[][] {
  const parts: Item[][] = []
  for (let from = 0; from < items.length; from += size) parts.push(items.slice(from, from + size))
  return parts
}
