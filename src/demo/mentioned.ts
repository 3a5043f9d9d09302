// What the events of a file name: firms, places, products with serials, and logistic units that nobody packed before they moved.
import type { EpcisEvent, Epc } from '../epcis/event.ts'
import { eventEpcs, quantityLists } from '../epcis/event.ts'
import { parseEvent } from '../epcis/parse.ts'
import { readParticipantUri, readPlaceUri } from '../epcis/parties.ts'
import { readCode } from '../gs1/read.ts'

export type Mentioned = {
  /** GLNs of source and destination parties. */
  parties: ReadonlySet<string>
  /** GLNs of read points, business locations and parties of type location. */
  places: ReadonlySet<string>
  /** Serials by GTIN; none for a GTIN that is only counted. */
  serials: ReadonlyMap<string, ReadonlySet<string>>
  /** SSCCs that something happens to before anything was packed in them. */
  unpacked: ReadonlySet<string>
  /** The earliest time that an event names. */
  from: Date | undefined
  /** Events that the standard does not allow; they are posted all the same, for the service to say why not. */
  unreadable: number
}

export function mentionedIn(events: readonly unknown[], now: Date): Mentioned {
  const parties = new Set<string>()
  const places = new Set<string>()
  const serials = new Map<string, Set<string>>()
  const unpacked = new Set<string>()
  const opened = new Set<string>()
  let from: Date | undefined
  let unreadable = 0
  for (const json of events) {
    const { event } = parseEvent(json, { now, clockAheadMaxMs: Number.MAX_SAFE_INTEGER })
    if (!event) {
      unreadable++
      continue
    }
    if (!from || event.eventTime.at < from) from = event.eventTime.at
    addParties(event, parties, places)
    addProducts(event, serials)
    for (const sscc of openedBy(event)) if (!unpacked.has(sscc)) opened.add(sscc)
    for (const sscc of ssccsOf(eventEpcs(event))) if (!opened.has(sscc)) unpacked.add(sscc)
  }
  return { parties, places, serials, unpacked, from, unreadable }
}

function addParties(event: EpcisEvent, parties: Set<string>, places: Set<string>): void {
  const named = [
    ...event.sourceList.map(({ source }) => source),
    ...event.destinationList.map(({ destination }) => destination),
  ]
  for (const uri of named) {
    const party = readParticipantUri(uri)
    if (party?.gln !== undefined) parties.add(party.gln)
  }
  for (const uri of [event.readPoint?.id, event.bizLocation?.id, ...named]) {
    const place = uri === undefined ? undefined : readPlaceUri(uri)
    if (place?.gln !== undefined) places.add(place.gln)
  }
}

function addProducts(event: EpcisEvent, serials: Map<string, Set<string>>): void {
  const of = (gtin: string) => {
    const known = serials.get(gtin) ?? new Set<string>()
    serials.set(gtin, known)
    return known
  }
  for (const { reading } of eventEpcs(event)) if (reading.kind === 'unit') of(reading.gtin).add(reading.serial)
  for (const { quantities } of quantityLists(event)) {
    for (const { epcClass } of quantities) {
      const { reading } = readCode(epcClass)
      if (reading?.kind === 'key' && reading.ai === '01') of(reading.value)
    }
  }
}

/** SSCCs that come into being with this event: what is packed into, what is commissioned, what comes out of a transformation. */
function openedBy(event: EpcisEvent): string[] {
  if (event.type === 'AggregationEvent' && event.action === 'ADD')
    return ssccsOf(event.parentID ? [event.parentID] : [])
  if (event.type === 'ObjectEvent' && event.action === 'ADD') return ssccsOf(event.epcList)
  if (event.type === 'TransformationEvent') return ssccsOf(event.outputEPCList)
  return []
}

const ssccsOf = (epcs: readonly Epc[]): string[] =>
  epcs.flatMap(({ reading }) => (reading.kind === 'logistic' ? [reading.sscc] : []))
