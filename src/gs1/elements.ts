import { applicationIdentifiers } from './ai.ts'
import type { ApplicationIdentifier } from './ai.ts'
import { malformed, ok } from './fault.ts'
import type { CodeFault, Parsed } from './fault.ts'

/** One Application Identifier with its value, and where the value stands in the text as given. */
export type Element = { entry: ApplicationIdentifier; value: string; at: number }

const named = (ai: string): string => `(${ai})`

/** Where and why `value` breaks the rules of its identifier; undefined if it keeps them. `at` is the value's place. */
export function checkValue(entry: ApplicationIdentifier, value: string, at: number): CodeFault | undefined {
  const { ai } = entry
  if (value.length < entry.min || value.length > entry.max) {
    const size = entry.min === entry.max ? `${entry.min}` : `${entry.min} to ${entry.max}`
    return malformed('length', `${named(ai)} has ${size} characters, not ${value.length}.`, { ai, at }).fault
  }
  let start = 0
  for (const { min, max, optional, checks } of entry.components) {
    const part = value.slice(start, start + max)
    if (part.length === 0 && optional) continue
    if (part.length < min) return malformed('length', `${named(ai)} is too short.`, { ai, at: at + value.length }).fault
    for (const [rule, check] of checks) {
      const wrong = check(part)
      if (!wrong) continue
      const code = rule === 'csum' ? 'gtin_check_digit' : 'code_malformed'
      return { code, rule, ai, at: at + start + wrong.at, detail: `${named(ai)} ${wrong.why}; read or type it again.` }
    }
    start += part.length
  }
  return undefined
}

/** Whether `ai` is what `pattern` means: digits as they are, `n` for any digit. */
const matches = (pattern: string, ai: string): boolean => {
  const fixed = pattern.replace(/n+$/, '')
  return ai.length === pattern.length && ai.startsWith(fixed)
}

/**
 * Checks what may stand together: repeated identifiers have one value, excluded ones are absent, required ones are
 * there (GS1 General Specifications, 4.13 and 4.14).
 */
export function checkTogether(elements: readonly Element[]): CodeFault | undefined {
  const values = new Map<string, string>()
  for (const { entry, value, at } of elements) {
    const { ai } = entry
    const earlier = values.get(ai)
    if (earlier !== undefined && earlier !== value) {
      return malformed('repeat', `${named(ai)} is given twice, with different values.`, { ai, at }).fault
    }
    values.set(ai, value)
  }
  const ais = [...values.keys()]
  for (const { entry, at } of elements) {
    const { ai } = entry
    const excluded = ais.find((other) => other !== ai && entry.excludes.some((pattern) => matches(pattern, other)))
    if (excluded)
      return malformed('ex', `${named(ai)} and ${named(excluded)} must not stand together.`, { ai, at }).fault
    for (const alternatives of entry.requires) {
      const there = alternatives.some((group) =>
        group.every((p) => ais.some((other) => other !== ai && matches(p, other))),
      )
      if (there) continue
      const wanted = alternatives.map((group) => group.map(named).join(' with ')).join(' or ')
      return malformed('req', `${named(ai)} means nothing without ${wanted}.`, { ai, at }).fault
    }
  }
  return undefined
}

/** The element of identifier `ai`, if there is such an identifier and the value keeps its rules. */
export function element(ai: string, value: string, at: number): Parsed<Element> {
  const entry = applicationIdentifiers.get(ai)
  if (!entry) return malformed('unknown_ai', `There is no Application Identifier ${named(ai)}.`, { ai, at })
  const fault = checkValue(entry, value, at)
  return fault ? { fault } : ok({ entry, value, at })
}
