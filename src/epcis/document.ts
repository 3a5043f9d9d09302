import { readContext } from './context.ts'
import { isObject, newFaults, note } from './door.ts'
import type { Faults } from './door.ts'
import type { EventContext } from './event.ts'
import { readMoment } from './moment.ts'
import { parseEvent } from './parse.ts'
import type { Parsed, ParseOptions, Refused } from './parse.ts'

/** A document whose frame is right; its events are read one by one, so that `proceed` can keep the good ones. */
export type EpcisDocument = {
  readonly context: EventContext
  /** Each event as it came, with its JSON Pointer into the document. */
  readonly events: readonly { readonly json: unknown; readonly path: string }[]
}

export type ParsedDocument = { document: EpcisDocument; problems?: never } | (Refused & { document?: never })

const VERSION = /^2\.0(\.\d+)?$/
const documentFields = new Set([
  ...[
    '@context',
    'id',
    'type',
    'schemaVersion',
    'creationDate',
    'createdAt',
    'instanceIdentifier',
    'sender',
    'receiver',
  ],
  ...['epcisHeader', 'epcisBody'],
])

/**
 * The frame of an EPCISDocument or EPCISQueryDocument (EPCIS 2.0, section 9.2 and 12.7.2): version, context, list of events.
 * Master data in epcisHeader are accepted and not looked at. Never throws.
 */
export function parseDocument(json: unknown, outer?: EventContext): ParsedDocument {
  const faults = newFaults()
  const document = isObject(json)
    ? readDocument(faults, json, outer)
    : note({ faults }, '', 'field_invalid', 'Send an EPCISDocument as a JSON object.')
  if (document && faults.count === 0) return { document }
  return { problems: faults.items, problemCount: faults.count }
}

/** Every event of a document, each parsed on its own, in the order of the document. */
export const parseEvents = (document: EpcisDocument, options: Omit<ParseOptions, 'context' | 'path'>): Parsed[] =>
  document.events.map(({ json, path }) => parseEvent(json, { ...options, context: document.context, path }))

type Fields = Readonly<Record<string, unknown>>

function readDocument(faults: Faults, json: Fields, outer: EventContext | undefined): EpcisDocument | undefined {
  const { type } = json
  if (type !== 'EPCISDocument' && type !== 'EPCISQueryDocument') {
    return note({ faults }, '/type', 'field_invalid', 'type is EPCISDocument or EPCISQueryDocument.', type)
  }
  const context = readContext(faults, json['@context'], '/@context', outer)
  if (json['@context'] === undefined)
    note({ faults }, '/@context', 'field_invalid', 'Name the context of EPCIS 2.0 in @context.')
  checkVersion(faults, json['schemaVersion'], type === 'EPCISDocument')
  checkDate(faults, json['creationDate'], type === 'EPCISDocument')
  for (const key in json) {
    if (documentFields.has(key) || key.includes(':')) continue
    note({ faults }, `/${key}`, 'field_invalid', 'An EPCIS document has no such field.')
  }
  const events = readEventList(faults, json['epcisBody'], type)
  return events && { context, events }
}

function checkVersion(faults: Faults, value: unknown, required: boolean): void {
  if (value === undefined && !required) return
  if (typeof value !== 'string') {
    note({ faults }, '/schemaVersion', 'field_invalid', 'Send schemaVersion as text: "2.0".')
  } else if (!VERSION.test(value)) {
    note(
      { faults },
      '/schemaVersion',
      'event_rule',
      'Only version 2.0 of the JSON form exists here: send "2.0".',
      value,
    )
  }
}

function checkDate(faults: Faults, value: unknown, required: boolean): void {
  if (value === undefined && !required) return
  if (typeof value === 'string' && readMoment(value)) return
  note(
    { faults },
    '/creationDate',
    'field_invalid',
    'Send a time with its zone, such as 2026-05-01T09:30:00.000+06:00.',
    value,
  )
}

function readEventList(faults: Faults, body: unknown, type: string): EpcisDocument['events'] | undefined {
  if (!isObject(body)) return note({ faults }, '/epcisBody', 'field_invalid', 'Send epcisBody with the events.')
  const inQuery = type === 'EPCISQueryDocument'
  const holder = inQuery ? resultsBody(body) : body
  const path = inQuery ? '/epcisBody/queryResults/resultsBody/eventList' : '/epcisBody/eventList'
  // The standard lets a document hold one event without a list.
  if (!inQuery && isObject(body['event']) && body['eventList'] === undefined) {
    return [{ json: body['event'], path: '/epcisBody/event' }]
  }
  const list = holder?.['eventList']
  if (!Array.isArray(list)) return note({ faults }, path, 'field_invalid', 'Send the events as a list.')
  if (list.length === 0) return note({ faults }, path, 'event_rule', 'This list is empty: send at least one event.')
  return list.map((json: unknown, i) => ({ json, path: `${path}/${i}` }))
}

function resultsBody(body: Fields): Fields | undefined {
  const results = body['queryResults']
  const inner = isObject(results) ? results['resultsBody'] : undefined
  return isObject(inner) ? inner : undefined
}
