import { Problem } from '../http/problem.ts'
import type { CodeAnswer } from '../gs1/read.ts'
import type { ProblemItem } from '../http/problem.ts'
import { NO_CONTEXT, readContext } from './context.ts'
import { isObject, newFaults, note, readExtensions, readItems, readTerm, readTime, readUri } from './door.ts'
import type { Door, Faults } from './door.ts'
import type {
  Action,
  EpcisEvent,
  Epc,
  EventBase,
  EventContext,
  EventType,
  JsonObject,
  Moment,
  Offset,
} from './event.ts'
import { epcLists, quantityLists } from './event.ts'
import { isOffset } from './moment.ts'
import { checkRules } from './rules.ts'
import { readSensorElements } from './sensor.ts'
import { bizStepVocabulary, dispositionVocabulary } from './vocabulary.ts'
import { readEpc, readEpcs, readQuantities } from './what.ts'
import {
  readBizTransactions,
  readDestinations,
  readErrorDeclaration,
  readEventId,
  readPersistentDisposition,
  readPlace,
  readSources,
} from './why.ts'

export type ParseOptions = {
  now: Date
  /** How far ahead of ours a sender's clock may be, in milliseconds (design D11). */
  clockAheadMaxMs: number
  /** What the document around the event, or a header, declared. */
  context?: EventContext
  /** Where the event stands in the body, as a JSON Pointer; the whole body if absent. */
  path?: string
  /** What the codes say, where they were read before: reading thousands at once would hold everybody up. */
  readCode?: (text: string) => CodeAnswer
}

/** What is wrong, at most 100 in detail, and how much in all. */
export type Refused = { event?: never; problems: ProblemItem[]; problemCount: number }
export type Parsed = { event: EpcisEvent; problems?: never } | Refused

type Fields = Readonly<Record<string, unknown>>

/**
 * The door for one EPCIS 2.0 event in JSON-LD (EPCIS 2.0, section 9; the rules of its schema and those that the schema
 * cannot say). Never throws: what is wrong is listed with its place. `recordTime` is ignored, it is ours to give.
 */
export function parseEvent(json: unknown, options: ParseOptions): Parsed {
  const faults = newFaults()
  const path = options.path ?? ''
  const event = readEvent(faults, json, path, options.context, options.readCode)
  if (event) checkRules({ faults, context: event.context }, event, path, options)
  if (event && faults.count === 0) return { event }
  return { problems: faults.items, problemCount: faults.count }
}

/** The problem that answers for what is wrong: its code is that of the first thing. */
export function refusal({ problems, problemCount }: Refused): Problem {
  const first = problems[0]
  if (!first) return new Problem('event_rule')
  const detail = problemCount === 1 ? first.detail : `${first.detail} (and ${problemCount - 1} more; see errors)`
  return new Problem(first.code, { detail, errors: problems, errorCount: problemCount })
}

/** The event as far as its form goes; undefined, with faults, where it cannot be built. The rules are not checked here. */
export function readEvent(
  faults: Faults,
  json: unknown,
  path: string,
  outer: EventContext = NO_CONTEXT,
  readCode?: ParseOptions['readCode'],
): EpcisEvent | undefined {
  if (!isObject(json)) return note({ faults }, path, 'field_invalid', 'Send an EPCIS event as a JSON object.')
  const context = readContext(faults, json['@context'], `${path}/@context`, outer)
  const door: Door = { faults, context, readCode }
  const before = faults.count
  const type = readType(door, json['type'], path)
  if (type === undefined) return undefined
  const base = readBase(door, json, path, fieldsOf[type])
  const event = base && readByType(door, type, base, json, path)
  if (event) checkEmptyLists(door, event, json, path)
  return faults.count === before ? event : undefined
}

/**
 * An empty list beside one that names something is how many systems write "none", and passes. Where nothing is named at
 * all it is refused: sent with DELETE it would otherwise come to mean everything that is in the container.
 */
function checkEmptyLists(door: Door, event: EpcisEvent, json: Fields, path: string): void {
  const lists = [...epcLists(event), ...quantityLists(event)]
  const named = lists.some((list) => ('epcs' in list ? list.epcs : list.quantities).length > 0)
  // Sensor data about a place has no codes; the standard's own examples then send an empty list.
  if (named || (event.type === 'ObjectEvent' && event.sensorElementList.length > 0)) return
  for (const { field } of lists) {
    const list = json[field]
    if (!Array.isArray(list) || list.length > 0) continue
    note(door, `${path}/${field}`, 'event_rule', 'This list is empty: fill it, or leave it out.')
  }
}

const commonFields = [
  ...['@context', 'type', 'eventID', 'eventTime', 'eventTimeZoneOffset', 'recordTime', 'certificationInfo'],
  ...['errorDeclaration', 'bizStep', 'disposition', 'readPoint', 'bizLocation', 'bizTransactionList', 'sourceList'],
  ...['destinationList', 'sensorElementList'],
]
const containment = ['action', 'parentID', 'childEPCs', 'childQuantityList']
const transformation = ['inputEPCList', 'inputQuantityList', 'outputEPCList', 'outputQuantityList', 'transformationID']

/** What each type of event may have (EPCIS 2.0, section 7.4). */
const fieldsOf: Readonly<Record<EventType, ReadonlySet<string>>> = {
  ObjectEvent: new Set([...commonFields, 'action', 'epcList', 'quantityList', 'persistentDisposition', 'ilmd']),
  AggregationEvent: new Set([...commonFields, ...containment]),
  AssociationEvent: new Set([...commonFields, ...containment]),
  TransactionEvent: new Set([...commonFields, 'action', 'parentID', 'epcList', 'quantityList']),
  TransformationEvent: new Set([...commonFields, ...transformation, 'persistentDisposition', 'ilmd']),
}

function readType(door: Door, value: unknown, path: string): EventType | undefined {
  switch (value) {
    case 'ObjectEvent':
    case 'AggregationEvent':
    case 'AssociationEvent':
    case 'TransactionEvent':
    case 'TransformationEvent':
      return value
    default: {
      const detail =
        'type is ObjectEvent, AggregationEvent, AssociationEvent, TransactionEvent or TransformationEvent; others are not recorded.'
      return note(door, `${path}/type`, 'field_invalid', detail, value)
    }
  }
}

/** `read` for a field that may be absent. */
function optional<T>(
  door: Door,
  json: Fields,
  name: string,
  path: string,
  read: (door: Door, value: unknown, path: string) => T,
): T | undefined {
  const value = json[name]
  return value === undefined ? undefined : read(door, value, `${path}/${name}`)
}

const readBizStep = (door: Door, value: unknown, path: string) => readTerm(door, bizStepVocabulary, value, path)
const readDisposition = (door: Door, value: unknown, path: string) => readTerm(door, dispositionVocabulary, value, path)

function readBase(door: Door, json: Fields, path: string, known: ReadonlySet<string>): EventBase | undefined {
  const eventTime = readTime(door, json['eventTime'], `${path}/eventTime`)
  const eventTimeZoneOffset = readOffset(door, json['eventTimeZoneOffset'], eventTime, path)
  const base = {
    context: door.context,
    eventID: optional(door, json, 'eventID', path, readEventId),
    certificationInfo: readCertification(door, json['certificationInfo'], `${path}/certificationInfo`),
    errorDeclaration: optional(door, json, 'errorDeclaration', path, readErrorDeclaration),
    bizStep: optional(door, json, 'bizStep', path, readBizStep),
    disposition: optional(door, json, 'disposition', path, readDisposition),
    readPoint: optional(door, json, 'readPoint', path, readPlace),
    bizLocation: optional(door, json, 'bizLocation', path, readPlace),
    bizTransactionList: readBizTransactions(door, json['bizTransactionList'], `${path}/bizTransactionList`),
    sourceList: readSources(door, json['sourceList'], `${path}/sourceList`),
    destinationList: readDestinations(door, json['destinationList'], `${path}/destinationList`),
    sensorElementList: readSensorElements(door, json['sensorElementList'], `${path}/sensorElementList`),
    extensions: readExtensions(door, json, path, known),
  }
  return eventTime && eventTimeZoneOffset && { ...base, eventTime, eventTimeZoneOffset }
}

function readOffset(door: Door, value: unknown, eventTime: Moment | undefined, path: string): Offset | undefined {
  if (typeof value === 'string' && isOffset(value)) return value
  const written = eventTime && /[+-]\d\d:\d\d$/.exec(eventTime.text)?.[0]
  const detail = `Send the local offset at the place, between -14:00 and +14:00, such as ${written ?? '+06:00'}.`
  return note(door, `${path}/eventTimeZoneOffset`, 'field_invalid', detail, value)
}

function readCertification(door: Door, value: unknown, path: string): EventBase['certificationInfo'] {
  if (value === undefined) return []
  if (Array.isArray(value)) return readItems(door, value, path, readUri)
  const uri = readUri(door, value, path)
  return uri === undefined ? [] : [uri]
}

function readByType(door: Door, type: EventType, base: EventBase, json: Fields, path: string): EpcisEvent | undefined {
  if (type === 'TransformationEvent') return readTransformation(door, base, json, path)
  const action = readAction(door, json['action'], `${path}/action`)
  if (action === undefined) return undefined
  switch (type) {
    case 'ObjectEvent':
      return {
        type,
        ...base,
        action,
        epcList: readEpcs(door, json['epcList'], `${path}/epcList`),
        quantityList: readQuantities(door, json['quantityList'], `${path}/quantityList`),
        persistentDisposition: optional(door, json, 'persistentDisposition', path, readPersistentDisposition),
        ilmd: optional(door, json, 'ilmd', path, readIlmd),
      }
    case 'AggregationEvent':
    case 'AssociationEvent':
      return {
        type,
        ...base,
        action,
        parentID: readParent(door, json['parentID'], path),
        childEPCs: readEpcs(door, json['childEPCs'], `${path}/childEPCs`),
        childQuantityList: readQuantities(door, json['childQuantityList'], `${path}/childQuantityList`),
      }
    case 'TransactionEvent':
      return {
        type,
        ...base,
        action,
        parentID: readParent(door, json['parentID'], path),
        epcList: readEpcs(door, json['epcList'], `${path}/epcList`),
        quantityList: readQuantities(door, json['quantityList'], `${path}/quantityList`),
      }
  }
}

function readTransformation(door: Door, base: EventBase, json: Fields, path: string): EpcisEvent {
  return {
    type: 'TransformationEvent',
    ...base,
    transformationID: optional(door, json, 'transformationID', path, readUri),
    inputEPCList: readEpcs(door, json['inputEPCList'], `${path}/inputEPCList`),
    inputQuantityList: readQuantities(door, json['inputQuantityList'], `${path}/inputQuantityList`),
    outputEPCList: readEpcs(door, json['outputEPCList'], `${path}/outputEPCList`),
    outputQuantityList: readQuantities(door, json['outputQuantityList'], `${path}/outputQuantityList`),
    persistentDisposition: optional(door, json, 'persistentDisposition', path, readPersistentDisposition),
    ilmd: optional(door, json, 'ilmd', path, readIlmd),
  }
}

function readAction(door: Door, value: unknown, path: string): Action | undefined {
  if (value === 'ADD' || value === 'OBSERVE' || value === 'DELETE') return value
  return note(door, path, 'field_invalid', 'action is ADD, OBSERVE or DELETE, in capitals.', value)
}

const readParent = (door: Door, value: unknown, path: string): Epc | undefined =>
  value === undefined ? undefined : readEpc(door, value, `${path}/parentID`)

const NOTHING: ReadonlySet<string> = new Set()

function readIlmd(door: Door, value: unknown, path: string): JsonObject | undefined {
  if (!isObject(value)) return note(door, path, 'field_invalid', 'Send ilmd as an object of your own fields.')
  return readExtensions(door, value, path, NOTHING)
}
