import { isSerial } from './identifiers.ts'

/** What a part of an EPC after company prefix and reference must be (unescaped). */
export type PartRule = (text: string, prefixLength: number) => boolean

/** Where a part goes in a GS1 key: onto the end of the key, or into an Application Identifier of its own. */
export type Extra = {
  rule: PartRule
  to: 'key' | string
  /** The value that stands for "none" (an SGLN without extension). */
  none?: string
  /** How many characters it has in the key, where others follow. */
  digits?: number
}

/** A scheme of the EPC Tag Data Standard 1.13, section 6.3, that stands for a GS1 key. */
export type KeyScheme = {
  name: string
  /** Digits of company prefix and reference together; undefined where the reference is the text of extras[0]. */
  digits?: number
  /** The first digit of the reference stands in front of the company prefix (indicator, extension digit). */
  leads?: boolean
  /** The Application Identifier of the key, and what stands before its digits. */
  ai: string
  before?: string
  /** Whether a check digit follows the digits. */
  checked: boolean
  extras: readonly Extra[]
}

const set82 =
  (max: number): PartRule =>
  (text) =>
    text.length >= 1 && text.length <= max && (text.match(/.{1,20}/gs) ?? []).every(isSerial)
const digits =
  (min: number, max: number): PartRule =>
  (text) =>
    /^\d+$/.test(text) && text.length >= min && text.length <= max
const upTo =
  (limit: bigint): PartRule =>
  (text) =>
    /^(0|[1-9]\d{0,18})$/.test(text) && BigInt(text) <= limit
/** A text that shares the 30 characters of its key with the company prefix. */
const reference: PartRule = (text, prefixLength) => set82(30 - prefixLength)(text, prefixLength)
const partReference: PartRule = (text, prefixLength) => /^[0-9A-Z\-#/]+$/.test(text) && text.length <= 30 - prefixLength

const serial = (max: number): Extra => ({ rule: set82(max), to: 'key' })

const schemes: readonly KeyScheme[] = [
  { name: 'sgtin', digits: 13, leads: true, ai: '01', checked: true, extras: [{ rule: set82(20), to: '21' }] },
  { name: 'lgtin', digits: 13, leads: true, ai: '01', checked: true, extras: [{ rule: set82(20), to: '10' }] },
  { name: 'upui', digits: 13, leads: true, ai: '01', checked: true, extras: [{ rule: set82(28), to: '235' }] },
  {
    name: 'itip',
    digits: 13,
    leads: true,
    ai: '8006',
    checked: true,
    extras: [
      { rule: digits(2, 2), to: 'key', digits: 2 },
      { rule: digits(2, 2), to: 'key', digits: 2 },
      { rule: set82(20), to: '21' },
    ],
  },
  { name: 'sscc', digits: 17, leads: true, ai: '00', checked: true, extras: [] },
  { name: 'sgln', digits: 12, ai: '414', checked: true, extras: [{ rule: set82(20), to: '254', none: '0' }] },
  { name: 'pgln', digits: 12, ai: '417', checked: true, extras: [] },
  { name: 'grai', digits: 12, ai: '8003', before: '0', checked: true, extras: [serial(16)] },
  { name: 'gdti', digits: 12, ai: '253', checked: true, extras: [serial(17)] },
  { name: 'sgcn', digits: 12, ai: '255', checked: true, extras: [{ rule: digits(1, 12), to: 'key' }] },
  { name: 'gsrn', digits: 17, ai: '8018', checked: true, extras: [] },
  { name: 'gsrnp', digits: 17, ai: '8017', checked: true, extras: [] },
  { name: 'gsin', digits: 16, ai: '402', checked: true, extras: [] },
  { name: 'giai', ai: '8004', checked: false, extras: [{ rule: reference, to: 'key' }] },
  { name: 'ginc', ai: '401', checked: false, extras: [{ rule: reference, to: 'key' }] },
  {
    name: 'cpi',
    ai: '8010',
    checked: false,
    extras: [
      { rule: partReference, to: 'key' },
      { rule: upTo(999_999_999_999n), to: '8011' },
    ],
  },
]

/** Schemes of the standard that name no GS1 key: each part's rule. */
const otherSchemes: Readonly<Record<string, readonly PartRule[]>> = {
  gid: [upTo(2n ** 28n - 1n), upTo(2n ** 24n - 1n), upTo(2n ** 36n - 1n)],
  usdod: [(text) => /^[0-9A-HJ-NP-Z]{5,6}$/.test(text), upTo(2n ** 36n - 1n)],
  adi: [
    (text) => /^[0-9A-HJ-NP-Z]{5,6}$/.test(text),
    (text) => /^[0-9A-Z\-/]{0,32}$/.test(text),
    (text) => /^#?[0-9A-Z\-/]+$/.test(text) && text.length <= 30,
  ],
  bic: [(text) => /^[A-HJ-NP-Z]{3}[JUZ][0-9]{7}$/.test(text)],
  imovn: [digits(7, 7)],
}

/** An EPC: its scheme and its parts, unescaped, company prefix first. */
export type Epc = { scheme: string; parts: readonly string[] }

export const keySchemes: ReadonlyMap<string, KeyScheme> = new Map(schemes.map((scheme) => [scheme.name, scheme]))

/** How many parts the scheme has; undefined for a scheme that there is not. */
export function partCount(name: string): number | undefined {
  const scheme = keySchemes.get(name)
  return scheme ? 1 + (scheme.digits === undefined ? 0 : 1) + scheme.extras.length : otherSchemes[name]?.length
}

/** The first part of `epc` that breaks its rule, or undefined. `wild` parts (from that index on) are not looked at. */
export function wrongPart({ scheme: name, parts }: Epc, wild = parts.length): number | undefined {
  const scheme = keySchemes.get(name)
  if (!scheme) {
    const wrong = (otherSchemes[name] ?? []).findIndex((rule, i) => i < wild && !rule(parts[i] ?? '', 0))
    return wrong < 0 ? undefined : wrong
  }
  const [prefix = '', reference = ''] = parts
  if (wild > 0 && !/^\d{6,12}$/.test(prefix)) return 0
  const offset = scheme.digits === undefined ? 1 : 2
  if (scheme.digits !== undefined && wild > 1) {
    if (!/^\d*$/.test(reference) || prefix.length + reference.length !== scheme.digits) return 1
  }
  const wrong = scheme.extras.findIndex(
    ({ rule }, i) => i + offset < wild && !rule(parts[i + offset] ?? '', prefix.length),
  )
  return wrong < 0 ? undefined : wrong + offset
}
