import type { CodeAnswer } from './reading.ts'
import { checkDigit, isSet82 } from './identifiers.ts'
import type { Gtin, Serial } from './identifiers.ts'
import { readAnyForm } from './forms-in.ts'

export type { CodeFault } from './fault.ts'
export type { CodeAnswer, Reading, Tail } from './reading.ts'

const NOTHING: ReadonlyMap<string, string> = new Map()
const GS = 0x1d

/**
 * Whatever a scanner, an RFID reader or a partner sent -> the object that it names, or what is wrong with it and where.
 * Takes element strings (raw or bracketed), GS1 Digital Link URIs, EPC URIs, EPC tags in hex, plain GTINs and SSCCs,
 * and recognises the marks of the neighbouring systems. Never throws; time is linear in the length of `text`.
 */
export function readCode(text: string): CodeAnswer {
  return readOwnCode(text) ?? readAnyForm(text)
}

/**
 * The form of our own codes, 01<14 digits>21<serial><GS>91<4><GS>92<16 or 86>, read without building anything in
 * between; undefined sends the text on to the general reader, which also says what is wrong with it.
 */
function readOwnCode(text: string): CodeAnswer | undefined {
  if (!text.startsWith('01') || text.charCodeAt(16) !== 0x32 || text.charCodeAt(17) !== 0x31) return undefined
  for (let i = 2; i < 16; i++) {
    const code = text.charCodeAt(i)
    if (code < 48 || code > 57) return undefined
  }
  const gtin = text.slice(2, 16)
  if (checkDigit(gtin, 13) !== gtin.charCodeAt(13) - 48) return undefined

  const end = text.indexOf('\x1d', 18)
  if (end < 19 || end > 38 || text.length < end + 24) return undefined
  if (!text.startsWith('91', end + 1) || text.charCodeAt(end + 7) !== GS || !text.startsWith('92', end + 8))
    return undefined
  const checkLength = text.length - end - 10
  if (checkLength !== 16 && checkLength !== 86) return undefined
  for (let i = 18; i < text.length; i++) {
    if (i !== end && i !== end + 7 && !isSet82(text.charCodeAt(i))) return undefined
  }
  const tail = { keyId: text.slice(end + 3, end + 7), check: text.slice(end + 10) }
  // The checks above are those of isGtin and isSerial, done in place: this is the hot path of every scan.
  const reading = {
    kind: 'unit' as const,
    gtin: gtin as Gtin,
    serial: text.slice(18, end) as Serial,
    tail,
    attributes: NOTHING,
  }
  return { reading }
}
