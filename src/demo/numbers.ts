// GTINs, SSCCs and GLNs that no other run has: the demo can be played again on the same service.
import { checkDigit } from '../gs1/identifiers.ts'

export type Numbers = {
  /** 14 digits. @param level the indicator digit: 0 the unit, 1 to 8 a case of it */
  gtin(level?: number): string
  /** 18 digits. */
  sscc(): string
  /** 13 digits. */
  gln(): string
}

const checked = (digits: string): string => digits + String(checkDigit(digits))

/**
 * Numbers under the prefix 470 (GS1 Kyrgyzstan) and a company part drawn for this run.
 * @param random gives a number from 0 up to, not including, `below`
 */
export function createNumbers(random: (below: number) => number): Numbers {
  // 470 and six digits: a tenth of the seven-digit company space, one number to a run.
  const company = `470${String(random(10 ** 6)).padStart(6, '0')}`
  let items = random(10 ** 2)
  let shipments = random(10 ** 6)
  let locations = random(10 ** 2)
  return {
    gtin: (level = 0) => checked(`${level}${company}${String(items++ % 1_000).padStart(3, '0')}`),
    sscc: () => checked(`0${company}${String(shipments++ % 10 ** 7).padStart(7, '0')}`),
    gln: () => checked(`${company}${String(locations++ % 1_000).padStart(3, '0')}`),
  }
}
