// Reading of JSON that came from outside, field by field. Every reader answers the value with its type, or notes what is
// wrong and where and answers undefined, so that one answer can name everything that is wrong.

import { problemItemsMax } from '../http/problem.ts'
import type { CodeAnswer, CodeHint } from '../gs1/read.ts'
import type { ProblemCode, ProblemItem } from '../http/problem.ts'
import type { Decimal, EventContext, JsonObject, JsonValue, Moment, Uri } from './event.ts'
import { readMoment } from './moment.ts'
import { readWord } from './vocabulary.ts'
import type { Vocabulary } from './vocabulary.ts'

/** What is wrong with one body: the first 100 in detail, all of them counted. */
export type Faults = { readonly items: ProblemItem[]; count: number }

/** What the readers share while they read one event. */
export type Door = {
  readonly faults: Faults
  readonly context: EventContext
  /** Reads codes: gs1/read.ts, if nobody has read them before. */
  readonly readCode?: ((text: string) => CodeAnswer) | undefined
}

const VALUE_SHOWN_MAX = 200
const URI_LENGTH_MAX = 1024
const TEXT_LENGTH_MAX = 8192
/** Deeper nesting says nothing about goods, and would let a small body exhaust the stack. */
const DEPTH_MAX = 16

const URI = /^[a-z][a-z0-9+.-]*:[\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]+$/i
// NUL cannot be stored, and half a surrogate pair is no character.
const UNSTORABLE = /\0|\p{Surrogate}/u

export const newFaults = (): Faults => ({ items: [], count: 0 })

export function note(
  door: { faults: Faults },
  path: string,
  code: ProblemCode,
  detail: string,
  value?: unknown,
  hint?: CodeHint,
): undefined {
  const { faults } = door
  faults.count++
  if (faults.items.length >= problemItemsMax) return undefined
  faults.items.push(
    typeof value === 'string' && !UNSTORABLE.test(value)
      ? { path, code, detail, value: value.slice(0, VALUE_SHOWN_MAX), ...(hint ? { hint } : {}) }
      : { path, code, detail },
  )
  return undefined
}

const invalid = (door: Door, path: string, detail: string, value?: unknown): undefined =>
  note(door, path, 'field_invalid', detail, value)

/** One step of a JSON Pointer (RFC 6901, section 3). */
export const pointer = (path: string, key: string): string =>
  `${path}/${key.includes('~') || key.includes('/') ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key}`

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function readObject(door: Door, value: unknown, path: string): Readonly<Record<string, unknown>> | undefined {
  return isObject(value) ? value : invalid(door, path, 'Send an object here.')
}

/** The items of a list; undefined where it is no list. */
export function readList(door: Door, value: unknown, path: string): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : invalid(door, path, 'Send a list here, even for one item.')
}

/** Every item of a list read by `read`, the unreadable ones left out; absent is empty. */
export function readItems<T>(
  door: Door,
  value: unknown,
  path: string,
  read: (door: Door, item: unknown, path: string) => T | undefined,
): T[] {
  const items: T[] = []
  if (value === undefined) return items
  const list = readList(door, value, path) ?? []
  for (let i = 0; i < list.length; i++) {
    const item = read(door, list[i], `${path}/${i}`)
    if (item !== undefined) items.push(item)
  }
  return items
}

export function readText(door: Door, value: unknown, path: string): string | undefined {
  if (typeof value !== 'string') return invalid(door, path, 'Send a text here.')
  if (value.length > TEXT_LENGTH_MAX) return invalid(door, path, `Send at most ${TEXT_LENGTH_MAX} characters.`, value)
  if (UNSTORABLE.test(value)) return invalid(door, path, 'Leave out NUL and halves of surrogate pairs.')
  return value
}

export const isUri = (text: string): text is Uri => text.length <= URI_LENGTH_MAX && URI.test(text)

export function readUri(door: Door, value: unknown, path: string): Uri | undefined {
  if (typeof value === 'string' && isUri(value)) return value
  return invalid(
    door,
    path,
    `Send a URI of at most ${URI_LENGTH_MAX} characters, such as urn:uuid:… or https://….`,
    value,
  )
}

export function readTime(door: Door, value: unknown, path: string): Moment | undefined {
  const moment = typeof value === 'string' ? readMoment(value) : undefined
  return moment ?? invalid(door, path, 'Send a time with its zone, such as 2026-05-01T09:30:00.000+06:00.', value)
}

/** A JSON number as a decimal. Texts are refused, as the standard's schema does. */
export function readDecimal(door: Door, value: unknown, path: string): Decimal | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return decimal(String(value))
  return invalid(door, path, 'Send a number here, without quotes.', value)
}

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,4}))?$/i

/** `text` without exponent, superfluous zeros and sign of plus; the same number always gives the same text. */
export function decimal(text: string): Decimal | undefined {
  const match = NUMBER.exec(text)
  if (!match) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  if (whole === '' && fraction === '') return undefined
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  const left = point > 0 ? digits.slice(0, point).padEnd(point, '0') : ''
  const right = point >= 0 ? digits.slice(point) : '0'.repeat(-point) + digits
  const integer = left.replace(/^0+/, '') || '0'
  // Not /0+$/: of 200,000 zeros before a last digit it tries every one, for a minute.
  let end = right.length
  while (right[end - 1] === '0') end--
  const rest = right.slice(0, end)
  const number = rest === '' ? integer : `${integer}.${rest}`
  return (sign === '-' && number !== '0' ? `-${number}` : number) as Decimal
}

/** A word of the vocabulary in any of its spellings, as the bare word; or a custom URI. */
export function readTerm<Word extends string>(
  door: Door,
  vocabulary: Vocabulary<Word>,
  value: unknown,
  path: string,
): Word | Uri | undefined {
  if (typeof value !== 'string') return invalid(door, path, `Send a ${vocabulary.name} as text.`)
  const word = readWord(vocabulary, value)
  if (typeof word === 'string') return word
  if (word === null || !isUri(value)) {
    return invalid(door, path, `Send a ${vocabulary.name} of CBV 2.0 as a bare word, or a URI of your own.`, value)
  }
  return knownPrefix(door, value, path) ? value : undefined
}

const SCHEMES = new Set(['http', 'https', 'urn', 'ni', 'tag', 'info', 'did', 'oid', 'geo', 'cid'])

/** Whether what stands before the colon is a scheme, or a prefix that `@context` declares. */
export function knownPrefix(door: Door, text: string, path: string): boolean {
  const prefix = text.slice(0, text.indexOf(':'))
  if (SCHEMES.has(prefix.toLowerCase()) || door.context.prefixes.has(prefix) || standardPrefixes.has(prefix))
    return true
  // A context that we do not fetch may declare it.
  if (door.context.remote.length > 0) return true
  note(
    door,
    path,
    'event_rule',
    `Declare the prefix ${prefix.slice(0, 40)}: in @context, or write the whole URI.`,
    text,
  )
  return false
}

/** Prefixes that the standard's own JSON-LD context declares (EPCIS 2.0, section 10). */
export const standardPrefixes: ReadonlyMap<string, string> = new Map([
  ['epcis', 'https://ref.gs1.org/epcis/'],
  ['cbv', 'https://ref.gs1.org/cbv/'],
  ['cbvmda', 'urn:epcglobal:cbv:mda:'],
  ['gs1', 'https://ref.gs1.org/voc/'],
  ['rdf', 'http://www.w3.org/1999/02/22-rdf-syntax-ns#'],
  ['rdfs', 'http://www.w3.org/2000/01/rdf-schema#'],
  ['owl', 'http://www.w3.org/2002/07/owl#'],
  ['xsd', 'http://www.w3.org/2001/XMLSchema#'],
  ['dcterms', 'http://purl.org/dc/terms/'],
])

/** Whether `key` names a field of another vocabulary; notes what is wrong with it where it is neither that nor ours. */
export function isExtensionKey(door: Door, key: string, path: string): boolean {
  if (!key.includes(':')) {
    invalid(door, pointer(path, key), 'EPCIS has no such field here; your own fields need a prefix, such as ext:name.')
    return false
  }
  if (!isUri(key)) {
    invalid(door, pointer(path, key), 'The name of your own field must be prefix:name or a URI.')
    return false
  }
  return knownPrefix(door, key, pointer(path, key))
}

const NONE: JsonObject = Object.freeze({})

/** What an object has beside the fields that its reader knows, checked and verbatim. */
export function readExtensions(
  door: Door,
  object: Readonly<Record<string, unknown>>,
  path: string,
  known: ReadonlySet<string>,
): JsonObject {
  let extensions: JsonObject | undefined
  for (const key in object) {
    if (known.has(key) || !isExtensionKey(door, key, path)) continue
    const value = readJson(door, object[key], pointer(path, key))
    if (value === undefined) continue
    extensions ??= {}
    extensions[key] = value
  }
  return extensions ?? NONE
}

/** Any JSON that can be stored and written again: no NUL, no infinite number, not too deep. */
export function readJson(door: Door, value: unknown, path: string, depth = 0): JsonValue | undefined {
  if (depth > DEPTH_MAX) return invalid(door, path, `Nest your own fields at most ${DEPTH_MAX} deep.`)
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'number') {
    return Number.isFinite(value) ? value : invalid(door, path, 'This number is too large; send it as text.')
  }
  if (typeof value === 'string') return readText(door, value, path)
  if (Array.isArray(value)) return readJsonList(door, value, path, depth)
  if (!isObject(value)) return invalid(door, path, 'This is no JSON.')
  const object: JsonObject = {}
  for (const key in value) {
    if (key === '__proto__' || UNSTORABLE.test(key) || key.length > URI_LENGTH_MAX) {
      return invalid(door, path, 'A field here has a name that cannot be stored.')
    }
    if (key.includes(':')) knownPrefix(door, key, pointer(path, key))
    const item = readJson(door, value[key], pointer(path, key), depth + 1)
    if (item !== undefined) object[key] = item
  }
  return object
}

function readJsonList(door: Door, list: readonly unknown[], path: string, depth: number): JsonValue[] {
  const values: JsonValue[] = []
  for (let i = 0; i < list.length; i++) {
    const item = readJson(door, list[i], `${path}/${i}`, depth + 1)
    if (item !== undefined) values.push(item)
  }
  return values
}
