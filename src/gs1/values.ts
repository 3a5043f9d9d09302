import { iso4217 } from './code-lists.ts'

/**
 * The decimal that an identifier's value stands for, as text: the last digit of the identifier tells how many decimals
 * it has ((3103) 001500 is 1.500; GS1 General Specifications, 3.6). Undefined for identifiers that hold no decimal.
 */
export function decimalOf(ai: string, value: string): { number: string; currency?: string } | undefined {
  if (!/^(3[1-6]\d\d|39[0-5]\d)$/.test(ai) || !/^\d+$/.test(value)) return undefined
  const decimals = Number(ai.charAt(3))
  // Amounts of (391n) and (393n) begin with the ISO 4217 number of their currency.
  const currency = /^39[13]/.test(ai) ? value.slice(0, 3) : undefined
  if (currency !== undefined && !iso4217.has(currency)) return undefined
  const digits = value.slice(currency === undefined ? 0 : 3).padStart(decimals + 1, '0')
  const point = digits.length - decimals
  const whole = digits.slice(0, point).replace(/^0+(?=\d)/, '')
  const number = decimals === 0 ? whole : `${whole}.${digits.slice(point)}`
  return currency === undefined ? { number } : { number, currency }
}

/**
 * The day that a date of 6 digits stands for, as yyyy-mm-dd: the century is the one that puts the year within 49 years
 * before and 50 after the present one, and day 00 is the last of its month (GS1 General Specifications, 7.12 and 3.4).
 * The value must have passed its linter.
 */
export function dateOf(value: string, now: Date): string {
  const present = now.getUTCFullYear()
  const difference = Number(value.slice(0, 2)) - (present % 100)
  const century = Math.floor(present / 100) + (difference >= 51 ? -1 : difference <= -50 ? 1 : 0)
  const year = century * 100 + Number(value.slice(0, 2))
  const month = value.slice(2, 4)
  const last = new Date(Date.UTC(year, Number(month), 0)).getUTCDate()
  return `${year}-${month}-${value.slice(4) === '00' ? last : value.slice(4)}`
}
