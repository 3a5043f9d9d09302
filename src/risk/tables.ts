import type { FactValue } from '../declarations/bodies.ts'

/**
 * Tables of rates that belong to a profile: what share of earlier declarations with these values was found to differ. Data like the
 * rules, and under the same hash; rules speak of them as `rate.<name>`.
 */
export type RateTable = {
  /** The facts that make the key, as `item.hs6`, in order. */
  keys: readonly string[]
  /** For keys that are not in the table. */
  base: number
  rates: Readonly<Record<string, number>>
}

export type RateTables = Readonly<Record<string, RateTable>>

type Bag = Readonly<Record<string, FactValue>>

export const keyOf = (values: readonly (string | number)[]): string => values.join('|')

/** Drawn towards the base rate by as many cases as twenty: (hits + 20 · base) / (n + 20). */
export const smoothed = (hits: number, all: number, base: number, k = 20): number => (hits + k * base) / (all + k)

/** The rates of one line; one whose key is not known is unknown. */
export function ratesOf(tables: RateTables, decl: Bag, item: Bag): Record<string, FactValue> {
  const found: Record<string, FactValue> = {}
  for (const [name, { keys, base, rates }] of Object.entries(tables)) {
    const values = keys.map((path) => {
      const fact = path.startsWith('decl.') ? decl[path.slice(5)] : item[path.slice(5)]
      return fact && 'value' in fact && typeof fact.value !== 'object' ? String(fact.value) : undefined
    })
    const known = values.filter((value) => value !== undefined)
    found[name] =
      known.length === keys.length
        ? { value: rates[keyOf(known)] ?? base }
        : { unknown: 'a part of its key is unknown' }
  }
  return found
}
