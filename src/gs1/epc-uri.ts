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
 * Parses `urn:epc:id:…`, `urn:epc:class:lgtin:…`, `urn:epc:idpat:…` and `urn:epc:tag:…` (EPC Tag Data Standard 1.13,
 * sections 6, 8 and 12). Everything is case-sensitive; what is not of the URI's own characters must be escaped.
 */
export function parseEpcUri(text: string): Parsed<EpcUri> {
  const match = /^urn:epc:(id|class|idpat|tag):([a-z]+)(-\w+)?:(.*)$/s.exec(text)
  const [, form = '', name = '', size = '', body = ''] = match ?? []
  const count = partCount(name)
  if (count === undefined || (size !== '') !== (form === 'tag') || (form === 'class') !== (name === 'lgtin')) {
    return malformed('epc_uri', 'An EPC URI is of the form urn:epc:id:sgtin:prefix.reference.serial.', { at: 0 })
  }
  const start = text.length - body.length
  if (form === 'tag') return parseTagBody(name + size, body, start)
  if (UNSAFE.test(body)) {
    const detail = 'This URI has a character that must be escaped, as in %2F.'
    return malformed('epc_uri', detail, { at: start + body.search(UNSAFE) })
  }
  const raw = split(body, count)
  const star = form === 'idpat' ? raw.indexOf('*') : -1
  if (star >= 0 && raw.slice(star).some((part) => part !== '*')) {
    return malformed('epc_uri', 'After an asterisk, a pattern has asterisks alone.', { at: start })
  }
  const parsed = checked({ scheme: name, parts: raw.map(unescape) }, count, start, star < 0 ? undefined : star)
  if (parsed.fault || star < 0) return parsed.fault ? parsed : ok({ epc: parsed.value })
  return ok({ epc: { scheme: name, parts: parsed.value.parts.slice(0, star) }, pattern: star })
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
  if (UNSAFE.test(body)) return malformed('epc_uri', 'This URI has a character that must be escaped.', { at: start })
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
