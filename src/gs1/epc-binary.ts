import { BitReader, bitsToHex, hexToBits, numberToBits } from './bits.ts'
import { wrongPart } from './epc-schemes.ts'
import type { Epc } from './epc-schemes.ts'
import { keySchemes } from './epc-schemes.ts'
import { PREFIX_BITS, tagByHeader } from './epc-tags.ts'
import type { Field, Tag } from './epc-tags.ts'
import { malformed, ok } from './fault.ts'
import type { Parsed } from './fault.ts'

/** An EPC as a tag holds it. */
export type TagContent = { tag: Tag; filter: number; epc: Epc }

const NUMBER = /^(0|[1-9]\d*)$/

const bits7 = (text: string): string => [...text].map((c) => c.charCodeAt(0).toString(2).padStart(7, '0')).join('')
const bits6 = (text: string): string =>
  [...text].map((c) => (c.charCodeAt(0) & 63).toString(2).padStart(6, '0')).join('')

/** The field's bits; undefined where the part does not fit it. */
function encodeField(field: Field, part: string): string | undefined {
  switch (field.kind) {
    case 'number':
      return NUMBER.test(part) ? numberToBits(BigInt(part), field.bits) : undefined
    case 'digits':
      return part.length === field.digits ? numberToBits(BigInt(part), field.bits) : undefined
    case 'numeric':
      return /^\d+$/.test(part) ? numberToBits(BigInt(`1${part}`), field.bits) : undefined
    case 'text7':
      return part.length * 7 <= field.bits ? bits7(part).padEnd(field.bits, '0') : undefined
    case 'text6':
      return part.length <= field.max ? `${bits6(part)}000000` : undefined
    case 'cage8':
      return [...part.padStart(6, ' ')].map((c) => c.charCodeAt(0).toString(2).padStart(8, '0')).join('')
    case 'cage6':
      return bits6(part.padStart(6, ' '))
  }
}

const character6 = (bits: string): string => {
  const code = parseInt(bits, 2)
  return String.fromCharCode(code >= 32 ? code : code + 64)
}

/** The part; undefined where the bits are none that an encoder writes. */
function decodeField(field: Field, reader: BitReader): string | undefined {
  switch (field.kind) {
    case 'number':
      return reader.number(field.bits).toString()
    case 'digits': {
      const value = reader.number(field.bits).toString().padStart(field.digits, '0')
      return value.length === field.digits ? value : undefined
    }
    case 'numeric': {
      const value = reader.number(field.bits).toString()
      return /^1\d+$/.test(value) ? value.slice(1) : undefined
    }
    case 'text7':
      return decodeText7(reader.take(field.bits))
    case 'text6': {
      let part = ''
      for (let bits = reader.take(6); bits !== '000000'; bits = reader.take(6)) {
        if (bits.length < 6 || part.length === field.max) return undefined
        part += character6(bits)
      }
      return part
    }
    case 'cage8':
      return (reader.take(48).match(/.{8}/g) ?? [])
        .map((b) => String.fromCharCode(parseInt(b, 2)))
        .join('')
        .replace(/^ /, '')
    case 'cage6':
      return (reader.take(36).match(/.{6}/g) ?? []).map(character6).join('').replace(/^ /, '')
  }
}

/** Characters up to the first of value 0; what comes after it must be 0 too. */
function decodeText7(bits: string): string | undefined {
  const text = (bits.match(/.{7}/g) ?? []).map((b) => String.fromCharCode(parseInt(b, 2))).join('')
  const end = text.search(/\0/)
  if (end < 0) return bits.slice(text.length * 7).includes('1') ? undefined : text
  return bits.slice(end * 7).includes('1') ? undefined : text.slice(0, end)
}

/** How the reference lies behind a company prefix of that length, as a field. */
function referenceField(tag: Tag, prefixLength: number): Field {
  const bits = (tag.partition ?? 0) - (PREFIX_BITS[12 - prefixLength] ?? 0)
  if (tag.reference === 'number') return { kind: 'number', bits }
  if (tag.reference === 'text7') return { kind: 'text7', bits: Math.floor(bits / 7) * 7 }
  if (tag.reference) return { kind: 'text6', max: tag.reference.max(prefixLength) }
  const digits = (keySchemes.get(tag.scheme)?.digits ?? 0) - prefixLength
  return { kind: 'digits', bits, digits }
}

/** The share that is left over where 7-bit characters do not fill it (GIAI-202 with a prefix of some lengths). */
const leftover = (tag: Tag, prefixLength: number): number =>
  tag.reference === 'text7' ? ((tag.partition ?? 0) - (PREFIX_BITS[12 - prefixLength] ?? 0)) % 7 : 0

function encodePartition(tag: Tag, [prefix = '', reference = '']: readonly string[]): string | undefined {
  const partition = 12 - prefix.length
  const prefixBits = numberToBits(BigInt(prefix), PREFIX_BITS[partition] ?? 0)
  const field = referenceField(tag, prefix.length)
  // A reference of no digits leaves its bits zero.
  const rest = field.kind === 'digits' && field.digits === 0 ? '0'.repeat(field.bits) : encodeField(field, reference)
  if (prefixBits === undefined || rest === undefined) return undefined
  return partition.toString(2).padStart(3, '0') + prefixBits + rest + '0'.repeat(leftover(tag, prefix.length))
}

/** Encodes an EPC for tag memory, as hex in whole words (section 14.3). `filter` is the standard's filter value. */
export function encodeTag(epc: Epc, tag: Tag, filter: number): Parsed<string> {
  if (epc.scheme !== tag.scheme || wrongPart(epc) !== undefined) {
    return malformed('epc_tag', `${tag.name} does not encode this EPC.`)
  }
  const filterBits = numberToBits(BigInt(Math.trunc(filter)), tag.filterBits)
  if (filterBits === undefined || filter < 0)
    return malformed('epc_tag', 'The filter value does not fit this encoding.')
  const partition = tag.partition === undefined ? '' : encodePartition(tag, epc.parts)
  const rest = epc.parts.slice(tag.partition === undefined ? 0 : 2)
  const fields = tag.fields.map((field, i) => encodeField(field, rest[i] ?? ''))
  if (partition === undefined || fields.includes(undefined)) {
    return malformed('epc_tag', `This EPC does not fit ${tag.name}: take the longer encoding.`)
  }
  const bits = hexToBits(tag.header) + (tag.filterBits === 0 ? '' : filterBits) + partition + fields.join('')
  return ok(bitsToHex(bits.padEnd(tag.bits ?? 0, '0')))
}

function decodePartition(tag: Tag, reader: BitReader): string[] | undefined {
  const prefixBits = PREFIX_BITS[Number(reader.number(3))]
  if (prefixBits === undefined) return undefined
  const prefixLength = 12 - PREFIX_BITS.indexOf(prefixBits)
  const prefix = reader.number(prefixBits).toString().padStart(prefixLength, '0')
  const field = referenceField(tag, prefixLength)
  if (field.kind === 'digits' && field.digits === 0) return reader.number(field.bits) === 0n ? [prefix, ''] : undefined
  const reference = decodeField(field, reader)
  if (reader.take(leftover(tag, prefixLength)).includes('1')) return undefined
  return reference === undefined ? undefined : [prefix, reference]
}

/** Whether hex of this header and length may be a tag at all: cheap, asked of every text of hex digits. */
export function looksLikeTag(hex: string): boolean {
  const tag = tagByHeader(hex.slice(0, 2).toUpperCase())
  if (tag === undefined || hex.length > 128 || hex.length * 4 < (tag.bits ?? 48)) return false
  // A tag of fixed length is read in whole bytes; one of any length may be written down to its last digit.
  return tag.bits === undefined || hex.length % 2 === 0
}

/** Decodes what a reader got from a tag (section 14.4). Behind the EPC only zeros may follow. */
export function decodeTag(hex: string): Parsed<TagContent> {
  const tag = tagByHeader(hex.slice(0, 2).toUpperCase())
  if (!tag || !looksLikeTag(hex))
    return malformed('epc_tag', 'These hex digits are no EPC tag of a known kind.', { at: 0 })
  const reader = new BitReader(hexToBits(hex))
  reader.take(8)
  const filter = Number(reader.number(tag.filterBits))
  const first = tag.partition === undefined ? [] : decodePartition(tag, reader)
  const rest = tag.fields.map((field) => decodeField(field, reader))
  const parts = [...(first ?? [undefined]), ...rest].filter((part) => part !== undefined)
  const complete = first !== undefined && parts.length === first.length + rest.length && !reader.overrun
  const epc = { scheme: tag.scheme, parts }
  if (!complete || reader.rest().includes('1') || wrongPart(epc) !== undefined) {
    return malformed('epc_tag', `These bits are no proper ${tag.name}; read the tag again.`, { at: 2 })
  }
  return ok({ tag, filter, epc })
}
