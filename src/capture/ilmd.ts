import type { Lot } from '../custody/lots.ts'
import type { EpcisEvent, JsonValue } from '../epcis/event.ts'
import { fieldProblem, pointerToken } from '../http/problem.ts'

const fields: Readonly<Record<string, keyof Lot>> = {
  lotNumber: 'lot',
  productionDate: 'production',
  itemExpirationDate: 'expiry',
}

/**
 * Lot and dates from an event's instance/lot master data (CBV 2.0, section 9.2): `cbvmda:lotNumber`, `cbvmda:productionDate`,
 * `cbvmda:itemExpirationDate`, under whatever prefix. Other fields are recorded with the event and mean nothing to the judge.
 * @throws Problem field_invalid for a date that is none: it would be found missing only when somebody sells expired goods
 */
export function lotOf(event: EpcisEvent, path = ''): Lot | undefined {
  if (!('ilmd' in event) || !event.ilmd) return undefined
  const lot: Lot = {}
  for (const [name, value] of Object.entries(event.ilmd)) {
    const field = fields[name.replace(/^.*[:/#]/, '')]
    if (field) lot[field] = readValue(field, value, `${path}/ilmd/${pointerToken(name)}`)
  }
  return Object.keys(lot).length > 0 ? lot : undefined
}

const lotLengthMax = 20 // AI 10.

function readValue(field: keyof Lot, value: JsonValue, path: string): string {
  if (typeof value !== 'string') throw fieldProblem(path, 'Send a text here.')
  if (field === 'lot') {
    if (value.length === 0 || value.length > lotLengthMax)
      throw fieldProblem(path, `A lot has 1 to ${lotLengthMax} characters.`)
    return value
  }
  const day = /^(\d{4}-\d\d-\d\d)(?:T.*)?$/.exec(value)?.[1]
  if (day === undefined || !isDay(day)) throw fieldProblem(path, 'Send a date such as 2027-03-31.')
  return day
}

/** 30 February is refused: Date would take it for 2 March. */
function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day)
}
