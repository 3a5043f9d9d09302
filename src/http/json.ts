// The door for JSON: what comes in is well-formed, shallow, and free of what the database or the engine trips over.
// One linear check in front, so that nothing behind it has to think about NUL bytes or half characters again.
import { isUtf8 } from 'node:buffer'
import { limits } from '../config/limits.ts'
import { findJsonFault } from './json-fault.ts'
import { Problem, pointerToken, problemItemsMax, type ProblemItem } from './problem.ts'

const { jsonDepthMax } = limits

/**
 * Parses a request body.
 * @throws Problem body_malformed with the position, or field_invalid with the path of what is not allowed
 */
export function parseJson(body: Buffer): unknown {
  if (!isUtf8(body)) {
    throw new Problem('body_malformed', { detail: 'The body is not UTF-8. Send JSON encoded as UTF-8.' })
  }
  let text = body.toString('utf8')
  if (text.charCodeAt(0) === 0xfeff) text = text.slice(1) // Some Windows software begins with a byte order mark.
  // Before JSON.parse: 32 MB of brackets would become a gigabyte of arrays.
  if (deeperThan(text, jsonDepthMax)) throw locatedProblem(text)
  const value = parseOrLocate(text)
  const items = findForbidden(value, text.includes('\\u'))
  if (items.length > 0) {
    const [first] = items
    throw new Problem('field_invalid', {
      detail: `${first?.detail ?? ''} (at ${first?.path ?? ''})`,
      errors: items,
      errorCount: items.length,
    })
  }
  return value
}

function parseOrLocate(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw locatedProblem(text, error)
  }
}

function locatedProblem(text: string, cause?: unknown): Problem {
  const fault = findJsonFault(text, jsonDepthMax)
  if (!fault) return new Problem('body_malformed', { cause })
  const before = text.slice(0, fault.at)
  const line = before.split('\n').length
  const column = fault.at - before.lastIndexOf('\n')
  const where = `line ${line}, column ${column}`
  if (fault.tooDeep) {
    const detail = `Nested deeper than ${jsonDepthMax} levels (${where}). Send a flatter document.`
    return new Problem('field_invalid', { detail, errors: [{ path: fault.path, code: 'field_invalid', detail }] })
  }
  const detail = `The JSON breaks off at ${where}: ${fault.expected}. Mend it there and send it again.`
  return new Problem('body_malformed', {
    detail,
    errors: [{ path: fault.path, code: 'body_malformed', detail }],
    cause,
  })
}

const openBrace = 0x7b
const openBracket = 0x5b
const closeBrace = 0x7d
const closeBracket = 0x5d
const quote = 0x22
const backslash = 0x5c

/** Whether brackets outside of strings nest deeper than `max`. Linear; malformed text may get either answer. */
function deeperThan(text: string, max: number): boolean {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === quote) {
      i = stringEnd(text, i)
    } else if (c === openBrace || c === openBracket) {
      if (++depth > max) return true
    } else if (c === closeBrace || c === closeBracket) depth--
  }
  return false
}

/** The index of the quote that ends the string which begins at `start`. */
function stringEnd(text: string, start: number): number {
  for (let i = text.indexOf('"', start + 1); i !== -1; i = text.indexOf('"', i + 1)) {
    let slashes = 0
    while (text.charCodeAt(i - 1 - slashes) === backslash) slashes++
    if (slashes % 2 === 0) return i
  }
  return text.length
}

/** Names that would reach into the prototype of whoever copies the object. */
const isPoison = (key: string, value: unknown): boolean =>
  key === '__proto__' ||
  (key === 'constructor' && typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype'))

/**
 * Everything in a parsed document that must not come further, at most 100: strings and names with U+0000 or half of
 * a surrogate pair (PostgreSQL text refuses both), numbers beyond the range of a double, names that poison prototypes.
 * Strings need a look only if the text had a \u escape: raw control characters and lone surrogates cannot occur in
 * valid UTF-8 JSON otherwise.
 */
function findForbidden(root: unknown, hasEscapes: boolean): ProblemItem[] {
  const items: ProblemItem[] = []
  const add = (path: readonly (string | number)[], detail: string): void => {
    items.push({ path: path.map((key) => `/${pointerToken(printable(key))}`).join(''), code: 'field_invalid', detail })
  }
  const path: (string | number)[] = []
  const walk = (value: unknown): void => {
    if (items.length >= problemItemsMax) return
    if (typeof value === 'string') {
      if (hasEscapes && !isStorable(value)) add(path, notStorable)
    } else if (typeof value === 'number') {
      if (!Number.isFinite(value)) add(path, 'This number is too large. Send it as a string or with fewer digits.')
    } else if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) {
        path.push(i)
        walk(value[i])
        path.pop()
      }
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, member] of Object.entries(value)) {
        path.push(key)
        if (isPoison(key, member)) add(path, 'This name is not allowed. Leave it out.')
        else if (hasEscapes && !isStorable(key)) add(path, notStorable)
        else walk(member)
        path.pop()
      }
    }
  }
  walk(root)
  return items
}

const notStorable = 'The text contains U+0000 or half of a surrogate pair. Leave these characters out.'

/** Whether PostgreSQL can store the text: no NUL, no lone surrogates. */
export const isStorable = (text: string): boolean => !text.includes('\0') && !loneSurrogate.test(text)

const loneSurrogate = /\p{Surrogate}/u

/** For use in an answer: what cannot be stored cannot be sent either. */
const printable = (key: string | number): string =>
  typeof key === 'number'
    ? String(key)
    : key
        .replaceAll('\0', '\uFFFD')
        .replaceAll(/\p{Surrogate}/gu, '\uFFFD')
        .slice(0, 200)
