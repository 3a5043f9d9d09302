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
  const fixed = pattern.replace(/(?<!n)n+$/, '')
  return ai.length === pattern.length && ai.startsWith(fixed)
}

/**
 * Checks what may stand together: repeated identifiers have one value, excluded ones are absent, required ones are
 * there (GS1 General Specifications, 4.13 and 4.14).
 */
export function checkTogether(elements: readonly Element[]): CodeFault | undefined {
  // By identifier, so that a code that repeats itself a thousand times costs no more than one that does not.
  const byAi = new Map<string, Element>()
  for (const one of elements) {
    const { ai } = one.entry
    const earlier = byAi.get(ai)
    if (earlier && earlier.value !== one.value) {
      return malformed('repeat', `${named(ai)} is given twice, with different values.`, { ai, at: one.at }).fault
    }
    if (!earlier) byAi.set(ai, one)
  }
  const ais = [...byAi.keys()]
  for (const { entry, at } of byAi.values()) {
    const { ai } = entry
    const others = (pattern: string): string | undefined => ais.find((other) => other !== ai && matches(pattern, other))
    const excluded = entry.excludes.map(others).find((other) => other !== undefined)
    if (excluded)
      return malformed('ex', `${named(ai)} and ${named(excluded)} must not stand together.`, { ai, at }).fault
    for (const alternatives of entry.requires) {
      if (alternatives.some((group) => group.every((pattern) => others(pattern) !== undefined))) continue
      const wanted = alternatives.map((group) => group.map(named).join(' with ')).join(' or ')
      return malformed('req', `${named(ai)} means nothing without ${wanted}.`, { ai, at }).fault
    }
  }
  return checkSignature(byAi.values())
}

// How long a key is without its serial, for keys that carry the serial in the same value.
const CLASS_LENGTH: Readonly<Record<string, number>> = { '253': 13, '255': 13, '8003': 14 }

/** A digital signature belongs to one object, so the key beside it must have its serial (GS1 General Specifications, 3.9). */
function checkSignature(each: Iterable<Element>): CodeFault | undefined {
  const elements = [...each]
  if (!elements.some(({ entry }) => entry.ai === '8030')) return undefined
  const classOnly = elements.find(({ entry, value }) => value.length <= (CLASS_LENGTH[entry.ai] ?? 0))
  if (!classOnly) return undefined
  const { ai } = classOnly.entry
  return malformed('digsig', `${named(ai)} needs its serial beside ${named('8030')}.`, { ai, at: classOnly.at }).fault
}

/** The element of identifier `ai`, if there is such an identifier and the value keeps its rules. */
export function element(ai: string, value: string, at: number): Parsed<Element> {
  const entry = applicationIdentifiers.get(ai)
  if (!entry) return malformed('unknown_ai', `There is no Application Identifier ${named(ai)}.`, { ai, at })
  const fault = checkValue(entry, value, at)
  return fault ? { fault } : ok({ entry, value, at })
}
