// Building events from the short forms (scans, receipts), and writing them for answers.

import type { Reading } from '../gs1/read.ts'
import { canonicalEvent } from './canonical.ts'
import { NO_CONTEXT } from './context.ts'
import { isObject } from './door.ts'
import type {
  AggregationEvent,
  Epc,
  EpcisEvent,
  EventBase,
  JsonObject,
  Moment,
  ObjectEvent,
  Offset,
  TransactionEvent,
  TransformationEvent,
} from './event.ts'
import { isOffset } from './moment.ts'
import { linkOf } from './what.ts'

/** Everything of an event but what its constructor asks for; what is left out is absent or empty. */
type Parts<E extends EpcisEvent, Required extends keyof E = never> = Pick<E, Required> &
  Partial<Omit<E, 'type' | 'eventTime' | 'eventTimeZoneOffset' | Required>> & {
    eventTime: Moment
    /** `+00:00` if absent. */
    eventTimeZoneOffset?: Offset
  }

const UTC = offset('+00:00')

/** The offset of that text. Throws on anything else: for constants and for what a reader has let in. */
export function offset(text: string): Offset {
  if (!isOffset(text)) throw new Error(`Not an offset between -14:00 and +14:00: ${text}`)
  return text
}

/** A code that was read elsewhere, as it stands in the lists of an event. */
export const epcOf = (text: string, reading: Reading, path: string): Epc => ({
  text,
  reading,
  link: linkOf(reading),
  path,
})

const baseOf = (parts: Partial<EventBase> & Pick<EventBase, 'eventTime'>): EventBase => ({
  context: parts.context ?? NO_CONTEXT,
  eventID: parts.eventID,
  eventTime: parts.eventTime,
  eventTimeZoneOffset: parts.eventTimeZoneOffset ?? UTC,
  certificationInfo: parts.certificationInfo ?? [],
  errorDeclaration: parts.errorDeclaration,
  bizStep: parts.bizStep,
  disposition: parts.disposition,
  readPoint: parts.readPoint,
  bizLocation: parts.bizLocation,
  bizTransactionList: parts.bizTransactionList ?? [],
  sourceList: parts.sourceList ?? [],
  destinationList: parts.destinationList ?? [],
  sensorElementList: parts.sensorElementList ?? [],
  extensions: parts.extensions ?? {},
})

/** Field by field: it is made for every scan, and copying what `baseOf` made and adding to it costs ten times as much. */
export const objectEvent = (parts: Parts<ObjectEvent, 'action'>): ObjectEvent => ({
  context: parts.context ?? NO_CONTEXT,
  eventID: parts.eventID,
  eventTime: parts.eventTime,
  eventTimeZoneOffset: parts.eventTimeZoneOffset ?? UTC,
  certificationInfo: parts.certificationInfo ?? [],
  errorDeclaration: parts.errorDeclaration,
  bizStep: parts.bizStep,
  disposition: parts.disposition,
  readPoint: parts.readPoint,
  bizLocation: parts.bizLocation,
  bizTransactionList: parts.bizTransactionList ?? [],
  sourceList: parts.sourceList ?? [],
  destinationList: parts.destinationList ?? [],
  sensorElementList: parts.sensorElementList ?? [],
  extensions: parts.extensions ?? {},
  type: 'ObjectEvent',
  action: parts.action,
  epcList: parts.epcList ?? [],
  quantityList: parts.quantityList ?? [],
  persistentDisposition: parts.persistentDisposition,
  ilmd: parts.ilmd,
})

export const aggregationEvent = (parts: Parts<AggregationEvent, 'action'>): AggregationEvent => ({
  ...baseOf(parts),
  type: 'AggregationEvent',
  action: parts.action,
  parentID: parts.parentID,
  childEPCs: parts.childEPCs ?? [],
  childQuantityList: parts.childQuantityList ?? [],
})

export const transactionEvent = (
  parts: Parts<TransactionEvent, 'action' | 'bizTransactionList'>,
): TransactionEvent => ({
  ...baseOf(parts),
  type: 'TransactionEvent',
  action: parts.action,
  parentID: parts.parentID,
  epcList: parts.epcList ?? [],
  quantityList: parts.quantityList ?? [],
})

export const transformationEvent = (parts: Parts<TransformationEvent>): TransformationEvent => ({
  ...baseOf(parts),
  type: 'TransformationEvent',
  transformationID: parts.transformationID,
  inputEPCList: parts.inputEPCList ?? [],
  inputQuantityList: parts.inputQuantityList ?? [],
  outputEPCList: parts.outputEPCList ?? [],
  outputQuantityList: parts.outputQuantityList ?? [],
  persistentDisposition: parts.persistentDisposition,
  ilmd: parts.ilmd,
})

/**
 * The event for an answer: EPCIS JSON-LD that the standard's schema accepts, in the form in which it is recorded (codes as
 * Digital Links, bare words of CBV, `@context` with the prefixes in use).
 */
export function toJsonLd(event: EpcisEvent, extra: { eventID?: string; recordTime?: Date } = {}): JsonObject {
  const json: unknown = JSON.parse(canonicalEvent(event, extra).text)
  if (!isJsonObject(json)) throw new Error('The canonical form of an event is always an object.')
  return json
}

// What JSON.parse made of our own text is JSON.
const isJsonObject = (value: unknown): value is JsonObject => isObject(value)
