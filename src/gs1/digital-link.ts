import { applicationIdentifiers } from './ai.ts'
import type { ApplicationIdentifier } from './ai.ts'
import { checkTogether, element } from './elements.ts'
import type { Element } from './elements.ts'
import { malformed, ok } from './fault.ts'
import type { Parsed } from './fault.ts'
import { percentEncode } from './write.ts'

const SCHEME = /^(https?|HTTPS?):\/\//
const URI_CHARACTERS = /^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]*$/
// What a host with a port, or an IPv6 address, may hold of those characters.
const HOST_CHARACTERS = /^[A-Za-z0-9\-.:[\]]+$/

/** Undoes percent-encoding byte by byte; a `%` without two hex digits stands for itself. In a query `+` is a space. */
function percentDecode(text: string, query: boolean): string {
  const spaced = query ? text.replaceAll('+', ' ') : text
  return spaced.replace(/%([\dA-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
}

/** Whether `qualifiers` follow the primary key `key` in the order of one of its sequences. */
function isSequence(key: ApplicationIdentifier, qualifiers: readonly string[]): boolean {
  return (key.qualifiers ?? []).some((sequence) => {
    let next = 0
    for (const ai of sequence) if (ai === qualifiers[next]) next += 1
    return next === qualifiers.length
  })
}

const isPrimaryKey = (ai: string | undefined): boolean =>
  ai !== undefined && applicationIdentifiers.get(ai)?.qualifiers !== undefined

/** The pairs of identifier and value at the end of the path, from the rightmost primary key on. */
function parsePath(path: string, from: number): Parsed<Element[]> {
  const segments = path.split('/')
  let first = segments.length - 2
  while (first > 0 && !isPrimaryKey(segments[first]) && applicationIdentifiers.has(segments[first] ?? '')) first -= 2
  if (first < 1 || !isPrimaryKey(segments[first])) {
    return malformed('no_key', 'The path of this link names no GS1 key; it should end as in /01/<GTIN>/21/<serial>.', {
      at: from,
    })
  }
  const elements: Element[] = []
  let at = from + segments.slice(0, first).join('/').length + 1
  for (let i = first; i < segments.length; i += 2) {
    const [ai = '', raw = ''] = [segments[i], segments[i + 1]]
    at += ai.length + 1
    const parsed = element(ai, percentDecode(raw, false), at)
    if (parsed.fault) return parsed
    elements.push(parsed.value)
    at += raw.length + 1
  }
  const [key, ...rest] = elements
  if (
    key &&
    !isSequence(
      key.entry,
      rest.map(({ entry }) => entry.ai),
    )
  ) {
    const detail = 'The qualifiers in the path are not in the order that the standard gives them.'
    return malformed('dlpkey', detail, { ai: key.entry.ai, at: rest[0]?.at ?? key.at })
  }
  return ok(elements)
}

/** The GS1 attributes of the query; other parameters are not ours and are passed over. */
function parseQuery(query: string, from: number, path: readonly Element[]): Parsed<Element[]> {
  const elements: Element[] = []
  const seen = new Set(path.map(({ entry }) => entry.ai))
  let at = from
  for (const parameter of query.split('&')) {
    const equals = parameter.indexOf('=')
    const ai = parameter.slice(0, Math.max(equals, 0))
    const start = at + equals + 1
    at += parameter.length + 1
    if (!/^\d+$/.test(ai)) continue
    const decoded = percentDecode(parameter.slice(equals + 1), true)
    // A GTIN as an attribute may have its leading zeros left out (GS1 Digital Link URI Syntax, 4.10).
    const value = ai === '01' && [8, 12, 13].includes(decoded.length) ? decoded.padStart(14, '0') : decoded
    const parsed = element(ai, value, start)
    if (parsed.fault) return parsed
    if (seen.has(ai)) return malformed('repeat', `(${ai}) is given twice.`, { ai, at: start })
    seen.add(ai)
    if (!parsed.value.entry.attribute)
      return malformed('attribute', `(${ai}) may not stand in a query.`, { ai, at: start })
    if (belongsInPath(path, ai)) return malformed('attribute', `(${ai}) belongs in the path.`, { ai, at: start })
    elements.push(parsed.value)
  }
  return ok(elements)
}

function belongsInPath([key, ...rest]: readonly Element[], ai: string): boolean {
  if (!key) return false
  const qualifiers = rest.map(({ entry }) => entry.ai)
  return [...qualifiers, ''].some((_, i) =>
    isSequence(key.entry, [...qualifiers.slice(0, i), ai, ...qualifiers.slice(i)]),
  )
}

/**
 * Parses a GS1 Digital Link URI of any domain (GS1 Digital Link Standard: URI Syntax, 4.9): its key first, then the
 * qualifiers, then the attributes of the query. Identifiers are numbers; a GTIN in the path has 14 digits.
 */
export function parseDigitalLink(text: string): Parsed<Element[]> {
  if (!URI_CHARACTERS.test(text)) {
    const at = [...text].findIndex((character) => !URI_CHARACTERS.test(character))
    return malformed('uri', 'This link has a character that must be percent-encoded.', { at })
  }
  const host = SCHEME.exec(text)?.[0].length
  if (host === undefined) return malformed('uri', 'A GS1 Digital Link begins with https:// or http://.', { at: 0 })
  const slash = text.indexOf('/', host)
  if (slash < 0 || !HOST_CHARACTERS.test(text.slice(host, slash))) {
    return malformed('uri', 'This link has no proper domain and path.', { at: host })
  }
  const fragment = text.indexOf('#', slash)
  const whole = fragment < 0 ? text : text.slice(0, fragment)
  const mark = whole.indexOf('?', slash)
  const path = parsePath(whole.slice(slash, mark < 0 ? undefined : mark), slash)
  if (path.fault || mark < 0) return path.fault ? path : together(path.value)
  const query = parseQuery(whole.slice(mark + 1), mark + 1, path.value)
  return query.fault ? query : together([...path.value, ...query.value])
}

function together(elements: Element[]): Parsed<Element[]> {
  const fault = checkTogether(elements)
  return fault ? { fault } : ok(elements)
}

type Pair = { entry: ApplicationIdentifier; value: string }

/**
 * Writes elements as a GS1 Digital Link URI: the first primary key, as many qualifiers as one of its sequences takes,
 * the rest as attributes, those of predefined length first. With the default stem it is the canonical form (4.11).
 */
export function writeDigitalLink(elements: readonly Pair[], stem = 'https://id.gs1.org'): Parsed<string> {
  const key = elements.find(({ entry }) => entry.qualifiers !== undefined)
  if (!key) return malformed('no_key', 'There is no key among these elements that a Digital Link can start with.')
  const byAi = new Map(elements.map((pair) => [pair.entry.ai, pair] as const))
  const chosen = (key.entry.qualifiers ?? [])
    .map((sequence) => sequence.flatMap((ai) => byAi.get(ai) ?? []))
    .reduce((best, pairs) => (pairs.length > best.length ? pairs : best), [] as Pair[])
  const inPath = new Set([key, ...chosen])
  const rest = [...byAi.values()].filter((pair) => !inPath.has(pair) && pair.entry.ai !== key.entry.ai)
  const refused = rest.find(({ entry }) => !entry.attribute)
  if (refused) {
    const { ai } = refused.entry
    return malformed('attribute', `(${ai}) cannot be written into a Digital Link with (${key.entry.ai}).`, { ai })
  }
  const path = [key, ...chosen].map(({ entry, value }) => `/${entry.ai}/${percentEncode(value)}`).join('')
  const ordered = [...rest].sort((a, b) => Number(b.entry.predefined) - Number(a.entry.predefined))
  const query = ordered.map(({ entry, value }) => `${entry.ai}=${percentEncode(value)}`).join('&')
  return ok(`${stem.replace(/\/$/, '')}${path}${query && '?'}${query}`)
}
