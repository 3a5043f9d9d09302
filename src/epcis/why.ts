// The "where" and "why" of an event, and its error declaration (EPCIS 2.0, sections 7.3.4 to 7.3.7 and 7.4.1.2).

import { isUri, note, readExtensions, readItems, readObject, readTerm, readTime, readUri } from './door.ts'
import type { Door } from './door.ts'
import type {
  BizTransaction,
  Destination,
  ErrorDeclaration,
  EventId,
  PersistentDisposition,
  Place,
  Source,
  Uri,
} from './event.ts'
import {
  bizTransactionVocabulary,
  dispositionVocabulary,
  errorReasonVocabulary,
  partyVocabulary,
} from './vocabulary.ts'
import { canonicalUri, readKeyUri } from './what.ts'

const EVENT_ID =
  /^(?:urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|ni:\/\/\/[a-z0-9-]{1,20};[\w-]{20,128}(?:\?ver=CBV\d\.\d)?)$/i

const PLACE_FIELDS = new Set(['id'])
const DECLARATION_FIELDS = new Set(['declarationTime', 'reason', 'correctiveEventIDs'])

/** Whether `text` may name an event: EPCIS 2.0 knows UUIDs and event hashes alone. */
export const isEventId = (text: string): text is EventId => isUri(text) && EVENT_ID.test(text)

export function readEventId(door: Door, value: unknown, path: string): EventId | undefined {
  const uri = readUri(door, value, path)
  if (uri === undefined) return undefined
  // A UUID is the same in either case (RFC 9562, section 4); one spelling is kept.
  const id = uri.slice(0, 9).toLowerCase() === 'urn:uuid:' ? uri.toLowerCase() : uri
  if (isEventId(id)) return id
  return note(door, path, 'event_rule', 'An eventID is urn:uuid:… or an event hash ni:///sha-256;…?ver=CBV2.0.', uri)
}

export function readPlace(door: Door, value: unknown, path: string): Place | undefined {
  const place = readObject(door, value, path)
  if (!place) return undefined
  const id = readKeyUri(door, readUri(door, place['id'], `${path}/id`), `${path}/id`)
  const extensions = readExtensions(door, place, path, PLACE_FIELDS)
  return id === undefined ? undefined : { id, extensions }
}

function onlyFields(door: Door, object: Readonly<Record<string, unknown>>, path: string, ...fields: string[]): void {
  for (const key in object) {
    if (!fields.includes(key)) note(door, `${path}/${key}`, 'field_invalid', `Send ${fields.join(' and ')} alone here.`)
  }
}

export const readBizTransactions = (door: Door, value: unknown, path: string): BizTransaction[] =>
  readItems(door, value, path, (door, item, path): BizTransaction | undefined => {
    const element = readObject(door, item, path)
    if (!element) return undefined
    onlyFields(door, element, path, 'type', 'bizTransaction')
    const { type: given } = element
    const type = given === undefined ? undefined : readTerm(door, bizTransactionVocabulary, given, `${path}/type`)
    const bizTransaction = readUri(door, element['bizTransaction'], `${path}/bizTransaction`)
    return bizTransaction === undefined ? undefined : { type, bizTransaction: canonicalUri(bizTransaction) }
  })

export const readSources = (door: Door, value: unknown, path: string): Source[] =>
  readItems(door, value, path, (door, item, path): Source | undefined => {
    const party = readParty(door, item, path, 'source')
    return party && { type: party.type, source: party.id }
  })

export const readDestinations = (door: Door, value: unknown, path: string): Destination[] =>
  readItems(door, value, path, (door, item, path): Destination | undefined => {
    const party = readParty(door, item, path, 'destination')
    return party && { type: party.type, destination: party.id }
  })

function readParty(
  door: Door,
  value: unknown,
  path: string,
  field: 'source' | 'destination',
): { type: Source['type']; id: Uri } | undefined {
  const element = readObject(door, value, path)
  if (!element) return undefined
  onlyFields(door, element, path, 'type', field)
  const type = readTerm(door, partyVocabulary, element['type'], `${path}/type`)
  const id = readKeyUri(door, readUri(door, element[field], `${path}/${field}`), `${path}/${field}`)
  return type === undefined || id === undefined ? undefined : { type, id }
}

export function readPersistentDisposition(door: Door, value: unknown, path: string): PersistentDisposition | undefined {
  const object = readObject(door, value, path)
  if (!object) return undefined
  onlyFields(door, object, path, 'set', 'unset')
  const read = (door: Door, item: unknown, path: string) => readTerm(door, dispositionVocabulary, item, path)
  const set = readItems(door, object['set'], `${path}/set`, read)
  const unset = readItems(door, object['unset'], `${path}/unset`, read)
  if (object['set'] === undefined && object['unset'] === undefined) {
    return note(door, path, 'event_rule', 'A persistent disposition is set or unset: name at least one of the two.')
  }
  return { set, unset }
}

export function readErrorDeclaration(door: Door, value: unknown, path: string): ErrorDeclaration | undefined {
  const object = readObject(door, value, path)
  if (!object) return undefined
  const { reason } = object
  const declaration = {
    declarationTime: readTime(door, object['declarationTime'], `${path}/declarationTime`),
    reason: reason === undefined ? undefined : readTerm(door, errorReasonVocabulary, reason, `${path}/reason`),
    correctiveEventIDs: readItems(door, object['correctiveEventIDs'], `${path}/correctiveEventIDs`, readEventId),
    extensions: readExtensions(door, object, path, DECLARATION_FIELDS),
  }
  const { declarationTime } = declaration
  return declarationTime && { ...declaration, declarationTime }
}
