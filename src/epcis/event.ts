import type { Reading } from '../gs1/read.ts'
import type { BizStep, BizTransactionType, Disposition, ErrorReason, PartyType } from './vocabulary.ts'

declare const brand: unique symbol

/** An absolute URI or a CURIE with a declared prefix; made by the readers of this folder alone. */
export type Uri = string & { readonly [brand]: 'Uri' }
/** `urn:uuid:…` or `ni:///…?ver=CBV2.0` (EPCIS 2.0, section 7.4.1). */
export type EventId = Uri & { readonly [brand]: 'EventId' }
/** A number without exponent, superfluous zeros or sign of plus: `-12.5`. Never a floating-point number (D12). */
export type Decimal = string & { readonly [brand]: 'Decimal' }
/** `+06:00`, between -14:00 and +14:00. */
export type Offset = string & { readonly [brand]: 'Offset' }

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }
export type JsonObject = { [key: string]: JsonValue }

/** A point in time to the millisecond, and the text it came as (which may know more digits). */
export type Moment = { readonly at: Date; readonly text: string }

/**
 * One code of a list: as it was given, what it names, its canonical URI (a Digital Link without attributes and without
 * the verification tail), and where it stood (a JSON Pointer into the body).
 */
export type Epc = { readonly text: string; readonly reading: Reading; readonly link: string; readonly path: string }

/** Goods that are counted or measured, not named piece by piece. `quantity` absent means: not known how much. */
export type Quantity = {
  /** The canonical URI of the class: GTIN, GTIN with lot, or a custom one. */
  readonly epcClass: string
  readonly quantity: Decimal | undefined
  /** UN/ECE Recommendation 20; absent means pieces. */
  readonly uom: string | undefined
  readonly path: string
}

/** A place where things happen: canonical URI, and what the sender added to it. */
export type Place = { readonly id: Uri; readonly extensions: JsonObject }

export type BizTransaction = { readonly type: BizTransactionType | Uri | undefined; readonly bizTransaction: Uri }
export type Source = { readonly type: PartyType | Uri; readonly source: Uri }
export type Destination = { readonly type: PartyType | Uri; readonly destination: Uri }

export type PersistentDisposition = {
  readonly set: readonly (Disposition | Uri)[]
  readonly unset: readonly (Disposition | Uri)[]
}

export type ErrorDeclaration = {
  readonly declarationTime: Moment
  readonly reason: ErrorReason | Uri | undefined
  readonly correctiveEventIDs: readonly EventId[]
  readonly extensions: JsonObject
}

/** What a sensor said: checked, vocabulary reduced to bare words, otherwise as it was given. */
export type SensorElement = {
  readonly sensorMetadata: JsonObject | undefined
  readonly sensorReport: readonly JsonObject[]
  readonly extensions: JsonObject
}

/** What the sender's `@context` says beyond the standard: prefixes, and contexts that we do not resolve. */
export type EventContext = { readonly prefixes: ReadonlyMap<string, string>; readonly remote: readonly string[] }

export type Action = 'ADD' | 'OBSERVE' | 'DELETE'

/** When, why, where and how: what all five event types have. A list that was not given is empty. */
export type EventBase = {
  readonly context: EventContext
  readonly eventID: EventId | undefined
  readonly eventTime: Moment
  readonly eventTimeZoneOffset: Offset
  readonly certificationInfo: readonly Uri[]
  readonly errorDeclaration: ErrorDeclaration | undefined
  readonly bizStep: BizStep | Uri | undefined
  readonly disposition: Disposition | Uri | undefined
  readonly readPoint: Place | undefined
  readonly bizLocation: Place | undefined
  readonly bizTransactionList: readonly BizTransaction[]
  readonly sourceList: readonly Source[]
  readonly destinationList: readonly Destination[]
  readonly sensorElementList: readonly SensorElement[]
  /** Fields of other vocabularies, by CURIE or URI, verbatim. */
  readonly extensions: JsonObject
}

export type ObjectEvent = EventBase & {
  readonly type: 'ObjectEvent'
  readonly action: Action
  readonly epcList: readonly Epc[]
  readonly quantityList: readonly Quantity[]
  readonly persistentDisposition: PersistentDisposition | undefined
  readonly ilmd: JsonObject | undefined
}

type Containment = EventBase & {
  readonly action: Action
  readonly parentID: Epc | undefined
  readonly childEPCs: readonly Epc[]
  readonly childQuantityList: readonly Quantity[]
}
export type AggregationEvent = Containment & { readonly type: 'AggregationEvent' }
export type AssociationEvent = Containment & { readonly type: 'AssociationEvent' }

export type TransactionEvent = EventBase & {
  readonly type: 'TransactionEvent'
  readonly action: Action
  readonly parentID: Epc | undefined
  readonly epcList: readonly Epc[]
  readonly quantityList: readonly Quantity[]
}

export type TransformationEvent = EventBase & {
  readonly type: 'TransformationEvent'
  readonly transformationID: Uri | undefined
  readonly inputEPCList: readonly Epc[]
  readonly inputQuantityList: readonly Quantity[]
  readonly outputEPCList: readonly Epc[]
  readonly outputQuantityList: readonly Quantity[]
  readonly persistentDisposition: PersistentDisposition | undefined
  readonly ilmd: JsonObject | undefined
}

/** An event after the door: every code read, every word known, every rule of the standard kept (EPCIS 2.0, section 7.4). */
export type EpcisEvent = ObjectEvent | AggregationEvent | AssociationEvent | TransactionEvent | TransformationEvent
export type EventType = EpcisEvent['type']

export const eventTypes = [
  'ObjectEvent',
  'AggregationEvent',
  'AssociationEvent',
  'TransactionEvent',
  'TransformationEvent',
] as const satisfies readonly EventType[]

export type EpcField = 'epcList' | 'childEPCs' | 'inputEPCList' | 'outputEPCList'
export type QuantityField = 'quantityList' | 'childQuantityList' | 'inputQuantityList' | 'outputQuantityList'

/** Every code that an event names, the parent first, in the order of the body. */
export function eventEpcs(event: EpcisEvent): readonly Epc[] {
  switch (event.type) {
    case 'ObjectEvent':
      return event.epcList
    case 'AggregationEvent':
    case 'AssociationEvent':
      return event.parentID ? [event.parentID, ...event.childEPCs] : event.childEPCs
    case 'TransactionEvent':
      return event.parentID ? [event.parentID, ...event.epcList] : event.epcList
    case 'TransformationEvent':
      return [...event.inputEPCList, ...event.outputEPCList]
  }
}

/** The lists of codes of an event by their field names, absent ones left out. */
export function epcLists(event: EpcisEvent): { field: EpcField; epcs: readonly Epc[] }[] {
  switch (event.type) {
    case 'ObjectEvent':
    case 'TransactionEvent':
      return [{ field: 'epcList', epcs: event.epcList }]
    case 'AggregationEvent':
    case 'AssociationEvent':
      return [{ field: 'childEPCs', epcs: event.childEPCs }]
    case 'TransformationEvent':
      return [
        { field: 'inputEPCList', epcs: event.inputEPCList },
        { field: 'outputEPCList', epcs: event.outputEPCList },
      ]
  }
}

export function quantityLists(event: EpcisEvent): { field: QuantityField; quantities: readonly Quantity[] }[] {
  switch (event.type) {
    case 'ObjectEvent':
    case 'TransactionEvent':
      return [{ field: 'quantityList', quantities: event.quantityList }]
    case 'AggregationEvent':
    case 'AssociationEvent':
      return [{ field: 'childQuantityList', quantities: event.childQuantityList }]
    case 'TransformationEvent':
      return [
        { field: 'inputQuantityList', quantities: event.inputQuantityList },
        { field: 'outputQuantityList', quantities: event.outputQuantityList },
      ]
  }
}
