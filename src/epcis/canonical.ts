import { hash } from 'node:crypto'
import { EPCIS_CONTEXT } from './context.ts'
import { epcLists, quantityLists } from './event.ts'
import type { Epc, EpcField, EpcisEvent, JsonObject, JsonValue, Place, Quantity, SensorElement } from './event.ts'
import { isoText } from './moment.ts'

/** A list of codes that was taken out of the event, to be stored beside it: one canonical URI a line. */
export type CodeList = { field: EpcField; count: number; digest: string; text: string }

export type CanonicalOptions = {
  /** The id that the event got, where it brought none. */
  eventID?: string | undefined
  recordTime?: Date | undefined
  /** Lists with more codes than this are replaced by `{"count":…,"sha256":…}`; none if absent (design D6). */
  listMax?: number
}

export type Canonical = { text: string; lists: CodeList[] }

/**
 * The one JSON form in which an event is recorded: the same content gives the same bytes. Fields in a fixed order, codes
 * as Digital Links in code order, words of CBV bare, times in UTC with milliseconds (the local offset is a field of its
 * own), numbers without superfluous zeros, the prefixes in use declared. The verification tails are not in it.
 */
export function canonicalEvent(event: EpcisEvent, options: CanonicalOptions = {}): Canonical {
  const lists: CodeList[] = []
  const max = options.listMax ?? Infinity
  const text = canonicalText(event, options, (field, links) => {
    if (links.length <= max) return stringList(links)
    const list = codeList(field, links)
    lists.push(list)
    return `{"count":${list.count},"sha256":"${list.digest}"}`
  })
  return { text, lists }
}

/**
 * SHA-256 in hex over what an event says, without its id and time of recording: two events with the same id and the same
 * digest are one (design D8).
 */
export const contentDigest = (event: EpcisEvent): string =>
  hash(
    'sha256',
    canonicalText(event, 'content', (_, links) => stringList(links)),
  )

function codeList(field: EpcField, links: readonly string[]): CodeList {
  const text = `${links.join('\n')}\n`
  return { field, count: links.length, digest: hash('sha256', text), text }
}

type WriteList = (field: EpcField, links: readonly string[]) => string

function canonicalText(event: EpcisEvent, frame: CanonicalOptions | 'content', writeList: WriteList): string {
  const content = frame === 'content'
  let text = `{"@context":${contextText(event)},"type":"${event.type}"`
  const id = content ? undefined : (event.eventID ?? frame.eventID)
  if (id !== undefined) text += `,"eventID":${quote(id)}`
  text += `,"eventTime":"${isoText(event.eventTime.at)}","eventTimeZoneOffset":"${event.eventTimeZoneOffset}"`
  if (!content && frame.recordTime) text += `,"recordTime":"${frame.recordTime.toISOString()}"`
  text += whatText(event, writeList) + whyText(event)
  return `${text}${membersText(event.extensions)}}`
}

function whatText(event: EpcisEvent, writeList: WriteList): string {
  let text = ''
  if (event.type === 'TransformationEvent') {
    if (event.transformationID !== undefined) text += `,"transformationID":${quote(event.transformationID)}`
  } else {
    text += `,"action":"${event.action}"`
    if (event.type !== 'ObjectEvent' && event.parentID) text += `,"parentID":${quote(event.parentID.link)}`
  }
  for (const { field, epcs } of epcLists(event)) {
    if (epcs.length > 0) text += `,"${field}":${writeList(field, sortedLinks(epcs))}`
  }
  for (const { field, quantities } of quantityLists(event)) {
    if (quantities.length > 0) text += `,"${field}":[${quantities.map(quantityText).sort().join(',')}]`
  }
  return text
}

function whyText(event: EpcisEvent): string {
  let text = ''
  if (event.bizStep !== undefined) text += `,"bizStep":${quote(event.bizStep)}`
  if (event.disposition !== undefined) text += `,"disposition":${quote(event.disposition)}`
  if (event.type === 'ObjectEvent' || event.type === 'TransformationEvent') {
    if (event.persistentDisposition) text += `,"persistentDisposition":${dispositionText(event.persistentDisposition)}`
  }
  if (event.readPoint) text += `,"readPoint":${placeText(event.readPoint)}`
  if (event.bizLocation) text += `,"bizLocation":${placeText(event.bizLocation)}`
  text += listText('bizTransactionList', event.bizTransactionList, ({ type, bizTransaction }) =>
    type === undefined
      ? `{"bizTransaction":${quote(bizTransaction)}}`
      : `{"type":${quote(type)},"bizTransaction":${quote(bizTransaction)}}`,
  )
  text += listText(
    'sourceList',
    event.sourceList,
    ({ type, source }) => `{"type":${quote(type)},"source":${quote(source)}}`,
  )
  text += listText(
    'destinationList',
    event.destinationList,
    ({ type, destination }) => `{"type":${quote(type)},"destination":${quote(destination)}}`,
  )
  text += listText('sensorElementList', event.sensorElementList, sensorText)
  if ((event.type === 'ObjectEvent' || event.type === 'TransformationEvent') && event.ilmd) {
    text += `,"ilmd":${jsonText(event.ilmd)}`
  }
  text += listText('certificationInfo', event.certificationInfo, quote)
  if (event.errorDeclaration) text += `,"errorDeclaration":${declarationText(event.errorDeclaration)}`
  return text
}

const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/** JSON.stringify of a text, without its cost for the plain ones. */
const quote = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text))

const stringList = (texts: readonly string[]): string => `[${texts.map(quote).join(',')}]`

/** The standard's lists are sets: their order says nothing, so the canonical form sorts them. */
function listText<T>(name: string, items: readonly T[], write: (item: T) => string): string {
  return items.length === 0 ? '' : `,"${name}":[${items.map(write).sort().join(',')}]`
}

const sortedLinks = (epcs: readonly Epc[]): string[] => inCanonicalOrder(epcs).map((epc) => epc.link)

export const byLink = (a: Epc, b: Epc): number => (a.link < b.link ? -1 : a.link > b.link ? 1 : 0)

const ordered = new WeakMap<readonly Epc[], readonly Epc[]>()

/**
 * The codes in the order in which the canonical form has them. Whoever judges them one after the other does it in this order, so that
 * a replay of what is recorded comes to the same: the first that goes into a pallet says whose it is. Of one list it is found once.
 */
export function inCanonicalOrder(epcs: readonly Epc[]): readonly Epc[] {
  if (epcs.every((epc, i) => i === 0 || byLink(epcs[i - 1] ?? epc, epc) <= 0)) return epcs
  const known = ordered.get(epcs)
  if (known) return known
  const found = [...epcs].sort(byLink)
  ordered.set(epcs, found)
  return found
}

function quantityText({ epcClass, quantity, uom }: Quantity): string {
  let text = `{"epcClass":${quote(epcClass)}`
  if (quantity !== undefined) text += `,"quantity":${quantity}`
  if (uom !== undefined) text += `,"uom":"${uom}"`
  return `${text}}`
}

const placeText = ({ id, extensions }: Place): string => `{"id":${quote(id)}${membersText(extensions)}}`

function dispositionText({ set, unset }: { set: readonly string[]; unset: readonly string[] }): string {
  const parts = []
  if (set.length > 0) parts.push(`"set":${stringList([...set].sort())}`)
  if (unset.length > 0) parts.push(`"unset":${stringList([...unset].sort())}`)
  return `{${parts.join(',')}}`
}

function declarationText(declaration: NonNullable<EpcisEvent['errorDeclaration']>): string {
  let text = `{"declarationTime":"${declaration.declarationTime.at.toISOString()}"`
  if (declaration.reason !== undefined) text += `,"reason":${quote(declaration.reason)}`
  text += listText('correctiveEventIDs', declaration.correctiveEventIDs, quote)
  return `${text}${membersText(declaration.extensions)}}`
}

function sensorText({ sensorMetadata, sensorReport, extensions }: SensorElement): string {
  const reports = sensorReport.map(jsonText).sort().join(',')
  const metadata = sensorMetadata ? `"sensorMetadata":${jsonText(sensorMetadata)},` : ''
  return `{${metadata}"sensorReport":[${reports}]${membersText(extensions)}}`
}

/** JSON with the fields of every object in code order (as RFC 8785 has it), numbers as ECMAScript writes them. */
export function jsonText(value: JsonValue): string {
  if (typeof value === 'string') return quote(value)
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${membersText(value).slice(1)}}`
}

function membersText(object: JsonObject): string {
  let text = ''
  for (const key of Object.keys(object).sort()) {
    const value = object[key]
    if (value !== undefined) text += `,${quote(key)}:${jsonText(value)}`
  }
  return text
}

/** The standard's context, those we cannot resolve, and the declared prefixes that the event uses. */
function contextText(event: EpcisEvent): string {
  const { prefixes, remote } = event.context
  const used = [...prefixes].filter(([prefix]) => usesPrefix(event, `${prefix}:`)).sort()
  const parts = [EPCIS_CONTEXT, ...remote].map(quote)
  if (used.length > 0) parts.push(`{${used.map(([prefix, uri]) => `${quote(prefix)}:${quote(uri)}`).join(',')}}`)
  return `[${parts.join(',')}]`
}

/** Whether a field or a text of `value` begins with the prefix, at any depth. Codes have none and are not looked at. */
function usesPrefix(value: unknown, prefix: string): boolean {
  if (typeof value === 'string') return value.startsWith(prefix)
  if (Array.isArray(value)) return value.some((item) => usesPrefix(item, prefix))
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Map) return false
  for (const [key, item] of Object.entries(value)) {
    if (key === 'context' || codeFields.has(key)) continue
    if (key.startsWith(prefix) || usesPrefix(item, prefix)) return true
  }
  return false
}

const codeFields = new Set(['parentID', 'epcList', 'childEPCs', 'inputEPCList', 'outputEPCList'])

const notContent = new Set(['@context', 'eventID', 'recordTime'])

/**
 * The first field, in canonical order, in which two canonical forms differ beyond id and time of recording (`@context`
 * where only the meaning of a prefix differs); undefined where they say the same. A list that was taken out of one of
 * them is compared by its digest.
 */
export function differingField(a: string, b: string): string | undefined {
  const left = topLevel(a)
  const right = topLevel(b)
  const differs = (key: string) =>
    comparable(left.get(key), right.get(key)) !== comparable(right.get(key), left.get(key))
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    if (!notContent.has(key) && differs(key)) return key
  }
  return differs('@context') ? '@context' : undefined
}

function topLevel(text: string): Map<string, unknown> {
  const value: unknown = JSON.parse(text)
  return new Map(Object.entries(typeof value === 'object' && value !== null ? value : {}))
}

/** `value` as text; a list of codes as its digest where `other` is one that was taken out. */
function comparable(value: unknown, other: unknown): string | undefined {
  if (!Array.isArray(value) || Array.isArray(other) || other === undefined) return JSON.stringify(value)
  const links = value.filter((item) => typeof item === 'string')
  const { count, digest } = codeList('epcList', links)
  return JSON.stringify({ count, sha256: digest })
}
