// The rules for sensor data that no schema can say (EPCIS 2.0, sections 7.3.8 and 12, test TCR-53).

import { note } from './door.ts'
import type { Door } from './door.ts'
import type { EpcisEvent, JsonObject, SensorElement } from './event.ts'

const rule = (door: Door, path: string, detail: string): undefined => note(door, path, 'event_rule', detail)

/** Notes what `sensorElementList`, standing at `path`, says against itself or against the event. */
export function checkSensors(door: Door, event: EpcisEvent, path: string): void {
  event.sensorElementList.forEach((element, i) => {
    checkMetadata(door, element, event.eventTime.at, `${path}/${i}/sensorMetadata`)
    element.sensorReport.forEach((report, j) => {
      const place = `${path}/${i}/sensorReport/${j}`
      checkNotAfter(door, report, ['time'], event.eventTime.at, place)
      checkTwice(door, element.sensorMetadata, report, place)
      checkReport(door, report, place)
    })
  })
}

function checkNotAfter(door: Door, fields: JsonObject, names: readonly string[], eventTime: Date, path: string): void {
  for (const name of names) {
    const value = fields[name]
    if (typeof value === 'string' && Date.parse(value) > eventTime.getTime()) {
      rule(door, `${path}/${name}`, 'A sensor reported this after eventTime: let the event be the later of the two.')
    }
  }
}

function checkMetadata(door: Door, { sensorMetadata: fields }: SensorElement, eventTime: Date, path: string): void {
  if (fields === undefined) return
  checkNotAfter(door, fields, ['time', 'startTime', 'endTime'], eventTime, path)
  const { startTime, endTime } = fields
  if (typeof startTime === 'string' && endTime === undefined) {
    rule(door, `${path}/startTime`, 'A period has a beginning and an end: send endTime too, or time instead.')
  }
  if (typeof endTime === 'string' && startTime === undefined) {
    rule(door, `${path}/endTime`, 'A period has a beginning and an end: send startTime too, or time instead.')
  }
  if (typeof startTime === 'string' && typeof endTime === 'string' && startTime > endTime) {
    rule(door, `${path}/endTime`, 'This period ends before it begins.')
  }
}

const SHARED = ['time', 'deviceID', 'deviceMetadata', 'rawData', 'dataProcessingMethod', 'bizRules'] as const

function checkTwice(door: Door, metadata: JsonObject | undefined, report: JsonObject, path: string): void {
  for (const name of SHARED) {
    if (metadata?.[name] !== undefined && report[name] !== undefined) {
      rule(door, `${path}/${name}`, `Give ${name} in sensorMetadata or in sensorReport, not in both.`)
    }
  }
}

function checkReport(door: Door, report: JsonObject, path: string): void {
  if (report['type'] === undefined && report['exception'] === undefined) {
    rule(door, `${path}/type`, 'Say what was measured (type), or what went wrong (exception).')
  }
  if (report['microorganism'] !== undefined && report['chemicalSubstance'] !== undefined) {
    rule(door, `${path}/microorganism`, 'One report is about a microorganism or a chemical substance, not both.')
  }
  if (report['sDev'] !== undefined && report['meanValue'] === undefined) {
    rule(door, `${path}/sDev`, 'A standard deviation needs the mean: send meanValue too.')
  }
  if (report['percRank'] !== undefined && report['percValue'] === undefined) {
    rule(door, `${path}/percRank`, 'A percentile rank needs its value: send percValue too.')
  }
  if (report['percValue'] !== undefined && report['percRank'] === undefined) {
    rule(door, `${path}/percValue`, 'A percentile needs its rank: send percRank too.')
  }
  const { type, uom } = report
  const units = typeof type === 'string' ? unitsOf.get(type) : undefined
  if (units && typeof uom === 'string' && !units.includes(uom)) {
    rule(door, `${path}/uom`, `${uom} is no unit of ${String(type)}; send one of ${units.join(', ')}.`)
  }
}

/**
 * Units of UN/ECE Recommendation 20 for what is measured along a chain of goods. A type that is not listed takes any
 * unit: a wrong refusal would lose data, an odd unit is seen by who reads it.
 */
const unitsOf: ReadonlyMap<string, readonly string[]> = new Map([
  ['Temperature', ['CEL', 'FAH', 'KEL', 'A48']],
  [
    'Mass',
    ['KGM', 'GRM', 'MGM', 'MC', 'TNE', 'LBR', 'ONZ', 'DTN', 'HGM', 'DG', 'CGM', '2U', 'STI', 'LTN', 'STN', 'GRN'],
  ],
  [
    'Volume',
    [
      'LTR',
      'MLT',
      'DLT',
      'CLT',
      'HLT',
      'MTQ',
      'DMQ',
      'CMQ',
      'MMQ',
      'GLL',
      'GLI',
      'QT',
      'PT',
      'OZA',
      'OZI',
      'FTQ',
      'INQ',
      'YDQ',
      'K6',
      '4G',
      'A44',
      'H19',
      'BLL',
    ],
  ],
  ['Length', ['MTR', 'CMT', 'MMT', 'DMT', 'KMT', 'INH', 'FOT', 'YRD', 'SMI', 'NMI', '4H', 'C45', 'A11', 'HMT']],
  ['Time', ['SEC', 'MIN', 'HUR', 'DAY', 'WEE', 'MON', 'ANN', 'C26', 'B98', 'C47']],
  ['Angle', ['DD', 'C81', 'C25', 'B97', 'D61', 'D62', 'A91', 'M43', 'M44']],
])
