// Declared mass against what the register of products says of the units (indicator P11 as far as the ledger knows it).
import Big from 'big.js'
import { sizeOf } from '../declarations/ranges.ts'
import type { Item } from '../declarations/schema.ts'
import type { FactSheet } from './fact-sheet.ts'
import type { GoodsView } from './goods-facts.ts'
import { rounded } from './statistics.ts'
import type { LedFact } from './vocabulary.ts'

const kilograms: Readonly<Record<string, string>> = {
  KG: '1',
  KGM: '1',
  G: '0.001',
  GRM: '0.001',
  MG: '0.000001',
  T: '1000',
  TNE: '1000',
}
const litres: Readonly<Record<string, string>> = {
  L: '1',
  LTR: '1',
  ML: '0.001',
  MLT: '0.001',
  CL: '0.01',
  CLT: '0.01',
  DL: '0.1',
  DLT: '0.1',
}

/** What all units of a line hold together in kilograms or litres; undefined where one of their products does not say so. */
function contents(views: readonly GoodsView[], scale: Readonly<Record<string, string>>): Big | undefined {
  let sum = new Big(0)
  for (const { parts, products } of views) {
    for (const { gtin, units } of parts) {
      const content = products.find((product) => product.gtin === gtin)?.netContent
      const one = content && scale[content.unit.toUpperCase()]
      if (!content || one === undefined) return undefined
      sum = sum.plus(new Big(content.value).times(one).times(sizeOf(units)))
    }
  }
  return sum.gt(0) ? sum : undefined
}

export function massFacts(sheet: FactSheet<LedFact>, item: Item, views: readonly GoodsView[]): void {
  const net = item.netMassKg === undefined ? undefined : new Big(String(item.netMassKg))
  for (const [name, scale, what] of [
    ['massRatio', kilograms, 'masses'],
    ['kgPerLitre', litres, 'volumes'],
  ] as const) {
    const held = contents(views, scale)
    if (!net) sheet.unknown(name, 'no net mass is declared')
    else if (!held) sheet.unknown(name, `the contents of the products are no ${what}`)
    else sheet.set(name, rounded(net.div(held).toNumber(), 4))
  }
}
