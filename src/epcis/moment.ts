import type { Moment, Offset } from './event.ts'

const MOMENT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?(?:Z|([+-])(\d\d):(\d\d))$/
const OFFSET = /^[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)$/

// The database knows no year 0, and a date before the bar code is a clock that lost its battery.
const YEAR_MIN = 1900
const MINUTE_MS = 60_000

/**
 * Reads xsd:dateTimeStamp (EPCIS 2.0, section 7.3.2): date, time, and a zone that must be there. Digits beyond the
 * millisecond are rounded half up, as the CBV event hash does. Undefined where it is no such time.
 */
export function readMoment(text: string): Moment | undefined {
  const match = MOMENT.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour, offsetMinute] = match
  if (Number(year) < YEAR_MIN || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined

  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day))
  const date = new Date(midnight)
  // Date.UTC turns 30 February into 2 March; such a date was never meant.
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined

  const minutes = offsetMinutes(sign, offsetHour, offsetMinute)
  if (minutes === undefined) return undefined
  const clock = (Number(hour) * 60 + Number(minute) - minutes) * MINUTE_MS + Number(second) * 1000
  return { at: new Date(midnight + clock + milliseconds(fraction)), text }
}

function offsetMinutes(sign = '+', hour = '0', minute = '0'): number | undefined {
  const total = Number(hour) * 60 + Number(minute)
  if (total > 14 * 60 || Number(minute) > 59) return undefined
  return sign === '-' ? -total : total
}

function milliseconds(fraction: string): number {
  if (fraction === '') return 0
  const whole = Number(fraction.slice(0, 3).padEnd(3, '0'))
  return fraction.charCodeAt(3) >= 53 ? whole + 1 : whole
}

/** `+06:00`: the local time at the place where it happened, whatever zone the time itself is written in. */
export const isOffset = (text: string): text is Offset => OFFSET.test(text)

/** A moment that our own clock gave. */
export const momentAt = (at: Date): Moment => ({ at, text: isoText(at) })

let newest = { ms: Number.NaN, text: '' }

/** `at` as ISO 8601 with milliseconds, in UTC. An event is written several times over, and thousands happen in one second. */
export function isoText(at: Date): string {
  const ms = at.getTime()
  if (newest.ms !== ms) newest = { ms, text: at.toISOString() }
  return newest.text
}
