import { createHash } from 'node:crypto'
import { inCanonicalOrder } from './canonical.ts'
import { decimal, standardPrefixes } from './door.ts'
import { epcLists, quantityLists } from './event.ts'
import type { Epc, EpcisEvent, EventContext, EventId, JsonObject, JsonValue, Place, SensorElement } from './event.ts'
import type { EpcField, QuantityField } from './event.ts'
import { metadataOrder, reportOrder } from './sensor.ts'
import {
  alertVocabulary,
  bizStepVocabulary,
  bizTransactionVocabulary,
  componentVocabulary,
  dispositionVocabulary,
  measurementVocabulary,
  partyVocabulary,
  webUri,
} from './vocabulary.ts'
import { canonicalText } from './what.ts'

/**
 * The id of an event that came without one: `ni:///sha-256;<64 hex>?ver=CBV2.0` (CBV 2.0, section 8.9, as the reference
 * implementation corrected it in 2026). It depends on content alone: not on the order of lists, the spelling of codes, the
 * zone in which the time is written, the names of prefixes, and not on eventID, recordTime, errorDeclaration or certificationInfo.
 */
export function eventHashId(event: EpcisEvent): EventId {
  const digest = createHash('sha256').update(preHash(event)).digest('hex')
  return `ni:///sha-256;${digest}?ver=CBV2.0` as EventId
}

/** The text that is hashed: `key=value` pairs without separators, in the order that the standard fixes. */
export function preHash(event: EpcisEvent): string {
  return whenAndWhat(event) + whereAndWhy(event) + sensors(event) + trailing(event)
}

function whenAndWhat(event: EpcisEvent): string {
  const codes: Partial<Record<EpcField, string>> = {}
  for (const { field, epcs } of epcLists(event)) codes[field] = codeList(field, epcs)
  const goods: Partial<Record<QuantityField, string>> = {}
  for (const { field, quantities } of quantityLists(event)) {
    goods[field] = sorted(field, quantities, ({ epcClass, quantity, uom }) => {
      const amount = quantity === undefined ? '' : `quantity=${quantity}`
      return `quantityElementepcClass=${hashLink(epcClass)}${amount}${uom === undefined ? '' : `uom=${uom}`}`
    })
  }
  const parent = 'parentID' in event && event.parentID ? `parentID=${codeText(event.parentID)}` : ''
  const time = `eventTime=${event.eventTime.at.toISOString()}eventTimeZoneOffset=${event.eventTimeZoneOffset}`
  return [
    `eventType=${event.type}${time}`,
    ...[codes.epcList, parent, codes.inputEPCList, codes.childEPCs],
    ...[goods.quantityList, goods.childQuantityList, goods.inputQuantityList],
    ...[codes.outputEPCList, goods.outputQuantityList],
    event.type === 'TransformationEvent' ? pair('transformationID', event.transformationID) : `action=${event.action}`,
  ].join('')
}

const pair = (key: string, value: string | undefined): string =>
  value === undefined ? '' : `${key}=${canonicalValue(value)}`

function codeList(field: string, epcs: readonly Epc[]): string {
  if (epcs.length === 0) return ''
  if (epcs.length === 1 && epcs[0]) return `${field}epc=${codeText(epcs[0])}`
  const texts = inCanonicalOrder(epcs).map(codeText)
  // All items begin alike, so the order of the values is the order of the items; nearly always it is that of the links.
  const inOrder = texts.every((text, i) => i === 0 || (texts[i - 1] ?? '') <= text)
  return `${field}epc=${(inOrder ? texts : texts.sort()).join('epc=')}`
}

const codeText = (epc: Epc): string => (epc.reading.kind === 'foreign' ? epc.text : hashLink(epc.link))

/** The hash writes ' ; = as they are, where our own links encode everything that RFC 3986 reserves. */
function hashLink(link: string): string {
  if (!link.includes('%')) return link
  return link.replaceAll('%27', "'").replaceAll('%3B', ';').replaceAll('%3D', '=')
}

function whereAndWhy(event: EpcisEvent): string {
  let text = ''
  if (event.bizStep !== undefined) text += `bizStep=${webUri(bizStepVocabulary, event.bizStep)}`
  if (event.disposition !== undefined) text += `disposition=${webUri(dispositionVocabulary, event.disposition)}`
  if ('persistentDisposition' in event && event.persistentDisposition) {
    const { set, unset } = event.persistentDisposition
    const write = (name: string, words: typeof set) =>
      sorted('', words, (word) => `${name}=${webUri(dispositionVocabulary, word)}`)
    text += `persistentDisposition${write('set', set)}${write('unset', unset)}`
  }
  if (event.readPoint) text += `readPointid=${canonicalValue(event.readPoint.id)}`
  if (event.bizLocation) text += `bizLocationid=${canonicalValue(event.bizLocation.id)}`
  text += sorted('bizTransactionList', event.bizTransactionList, ({ type, bizTransaction }) => {
    const kind = type === undefined ? '' : `type=${webUri(bizTransactionVocabulary, type)}`
    return `${kind}bizTransaction=${canonicalValue(bizTransaction)}`
  })
  text += sorted(
    'sourceList',
    event.sourceList,
    ({ type, source }) => `type=${webUri(partyVocabulary, type)}source=${canonicalValue(source)}`,
  )
  text += sorted(
    'destinationList',
    event.destinationList,
    ({ type, destination }) => `type=${webUri(partyVocabulary, type)}destination=${canonicalValue(destination)}`,
  )
  return text
}

/** `name` and the items in code point order; nothing at all for an empty list. */
function sorted<T>(name: string, items: readonly T[], write: (item: T) => string): string {
  if (items.length === 0) return ''
  if (items.length === 1 && items[0] !== undefined) return name + write(items[0])
  return name + items.map(write).sort(byCodePoint).join('')
}

/** Order by code point; comparing UTF-16 units would put U+1F4E6 before U+FF21. */
function byCodePoint(a: string, b: string): number {
  let i = 0
  while (i < a.length && i < b.length && a.charCodeAt(i) === b.charCodeAt(i)) i++
  if (i === a.length || i === b.length) return a.length - b.length
  const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)]
  const surrogates = (left >= 0xd800 && left <= 0xdfff ? 1 : 0) - (right >= 0xd800 && right <= 0xdfff ? 1 : 0)
  return surrogates === 0 ? left - right : surrogates
}

// CBV 2.0 has no word for the list of sensor elements itself; 2.1 will.
const sensors = (event: EpcisEvent): string =>
  sorted('', event.sensorElementList, ({ sensorMetadata, sensorReport }) => {
    const metadata = sensorMetadata ? sensorFields(event.context, sensorMetadata, metadataOrder) : ''
    const reports = sorted(
      '',
      sensorReport,
      (report) => `sensorReport${sensorFields(event.context, report, reportOrder)}`,
    )
    return `sensorElement${metadata === '' ? '' : `sensorMetadata${metadata}`}${reports}`
  })

const sensorVocabularies: Readonly<Record<string, (text: string) => string>> = {
  type: (text) => (measurementVocabulary.words.has(text) ? measurementVocabulary.base + text : text),
  exception: (text) => (alertVocabulary.words.has(text) ? alertVocabulary.base + text : text),
  component: (text) => (componentVocabulary.words.has(text) ? componentVocabulary.base + text : text),
}

function sensorFields(context: EventContext, fields: JsonObject, order: readonly string[]): string {
  let text = ''
  for (const name of order) {
    const value = fields[name]
    if (value === undefined) continue
    const word = sensorVocabularies[name]
    text += word && typeof value === 'string' ? `${name}=${word(value)}` : entry(context, name, value)
  }
  return text
}

/** What stands behind the standard's own fields: ilmd, own fields inside standard ones, then those of the event. */
function trailing(event: EpcisEvent): string {
  const { context } = event
  let text = ''
  if ('ilmd' in event && event.ilmd) text += `ilmd${members(context, event.ilmd)}`
  text += placeMembers(context, 'readPoint', event.readPoint) + placeMembers(context, 'bizLocation', event.bizLocation)
  text += sorted('', event.sensorElementList, (element) => sensorMembers(context, element))
  return text + members(context, event.extensions)
}

function placeMembers(context: EventContext, name: string, place: Place | undefined): string {
  const text = place ? members(context, place.extensions) : ''
  return text === '' ? '' : name + text
}

const METADATA = new Set(metadataOrder)
const REPORT = new Set(reportOrder)

function sensorMembers(context: EventContext, { sensorMetadata, sensorReport, extensions }: SensorElement): string {
  const own = (name: string, fields: JsonObject, standard: ReadonlySet<string>) => {
    const text = members(context, Object.fromEntries(Object.entries(fields).filter(([key]) => !standard.has(key))))
    return text === '' ? '' : name + text
  }
  const metadata = sensorMetadata ? own('sensorMetadata', sensorMetadata, METADATA) : ''
  const reports = sorted('', sensorReport, (report) => own('sensorReport', report, REPORT))
  const text = metadata + reports + members(context, extensions)
  return text === '' ? '' : `sensorElement${text}`
}

const COMMENTS = new Set(['comment', 'rdfs:comment'])

/** The fields of an object, lists spread into one entry for each item, sorted. */
function members(context: EventContext, object: JsonObject): string {
  const entries: string[] = []
  for (const [key, value] of Object.entries(object)) {
    if (COMMENTS.has(key)) continue
    const name = expandedName(context, key)
    for (const item of Array.isArray(value) ? value : [value]) entries.push(entry(context, name, item))
  }
  return entries.length === 0 ? '' : entries.sort(byCodePoint).join('')
}

function entry(context: EventContext, name: string, value: JsonValue): string {
  if (value === null) return name
  if (Array.isArray(value)) return name + sorted('', value, (item) => entry(context, '', item))
  if (typeof value === 'object') return name + members(context, value)
  const text = canonicalValue(expandedValue(context, String(value).trim()))
  return text === '' ? name : `${name}=${text}`
}

// Where the document does not say otherwise the reference writes this namespace without its last colon.
const undeclared = new Map([...standardPrefixes, ['cbvmda', 'urn:epcglobal:cbv:mda']])

function namespaceOf(context: EventContext, prefix: string): string | undefined {
  if (prefix === 'gs1') return undeclared.get(prefix)
  return context.prefixes.get(prefix) ?? (prefix === 'rdfs' ? undefined : undeclared.get(prefix))
}

/** `{http://ns.example.com/}name` for `ext:name`. */
function expandedName(context: EventContext, key: string): string {
  const colon = key.indexOf(':')
  const namespace = colon < 0 ? undefined : namespaceOf(context, key.slice(0, colon))
  return namespace === undefined ? key : `{${namespace}}${key.slice(colon + 1)}`
}

/** Words of GS1's own vocabularies are written out, those of others stay as they are. */
function expandedValue(context: EventContext, text: string): string {
  const colon = text.indexOf(':')
  const namespace = colon < 0 ? undefined : namespaceOf(context, text.slice(0, colon))
  return namespace?.startsWith('https://ref.gs1.org') || namespace?.startsWith('https://gs1.org')
    ? namespace + text.slice(colon + 1)
    : text
}

const urns: readonly (readonly [string, string])[] = [
  ['urn:epcglobal:cbv:bizstep:', bizStepVocabulary.base],
  ['urn:epcglobal:cbv:disp:', dispositionVocabulary.base],
  ['urn:epcglobal:cbv:btt:', bizTransactionVocabulary.base],
  ['urn:epcglobal:cbv:sdt:', partyVocabulary.base],
  ['urn:epcglobal:cbv:er:', 'https://ref.gs1.org/cbv/ER-'],
]

/** A value as it is hashed: GS1 keys as Digital Links, words of CBV as web URIs, numbers without superfluous zeros. */
function canonicalValue(text: string): string {
  const first = text.charCodeAt(0)
  // Digits, signs and the point: it may be a number, even where it is a lot or a date for its sender.
  if (first >= 43 && first <= 57) return canonicalNumber(text) ?? text
  if (!text.includes(':')) return text
  for (const [urn, base] of urns) if (text.startsWith(urn)) return base + text.slice(urn.length)
  return hashLink(canonicalText(text))
}

/** The reference writes a whole number that has an exponent in scientific form (Python's decimal), and so must we. */
function canonicalNumber(text: string): string | undefined {
  const number = decimal(text)
  if (number === undefined) return undefined
  const exponent = /^[+-]?(\d+)(?:\.(\d*))?e\+?(\d+)$/i.exec(text)
  if (!exponent) return /^-0*(?:\.0*)?$/.test(text) ? '-0' : number
  const [, whole = '', fraction = '', power = '0'] = exponent
  const zeros = Number(power) - fraction.length
  if (zeros <= 0) return number
  const digits = (whole + fraction).replace(/^0+(?=\d)/, '')
  const point = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits
  return `${text.startsWith('-') ? '-' : ''}${point}E+${digits.length - 1 + zeros}`
}
