import { partCount, wrongPart } from './epc-schemes.ts'
import type { Epc } from './epc-schemes.ts'
import { tagByName } from './epc-tags.ts'
import type { Tag } from './epc-tags.ts'
import { malformed, ok } from './fault.ts'
import type { Parsed } from './fault.ts'

/**
 * What an EPC URI says. `pattern` tells from which part on it has asterisks: a class of objects where only the serial
 * is open, else a wider set.
 */
export type EpcUri = { epc: Epc; pattern?: number; tag?: Tag; filter?: number }

const ESCAPED = new Set(['"', '%', '&', '/', '<', '>', '?', '#'])
const UNSAFE = /["&/<>?#]|%(?!2[2356F]|3[CEF])/i

const escape = (text: string): string =>
  [...text].map((c) => (ESCAPED.has(c) ? `%${c.charCodeAt(0).toString(16).toUpperCase()}` : c)).join('')

const unescape = (text: string): string =>
  text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))

/** At most `count` parts; only the last may hold dots. */
function split(text: string, count: number): string[] {
  const pieces = text.split('.')
  return [...pieces.slice(0, count - 1), ...(pieces.length >= count ? [pieces.slice(count - 1).join('.')] : [])]
}

/**
 * Parses `urn:epc:id:…`, `urn:epc:class:lgtin:…`, `urn:epc:idpat:…`, `urn:epc:tag:…` and `urn:epc:pat:…` (EPC Tag Data
 * Standard 1.13, sections 6, 8, 12 and 13). Everything is case-sensitive; what is not of the URI's own characters must be escaped.
 */
export function parseEpcUri(text: string): Parsed<EpcUri> {
  const match = /^urn:epc:(id|class|idpat|tag|pat):([a-z]+)(-\w+)?:(.*)$/s.exec(text)
  const [, form = '', name = '', size = '', body = ''] = match ?? []
  const count = partCount(name)
  const ofTag = form === 'tag' || form === 'pat'
  if (count === undefined || (size !== '') !== ofTag || (form === 'class') !== (name === 'lgtin')) {
    return malformed('epc_uri', 'An EPC URI is of the form urn:epc:id:sgtin:prefix.reference.serial.', { at: 0 })
  }
  const start = text.length - body.length
  if (UNSAFE.test(body)) {
    const detail = 'This URI has a character that must be escaped, as in %2F.'
    return malformed('epc_uri', detail, { at: start + body.search(UNSAFE) })
  }
  if (form === 'tag') return parseTagBody(name + size, body, start)
  if (form === 'pat') return parseTagPattern(name, size, body, start)
  const raw = split(body, count)
  return form === 'idpat' ? parsePattern(name, raw, start) : parseParts(name, raw, start)
}

function parseParts(scheme: string, raw: readonly string[], at: number): Parsed<EpcUri> {
  const parsed = checked({ scheme, parts: raw.map(unescape) }, partCount(scheme) ?? 0, at)
  return parsed.fault ? parsed : ok({ epc: parsed.value })
}

/** A pattern without any asterisk stands for the one object that it names. */
function parsePattern(scheme: string, raw: readonly string[], at: number): Parsed<EpcUri> {
  const star = raw.indexOf('*')
  if (star < 0) return parseParts(scheme, raw, at)
  if (raw.slice(star).some((part) => part !== '*')) {
    return malformed('epc_uri', 'After an asterisk, a pattern has asterisks alone.', { at })
  }
  const parsed = checked({ scheme, parts: raw.map(unescape) }, partCount(scheme) ?? 0, at, star)
  return parsed.fault ? parsed : ok({ epc: { scheme, parts: parsed.value.parts.slice(0, star) }, pattern: star })
}

/** A pattern of tags (section 13): the filter and the serial may be open, or the serial a range of numbers. */
function parseTagPattern(scheme: string, size: string, body: string, at: number): Parsed<EpcUri> {
  const tag = tagByName(scheme + size)
  const [filter = '', ...rest] = tag?.filterBits === 0 ? ['0', body] : split(body, 2)
  const known = /^(0|[1-9]\d?)$/.test(filter) && Number(filter) < 2 ** (tag?.filterBits ?? 0)
  if (!tag || (!known && filter !== '*' && filter !== '0')) {
    return malformed('epc_uri', 'This tag pattern has no proper encoding or filter value.', { at })
  }
  const raw = split(rest.join(''), partCount(scheme) ?? 0)
  return parsePattern(
    scheme,
    raw.map((part) => (/^\[\d+-\d+\]$/.test(part) ? '*' : part)),
    at,
  )
}

function checked(epc: Epc, count: number, at: number, wild?: number): Parsed<Epc> {
  if (epc.parts.length !== count) {
    return malformed('epc_uri', `A ${epc.scheme.toUpperCase()} has ${count} parts with dots between them.`, { at })
  }
  const wrong = wrongPart(epc, wild)
  if (wrong === undefined) return ok(epc)
  return malformed('epc_uri', `Part ${wrong + 1} of this ${epc.scheme.toUpperCase()} is not as the standard has it.`, {
    at,
  })
}

function parseTagBody(tagName: string, body: string, start: number): Parsed<EpcUri> {
  const tag = tagByName(tagName)
  if (!tag) return malformed('epc_uri', 'There is no tag encoding of this name.', { at: 0 })
  const count = partCount(tag.scheme) ?? 0
  const dot = tag.filterBits === 0 ? -1 : body.indexOf('.')
  const filter = tag.filterBits === 0 ? 0 : Number(body.slice(0, Math.max(dot, 0)) || NaN)
  if (!/^(0|[1-9]\d*)$/.test(String(filter)) || filter >= 2 ** tag.filterBits) {
    if (tag.filterBits > 0)
      return malformed('epc_uri', 'The filter value of this tag URI is out of range.', { at: start })
  }
  const epc = checked({ scheme: tag.scheme, parts: split(body.slice(dot + 1), count).map(unescape) }, count, start)
  return epc.fault ? epc : ok({ epc: epc.value, tag, filter })
}

const written = ({ scheme, parts }: Epc): string => `${scheme}:${parts.map(escape).join('.')}`

/** The pure identity URI, or the class URI of a lot (section 6). */
export const writeEpcUri = (epc: Epc): string => `urn:epc:${epc.scheme === 'lgtin' ? 'class' : 'id'}:${written(epc)}`

/** The pattern URI of all objects that share the first parts: the rest is asterisks (section 8). */
export function writePattern({ scheme, parts }: Epc): string {
  const open = Math.max(0, (partCount(scheme) ?? 0) - parts.length)
  return `urn:epc:idpat:${scheme}:${[...parts.map(escape), ...Array<string>(open).fill('*')].join('.')}`
}

/** The tag URI (section 12). Whether the EPC fits the encoding is for encodeTag to say. */
export function writeTagUri(epc: Epc, tag: Tag, filter: number): string {
  const body = epc.parts.map(escape).join('.')
  return `urn:epc:tag:${tag.name}:${tag.filterBits === 0 ? '' : `${filter}.`}${body}`
}
