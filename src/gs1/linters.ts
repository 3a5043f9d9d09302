import { iso3166, iso3166alpha2, iso4217, mediaTypes, packageTypes } from './code-lists.ts'
import { lintCoupon, lintOfferCoupon } from './coupons.ts'
import { checkDigit, isDigits, isSet82 } from './identifiers.ts'

/** What is wrong with a component: where (offset in the component) and why, for people. */
export type LintError = { at: number; why: string }
/** One rule of the GS1 Barcode Syntax Dictionary about the content of a component. */
export type Linter = (text: string) => LintError | undefined

const SET_82 = '!"%&\'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'
const SET_32 = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
const isDigit = (code: number): boolean => code >= 48 && code <= 57

/** Fails at the first character for which `has` is false. */
const charset =
  (has: (code: number) => boolean, why: string): Linter =>
  (text) => {
    for (let i = 0; i < text.length; i++) if (!has(text.charCodeAt(i))) return { at: i, why }
    return undefined
  }

const oneOf = (set: string): ((code: number) => boolean) => {
  const codes = new Set([...set].map((character) => character.charCodeAt(0)))
  return (code) => codes.has(code)
}

const when = (bad: boolean, at: number, why: string): LintError | undefined => (bad ? { at, why } : undefined)
const listed =
  (list: ReadonlySet<string>, why: string): Linter =>
  (text) =>
    when(!list.has(text), 0, why)
const matching =
  (pattern: RegExp, why: string): Linter =>
  (text) =>
    when(!pattern.test(text), 0, why)
const below =
  (limit: number, why: string): Linter =>
  (text) =>
    when(!isDigits(text) || Number(text) >= limit, 0, why)

/** Set 64 is the URI-safe alphabet of base64, with as many `=` as make the length a multiple of 3, or none. */
function set64(text: string): LintError | undefined {
  const data = /^([^=]*)=*$/.exec(text)?.[1] ?? text
  const pads = text.length - data.length
  if (pads > 2 || (pads > 0 && text.length % 3 !== 0)) return { at: data.length, why: 'is padded wrongly' }
  return charset(oneOf(SET_32 + '01IOabcdefghijklmnopqrstuvwxyz-_'), 'has a character outside set 64')(data)
}

function csum(text: string): LintError | undefined {
  if (text.length < 2) return { at: 0, why: 'is too short for a check digit' }
  if (!isDigits(text)) return digits(text)
  const right = checkDigit(text, text.length - 1)
  return when(right !== text.charCodeAt(text.length - 1) - 48, text.length - 1, `should end with check digit ${right}`)
}

const primes = [2]
for (let n = 3; primes.length < 97; n += 2) if (primes.every((prime) => n % prime !== 0)) primes.push(n)

/** Check character pair of alphanumeric keys (GS1 General Specifications, 7.9.5): weighted by primes from the right. */
function csumalpha(text: string): LintError | undefined {
  const length = text.length - 2
  if (length < 0 || length > primes.length) return { at: 0, why: 'has no room for a pair of check characters' }
  const wrong = set82(text.slice(0, length))
  if (wrong) return wrong
  let sum = 0
  for (let i = 0; i < length; i++) sum += SET_82.indexOf(text.charAt(i)) * (primes[length - 1 - i] ?? 0)
  sum %= 1021
  const right = SET_32.charAt(sum >> 5) + SET_32.charAt(sum & 31)
  return when(text.slice(length) !== right, length, `should end with the check characters ${right}`)
}

const SHORTEST_PREFIX = 4

function gcppos1(text: string): LintError | undefined {
  if (text.length < SHORTEST_PREFIX) return { at: 0, why: 'is too short for a GS1 company prefix' }
  return charset(isDigit, 'has no GS1 company prefix')(text.slice(0, SHORTEST_PREFIX))
}

function gcppos2(text: string): LintError | undefined {
  if (text.length < 2) return { at: 0, why: 'is too short for a GS1 company prefix' }
  const wrong = gcppos1(text.slice(1))
  return wrong && { ...wrong, at: wrong.at + 1 }
}

function iban(text: string): LintError | undefined {
  if (text.length <= 10 || text.length > 34) return { at: 0, why: 'is no IBAN: wrong length' }
  if (!iso3166alpha2.has(text.slice(0, 2))) return { at: 0, why: 'is no IBAN: unknown country' }
  const wrong = charset(oneOf('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'), 'is no IBAN: digits and capitals alone')(text)
  if (wrong) return wrong
  let rest = 0
  for (const character of text.slice(4) + text.slice(0, 4)) {
    const value = parseInt(character, 36)
    rest = (rest * (value < 10 ? 10 : 100) + value) % 97
  }
  return when(rest !== 1, 2, 'is no IBAN: the check digits are wrong')
}

const MONTHS = [31, 0, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** A date with a year of 4 digits; `zeroDay` allows day 00, "some day of the month". */
const longDate =
  (zeroDay: boolean): Linter =>
  (text) => {
    if (text.length !== 8) return { at: 0, why: 'is no date of 8 digits' }
    if (!isDigits(text)) return digits(text)
    const [year, month, day] = [Number(text.slice(0, 4)), Number(text.slice(4, 6)), Number(text.slice(6))]
    if (month < 1 || month > 12) return { at: 4, why: 'has no such month' }
    const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
    const last = month === 2 ? (leap ? 29 : 28) : (MONTHS[month - 1] ?? 0)
    return when(day > last || (day === 0 && !zeroDay), 6, 'has no such day')
  }

/**
 * A date with a year of 2 digits. The century turns no day good or bad: only 1900, 2100 … are not leap years among
 * those that end in 00, and 00 is read as 2000 (GS1 General Specifications, 7.12, for the rest of this half-century).
 */
const shortDate =
  (zeroDay: boolean): Linter =>
  (text) => {
    if (text.length !== 6) return { at: 0, why: 'is no date of 6 digits' }
    const wrong = longDate(zeroDay)(`20${text}`)
    return wrong && { ...wrong, at: Math.max(0, wrong.at - 2) }
  }

/** Several components in one text, cut at fixed places. */
const cut =
  (lengths: readonly number[], linters: readonly Linter[], optionalFrom: number): Linter =>
  (text) => {
    let at = 0
    for (const [i, length] of lengths.entries()) {
      if (at === text.length && i >= optionalFrom) return undefined
      const wrong =
        text.length < at + length ? { at: 0, why: 'has a wrong length' } : linters[i]?.(text.slice(at, at + length))
      if (wrong) return { ...wrong, at: wrong.at + at }
      at += length
    }
    return when(at < text.length, at, 'is too long')
  }

function pieceOfTotal(text: string): LintError | undefined {
  if (text.length % 2 !== 0 || text.length === 0) return { at: 0, why: 'is no piece and total of equal length' }
  if (!isDigits(text)) return digits(text)
  const half = text.length / 2
  const [piece, total] = [text.slice(0, half), text.slice(half)]
  if (/^0+$/.test(piece)) return { at: 0, why: 'has piece number 0' }
  if (/^0+$/.test(total)) return { at: half, why: 'has total 0' }
  return when(piece > total, 0, 'has a piece number above the total')
}

function positionInSequence(text: string): LintError | undefined {
  const [, position, end] = /^(\d+)\/(\d+)$/.exec(text) ?? []
  if (!position || !end) return { at: 0, why: 'is not of the form position/end' }
  if (position.startsWith('0')) return { at: 0, why: 'has a leading zero' }
  if (end.startsWith('0')) return { at: position.length + 1, why: 'has a leading zero' }
  const exceeds = position.length > end.length || (position.length === end.length && position > end)
  return when(exceeds, 0, 'has a position after the end')
}

function percentEncoded(text: string): LintError | undefined {
  for (let at = text.indexOf('%'); at >= 0; at = text.indexOf('%', at + 1)) {
    if (!/^[\dA-Fa-f]{2}$/.test(text.slice(at + 1, at + 3))) return { at, why: 'has a % without two hex digits' }
  }
  return undefined
}

function countries(text: string): LintError | undefined {
  if (text.length === 0 || text.length % 3 !== 0) return { at: 0, why: 'is no list of countries of 3 digits' }
  for (let at = 0; at < text.length; at += 3) {
    if (!iso3166.has(text.slice(at, at + 3))) return { at, why: 'has an unknown country' }
  }
  return undefined
}

const digits = charset(isDigit, 'has a character that is no digit')
const set82 = charset(isSet82, 'has a character outside set 82')
const hour = (text: string) =>
  text.length === 2 ? below(24, 'has no such hour')(text) : { at: 0, why: 'is no hour of 2 digits' }
const sixty = (name: string): Linter => {
  const inRange = below(60, `has no such ${name}`)
  return (text) => (text.length === 2 ? inRange(text) : { at: 0, why: `is no ${name} of 2 digits` })
}

/** By the name in the dictionary. The last rows are names of earlier releases, so that an older table still works. */
export const linters: Readonly<Record<string, Linter>> = {
  csetnumeric: digits,
  cset82: set82,
  cset39: charset(oneOf('#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'), 'has a character outside set 39'),
  cset64: set64,
  csum,
  csumalpha,
  gcppos1,
  gcppos2,
  hasnondigit: (text) => when(!/[^\d]/.test(text), 0, 'must have a character that is no digit'),
  hh: hour,
  mi: sixty('minute'),
  ss: sixty('second'),
  hhmi: cut([2, 2], [hour, sixty('minute')], 2),
  hyphen: matching(/^-+$/, 'may have a hyphen alone'),
  iban,
  importeridx: matching(/^[-0-9A-Z_a-z]$/, 'is no importer index'),
  iso3166: listed(iso3166, 'is no ISO 3166 country number'),
  iso3166999: (text) => when(text !== '999' && !iso3166.has(text), 0, 'is neither an ISO 3166 country number nor 999'),
  iso3166alpha2: listed(iso3166alpha2, 'is no ISO 3166 country code'),
  iso4217: listed(iso4217, 'is no ISO 4217 currency number'),
  iso5218: matching(/^[0129]$/, 'is no ISO 5218 code of sex'),
  latitude: (text) => when(!/^\d{10}$/.test(text) || text > '1800000000', 0, 'is no latitude'),
  longitude: (text) => when(!/^\d{10}$/.test(text) || text > '3600000000', 0, 'is no longitude'),
  mediatype: listed(mediaTypes, 'is no AIDC media type'),
  nonzero: (text) => digits(text) ?? when(/^0*$/.test(text), 0, 'must not be zero'),
  nozeroprefix: (text) => digits(text) ?? when(text.length > 1 && text.startsWith('0'), 0, 'must not start with 0'),
  packagetype: listed(packageTypes, 'is no package type'),
  pcenc: percentEncoded,
  pieceoftotal: pieceOfTotal,
  posinseqslash: positionInSequence,
  winding: matching(/^[019]$/, 'is no winding direction'),
  yesno: matching(/^[01]$/, 'must be 0 or 1'),
  yymmdd: shortDate(false),
  yymmd0: shortDate(true),
  yyyymmdd: longDate(false),
  yyyymmd0: longDate(true),
  zero: matching(/^0+$/, 'must be zero'),
  couponcode: lintCoupon,
  couponposoffer: lintOfferCoupon,
  key: gcppos1,
  keyoff1: gcppos2,
  hhmm: cut([2, 2], [hour, sixty('minute')], 2),
  mmoptss: cut([2, 2], [sixty('minute'), sixty('second')], 1),
  yymmddhh: cut([6, 2], [shortDate(false), hour], 2),
  iso3166list: countries,
}
