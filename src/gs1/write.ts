import type { ApplicationIdentifier } from './ai.ts'
import type { Gtin, Serial, Sscc } from './identifiers.ts'
import type { Tail } from './reading.ts'

/** What may be written: a unit, with or without its tail, or a logistic unit. */
export type Writable = { gtin: Gtin; serial: Serial; tail?: Tail } | { sscc: Sscc }

/** FNC1 as a scanner transmits it. */
export const GS = '\x1d'

/** The canonical GS1 Digital Link URI (GS1 Digital Link URI Syntax 1.3, section 4.11); never carries a tail. */
export function digitalLink(object: Writable): string {
  if ('sscc' in object) return `https://id.gs1.org/00/${object.sscc}`
  return `https://id.gs1.org/01/${object.gtin}/21/${percentEncode(object.serial)}`
}

/** The element string as a scanner transmits it, without symbology identifier: 01…21…<GS>91…<GS>92…, GS being \x1d. */
export function elementString(object: Writable): string {
  if ('sscc' in object) return `00${object.sscc}`
  const unit = `01${object.gtin}21${object.serial}`
  return object.tail ? `${unit}${GS}91${object.tail.keyId}${GS}92${object.tail.check}` : unit
}

/** The form for people to read, each Application Identifier in brackets: (01)…(21)…(91)…(92)…. */
export function bracketed(object: Writable): string {
  if ('sscc' in object) return `(00)${object.sscc}`
  const unit = `(01)${object.gtin}(21)${bracketValue(object.serial)}`
  if (!object.tail) return unit
  return `${unit}(91)${bracketValue(object.tail.keyId)}(92)${bracketValue(object.tail.check)}`
}

/** Any checked elements in the bracketed form, in the order given. */
export const bracketedElements = (elements: readonly { entry: ApplicationIdentifier; value: string }[]): string =>
  elements.map(({ entry, value }) => `(${entry.ai})${bracketValue(value)}`).join('')

/** A value that holds `(` itself would look like the next identifier, so that one is written `\(`. */
const bracketValue = (value: string): string => value.replaceAll('(', '\\(')

/** Percent-encodes what is not unreserved by RFC 3986, section 2.3; encodeURIComponent leaves ! ' ( ) * alone. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
