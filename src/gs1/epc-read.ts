import { applicationIdentifiers } from './ai.ts'
import { bitsToHex } from './bits.ts'
import { decodeTag, encodeTag, looksLikeTag } from './epc-binary.ts'
import { epcToElements, epcToPairs } from './epc-key.ts'
import { decodePlusTag, looksLikePlusTag } from './epc-plus.ts'
import { keySchemes } from './epc-schemes.ts'
import type { Epc } from './epc-schemes.ts'
import { parseEpcUri, writeEpcUri } from './epc-uri.ts'
import { malformed } from './fault.ts'
import { readElements } from './reading.ts'
import type { CodeAnswer } from './reading.ts'

/** Whether the text is to be read as an EPC URI, right or wrong. */
export const isEpcUri = (text: string): boolean => text.startsWith('urn:epc:')

const RAW = /^urn:epc:raw:(\d{1,4})\.x([0-9A-F]+)$/

/** What an EPC URI names; a pattern names an object only where nothing but the serial of its class is open. */
export function readEpcUri(text: string): CodeAnswer {
  const raw = RAW.exec(text)
  if (raw) return readRaw(Number(raw[1]), raw[2] ?? '')
  const { value, fault } = parseEpcUri(text)
  if (fault) return { fault }
  const { epc, pattern, tag, filter = 0 } = value
  const unfit = tag && encodeTag(epc, tag, filter).fault
  if (unfit) return { fault: { ...unfit, at: 'urn:epc:tag:'.length } }
  if (pattern === undefined) return fromEpc(epc)
  const scheme = keySchemes.get(epc.scheme)
  const fixed = (scheme?.digits === undefined ? 1 : 2) + (scheme?.extras.filter(({ to }) => to === 'key').length ?? 0)
  const classParts = epc.scheme === 'cpi' || epc.scheme === 'itip' ? fixed : 2
  if (scheme === undefined || pattern < classParts || (scheme.digits === undefined && epc.scheme !== 'cpi')) {
    return malformed('pattern', 'This pattern names many kinds of objects; name one.', { at: text.indexOf('*') })
  }
  return fromEpc(epc)
}

/** A raw URI: the tag's bits as a number, so many of them (EPC Tag Data Standard 1.13, section 12.3). */
function readRaw(bits: number, number: string): CodeAnswer {
  const hex = number.padStart(Math.ceil(bits / 4), '0')
  if (bits % 4 !== 0 || hex.length * 4 !== bits || !isTag(hex)) {
    return malformed('epc_tag', 'This raw URI holds no EPC tag of a known kind.', { at: 0 })
  }
  return readTag(hex)
}

function fromEpc(epc: Epc): CodeAnswer {
  const elements = epcToElements(epc)
  if (elements) return { reading: readElements(elements, true) }
  return { reading: { kind: 'foreign', system: `epc:${epc.scheme}`, text: writeEpcUri(epc) } }
}

const HEX = /^[0-9A-Fa-f]+$/

/** Whether the text may be what a reader got from an RFID tag. */
export const isTag = (text: string): boolean =>
  text.length >= 12 && text.length <= 192 && HEX.test(text) && (looksLikeTag(text) || looksLikePlusTag(text))

/** What a tag in hex names. */
export function readTag(hex: string): CodeAnswer {
  if (looksLikeTag(hex)) {
    const { value, fault } = decodeTag(hex)
    return fault ? { fault } : fromEpc(value.epc)
  }
  const { value, fault } = decodePlusTag(hex)
  if (fault) return { fault }
  const elements = value.pairs.flatMap(([ai, text]) => {
    const entry = applicationIdentifiers.get(ai)
    return entry ? [{ entry, value: text, at: 0 }] : []
  })
  return { reading: readElements(elements, true) }
}

/** What a tag names whose bits were passed on as a text of 0 and 1; undefined where they are no tag's. */
export function readBits(text: string): CodeAnswer | undefined {
  if (text.length < 48 || text.length > 768 || !/^[01]+$/.test(text)) return undefined
  const hex = bitsToHex(text)
  const answer = isTag(hex) ? readTag(hex) : undefined
  return answer?.fault ? undefined : answer
}

/** The EPC that the text is, where it is a URI or a tag of the first standard. */
function epcIn(text: string): Epc | undefined {
  const raw = RAW.exec(text)?.[2]
  if (raw === undefined && isEpcUri(text)) return parseEpcUri(text).value?.epc
  const hex = raw ?? (/^[01]{48,768}$/.test(text) ? bitsToHex(text) : text)
  return isTag(hex) && looksLikeTag(hex) ? decodeTag(hex).value?.epc : undefined
}

/** How long the text says the company prefix of `key` is: an EPC tells it. Undefined where it does not name that key. */
export function prefixLengthIn(text: string, key: string): number | undefined {
  const epc = text.length <= 1000 ? epcIn(text) : undefined
  const named = epc && epcToPairs(epc)?.[0]?.[1]
  return named === key ? epc?.parts[0]?.length : undefined
}
