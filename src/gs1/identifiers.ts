import { malformed, ok } from './fault.ts'
import type { Parsed } from './fault.ts'

declare const brand: unique symbol

/** 14 digits, the last one right (GS1 General Specifications, 3.3.2). */
export type Gtin = string & { readonly [brand]: 'Gtin' }
/** 18 digits, the last one right (3.3.1). */
export type Sscc = string & { readonly [brand]: 'Sscc' }
/** 1 to 20 characters of set 82 (3.5.2). */
export type Serial = string & { readonly [brand]: 'Serial' }
/** 13 digits, the last one right (3.7). */
export type Gln = string & { readonly [brand]: 'Gln' }

const ZERO = 48

/**
 * The check digit (0 to 9) of the first `length` digits of `text`, weights 3 and 1 from the right
 * (GS1 General Specifications, 7.9.1). The caller has made sure that they are digits.
 */
export function checkDigit(text: string, length = text.length): number {
  let sum = 0
  for (let i = length - 1, weight = 3; i >= 0; i--, weight = 4 - weight) sum += (text.charCodeAt(i) - ZERO) * weight
  return (10 - (sum % 10)) % 10
}

/** Whether `text` has digits alone, at least one. */
export function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < ZERO || code > ZERO + 9) return false
  }
  return text.length > 0
}

const rightDigits = (text: string, length: number): boolean =>
  text.length === length && isDigits(text) && checkDigit(text, length - 1) === text.charCodeAt(length - 1) - ZERO

export const isGtin = (text: string): text is Gtin => rightDigits(text, 14)
export const isSscc = (text: string): text is Sscc => rightDigits(text, 18)
export const isGln = (text: string): text is Gln => rightDigits(text, 13)

// Set 82: ! " % & ' ( ) * + , - . / 0-9 : ; < = > ? A-Z _ a-z (GS1 General Specifications, figure 7.11-1).
const set82 = new Uint8Array(128)
for (const character of '!"%&\'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz') {
  set82[character.charCodeAt(0)] = 1
}

/** Whether the UTF-16 unit `code` is a character of set 82. */
export const isSet82 = (code: number): boolean => set82[code] === 1

export function isSerial(text: string): text is Serial {
  if (text.length === 0 || text.length > 20) return false
  for (let i = 0; i < text.length; i++) if (set82[text.charCodeAt(i)] !== 1) return false
  return true
}

function parseDigits<T extends string>(text: string, length: number, name: string, is: (text: string) => text is T) {
  if (is(text)) return ok(text)
  if (text.length !== length || !isDigits(text)) {
    return malformed('length', `A ${name} has ${length} digits; send it with leading zeros.`)
  }
  const detail = `The last digit of this ${name} should be ${checkDigit(text, length - 1)}; read or type it again.`
  return { fault: { code: 'gtin_check_digit' as const, rule: 'csum', detail, at: length - 1 } }
}

/** Fails with `gtin_check_digit` where only the last digit is wrong. */
export const parseGtin = (text: string): Parsed<Gtin> => parseDigits(text, 14, 'GTIN', isGtin)
/** Fails with `gtin_check_digit` where only the last digit is wrong. */
export const parseSscc = (text: string): Parsed<Sscc> => parseDigits(text, 18, 'SSCC', isSscc)
/** Fails with `gtin_check_digit` where only the last digit is wrong. */
export const parseGln = (text: string): Parsed<Gln> => parseDigits(text, 13, 'GLN', isGln)

export function parseSerial(text: string): Parsed<Serial> {
  if (isSerial(text)) return ok(text)
  if (text.length === 0 || text.length > 20) return malformed('length', 'A serial number has 1 to 20 characters.')
  const at = [...text].findIndex((character) => !isSerial(character))
  return malformed('cset82', 'A serial number has letters, digits and !"%&\'()*+,-./:;<=>?_ alone.', { at })
}

/** The GTIN of 14 digits for one that is printed with 8, 12 or 13 (EAN-8, UPC-A, EAN-13), with leading zeros. */
export function padGtin(text: string): Parsed<Gtin> {
  return parseGtin([8, 12, 13].includes(text.length) ? text.padStart(14, '0') : text)
}
