import { randomUUID } from 'node:crypto'
import { NO_CONTEXT } from '../epcis/context.ts'
import type {
  AggregationEvent,
  Destination,
  Epc,
  EpcisEvent,
  EventId,
  JsonObject,
  Moment,
  Offset,
  Place,
  Uri,
} from '../epcis/event.ts'
import { outsiderUri, participantUri, placeUri } from '../epcis/parties.ts'
import { isUri } from '../epcis/door.ts'
import { isEventId } from '../epcis/why.ts'
import { aggregationEvent, epcOf, objectEvent, offset } from '../epcis/write.ts'
import { readCode } from '../gs1/read.ts'
import { fieldProblem, Problem, type ProblemItem, problemItemsMax } from '../http/problem.ts'
import { type Actor, actingFor, type ParticipantRef } from '../participants/actor.ts'
import type { Directory, PlaceRef } from '../participants/directory.ts'
import { type Reading, readTime } from './device-clock.ts'
import { type Reasons, reasonOf } from './reasons.ts'
import type { Scan } from './schema.ts'

/** A destination that is only who carries; an EPCIS destination's type may be any URI. */
export const carrierType = 'urn:tamga:party:carrier'

export type ScanContext = {
  actor: Actor
  directory: Directory
  /** The links of everything that is under way to an addressee under a document. */
  underWayUnder: (document: string, addressee: number) => Promise<string[]>
  reasons: Reasons
  now: Date
  clockAheadMaxMs: number
  path?: string
}

/**
 * The EPCIS event that a scan stands for, by the device's own word, and what its clock is worth. Aggregation where a parent is named, otherwise an ObjectEvent whose action follows from
 * the step.
 * @throws Problem with the place of everything that cannot be read
 */
export async function eventOfScan(scan: Scan, context: ScanContext): Promise<{ said: EpcisEvent; reading: Reading }> {
  const at = (field: string) => `${context.path ?? ''}/${field}`
  const codes = readCodes(scan.codes, at('codes'))
  const all = await byDocument(scan, codes, context, at)
  const reading = readTime(scan.time, scan.sentAt, context, at)
  // By its own word first: sent again it must be the same event, and its clock may have been set since.
  const time = reading.deviceTime ?? reading.time
  const place = await readPlace(scan, context, at)
  const common = {
    context: NO_CONTEXT,
    eventID: readId(scan, at),
    eventTime: time,
    eventTimeZoneOffset: offsetOf(time),
    bizStep: scan.step,
    disposition: scan.disposition,
    readPoint: place,
    destinationList: await readDestinations(scan, context, at),
    bizTransactionList: readDocument(scan, actingFor(context.actor)),
  }
  if (scan.step === 'packing' || scan.step === 'unpacking' || scan.parent !== undefined) {
    if (scan.reason !== undefined) throw fieldProblem(at('reason'), 'Packing and unpacking need no reason.')
    return { said: containment(scan, codes, common, at), reading }
  }
  if (all.length === 0) throw fieldProblem(at('codes'), 'Name at least one code.')
  const action =
    scan.step === 'commissioning' || scan.step === 'encoding'
      ? ('ADD' as const)
      : scan.step === 'decommissioning' || scan.step === 'destroying'
        ? ('DELETE' as const)
        : ('OBSERVE' as const)
  const disposition = scan.disposition ?? (scan.step === 'encoding' ? ('encoded' as const) : undefined)
  const ilmd = ilmdOf(scan)
  if (ilmd && action !== 'ADD') throw fieldProblem(at('lot'), 'Lot and dates belong to commissioning.')
  const reason = await reasonOf(scan, context.reasons, actingFor(context.actor).country, at)
  const extended = reason === undefined ? (ilmd ? ilmdContext : NO_CONTEXT) : tamgaContext
  const extensions = reason === undefined ? {} : { 'tamga:reason': reason }
  const { eventID, eventTime, eventTimeZoneOffset, bizStep, readPoint, destinationList, bizTransactionList } = common
  const said = objectEvent({
    context: extended,
    eventID,
    eventTime,
    eventTimeZoneOffset,
    bizStep,
    disposition,
    readPoint,
    destinationList,
    bizTransactionList,
    action,
    epcList: all,
    ilmd,
    extensions,
  })
  return { said, reading }
}

/** Receiving with a document and no codes: everything that is under way to me under it, but what is missing (`except`). */
async function byDocument(
  scan: Scan,
  codes: readonly Epc[],
  context: ScanContext,
  at: (field: string) => string,
): Promise<readonly Epc[]> {
  const { document, except = [] } = scan
  if (scan.step !== 'receiving' || document === undefined || codes.length > 0) {
    if (except.length === 0) return codes
    throw fieldProblem(
      at('except'),
      'What is missing is named where a document is received: step receiving, a document, no codes.',
    )
  }
  const links = await context.underWayUnder(document, actingFor(context.actor).no)
  const missing = missingOf(scan, at)
  const announced = new Set(links)
  const stranger = missing.find((epc) => !announced.has(epc.link))
  if (stranger) throw fieldProblem(stranger.path, 'This is not under way to you under this document.', 'not_addressed')
  const absent = new Set(missing.map((epc) => epc.link))
  return readCodes(
    links.filter((link) => !absent.has(link)),
    at('document'),
    () => at('document'),
  )
}

/** What a receiving scan names as missing. */
export const missingOf = (scan: Scan, at: (field: string) => string): Epc[] =>
  readCodes(scan.except ?? [], at('except'))

/** The prefix of CBV master data, declared in events that use it. */
const ilmdContext = { prefixes: new Map([['cbvmda', 'urn:epcglobal:cbv:mda:']]), remote: [] }

const tamgaContext = { prefixes: new Map([['tamga', 'urn:tamga:vocabulary:']]), remote: [] }

function ilmdOf({ lot, productionDate, expiryDate }: Scan): JsonObject | undefined {
  const ilmd: JsonObject = {
    ...(lot === undefined ? {} : { 'cbvmda:lotNumber': lot }),
    ...(productionDate === undefined ? {} : { 'cbvmda:productionDate': productionDate }),
    ...(expiryDate === undefined ? {} : { 'cbvmda:itemExpirationDate': expiryDate }),
  }
  return Object.keys(ilmd).length > 0 ? ilmd : undefined
}

function containment(
  scan: Scan,
  codes: readonly Epc[],
  common: Omit<
    AggregationEvent,
    | 'type'
    | 'action'
    | 'certificationInfo'
    | 'errorDeclaration'
    | 'bizLocation'
    | 'sourceList'
    | 'sensorElementList'
    | 'extensions'
    | 'parentID'
    | 'childEPCs'
    | 'childQuantityList'
  >,
  at: (field: string) => string,
): EpcisEvent {
  if (scan.parent === undefined) throw fieldProblem(at('parent'), 'Name the container (parent).')
  const [parentID] = readCodes([scan.parent], at('parent'), () => at('parent'))
  if (scan.step !== 'unpacking' && codes.length === 0) throw fieldProblem(at('codes'), 'Name at least one code.')
  if (codes.some((epc) => epc.link === parentID?.link)) {
    throw fieldProblem(at('parent'), 'The container is among what is to be packed in it.', 'event_rule')
  }
  return aggregationEvent({
    ...common,
    action: scan.step === 'unpacking' ? 'DELETE' : 'ADD',
    parentID,
    childEPCs: codes,
  })
}

/** Codes in any form, each once. */
export function readCodes(texts: readonly string[], path: string, pathOf = (i: number) => `${path}/${i}`): Epc[] {
  const errors: ProblemItem[] = []
  const epcs: Epc[] = []
  const seen = new Set<string>()
  texts.forEach((text, i) => {
    const { reading, fault } = readCode(text)
    if (!reading) {
      const { code, detail, hint } = fault
      errors.push({ path: pathOf(i), code, detail, value: text, ...(hint ? { hint } : {}) })
      return
    }
    const epc = epcOf(text, reading, pathOf(i))
    if (reading.kind === 'key') {
      const detail = 'This names a kind of goods, a place or an asset, not one unit. Scan the unit itself.'
      errors.push({ path: epc.path, code: 'code_malformed', detail, value: text })
    } else if (seen.has(epc.link)) {
      errors.push({
        path: epc.path,
        code: 'event_rule',
        detail: 'This code is in the list twice. Send it once.',
        value: text,
      })
    }
    seen.add(epc.link)
    epcs.push(epc)
  })
  const first = errors[0]
  if (first) {
    throw new Problem(first.code, {
      detail: first.detail,
      errors: errors.slice(0, problemItemsMax),
      errorCount: errors.length,
    })
  }
  return epcs
}

/** `time`, or now. @throws Problem time_in_future beyond what a clock may be wrong (D11) */
export const readEventTime = (
  text: string | undefined,
  clock: Pick<ScanContext, 'now' | 'clockAheadMaxMs'>,
  path: string,
): Moment => readTime(text, undefined, clock, () => path).time

/** The zone that the time was written in; UTC where it was ours. */
export function offsetOf(time: Moment): Offset {
  const zone = /[+-]\d\d:\d\d$/.exec(time.text)?.[0]
  return offset(zone ?? '+00:00')
}

/** A scan without id and time is a new event on every try; with a time its content identifies it (D8). */
function readId(scan: Scan, at: (field: string) => string): EventId | undefined {
  const given = scan.eventID ?? (scan.time === undefined ? `urn:uuid:${randomUUID()}` : undefined)
  // A UUID is the same in either case (RFC 9562, section 4); one spelling is kept.
  const id = given?.startsWith('urn:uuid:') === true ? given.toLowerCase() : given
  if (id === undefined || isEventId(id)) return id
  throw fieldProblem(at('eventID'), 'Send urn:uuid:… or ni:///….')
}

async function readPlace(scan: Scan, context: ScanContext, at: (field: string) => string): Promise<Place | undefined> {
  if (scan.place === undefined) {
    const own = context.actor.place && (await context.directory.placeByNo(context.actor.place.no))
    return own && { id: placeUri(own), extensions: {} }
  }
  const found = await findPlace(scan.place, context)
  if (!found) throw fieldProblem(at('place'), 'There is no such place. Register it with POST /places.')
  return { id: placeUri(found), extensions: {} }
}

/** A place of one's own, or of anyone by its GLN: goods are handed over in other people's yards. */
async function findPlace(text: string, { actor, directory }: ScanContext): Promise<PlaceRef | undefined> {
  if (/^\d{13}$/.test(text)) return directory.placeByGln(text)
  const place = await directory.placeById(text)
  return place && [actor.participant.no, actor.principal?.no].includes(place.participantNo) ? place : undefined
}

async function readDestinations(
  scan: Scan,
  { directory }: ScanContext,
  at: (field: string) => string,
): Promise<Destination[]> {
  const destinations: Destination[] = []
  if (scan.to !== undefined) {
    const registered = typeof scan.to === 'string' ? await directory.byId(scan.to) : undefined
    if (typeof scan.to === 'string' && !registered) {
      throw fieldProblem(at('to'), 'There is no such participant. Name who is not registered as {name, country}.')
    }
    const destination =
      typeof scan.to === 'string' ? participantUri(registered ?? { id: scan.to }) : outsiderUri(scan.to)
    const ownership = (scan.transfer ?? defaultTransfer(registered)) === 'ownership'
    destinations.push({ type: ownership ? 'owning_party' : 'possessing_party', destination })
  }
  if (scan.carrier !== undefined) {
    const carrier = await directory.byId(scan.carrier)
    if (!carrier) throw fieldProblem(at('carrier'), 'There is no such participant.')
    const passes = destinations[0]?.type === 'owning_party'
    // The buyer who fetches it himself: owning and possessing party alike would only say that it goes to him for good.
    const fetches = scan.carrier === scan.to
    destinations.push({
      type: passes && !fetches ? 'possessing_party' : (carrierType as Uri),
      destination: participantUri(carrier),
    })
  }
  return destinations
}

/** Goods for who is only carrier or warehouse are handed over, not sold. */
const defaultTransfer = (to: ParticipantRef | undefined): 'ownership' | 'possession' =>
  to && to.roles.every((role) => role === 'carrier' || role === 'warehouse') ? 'possession' : 'ownership'

/** A document number means something only to who wrote it, so his id is part of its URI. */
function readDocument(scan: Scan, principal: ParticipantRef) {
  if (scan.document === undefined) return []
  const uri = isUri(scan.document)
    ? scan.document
    : (`urn:tamga:document:${principal.id}:${encodeURIComponent(scan.document)}` as Uri)
  return [{ type: 'desadv' as const, bizTransaction: uri }]
}
