import { aiTable } from './ai-table.ts'
import { linters } from './linters.ts'
import type { Linter } from './linters.ts'

/** One piece of a value: its length in characters and what it must be like. */
export type Component = {
  min: number
  max: number
  optional: boolean
  checks: readonly (readonly [rule: string, check: Linter])[]
}

/** What the GS1 General Specifications say of one Application Identifier. */
export type ApplicationIdentifier = {
  ai: string
  /** Of a length known by its first two digits: no FNC1 is needed after it (7.8.5.2). */
  predefined: boolean
  /** May stand in the query of a Digital Link. */
  attribute: boolean
  components: readonly Component[]
  min: number
  max: number
  /** Each group: one of its alternatives must be there, each alternative being AIs or patterns (31nn) that go together. */
  requires: readonly (readonly (readonly string[])[])[]
  excludes: readonly string[]
  /** For a primary key of a Digital Link: the alternative sequences of qualifiers; undefined for the rest. */
  qualifiers: readonly (readonly string[])[] | undefined
}

const SETS: Readonly<Record<string, string>> = { N: 'csetnumeric', X: 'cset82', Y: 'cset39', Z: 'cset64' }

function component(text: string): Component {
  const match = /^(\[?)([NXYZ])(\.\.)?(\d+)\]?((?:,\w+)*)$/.exec(text)
  if (!match) throw new Error(`Not a component: ${text}`)
  const [, optional, set = '', variable, length, names = ''] = match
  const rules = [SETS[set] ?? '', ...names.split(',').slice(1)]
  const checks = rules.map((rule) => {
    const check = linters[rule]
    if (!check) throw new Error(`No linter ${rule}`)
    return [rule, check] as const
  })
  return { min: variable ? 1 : Number(length), max: Number(length), optional: optional === '[', checks }
}

/** The numbers of a row: `3100-3105` stands for six identifiers. */
function expand(ais: string): string[] {
  const [first = '', last = first] = ais.split('-')
  const numbers: string[] = []
  for (let n = Number(first); n <= Number(last); n++) numbers.push(String(n).padStart(first.length, '0'))
  return numbers
}

function parseRow([ais, flags, specification, attributes]: (typeof aiTable)[number]): ApplicationIdentifier[] {
  const components = specification.split(' ').map(component)
  const words = attributes.split(' ')
  const values = (name: string): string[] =>
    words.filter((word) => word.startsWith(`${name}=`)).map((word) => word.slice(name.length + 1))
  const key = words.includes('dlpkey') ? [[]] : undefined
  const sequences = values('dlpkey').flatMap((value) => value.split('|').map((sequence) => sequence.split(',')))
  return expand(ais).map((ai) => ({
    ai,
    predefined: flags.includes('*'),
    attribute: flags.includes('?'),
    components,
    min: components.reduce((sum, { min, optional }) => sum + (optional ? 0 : min), 0),
    max: components.reduce((sum, { max }) => sum + max, 0),
    requires: values('req').map((value) => value.split(',').map((group) => group.split('+'))),
    excludes: values('ex').flatMap((value) => value.split(',')),
    qualifiers: sequences.length > 0 ? sequences : key,
  }))
}

/** Every Application Identifier by its number. */
export const applicationIdentifiers: ReadonlyMap<string, ApplicationIdentifier> = new Map(
  aiTable.flatMap(parseRow).map((entry) => [entry.ai, entry]),
)

// All identifiers that begin with the same two digits are equally long (GS1 General Specifications, 7.8.2).
const lengthByPrefix = new Map<string, number>()
for (const ai of applicationIdentifiers.keys()) lengthByPrefix.set(ai.slice(0, 2), ai.length)

/** The identifier that `text` has at offset `at`, if there is one. */
export function identifierAt(text: string, at: number): ApplicationIdentifier | undefined {
  const length = lengthByPrefix.get(text.slice(at, at + 2))
  return length === undefined ? undefined : applicationIdentifiers.get(text.slice(at, at + length))
}
