import { applicationIdentifiers } from './ai.ts'
import type { Element } from './elements.ts'
import { keySchemes, wrongPart } from './epc-schemes.ts'
import type { Epc, KeyScheme } from './epc-schemes.ts'
import { malformed, ok } from './fault.ts'
import type { Parsed } from './fault.ts'
import { checkDigit } from './identifiers.ts'

/** Identifier and value as text: what an EPC says in element-string terms. */
export type Pair = readonly [ai: string, value: string]

/** The key without its extras: digits in the order of the GS1 key, with their check digit. */
function keyDigits(scheme: KeyScheme, [prefix = '', reference = '']: readonly string[]): string {
  if (scheme.digits === undefined) return prefix
  const body = scheme.leads ? reference.charAt(0) + prefix + reference.slice(1) : prefix + reference
  return scheme.checked ? body + String(checkDigit(body)) : body
}

/**
 * An EPC as identifiers and values (EPC Tag Data Standard 1.13, section 7); undefined for schemes that stand for no GS1
 * key. The parts must have been checked. Missing extras (of a class or pattern) are left out.
 */
export function epcToPairs({ scheme: name, parts }: Epc): Pair[] | undefined {
  const scheme = keySchemes.get(name)
  if (!scheme) return undefined
  const offset = scheme.digits === undefined ? 1 : 2
  let key = (scheme.before ?? '') + keyDigits(scheme, parts)
  const own: Pair[] = []
  for (const [i, { to, none }] of scheme.extras.entries()) {
    const part = parts[i + offset]
    if (part === undefined || part === none) continue
    if (to === 'key') key += part
    else own.push([to, part])
  }
  return [[scheme.ai, key], ...own]
}

/** The same as elements. What an EPC may say is its own standard's business, so the dictionary's rules are not asked. */
export function epcToElements(epc: Epc): Element[] | undefined {
  return epcToPairs(epc)?.flatMap(([ai, value]) => {
    const entry = applicationIdentifiers.get(ai)
    return entry ? [{ entry, value, at: 0 }] : []
  })
}

/** Which scheme writes a key with these identifiers; the first that takes the most of them. */
function schemeFor(values: ReadonlyMap<string, string>): KeyScheme | undefined {
  let best: KeyScheme | undefined
  let most = -1
  for (const scheme of keySchemes.values()) {
    if (!values.has(scheme.ai)) continue
    const own = scheme.extras.filter(({ to }) => to !== 'key')
    if (own.some(({ to, none }) => !values.has(to) && none === undefined)) continue
    const taken = own.filter(({ to }) => values.has(to)).length
    // A serial makes a unit of what a lot would leave a class: SGTIN stands before LGTIN in the table.
    if (taken > most) [best, most] = [scheme, taken]
  }
  return best
}

const KEY_LENGTH = { '8003': 14, '253': 13, '255': 13, '8006': 14 } as Readonly<Record<string, number>>

/**
 * The EPC of a GS1 key (section 7, the other way). A key does not say how long its company prefix is, so
 * `prefixLength` (6 to 12) comes from who was given it.
 */
export function pairsToEpc(values: ReadonlyMap<string, string>, prefixLength: number): Parsed<Epc> {
  if (!Number.isInteger(prefixLength) || prefixLength < 6 || prefixLength > 12) {
    return malformed('prefix_length', 'A GS1 company prefix has 6 to 12 digits in an EPC.')
  }
  const scheme = schemeFor(values)
  if (!scheme) return malformed('no_scheme', 'The EPC standard has no scheme for this key; a serial may be missing.')
  const { ai, before = '' } = scheme
  const whole = (values.get(ai) ?? '').slice(before.length)
  const keyed = whole.slice(0, (KEY_LENGTH[ai] ?? whole.length + before.length) - before.length)
  const parts = splitKey(scheme, scheme.checked ? keyed : whole, prefixLength)
  let appended = scheme.checked ? whole.slice(keyed.length) : ''
  for (const { to, none, digits } of scheme.extras.slice(scheme.digits === undefined ? 1 : 0)) {
    if (to !== 'key') {
      parts.push(values.get(to) ?? none ?? '')
      continue
    }
    parts.push(appended.slice(0, digits))
    appended = digits === undefined ? '' : appended.slice(digits)
  }
  const epc = { scheme: scheme.name, parts }
  if (wrongPart(epc) === undefined) return ok(epc)
  const detail = `With a company prefix of ${prefixLength} digits this key makes no ${scheme.name.toUpperCase()}; a serial may be missing.`
  return malformed('no_scheme', detail, { ai })
}

function splitKey({ digits, leads, checked }: KeyScheme, key: string, prefixLength: number): string[] {
  if (digits === undefined) return [key.slice(0, prefixLength), key.slice(prefixLength)]
  const body = checked ? key.slice(0, digits) : key
  const start = leads ? 1 : 0
  const lead = leads ? body.charAt(0) : ''
  return [body.slice(start, start + prefixLength), lead + body.slice(start + prefixLength)]
}
