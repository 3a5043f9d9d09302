import { applicationIdentifiers } from './ai.ts'
import { BitReader, bitsToHex, hexToBits } from './bits.ts'
import { checkValue } from './elements.ts'
import type { Pair } from './epc-key.ts'
import { malformed, ok } from './fault.ts'
import type { Parsed } from './fault.ts'
import { decodeHostname, encodeHostname, isHostname } from './hostname.ts'
import {
  decodePlusDigits,
  decodePlusKey,
  decodePlusText,
  encodePlusDigits,
  encodePlusKey,
  encodePlusText,
} from './plus-text.ts'

/** A tag of EPC Tag Data Standard 2: it carries the key whole and needs no company prefix. */
export type PlusTag = { name: string; filter: number; hostname?: string; pairs: Pair[]; moreData: boolean }

/** What follows the digits of a key: a text or digits, onto the key or into an identifier of its own. */
type Serial = { as: 'text' | 'digits'; to: 'key' | string; none?: string }
type PlusScheme = {
  name: string
  header: string
  ai: string
  /** Digits that the key begins with; undefined where it is a text of any length (GIAI, CPI). */
  digits?: number
  serial?: Serial
  dated: boolean
  hosted: boolean
}

/** Name, header of the `+` and of the `++` tag, key, its digits, its serial (EPC Tag Data Standard 2.3, section 14.6). */
type Row = [name: string, plus: string, hosted: string, ai: string, digits: number | undefined, serial?: Serial]

const rows: readonly Row[] = [
  ['sgtin', 'F7', 'FD', '01', 14, { as: 'text', to: '21' }],
  ['dsgtin', 'FB', 'FC', '01', 14, { as: 'text', to: '21' }],
  ['sscc', 'F9', 'EF', '00', 18],
  ['sgln', 'F2', 'E9', '414', 13, { as: 'text', to: '254', none: '0' }],
  ['grai', 'F1', 'EB', '8003', 14, { as: 'text', to: 'key' }],
  ['giai', 'FA', 'EE', '8004', undefined],
  ['gsrn', 'F4', 'E7', '8018', 18],
  ['gsrnp', 'F5', 'E8', '8017', 18],
  ['gdti', 'F6', 'EA', '253', 13, { as: 'text', to: 'key' }],
  ['cpi', 'F0', 'E6', '8010', undefined, { as: 'digits', to: '8011' }],
  ['sgcn', 'F8', 'EC', '255', 13, { as: 'digits', to: 'key' }],
  ['itip', 'F3', 'ED', '8006', 18, { as: 'text', to: '21' }],
]

const schemes: readonly PlusScheme[] = rows.flatMap(([name, plus, hosted, ai, digits, serial]) => {
  const common = {
    ai,
    dated: name === 'dsgtin',
    ...(digits === undefined ? {} : { digits }),
    ...(serial === undefined ? {} : { serial }),
  }
  return [
    { name: `${name}+`, header: plus, hosted: false, ...common },
    { name: `${name}++`, header: hosted, hosted: true, ...common },
  ]
})

const KEY_MAX = 30
// The date that leads a DSGTIN, by its indicator (section 14.6.2).
const DATES = ['11', '13', '15', '16', '17', '7006', '7007']

const byHeader = new Map(schemes.map((scheme) => [scheme.header, scheme] as const))

/** Whether hex of this header may be a tag of this kind. Lengths vary, so an odd digit is let pass too. */
export const looksLikePlusTag = (hex: string): boolean =>
  byHeader.has(hex.slice(0, 2).toUpperCase()) && hex.length >= 12 && hex.length <= 192

function takeDigits(reader: BitReader, count: number): string {
  return Array.from({ length: count }, () => reader.number(4).toString(16)).join('')
}

function takeDate(reader: BitReader): Pair | undefined {
  const ai = DATES[Number(reader.number(4))]
  const [year, month, day] = [reader.number(7), reader.number(4), reader.number(5)].map((n) =>
    n.toString().padStart(2, '0'),
  )
  return ai === undefined || year?.length !== 2 ? undefined : [ai, `${year}${month}${day}`]
}

/** The key and its serial; undefined where the bits are none that an encoder writes. */
function takeKey({ ai, digits, serial }: PlusScheme, reader: BitReader): Pair[] | undefined {
  const key = digits === undefined ? decodePlusKey(reader, KEY_MAX) : takeDigits(reader, digits)
  if (key === undefined) return undefined
  if (serial === undefined) return [[ai, key]]
  const text = serial.as === 'text' ? decodePlusText(reader) : decodePlusDigits(reader)
  if (text === undefined) return undefined
  if (serial.to === 'key') return [[ai, key + text]]
  return text === serial.none
    ? [[ai, key]]
    : [
        [ai, key],
        [serial.to, text],
      ]
}

const isRight = ([ai, value]: Pair): boolean => {
  const entry = applicationIdentifiers.get(ai)
  return entry !== undefined && checkValue(entry, value, 0) === undefined
}

/** Decodes a `+` or `++` tag (EPC Tag Data Standard 2.3, section 14.6). */
export function decodePlusTag(text: string): Parsed<PlusTag> {
  const scheme = byHeader.get(text.slice(0, 2).toUpperCase())
  if (!scheme) return malformed('epc_tag', 'These hex digits are no EPC tag of a known kind.', { at: 0 })
  const refused = malformed('epc_tag', `These bits are no proper ${scheme.name}; read the tag again.`, { at: 2 })
  const reader = new BitReader(hexToBits(text))
  reader.take(8)
  const moreData = reader.take(1) === '1'
  const filter = Number(reader.number(3))
  const date = scheme.dated ? takeDate(reader) : undefined
  const key = takeKey(scheme, reader)
  if (key === undefined || (scheme.dated && date === undefined)) return refused
  const hostname = scheme.hosted ? decodeHostname(reader) : undefined
  if ((scheme.hosted && hostname === undefined) || reader.overrun) return refused
  // Further data follows the EPC only where the toggle says so.
  if (!moreData && reader.rest().includes('1')) return refused
  const pairs = [...key, ...(date ? [date] : [])]
  if (!pairs.every(isRight)) return refused
  return ok({ name: scheme.name, filter, pairs, moreData, ...(hostname === undefined ? {} : { hostname }) })
}

/** The key's bits; undefined where a serial is missing or does not fit. */
function keyBits({ ai, digits, serial }: PlusScheme, values: ReadonlyMap<string, string>): string | undefined {
  const whole = values.get(ai) ?? ''
  const head = digits === undefined ? encodePlusKey(whole) : hexToBits(whole.slice(0, digits))
  if (serial === undefined) return head
  const text = serial.to === 'key' ? whole.slice(digits) : (values.get(serial.to) ?? serial.none ?? '')
  if (text === '') return undefined
  const tail = serial.as === 'text' ? encodePlusText(text) : encodePlusDigits(text)
  return tail === undefined ? undefined : head + tail
}

/**
 * Encodes a key as its `+` tag; with a host name, whose Digital Link it is, as `++`. `values` holds what has been checked,
 * by Application Identifier, the key first.
 */
export function encodePlusTag(
  values: ReadonlyMap<string, string>,
  { filter = 0, hostname }: { filter?: number; hostname?: string } = {},
): Parsed<{ name: string; hex: string }> {
  if (hostname !== undefined && !isHostname(hostname)) {
    return malformed('hostname', 'A host name has 1 to 63 letters, digits, dots and hyphens.')
  }
  if (!Number.isInteger(filter) || filter < 0 || filter > 7) {
    return malformed('epc_tag', 'The filter value does not fit this encoding.')
  }
  const hosted = hostname !== undefined
  const [key] = values.keys()
  const scheme = schemes.find((one) => one.ai === key && !one.dated && one.hosted === hosted)
  const bits = scheme && keyBits(scheme, values)
  if (!scheme || bits === undefined) {
    return malformed('epc_tag', 'There is no tag of the second standard for this key; a serial may be missing.')
  }
  const head = hexToBits(scheme.header) + filter.toString(2).padStart(4, '0')
  return ok({ name: scheme.name, hex: bitsToHex(head + bits + (hosted ? encodeHostname(hostname) : '')) })
}
