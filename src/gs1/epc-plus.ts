import { BitReader, bitsToHex, hexToBits } from './bits.ts'
import type { Pair } from './epc-key.ts'
import { malformed, ok } from './fault.ts'
import type { Parsed } from './fault.ts'
import { decodeHostname, encodeHostname, isHostname } from './hostname.ts'
import { isGtin, isSscc } from './identifiers.ts'
import { decodePlusText, encodePlusText } from './plus-text.ts'

/** A tag of EPC Tag Data Standard 2: it carries the key whole and needs no company prefix. */
export type PlusTag = { name: string; filter: number; hostname?: string; pairs: Pair[]; moreData: boolean }

type PlusScheme = { name: string; header: string; key: '00' | '01'; dated?: boolean; hosted?: boolean }

const schemes: readonly PlusScheme[] = [
  { name: 'sgtin+', header: 'F7', key: '01' },
  { name: 'dsgtin+', header: 'FB', key: '01', dated: true },
  { name: 'sscc+', header: 'F9', key: '00' },
  { name: 'sgtin++', header: 'FD', key: '01', hosted: true },
  { name: 'dsgtin++', header: 'FC', key: '01', dated: true, hosted: true },
  { name: 'sscc++', header: 'EF', key: '00', hosted: true },
]

// The date that leads a DSGTIN, by its indicator (section 14.6.2).
const DATES = ['11', '13', '15', '16', '17', '7006', '7007']
const KEY_DIGITS = { '00': 18, '01': 14 } as const

const byHeader = new Map(schemes.map((scheme) => [scheme.header, scheme] as const))
const nibbles = (digits: string): string => hexToBits(digits)

/** Whether hex of this header may be a tag of this kind. Lengths vary, so an odd digit is let pass too. */
export const looksLikePlusTag = (hex: string): boolean =>
  byHeader.has(hex.slice(0, 2).toUpperCase()) && hex.length >= 20 && hex.length <= 192

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

/** Decodes a `+` or `++` tag of a trade item or a logistic unit (EPC Tag Data Standard 2.3, section 14.6). */
export function decodePlusTag(text: string): Parsed<PlusTag> {
  const scheme = byHeader.get(text.slice(0, 2).toUpperCase())
  if (!scheme) return malformed('epc_tag', 'These hex digits are no EPC tag of a known kind.', { at: 0 })
  const refused = malformed('epc_tag', `These bits are no proper ${scheme.name}; read the tag again.`, { at: 2 })
  const reader = new BitReader(hexToBits(text))
  reader.take(8)
  const moreData = reader.take(1) === '1'
  const filter = Number(reader.number(3))
  const date = scheme.dated ? takeDate(reader) : undefined
  if (scheme.dated && date === undefined) return refused
  const key = takeDigits(reader, KEY_DIGITS[scheme.key])
  if (scheme.key === '01' ? !isGtin(key) : !isSscc(key)) return refused
  const serial = scheme.key === '01' ? decodePlusText(reader) : ''
  if (serial === undefined) return refused
  const hostname = scheme.hosted ? decodeHostname(reader) : undefined
  if ((scheme.hosted && hostname === undefined) || reader.overrun) return refused
  // Further data follows the EPC only where the toggle says so.
  if (!moreData && reader.rest().includes('1')) return refused
  const pairs: Pair[] = [
    [scheme.key, key],
    ...(serial === '' ? [] : [['21', serial] as const]),
    ...(date ? [date] : []),
  ]
  return ok({ name: scheme.name, filter, pairs, moreData, ...(hostname === undefined ? {} : { hostname }) })
}

/** Encodes a unit or a logistic unit as SGTIN+ or SSCC+; with a host name, whose Digital Link it is, as `++`. */
export function encodePlusTag(
  object: { gtin: string; serial: string } | { sscc: string },
  { filter = 0, hostname }: { filter?: number; hostname?: string } = {},
): Parsed<string> {
  if (hostname !== undefined && !isHostname(hostname)) {
    return malformed('hostname', 'A host name has 1 to 63 letters, digits, dots and hyphens.')
  }
  if (!Number.isInteger(filter) || filter < 0 || filter > 7) {
    return malformed('epc_tag', 'The filter value does not fit this encoding.')
  }
  const key = 'sscc' in object ? '00' : '01'
  const scheme = schemes.find((s) => s.key === key && !s.dated && (s.hosted ?? false) === (hostname !== undefined))
  const head = hexToBits(scheme?.header ?? '') + filter.toString(2).padStart(4, '0')
  const body = 'sscc' in object ? nibbles(object.sscc) : nibbles(object.gtin) + encodePlusText(object.serial)
  return ok(bitsToHex(head + body + (hostname === undefined ? '' : encodeHostname(hostname))))
}
