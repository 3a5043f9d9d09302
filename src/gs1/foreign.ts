import { isGtin } from './identifiers.ts'
import type { Reading } from './reading.ts'

type Foreign = Extract<Reading, { kind: 'foreign' }>

const foreign = (system: string, text: string, attributes: Record<string, string>): Foreign => ({
  kind: 'foreign',
  system,
  text,
  attributes: new Map(Object.entries(attributes)),
})

/** The 19-digit code of the product that an old Russian alcohol stamp holds, in base 36, after its first 3 characters. */
function alcoholCode(stamp: string): string {
  let code = 0n
  for (const character of stamp.slice(3, 19)) code = code * 36n + BigInt(parseInt(character, 36))
  return code.toString().padStart(19, '0')
}

/**
 * Recognises a mark of a neighbouring system by its shape alone; asked only once a text is no GS1 form.
 * - `egais`: Russian alcohol stamps, the PDF417 of 68 characters (69 where it starts with 10N) with the product's code
 *   in base 36, and the DataMatrix of 150 characters, from which no product can be read;
 * - `chestny_znak`: Russian tobacco packs, 29 characters without identifiers: GTIN 14, serial 7, price 4, check 4 (25
 *   without the check).
 */
export function readForeign(text: string): Foreign | undefined {
  if (/^(?:[0-9A-Z]{2}N[0-9A-Z]{65}|10N[0-9A-Z]{66})$/.test(text)) {
    const code = alcoholCode(text)
    // A code of more digits is no product code: the text merely has the length of a stamp.
    return code.length === 19 ? foreign('egais', text, { product_code: code }) : undefined
  }
  if (/^\d{3}[0-9A-Z]{147}$/.test(text)) {
    return foreign('egais', text, { type: text.slice(0, 3), series: text.slice(3, 6), number: text.slice(6, 14) })
  }
  // Not where the start is that of a unit's element string: a misread one must stay a misread one.
  if (/^(?!01\d{14}21)\d{14}[!-z]{11}(?:[!-z]{4})?$/.test(text) && isGtin(text.slice(0, 14))) {
    return foreign('chestny_znak', text, {
      gtin: text.slice(0, 14),
      serial: text.slice(14, 21),
      price: text.slice(21, 25),
    })
  }
  return undefined
}

/**
 * The neighbouring system whose tail a unit's code carries (it is a proper GS1 code and may be registered with us as
 * another country's): a check of 4 characters in AI 93, or a signature of 44 or 88 in AI 92.
 */
export function systemOf(reading: Reading): string | undefined {
  if (reading.kind === 'foreign') return reading.system
  if (reading.kind !== 'unit') return undefined
  const { tail, attributes } = reading
  const signed = tail !== undefined && tail.keyId.length === 4 && [44, 88].includes(tail.check.length)
  return signed || attributes.get('93')?.length === 4 ? 'chestny_znak' : undefined
}

const marks: Readonly<Record<string, string>> = {
  egais: 'a Russian alcohol stamp (EGAIS)',
  chestny_znak: 'a mark of Chestny ZNAK, the marking system of Russia',
}

/** The mark of a neighbouring system as people call it, with its article. */
export const markOf = (system: string): string =>
  marks[system] ??
  (system.startsWith('epc:')
    ? `an EPC of the scheme ${system.slice(4).toUpperCase()}, which is no GS1 key`
    : `a mark of ${system}`)
