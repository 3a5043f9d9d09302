import type { Element } from './elements.ts'
import type { CodeFault } from './fault.ts'
import { isGtin, isSerial, isSscc } from './identifiers.ts'
import type { Gtin, Serial, Sscc } from './identifiers.ts'

/** The verification tail of an own code: the id of its key (AI 91) and the check over GTIN and serial (AI 92). */
export type Tail = { keyId: string; check: string }

/**
 * The object that a code names. `attributes` holds what else the code says, by Application Identifier ('10' the lot,
 * '3103' a weight); of a foreign mark, what could be decoded, by name ('gtin', 'serial', 'product_code').
 */
export type Reading =
  | { kind: 'unit'; gtin: Gtin; serial: Serial; tail?: Tail; attributes: ReadonlyMap<string, string> }
  | { kind: 'logistic'; sscc: Sscc; attributes: ReadonlyMap<string, string> }
  | { kind: 'key'; ai: string; value: string; attributes: ReadonlyMap<string, string> }
  | { kind: 'foreign'; system: string; text: string; attributes?: ReadonlyMap<string, string> }

export type CodeAnswer = { reading: Reading; fault?: never } | { fault: CodeFault; reading?: never }

// Which identifiers name an object. Of several in one code the SSCC comes first (its label is the label of that logistic
// unit), then a trade item with its serial, then the one that the code begins with.
const KEYS = new Set('00 01 03 8006 8003 8004 8010 8017 8018 253 255 401 402 414 415 417 8013'.split(' '))

/** Whether the reading names an object, or a class of objects, at all: an order number (400) alone does not. */
export const namesObject = (reading: Reading): boolean => reading.kind !== 'key' || KEYS.has(reading.ai)

/** What a checked list of elements names. Elements of one Digital Link come key first, and then that key counts. */
export function readElements(elements: readonly Element[], keyFirst = false): Reading {
  const values = new Map(elements.map(({ entry, value }) => [entry.ai, value] as const))
  const first = elements[0]?.entry.ai ?? ''
  const ai = keyFirst ? first : namingOf(values, first)
  const value = values.get(ai) ?? ''
  const serial = values.get('21')
  const attributes = new Map(values)
  attributes.delete(ai)
  if (ai === '00' && isSscc(value)) return { kind: 'logistic', sscc: value, attributes }
  if (ai !== '01' || serial === undefined || !isGtin(value) || !isSerial(serial))
    return { kind: 'key', ai, value, attributes }

  attributes.delete('21')
  const [keyId, check] = [values.get('91'), values.get('92')]
  if (keyId === undefined || check === undefined) return { kind: 'unit', gtin: value, serial, attributes }
  attributes.delete('91')
  attributes.delete('92')
  return { kind: 'unit', gtin: value, serial, tail: { keyId, check }, attributes }
}

function namingOf(values: ReadonlyMap<string, string>, first: string): string {
  if (values.has('00')) return '00'
  if (values.has('01') && values.has('21')) return '01'
  for (const ai of values.keys()) if (KEYS.has(ai)) return ai
  return first
}
