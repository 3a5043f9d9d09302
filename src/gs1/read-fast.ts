import { isGtin, isSet82, isSscc } from './identifiers.ts'
import type { Serial } from './identifiers.ts'
import type { CodeAnswer } from './reading.ts'

/*
 * The two forms that nearly every code has: what our scanners send and what we answer with. They are read without
 * building anything in between (more than ten times as fast as the general reader); whatever is not exactly
 * so is left to the general reader, which also says what is wrong with it.
 */

const NOTHING: ReadonlyMap<string, string> = new Map()
const UNIT_LINK = 'https://id.gs1.org/01/'
const LOGISTIC_LINK = 'https://id.gs1.org/00/'
const KEY_END = UNIT_LINK.length + 14

/** The object, where `text` is one of those two forms and right in every character. */
export function readCommonForm(text: string): CodeAnswer | undefined {
  if (text.startsWith('01')) return readOwnCode(text)
  if (text.startsWith(UNIT_LINK)) return readUnitLink(text)
  if (!text.startsWith(LOGISTIC_LINK)) return undefined
  const sscc = text.slice(LOGISTIC_LINK.length)
  return isSscc(sscc) ? { reading: { kind: 'logistic', sscc, attributes: NOTHING } } : undefined
}

const allSet82 = (text: string, from: number, to: number): boolean => {
  for (let i = from; i < to; i++) if (!isSet82(text.charCodeAt(i))) return false
  return true
}

/** 01<14 digits>21<serial>, alone or with <GS>91<4><GS>92<16 or 86>, the tail of a code of ours. */
function readOwnCode(text: string): CodeAnswer | undefined {
  if (!text.startsWith('21', 16)) return undefined
  const gtin = text.slice(2, 16)
  if (!isGtin(gtin)) return undefined
  const separator = text.indexOf('\x1d', 18)
  const end = separator < 0 ? text.length : separator
  if (end < 19 || end > 38 || !allSet82(text, 18, end)) return undefined
  // Of 1 to 20 characters of set 82, as just seen.
  const serial = text.slice(18, end) as Serial
  if (separator < 0) return { reading: { kind: 'unit', gtin, serial, attributes: NOTHING } }

  const checkLength = text.length - end - 10
  if (checkLength !== 16 && checkLength !== 86) return undefined
  if (!text.startsWith('91', end + 1) || !text.startsWith('\x1d92', end + 7)) return undefined
  if (!allSet82(text, end + 3, end + 7) || !allSet82(text, end + 10, text.length)) return undefined
  const tail = { keyId: text.slice(end + 3, end + 7), check: text.slice(end + 10) }
  return { reading: { kind: 'unit', gtin, serial, tail, attributes: NOTHING } }
}

/** A canonical link whose serial needs no percent-encoding: letters, digits, `-`, `.` and `_`. */
function readUnitLink(text: string): CodeAnswer | undefined {
  const gtin = text.slice(UNIT_LINK.length, KEY_END)
  if (!isGtin(gtin) || !text.startsWith('/21/', KEY_END)) return undefined
  const serial = text.slice(KEY_END + 4)
  if (serial.length > 20 || !/^[\w.-]+$/.test(serial)) return undefined
  // Of 1 to 20 characters of set 82, as just seen.
  return { reading: { kind: 'unit', gtin, serial: serial as Serial, attributes: NOTHING } }
}
