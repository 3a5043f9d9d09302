// The "what" of an event: its codes and quantities (EPCIS 2.0, section 7.3.3).

import { isGtin, isSerial, isSscc } from '../gs1/identifiers.ts'
import { readCode } from '../gs1/read.ts'
import type { CodeFault, Reading } from '../gs1/read.ts'
import { digitalLink, percentEncode } from '../gs1/write.ts'
import { isUri, note, readDecimal, readItems, readList, readObject } from './door.ts'
import type { Door } from './door.ts'
import type { Epc, Quantity, Uri } from './event.ts'

const GS1 = 'https://id.gs1.org'
const PLAIN = /^[\w.~-]*$/
const UOM = /^[A-Z0-9]{2,3}$/
const CODE_LENGTH_MAX = 1024

/** Key qualifiers that are part of what is identified, finest first; only the finest one given is written. */
const qualifiers: Readonly<Record<string, readonly string[]>> = {
  '01': ['21', '235', '10'],
  '414': ['254'],
  '8006': ['21', '10'],
  '8010': ['8011'],
}

const encode = (text: string): string => (PLAIN.test(text) ? text : percentEncode(text))

/** The canonical URI of what a code names: a Digital Link at its finest level, never with attributes or the tail. */
export function linkOf(reading: Reading): string {
  switch (reading.kind) {
    case 'unit':
      if (PLAIN.test(reading.serial)) return `${GS1}/01/${reading.gtin}/21/${reading.serial}`
      return digitalLink({ gtin: reading.gtin, serial: reading.serial })
    case 'logistic':
      return `${GS1}/00/${reading.sscc}`
    case 'key': {
      const link = `${GS1}/${reading.ai}/${encode(reading.value)}`
      const finest = qualifiers[reading.ai]?.find((ai) => reading.attributes.has(ai))
      return finest === undefined ? link : `${link}/${finest}/${encode(reading.attributes.get(finest) ?? '')}`
    }
    case 'foreign':
      return `urn:tamga:foreign:${encode(reading.system)}:${encode(reading.text)}`
  }
}

function noteCode(door: Door, path: string, fault: CodeFault, text: string): undefined {
  return note(door, path, fault.code, fault.detail, text, fault.hint)
}

const UNIT = `${GS1}/01/`
const PALLET = `${GS1}/00/`
const NOTHING: ReadonlyMap<string, string> = new Map()

/**
 * The reading of a link that is written exactly as linkOf writes it, which is what our own answers hold and so what most
 * lists consist of; undefined for everything else. It says what readCode would say, ten times as fast.
 */
export function readCanonical(text: string): Reading | undefined {
  if (text.startsWith(UNIT)) {
    const gtin = text.slice(22, 36)
    const serial = text.slice(40)
    if (!text.startsWith('/21/', 36) || !PLAIN.test(serial) || !isGtin(gtin) || !isSerial(serial)) return undefined
    return { kind: 'unit', gtin, serial, attributes: NOTHING }
  }
  const sscc = text.startsWith(PALLET) ? text.slice(22) : ''
  return isSscc(sscc) ? { kind: 'logistic', sscc, attributes: NOTHING } : undefined
}

/** One code of a thing, in any form that a scanner or a partner has. */
export function readEpc(door: Door, value: unknown, path: string): Epc | undefined {
  if (typeof value !== 'string') return note(door, path, 'field_invalid', 'Send a code as text.')
  if (value.length > CODE_LENGTH_MAX) {
    return note(door, path, 'code_malformed', `A code has at most ${CODE_LENGTH_MAX} characters.`, value)
  }
  const own = readCanonical(value)
  if (own) return { text: value, reading: own, link: value, path }
  const { reading, fault } = (door.readCode ?? readCode)(value)
  if (!reading) return noteCode(door, path, fault, value)
  if (isClass(reading)) {
    const detail = 'This names a kind of goods, not one thing: send it in the quantity list, or give the serial number.'
    return note(door, path, 'event_rule', detail, value)
  }
  return { text: value, reading, link: linkOf(reading), path }
}

/** A list of codes; absent is empty. */
export function readEpcs(door: Door, value: unknown, path: string): Epc[] {
  if (value === undefined) return []
  const list = readList(door, value, path)
  if (!list) return []
  const epcs: Epc[] = []
  for (let i = 0; i < list.length; i++) {
    const epc = readEpc(door, list[i], `${path}/${i}`)
    if (epc) epcs.push(epc)
  }
  return epcs
}

/** Whether a key names a class of things and no single one (CBV 2.0, section 8.3). */
function isClass(reading: Reading): boolean {
  if (reading.kind !== 'key') return false
  const { ai, value, attributes } = reading
  switch (ai) {
    case '01':
    case '02':
      return !attributes.has('21') && !attributes.has('235')
    case '8006':
      return !attributes.has('21')
    case '8010':
      return !attributes.has('8011')
    case '253':
    case '255':
      return value.length === 13
    case '8003':
      return value.length === 14
    default:
      return false
  }
}

export const readQuantities = (door: Door, value: unknown, path: string): Quantity[] =>
  readItems(door, value, path, readQuantity)

function readQuantity(door: Door, value: unknown, path: string): Quantity | undefined {
  const element = readObject(door, value, path)
  if (!element) return undefined
  for (const key in element) {
    if (key !== 'epcClass' && key !== 'quantity' && key !== 'uom') {
      note(door, `${path}/${key}`, 'field_invalid', 'A quantity has epcClass, quantity and uom alone.')
    }
  }
  const epcClass = readClass(door, element['epcClass'], `${path}/epcClass`)
  const quantity =
    element['quantity'] === undefined ? undefined : readDecimal(door, element['quantity'], `${path}/quantity`)
  const uom = element['uom'] === undefined ? undefined : readUom(door, element['uom'], `${path}/uom`)
  return epcClass === undefined ? undefined : { epcClass, quantity, uom, path }
}

function readUom(door: Door, value: unknown, path: string): string | undefined {
  if (typeof value === 'string' && UOM.test(value)) return value
  return note(door, path, 'field_invalid', 'Send a unit code of UN/ECE Recommendation 20, such as KGM or LTR.', value)
}

/** A class of goods: GTIN, GTIN with lot, in any form, or a URI of one's own. */
function readClass(door: Door, value: unknown, path: string): string | undefined {
  if (typeof value !== 'string') return note(door, path, 'field_invalid', 'Send a class of goods as text.', value)
  if (value.length > CODE_LENGTH_MAX) return note(door, path, 'code_malformed', 'This code is too long.', value)
  const { reading, fault } = readCode(value)
  if (reading) return linkOf(reading)
  const gs1 = fault.code === 'gtin_check_digit' || value.startsWith('urn:epc:') || !isUri(value)
  return gs1 ? noteCode(door, path, fault, value) : value
}

const KEY_URI = /^(?:urn:epc:|https?:\/\/[^/?#]+(?:\/[^/?#]+)*\/\d{2,4}\/)/

/** The canonical URI where `text` is the URI of a GS1 key (a GLN, a document number …), otherwise `text` itself. */
export function canonicalText(text: string): string {
  if (!KEY_URI.test(text)) return text
  const { reading } = readCode(text)
  return reading && reading.kind !== 'foreign' ? linkOf(reading) : text
}

export function canonicalUri(uri: Uri): Uri {
  const link = canonicalText(uri)
  return isUri(link) ? link : uri
}

/** A URI that may hold a GS1 key; a wrong check digit is noted, everything else that is a URI passes. */
export function readKeyUri(door: Door, uri: Uri | undefined, path: string): Uri | undefined {
  if (uri === undefined || !KEY_URI.test(uri)) return uri
  const { fault } = readCode(uri)
  if (fault?.code === 'gtin_check_digit') return noteCode(door, path, fault, uri)
  return canonicalUri(uri)
}
