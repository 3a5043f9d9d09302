// Other people's data as they come: a chain of events in which nothing fits. Units lie in many cases and on many pallets at once,
// cases are used that were never marked, goods are shipped while they are packed, mostly to nobody.
import { checkDigit } from '../../src/gs1/identifiers.ts'

export type ChainOptions = {
  /** EPC URIs, as systems before EPCIS 2.0 wrote them, or GS1 Digital Links. */
  form: 'urn' | 'link'
  /** Seven digits; a chain with another prefix shares nothing with this one. */
  prefix?: string
  /** Events by kind; the defaults make 932. */
  commissioning?: number
  packing?: number
  loading?: number
  shipping?: number
}

type Json = Record<string, unknown>

const unitsPerCommissioning = 50
const unitsPerCase = 5
const unitsPerPallet = 2

/** An EPCISDocument of EPCIS 2.0 in JSON-LD. The same options give the same bytes. */
export function contradictoryChain(options: ChainOptions): Json & { epcisBody: { eventList: Json[] } } {
  const { commissioning = 4, packing = 160, loading = 256, shipping = 512 } = options
  const names = namesIn(options.form, options.prefix ?? '4700123')
  const units = commissioning * unitsPerCommissioning
  const some = (first: number, count: number) =>
    Array.from({ length: count }, (_, i) => names.unit(1, (first + i) % units))
  const eventList: Json[] = []
  const add = (event: Json) => {
    // A second apart, so that no two events are the same; every fourth clock runs an hour behind the others.
    const at = new Date(Date.UTC(2024, 4, 2, 6) + eventList.length * 1_000 - (eventList.length % 4) * 3_600_000)
    eventList.push({
      eventTime: at.toISOString(),
      eventTimeZoneOffset: '+06:00',
      readPoint: { id: names.place(1) },
      ...event,
    })
  }
  for (let i = 0; i < commissioning; i++) {
    const epcList = some(i * unitsPerCommissioning, unitsPerCommissioning)
    add({
      type: 'ObjectEvent',
      action: 'ADD',
      bizStep: names.step('commissioning'),
      disposition: names.disposition('active'),
      epcList,
    })
  }
  for (let i = 0; i < packing; i++) {
    const children = some(i * 3, unitsPerCase)
    add({
      type: 'AggregationEvent',
      action: 'ADD',
      bizStep: names.step('packing'),
      parentID: names.unit(2, i),
      childEPCs: children,
    })
  }
  for (let i = 0; i < loading; i++) {
    const children = some(i, unitsPerPallet)
    add({
      type: 'AggregationEvent',
      action: 'ADD',
      bizStep: names.step('loading'),
      parentID: names.pallet(i),
      childEPCs: children,
    })
  }
  for (let i = 0; i < shipping; i++) {
    const somewhere =
      i % 4 === 0 ? { destinationList: [{ type: names.party('owning_party'), destination: names.firm(1) }] } : {}
    add({
      type: 'ObjectEvent',
      action: 'OBSERVE',
      bizStep: names.step('shipping'),
      disposition: names.disposition('in_transit'),
      epcList: some(i, 1),
      ...somewhere,
    })
  }
  return {
    '@context': ['https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld'],
    type: 'EPCISDocument',
    schemaVersion: '2.0',
    creationDate: '2024-05-03T00:00:00.000Z',
    epcisBody: { eventList },
  }
}

/** How the chain calls its goods, places and firms. */
function namesIn(form: ChainOptions['form'], prefix: string) {
  const checked = (digits: string) => digits + String(checkDigit(digits))
  const item = (kind: number) => String(10_000 + kind)
  const location = (no: number) => String(no).padStart(5, '0')
  const shipment = (no: number) => String(no).padStart(9, '0')
  if (form === 'link') {
    return {
      unit: (kind: number, no: number) => `https://id.gs1.org/01/${checked(`0${prefix}${item(kind)}`)}/21/${no + 1}`,
      pallet: (no: number) => `https://id.gs1.org/00/${checked(`0${prefix}${shipment(no)}`)}`,
      place: (no: number) => `https://id.gs1.org/414/${checked(`${prefix}${location(no)}`)}`,
      firm: (no: number) => `https://id.gs1.org/417/${checked(`${prefix}${location(no)}`)}`,
      step: (word: string) => word,
      disposition: (word: string) => word,
      party: (word: string) => word,
    }
  }
  return {
    unit: (kind: number, no: number) => `urn:epc:id:sgtin:${prefix}.0${item(kind)}.${no + 1}`,
    pallet: (no: number) => `urn:epc:id:sscc:${prefix}.0${shipment(no)}`,
    place: (no: number) => `urn:epc:id:sgln:${prefix}.${location(no)}.0`,
    firm: (no: number) => `urn:epc:id:pgln:${prefix}.${location(no)}`,
    step: (word: string) => `urn:epcglobal:cbv:bizstep:${word}`,
    disposition: (word: string) => `urn:epcglobal:cbv:disp:${word}`,
    party: (word: string) => `urn:epcglobal:cbv:sdt:${word}`,
  }
}
