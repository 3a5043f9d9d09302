// What sensors said (EPCIS 2.0, section 7.3.8).

import {
  decimal,
  note,
  readExtensions,
  readItems,
  readList,
  readObject,
  readTerm,
  readText,
  readTime,
  readUri,
} from './door.ts'
import type { Door } from './door.ts'
import type { JsonObject, JsonValue, SensorElement } from './event.ts'
import { alertVocabulary, componentVocabulary, measurementVocabulary } from './vocabulary.ts'

type Read = (door: Door, value: unknown, path: string) => JsonValue | undefined

const time: Read = (door, value, path) => readTime(door, value, path)?.at.toISOString()
const uri: Read = readUri
const text: Read = readText

const number: Read = (door, value, path) => {
  if (typeof value === 'number' && decimal(String(value)) !== undefined) return value
  return note(door, path, 'field_invalid', 'Send a number here, without quotes.', value)
}
const truth: Read = (door, value, path) =>
  typeof value === 'boolean' ? value : note(door, path, 'field_invalid', 'Send true or false here.', value)
const hex: Read = (door, value, path) =>
  typeof value === 'string' && /^[0-9A-Fa-f]{1,8192}$/.test(value)
    ? value
    : note(door, path, 'field_invalid', 'Send hexadecimal digits here.', value)

const metadataFields = new Map<string, Read>([
  ['time', time],
  ['startTime', time],
  ['endTime', time],
  ['deviceID', uri],
  ['deviceMetadata', uri],
  ['rawData', uri],
  ['dataProcessingMethod', uri],
  ['bizRules', uri],
])

const reportFields = new Map<string, Read>([
  ['type', (door, value, path) => readTerm(door, measurementVocabulary, value, path)],
  ['exception', (door, value, path) => readTerm(door, alertVocabulary, value, path)],
  ['deviceID', uri],
  ['deviceMetadata', uri],
  ['rawData', uri],
  ['dataProcessingMethod', uri],
  ['bizRules', uri],
  ['time', time],
  ['microorganism', uri],
  ['chemicalSubstance', uri],
  ['value', number],
  ['component', (door, value, path) => readTerm(door, componentVocabulary, value, path)],
  ['stringValue', text],
  ['booleanValue', truth],
  ['hexBinaryValue', hex],
  ['uriValue', uri],
  ['minValue', number],
  ['maxValue', number],
  ['meanValue', number],
  ['sDev', number],
  ['percRank', number],
  ['percValue', number],
  ['uom', text],
  ['coordinateReferenceSystem', uri],
])

const ELEMENT_FIELDS = new Set(['sensorMetadata', 'sensorReport'])
const METADATA_FIELDS = new Set(metadataFields.keys())
const REPORT_FIELDS = new Set(reportFields.keys())

/** The standard fields of metadata and of reports, in the order in which the CBV event hash takes them. */
export const metadataOrder: readonly string[] = [...metadataFields.keys()]
export const reportOrder: readonly string[] = [...reportFields.keys()].filter((name) => name !== 'bizRules')

export const readSensorElements = (door: Door, value: unknown, path: string): SensorElement[] =>
  readItems(door, value, path, readSensorElement)

function readSensorElement(door: Door, value: unknown, path: string): SensorElement | undefined {
  const element = readObject(door, value, path)
  if (!element) return undefined
  const { sensorMetadata: given } = element
  const sensorMetadata =
    given === undefined ? undefined : readFields(door, given, `${path}/sensorMetadata`, metadataFields, METADATA_FIELDS)
  const reports = readList(door, element['sensorReport'], `${path}/sensorReport`)
  if (reports?.length === 0) note(door, `${path}/sensorReport`, 'event_rule', 'This list is empty: report something.')
  const sensorReport = readItems(door, reports, `${path}/sensorReport`, (door, item, path) =>
    readFields(door, item, path, reportFields, REPORT_FIELDS),
  )
  return { sensorMetadata, sensorReport, extensions: readExtensions(door, element, path, ELEMENT_FIELDS) }
}

function readFields(
  door: Door,
  value: unknown,
  path: string,
  fields: ReadonlyMap<string, Read>,
  names: ReadonlySet<string>,
): JsonObject | undefined {
  const object = readObject(door, value, path)
  if (!object) return undefined
  const result: JsonObject = {}
  for (const [name, read] of fields) {
    if (object[name] === undefined) continue
    const field = read(door, object[name], `${path}/${name}`)
    if (field !== undefined) result[name] = field
  }
  return Object.assign(result, readExtensions(door, object, path, names))
}
