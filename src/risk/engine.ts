import { type ASTNode, Environment, type ParseResult } from '@marcbachmann/cel-js'
import type { FactValue } from '../declarations/bodies.ts'
import { type FactSpec, type Scope, vocabulary } from './vocabulary.ts'

/**
 * Rules in CEL, typed: a name or a type that is wrong is refused when the rule is saved. There are no loops, no clock and no
 * input beside the facts, so the same facts give the same result for ever. Everything of the library stays in this file.
 */

/** `unknown`: it reads a fact that is not known, and the rest does not decide it. */
export type Verdict = { result: boolean } | { unknown: readonly string[] } | { error: string }

export type CompiledRule = {
  text: string
  /** Whether it speaks of lines, and is asked once for each. */
  perLine: boolean
  /** The facts that it reads, as `item.origin`, in the order of their first mention. */
  reads: readonly string[]
  ask(input: RuleInput): Verdict
}

/** Facts as rules see them; unknown ones are absent. */
export type RuleInput = { decl: Known; item?: Known; led?: Known; rate?: Known }
type Known = Readonly<Record<string, unknown>>

export type RuleFault = { detail: string; at?: number }

export type RuleEngine = {
  /** @returns what is wrong with it, or the rule ready to be asked */
  compile(text: string, tables?: readonly string[]): { rule: CompiledRule } | { fault: RuleFault }
  /** The values as rules see them. */
  input(scope: Scope | 'rate', facts: Readonly<Record<string, FactValue>>): Known
}

/** A rule longer than this is not read by anybody. */
const lengthMax = 2_000
const nestingMax = 2
const comprehensions = new Set(['exists', 'all', 'exists_one', 'map', 'filter'])
const functions = new Set(['has', 'size', 'startsWith', 'endsWith', 'contains', 'double', ...comprehensions])

class Decl {}
class Item {}
class Led {}
class Rate {}
const classes = { decl: Decl, item: Item, led: Led, rate: Rate } as const

/** An environment for each set of tables: which rates there are is part of what is typed. */
function environment(tables: readonly string[]): Environment {
  const env = new Environment({
    unlistedVariablesAreDyn: false,
    limits: { maxAstNodes: 300, maxDepth: 30, maxListElements: 200, maxMapEntries: 0, maxCallArguments: 4 },
  })
  for (const scope of ['decl', 'item', 'led'] as const) {
    const specs: Readonly<Record<string, FactSpec>> = vocabulary[scope]
    const fields = Object.fromEntries(Object.entries(specs).map(([name, { type }]) => [name, type]))
    env.registerType(classes[scope].name, { ctor: classes[scope], fields })
    env.registerVariable(scope, classes[scope].name)
  }
  if (tables.length > 0) {
    env.registerType(Rate.name, { ctor: Rate, fields: Object.fromEntries(tables.map((name) => [name, 'double'])) })
    env.registerVariable('rate', Rate.name)
  }
  return env
}

export function createRuleEngine(): RuleEngine {
  const known = new Map<string, Environment>()
  const envOf = (tables: readonly string[]): Environment => {
    const key = tables.join(' ')
    const env = known.get(key) ?? environment(tables)
    known.set(key, env)
    return env
  }
  return {
    compile: (text, tables = []) => compile(envOf(tables), text),
    input: (scope, facts) => {
      const values = Object.entries(facts).flatMap(([name, fact]) => ('value' in fact ? [[name, fact.value]] : []))
      return Object.assign(new classes[scope](), Object.fromEntries(values))
    },
  }
}

function compile(env: Environment, text: string): { rule: CompiledRule } | { fault: RuleFault } {
  if (text.length > lengthMax) return { fault: { detail: `A rule is at most ${lengthMax} characters long.` } }
  let parsed: ParseResult
  try {
    parsed = env.parse(text)
  } catch (error) {
    return { fault: { detail: `This cannot be read: ${firstLine(error)}` } }
  }
  const checked = parsed.check()
  if (!checked.valid) return { fault: { detail: firstLine(checked.error) } }
  if (checked.type !== 'bool') return { fault: { detail: `A rule is true or false; this is ${checked.type}.` } }
  const reads = new Set<string>()
  const fault = lint(parsed.ast, 0, reads)
  if (fault) return { fault }
  const paths = [...reads]
  const perLine = paths.some((path) => !path.startsWith('decl.'))
  return { rule: { text, perLine, reads: paths, ask: asker(parsed, paths) } }
}

/**
 * A rule's answer follows from the facts that it reads, and the lines of a declaration are mostly alike: where all of them are as they
 * were when it was asked last, it is not asked again. What is not there costs an exception, and of goods without codes little is there.
 */
function asker(parsed: ParseResult, reads: readonly string[]): (input: RuleInput) => Verdict {
  const paths = reads.map((path) => path.split('.') as [keyof RuleInput, string])
  const scopes = paths.map(([scope]) => scope)
  const names = paths.map(([, name]) => name)
  const values: unknown[] = names.map(() => undefined)
  let verdict: Verdict | undefined
  return (input) => {
    let same = verdict !== undefined && names.length > 0
    for (let i = 0; i < names.length; i++) {
      const value = input[scopes[i] ?? 'decl']?.[names[i] ?? '']
      if (value === values[i]) continue
      same = false
      values[i] = value
    }
    if (!same || !verdict) verdict = ask(parsed, reads, input)
    return verdict
  }
}

function ask(parsed: ParseResult, reads: readonly string[], input: RuleInput): Verdict {
  try {
    const result: unknown = parsed(input)
    if (typeof result === 'boolean') return { result }
    return { error: `the rule gave ${typeof result}` }
  } catch (error) {
    // What is absent throws; `||` and `&&` pass over it where the other side decides (CEL, "Logical operators").
    const unknown = reads.filter((path) => !isKnown(input, path))
    if (unknown.length > 0 && /No such key/.test(firstLine(error))) return { unknown }
    return { error: firstLine(error) }
  }
}

function isKnown(input: RuleInput, path: string): boolean {
  const [scope = '', name = ''] = path.split('.')
  const facts: unknown = Object.getOwnPropertyDescriptor(input, scope)?.value
  return typeof facts === 'object' && facts !== null && Object.hasOwn(facts, name)
}

const firstLine = (error: unknown): string =>
  error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)

/** What types allow and we do not: patterns (a regular expression can run for ever), deep comprehensions, unbounded lists. */
function lint(node: ASTNode, depth: number, reads: Set<string>): RuleFault | undefined {
  const at = node.start
  switch (node.op) {
    case 'value':
    case 'id':
      return undefined
    case '.': {
      const [object, name] = node.args
      if (object.op === 'id' && (isScope(object.args) || object.args === 'rate')) reads.add(`${object.args}.${name}`)
      return lint(object, depth, reads)
    }
    case '[]':
    case '[?]':
    case '.?':
      return { detail: 'Name facts by a dot; there is no indexing in rules.', at }
    case 'call': {
      const [name, args] = node.args
      return refused(name, at) ?? lintAll(args, depth, reads)
    }
    case 'rcall': {
      const [name, object, args] = node.args
      const deeper = depth + Number(comprehensions.has(name))
      if (deeper > nestingMax) return { detail: `Comprehensions nest at most ${nestingMax} deep.`, at }
      return refused(name, at) ?? lint(object, depth, reads) ?? lintAll(args, deeper, reads)
    }
    case 'list':
      return lintAll(node.args, depth, reads)
    case 'map':
      return { detail: 'There are no maps in rules.', at }
    case '!_':
    case '-_':
      return lint(node.args, depth, reads)
    default:
      return lintAll(node.args, depth, reads)
  }
}

const isScope = (name: string): name is Scope => Object.hasOwn(vocabulary, name)

const lintAll = (nodes: readonly ASTNode[], depth: number, reads: Set<string>): RuleFault | undefined => {
  for (const node of nodes) {
    const fault = lint(node, depth, reads)
    if (fault) return fault
  }
  return undefined
}

function refused(name: string, at: number): RuleFault | undefined {
  if (functions.has(name)) return undefined
  const detail =
    name === 'matches'
      ? 'No patterns: use startsWith, endsWith, contains or a list.'
      : `The function ${name} is not for rules. There are: ${[...functions].join(', ')}.`
  return { detail, at }
}
