import { parseDigitalLink } from './digital-link.ts'
import type { Element } from './elements.ts'
import { parseBracketed, parseElementString } from './element-string.ts'
import { isEpcUri, isTag, readBits, readEpcUri, readTag } from './epc-read.ts'
import { hintTexts, malformed } from './fault.ts'
import type { CodeFault, Parsed } from './fault.ts'
import { readForeign } from './foreign.ts'
import { isDigits, isSscc, padGtin } from './identifiers.ts'
import { repairs } from './mishaps.ts'
import { readCommonForm } from './read-fast.ts'
import { namesObject, readElements } from './reading.ts'
import type { CodeAnswer } from './reading.ts'

export { type CodeFault, type CodeHint, hintTexts } from './fault.ts'
export type { CodeAnswer, Reading, Tail } from './reading.ts'

const NOTHING: ReadonlyMap<string, string> = new Map()

/**
 * Whatever a scanner, an RFID reader or a partner sent -> the object that it names, or what is wrong with it and where.
 * Takes element strings (raw or bracketed), GS1 Digital Link URIs, EPC URIs, EPC tags in hex, plain GTINs and SSCCs,
 * and recognises the marks of the neighbouring systems. Never throws; time is linear in the length of `text`.
 */
export function readCode(text: string): CodeAnswer {
  const common = readCommonForm(text)
  if (common) return common
  const answer = readForm(text)
  if (!answer.fault) return answer
  for (const repair of repairs(text)) {
    const { reading } = readForm(repair.text)
    if (reading && reading.kind !== 'foreign') {
      return { fault: { ...answer.fault, detail: hintTexts[repair.hint], hint: repair.hint } }
    }
  }
  return { fault: { ...answer.fault, detail: answer.fault.detail + where(answer.fault) } }
}

/** Which identifier, which rule and which character, for who must find the error. */
function where({ ai, rule, at }: CodeFault): string {
  const parts = [ai && `AI (${ai})`, rule && `rule ${rule}`, at !== undefined && `character ${at + 1}`].filter(Boolean)
  return parts.length === 0 ? '' : ` [${parts.join(', ')}]`
}

/** Scanners may be set to press Enter or Tab after a code. */
function withoutKeyPresses(text: string): string {
  let end = text.length
  while (end > 0 && '\r\n\t'.includes(text.charAt(end - 1))) end -= 1
  return end === text.length ? text : text.slice(0, end)
}

function readForm(given: string): CodeAnswer {
  const text = withoutKeyPresses(given)
  if (text.startsWith(']')) return readSymbol(text)
  if (/^https?:/i.test(text)) return fromElements(parseDigitalLink(text), true)
  if (isEpcUri(text)) return readEpcUri(text)
  if (text.startsWith('(')) return fromElements(parseBracketed(text))
  return readPlain(text, 0)
}

/** Text without a mark of its form: a number as printed, an element string, or somebody else's mark. */
function readPlain(text: string, from: number): CodeAnswer {
  const data = text.slice(from)
  if (isSscc(data)) return { reading: { kind: 'logistic', sscc: data, attributes: NOTHING } }
  if (isDigits(data) && GTIN_LENGTHS.has(data.length)) return readNumber(data, from)
  const answer = fromElements(parseElementString(text, from))
  if (answer.reading && namesObject(answer.reading)) return answer
  if (isTag(data)) return tagOrElements(readTag(data), answer, data)
  const bits = answer.fault && readBits(data)
  if (bits) return bits
  const foreign = answer.fault && readForeign(data)
  return foreign ? { reading: foreign } : answer
}

/**
 * Hex digits may happen to be an element string as well. One that names an object has been taken before; here a tag
 * that decodes wins, unless its digits are all decimal, and one that does not is called a bad tag only if it can be
 * nothing else.
 */
function tagOrElements(tag: CodeAnswer, elements: CodeAnswer, data: string): CodeAnswer {
  if (elements.reading) return tag.fault || isDigits(data) ? elements : tag
  return tag.fault && isDigits(data) ? elements : tag
}

const GTIN_LENGTHS = new Set([8, 12, 13, 14])

/** A GTIN as printed under a bar code. An element string of these lengths could name no object. */
function readNumber(digits: string, from: number): CodeAnswer {
  const { value, fault } = padGtin(digits)
  if (fault) return { fault: { ...fault, ai: '01', at: from + digits.length - 1 } }
  return { reading: { kind: 'key', ai: '01', value, attributes: NOTHING } }
}

// Symbology identifiers (ISO/IEC 15424; GS1 General Specifications, 5.1.2) by what the data behind them is.
const ELEMENT_STRINGS = new Set(['C1', 'e0', 'd2', 'd5', 'Q3', 'Q4', 'Q5', 'J1'])
const PLAIN = new Set(['C0', 'A0', 'd1', 'd4', 'Q1', 'Q2', 'J0', 'L0', 'X0', 'F0'])
const NUMBERS: Readonly<Record<string, number>> = { E0: 13, E4: 8, I1: 14 }

function readSymbol(text: string): CodeAnswer {
  const identifier = text.slice(1, 3)
  if (ELEMENT_STRINGS.has(identifier)) return fromElements(parseElementString(text, 3))
  const length = NUMBERS[identifier]
  if (length !== undefined) return readNumberSymbol(text, length)
  if (PLAIN.has(identifier)) {
    const data = text.slice(3)
    if (/^https?:/i.test(data)) return shifted(fromElements(parseDigitalLink(data), true), 3)
    if (isEpcUri(data)) return shifted(readEpcUri(data), 3)
    return readPlain(text, 3)
  }
  return malformed('symbology', 'The symbology identifier at the start is not one that carries GS1 data.', { at: 0 })
}

/** An EAN, UPC or ITF-14 symbol, alone or with the composite component that a reader sends after it. */
function readNumberSymbol(text: string, length: number): CodeAnswer {
  const [primary = '', composite, ...more] = text.slice(3).split('|]e0')
  if (primary.length !== length || !isDigits(primary) || more.length > 0) {
    return malformed('length', `This symbol carries a number of ${length} digits.`, { ai: '01', at: 3 })
  }
  const gtin = `01${primary.padStart(14, '0')}`
  const moved = length - 14 + 3 + 2
  if (composite === undefined) return shifted(fromElements(parseElementString(gtin)), moved - 4)
  return shifted(fromElements(parseElementString(gtin + composite)), moved)
}

function shifted(answer: CodeAnswer, by: number): CodeAnswer {
  if (!answer.fault || answer.fault.at === undefined) return answer
  return { fault: { ...answer.fault, at: Math.max(0, answer.fault.at + by) } }
}

function fromElements(parsed: Parsed<Element[]>, keyFirst = false): CodeAnswer {
  return parsed.fault ? parsed : { reading: readElements(parsed.value, keyFirst) }
}
