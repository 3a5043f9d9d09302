import type { BitReader } from './bits.ts'

// URN Code 40 (ISO/IEC 15962): three characters in 16 bits. Value 0 pads.
const CODE40 = '\0ABCDEFGHIJKLMNOPQRSTUVWXYZ-.:0123456789'
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

export const isCode40 = (text: string): boolean => /^[A-Z\-.:0-9]+$/.test(text)

export function encodeCode40(text: string): string {
  return (text.match(/.{1,3}/g) ?? [])
    .map((triple) => {
      const [a = 0, b = 0, c = 0] = [...triple].map((character) => CODE40.indexOf(character))
      return (1600 * a + 40 * b + c + 1).toString(2).padStart(16, '0')
    })
    .join('')
}

export function decodeCode40(reader: BitReader, length: number): string | undefined {
  let text = ''
  for (let left = Math.ceil(length / 3); left > 0; left--) {
    const value = Number(reader.number(16)) - 1
    if (value < 0 || value >= 64_000) return undefined
    text += [Math.floor(value / 1600), Math.floor(value / 40) % 40, value % 40].map((v) => CODE40.charAt(v)).join('')
  }
  const shown = text.slice(0, length)
  return reader.overrun || shown.includes('\0') || /[^\0]/.test(text.slice(length)) ? undefined : shown
}

/** Bits that `length` decimal digits need. */
const integerBits = (length: number): number => (10n ** BigInt(length) - 1n).toString(2).length

const fixed = (text: string, size: number, value: (character: string) => number): string =>
  [...text].map((character) => value(character).toString(2).padStart(size, '0')).join('')

/** One way of writing a text of known length (EPC Tag Data Standard 2.0, section 14.5.6, table E). */
type Method = {
  fits: RegExp
  encode: (text: string) => string
  decode: (reader: BitReader, length: number) => string | undefined
}

const characters =
  (size: number, alphabet: (value: number) => string) =>
  (reader: BitReader, length: number): string =>
    Array.from({ length }, () => alphabet(Number(reader.number(size)))).join('')

const hex = (upper: boolean): Method => ({
  fits: upper ? /^[0-9A-F]+$/ : /^[0-9a-f]+$/,
  encode: (text) => fixed(text, 4, (c) => parseInt(c, 16)),
  decode: characters(4, (value) => (upper ? value.toString(16).toUpperCase() : value.toString(16))),
})

/** The index is the encoding indicator. */
const methods: readonly Method[] = [
  {
    fits: /^[0-9]+$/,
    encode: (text) => BigInt(text).toString(2).padStart(integerBits(text.length), '0'),
    decode: (reader, length) => {
      const digits = reader.number(integerBits(length)).toString().padStart(length, '0')
      return digits.length === length ? digits : undefined
    },
  },
  hex(true),
  hex(false),
  {
    fits: /^[A-Za-z0-9\-_]+$/,
    encode: (text) => fixed(text, 6, (c) => BASE64.indexOf(c)),
    decode: characters(6, (value) => BASE64.charAt(value)),
  },
  {
    fits: /^[!-z]+$/,
    encode: (text) => fixed(text, 7, (c) => c.charCodeAt(0)),
    decode: characters(7, (value) => String.fromCharCode(value)),
  },
  { fits: /^[A-Z\-.:0-9]+$/, encode: encodeCode40, decode: decodeCode40 },
]

/** A serial as bits: encoding indicator (3 bits), length (5 bits), characters; by the method that needs the fewest. */
export function encodePlusText(text: string): string {
  const length = text.length.toString(2).padStart(5, '0')
  return methods
    .flatMap(({ fits, encode }, i) => (fits.test(text) ? [i.toString(2).padStart(3, '0') + length + encode(text)] : []))
    .reduce((best, bits) => (bits.length < best.length ? bits : best))
}

/** The text at the reader's place, of any characters; undefined where the bits are none. */
export function decodePlusText(reader: BitReader): string | undefined {
  const method = methods[Number(reader.number(3))]
  const length = Number(reader.number(5))
  const text = length === 0 ? undefined : method?.decode(reader, length)
  return reader.overrun ? undefined : text
}

const DIGITS_MAX = 12

/** Digits of any number up to 12 as bits: their number (4 bits), then their value (section 14.5.13). */
export function encodePlusDigits(text: string): string | undefined {
  if (!/^\d{1,12}$/.test(text)) return undefined
  return text.length.toString(2).padStart(4, '0') + BigInt(text).toString(2).padStart(integerBits(text.length), '0')
}

export function decodePlusDigits(reader: BitReader): string | undefined {
  const length = Number(reader.number(4))
  if (length === 0 || length > DIGITS_MAX) return undefined
  const digits = reader.number(integerBits(length)).toString().padStart(length, '0')
  return digits.length === length && !reader.overrun ? digits : undefined
}

const DELIMITER = '1110'
const TERMINATOR = '1111'

/** A text that begins with digits: these in 4 bits each, then a terminator or a delimiter and the rest (section 14.5.5). */
export function encodePlusKey(text: string): string {
  const digits = /^\d*/.exec(text)?.[0] ?? ''
  const rest = text.slice(digits.length)
  return fixed(digits, 4, Number) + (rest === '' ? TERMINATOR : DELIMITER + encodePlusText(rest))
}

/** At most `max` characters. */
export function decodePlusKey(reader: BitReader, max: number): string | undefined {
  let text = ''
  while (text.length <= max && !reader.overrun) {
    const bits = reader.take(4)
    if (bits === TERMINATOR) return text
    if (bits === DELIMITER) {
      const rest = decodePlusText(reader)
      return rest === undefined ? undefined : text + rest
    }
    const digit = parseInt(bits, 2)
    if (!(digit <= 9)) return undefined
    text += String(digit)
  }
  return undefined
}
