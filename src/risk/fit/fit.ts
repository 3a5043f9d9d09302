import type { FactValue, Facts } from '../../declarations/bodies.ts'
import { defaults, type Profile, type Rule } from '../profile.ts'
import { rounded } from '../statistics.ts'
import { keyOf, type RateTable, type RateTables, ratesOf, smoothed } from '../tables.ts'
import { growTree, type Leaf, type Row } from './tree.ts'

/**
 * A profile made of written rules from past declarations whose results are known: tables of smoothed rates, and a tree on them whose
 * leaves become rules. What it says of a case can be read aloud; nothing is learned that is not in the text.
 */
export type Labelled = { facts: Facts; hit: boolean }

export type FitOptions = {
  name: string
  /** Tables by name: the facts that make their keys. */
  keys: Readonly<Record<string, readonly string[]>>
  /** Facts that are numbers by themselves, as `item.taxRate`. */
  numbers: readonly string[]
  depth: number
  rulesMax: number
  leafMin: number
  /** How strongly a rate is drawn towards the base, in cases. */
  weight: number
  folds: number
}

type Line = { decl: Readonly<Record<string, FactValue>>; item: Readonly<Record<string, FactValue>>; hit: boolean }

export function fitProfile(cases: readonly Labelled[], options: FitOptions): Profile {
  const lines = cases.flatMap(({ facts, hit }) =>
    facts.lines.map(({ item }): Line => ({ decl: facts.decl, item, hit })),
  )
  const names = Object.keys(options.keys)
  const columns = [...names.map((name) => `rate.${name}`), ...options.numbers]
  const rows = outOfFold(lines, options, names)
  const leaves = growTree(rows, columns.length, {
    depth: options.depth,
    leavesMax: options.rulesMax,
    leafMin: options.leafMin,
  })
  const base = lines.filter(({ hit }) => hit).length / Math.max(1, lines.length)
  return {
    ...defaults,
    name: options.name,
    text: `Fitted to ${lines.length} past lines, of which ${(base * 100).toFixed(1)} % differed.`,
    rules: leaves
      .map((leaf) => ({ leaf, rate: smoothed(leaf.hits, leaf.all, base) }))
      .sort((a, b) => b.rate - a.rate)
      .map(({ leaf, rate }, i) => ruleOf(leaf, i, rate, base, columns)),
    tables: tablesOf(lines, options),
    caps: { other: 20 },
    bands: [
      { min: 2, lane: 'red' },
      { min: 1, lane: 'yellow' },
    ],
  }
}

/**
 * Each row's rates from the other folds: a rate that had counted the row itself would know its answer.
 * Rows are dealt to folds in turn, so that each fold has every season.
 */
function outOfFold(lines: readonly Line[], options: FitOptions, names: readonly string[]): Row[] {
  const rows: Row[] = []
  for (let fold = 0; fold < options.folds; fold++) {
    const tables = tablesOf(
      lines.filter((_, i) => i % options.folds !== fold),
      options,
    )
    lines.forEach((line, i) => {
      if (i % options.folds === fold)
        rows[i] = { values: valuesOf(line, tables, names, options.numbers), hit: line.hit }
    })
  }
  return rows
}

function valuesOf(line: Line, tables: RateTables, names: readonly string[], numbers: readonly string[]): Float64Array {
  const rates = ratesOf(tables, line.decl, line.item)
  const number = (fact: FactValue | undefined) =>
    fact && 'value' in fact && typeof fact.value === 'number' ? fact.value : 0
  return Float64Array.from([
    ...names.map((name) => number(rates[name])),
    ...numbers.map((path) => number(factAt(line, path))),
  ])
}

const factAt = ({ decl, item }: Line, path: string): FactValue | undefined =>
  path.startsWith('decl.') ? decl[path.slice(5)] : item[path.slice(5)]

function tablesOf(lines: readonly Line[], { keys, weight }: FitOptions): RateTables {
  const base = rounded(lines.filter(({ hit }) => hit).length / Math.max(1, lines.length), 4)
  return Object.fromEntries(
    Object.entries(keys).map(([name, paths]): [string, RateTable] => {
      const counts = new Map<string, { hits: number; all: number }>()
      for (const line of lines) {
        const key = keyAt(line, paths)
        if (key === undefined) continue
        const count = counts.get(key) ?? { hits: 0, all: 0 }
        count.all++
        if (line.hit) count.hits++
        counts.set(key, count)
      }
      const rates = [...counts]
        .map(([key, { hits, all }]) => [key, rounded(smoothed(hits, all, base, weight), 4)] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1))
      return [name, { keys: paths, base, rates: Object.fromEntries(rates) }]
    }),
  )
}

function keyAt(line: Line, paths: readonly string[]): string | undefined {
  const values = paths.map((path) => {
    const fact = factAt(line, path)
    return fact && 'value' in fact && typeof fact.value !== 'object' ? String(fact.value) : undefined
  })
  return values.includes(undefined) ? undefined : keyOf(values.map(String))
}

/** A leaf as a rule: bounds of one column are put together, and its log-odds against the base are what it adds. */
function ruleOf(leaf: Leaf, index: number, rate: number, base: number, columns: readonly string[]): Rule {
  const bounds = new Map<number, { above?: number; below?: number }>()
  for (const { column, above, at } of leaf.path) {
    const bound = bounds.get(column) ?? {}
    if (above) bound.above = Math.max(bound.above ?? -Infinity, at)
    else bound.below = Math.min(bound.below ?? Infinity, at)
    bounds.set(column, bound)
  }
  const parts = [...bounds].flatMap(([column, { above, below }]) => [
    ...(above === undefined ? [] : [`${columns[column] ?? ''} > ${decimal(above)}`]),
    ...(below === undefined ? [] : [`${columns[column] ?? ''} <= ${decimal(below)}`]),
  ])
  const share = (100 * leaf.hits) / Math.max(1, leaf.all)
  return {
    id: `F${String(index + 1).padStart(2, '0')}`,
    text: `${share.toFixed(0)} % of ${leaf.all} such lines differed.`,
    when: parts.length === 0 ? 'item.number >= 0.0' : parts.join(' && '),
    score: rounded(logit(rate) - logit(base), 4),
    family: 'other',
    checks: [],
    legalBasis: 'Fitted to past results',
    disclosure: 'none',
    category: 'Statistics',
    mode: 'enforce',
  }
}

const logit = (share: number): number => Math.log(share / (1 - share))

/** A CEL double always has a point. */
const decimal = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value))
