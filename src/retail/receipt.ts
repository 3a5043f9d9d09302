import { createHash } from 'node:crypto'
import { unreadable } from '../capture/subjects.ts'
import { byLink } from '../epcis/canonical.ts'
import type { EpcisEvent, EventId, JsonObject, Moment, Offset, Place, Quantity, Uri } from '../epcis/event.ts'
import type { Epc, EventContext } from '../epcis/event.ts'
import { epcOf, objectEvent } from '../epcis/write.ts'
import type { Reading } from '../gs1/read.ts'
import { readCode } from '../gs1/read.ts'
import type { ProblemItem } from '../http/problem.ts'
import type { Line, Receipt } from './schema.ts'

/**
 * A receipt as an event: ObjectEvent OBSERVE, retail_selling, retail_sold (CBV 2.0, sections 7.1 and 7.2). Pure.
 *
 * What EPCIS has no word for stands in fields of our own. `tamga:sales` has a line for each code of epcList, in the order of the
 * codes' canonical links, which is the order of epcList: so a receipt of a thousand lines need not name each code twice.
 */

/** The prefix of our own fields, declared in the event's @context. */
export const tamgaContext: EventContext = { prefixes: new Map([['tamga', 'urn:tamga:vocabulary:']]), remote: [] }

/** One line as it was read: what it names, or why that cannot be said. */
export type ReadLine = { line: Line; epc: Epc; fault?: ProblemItem }

/** Reads the code of every line. What is no code of a single unit gets a fault; its epc keeps the text. */
export function readLines(lines: readonly Line[]): ReadLine[] {
  return lines.map((line, i) => {
    const path = `/lines/${i}/code`
    const { reading, fault } = readCode(line.code)
    if (reading && reading.kind !== 'key') {
      return { line, epc: epcOf(line.code, reading, path) }
    }
    const detail =
      fault?.detail ?? 'This names a kind of goods, a place or an asset, not one unit. Scan the unit itself.'
    const epc: Epc = {
      text: line.code,
      reading: { kind: 'foreign', system: unreadable, text: line.code },
      link: line.code,
      path,
    }
    const hint = fault?.hint === undefined ? {} : { hint: fault.hint }
    return { line, epc, fault: { path, code: fault?.code ?? 'code_malformed', detail, value: line.code, ...hint } }
  })
}

export type ReceiptHead = {
  /** The public id of who sells: the principal under a mandate. */
  participant: string
  receipt: Pick<Receipt, 'till' | 'number'>
  time: Moment
  zone: Offset
  readPoint: Place | undefined
}

/**
 * The event id of a receipt: a UUID of version 8 (RFC 9562, section 5.8) from a SHA-256 over participant, till, number and the local
 * date, so that a till may send the same receipt again and numbers may begin anew each day.
 */
export function receiptId(participant: string, till: string, number: string, date: string): EventId {
  const bytes = createHash('sha256')
    .update(JSON.stringify(['tamga receipt', participant, till, number, date]))
    .digest()
    .subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
  return `urn:uuid:${groups.join('-')}` as EventId
}

/** The day that the paper shows: of a time with its zone the date is the local one. */
export const localDate = (time: Moment): string => time.text.slice(0, 10)

/** The event of a receipt without the lines at `left` (JSON Pointers of their codes). */
export function receiptEvent(
  head: ReceiptHead,
  lines: readonly ReadLine[],
  left: ReadonlySet<string> = new Set(),
): EpcisEvent {
  const { participant, receipt, time, zone, readPoint } = head
  const sold = lines.filter(({ epc }) => !left.has(epc.path))
  return objectEvent({
    context: tamgaContext,
    eventID: receiptId(participant, receipt.till, receipt.number, localDate(time)),
    eventTime: time,
    eventTimeZoneOffset: zone,
    action: 'OBSERVE',
    bizStep: 'retail_selling',
    disposition: 'retail_sold',
    readPoint,
    epcList: sold.map(({ epc }) => epc),
    // An event says at least what kind of goods it was about, even where no single code of the receipt could be closed.
    quantityList: sold.length === 0 ? classesOf(lines) : [],
    extensions: {
      'tamga:till': receipt.till,
      'tamga:receipt': receipt.number,
      ...sales([...sold].sort((a, b) => byLink(a.epc, b.epc)).map(({ line }) => line)),
    },
  })
}

function classesOf(lines: readonly ReadLine[]): Quantity[] {
  const gtins = new Set(lines.flatMap(({ epc }) => gtinOf(epc.reading) ?? []))
  return [...gtins].map((gtin) => ({
    epcClass: `https://id.gs1.org/01/${gtin}` as Uri,
    quantity: undefined,
    uom: undefined,
    path: '/lines',
  }))
}

const gtinOf = (reading: Reading): string | undefined =>
  reading.kind === 'unit' ? reading.gtin : reading.kind === 'foreign' ? reading.attributes?.get('gtin') : undefined

/** Prices and quantities, a line for each code; a currency that all priced lines share is said once. */
function sales(lines: readonly Line[]): JsonObject {
  const prices = lines.map(({ price }) => (typeof price === 'string' ? { amount: price } : price))
  const currencies = new Set(prices.flatMap((price) => (price ? [price.currency] : [])))
  const [shared] = currencies.size === 1 ? currencies : []
  const rows = lines.map(({ quantity }, i): JsonObject => {
    const price = prices[i]
    return {
      ...(price ? { 'tamga:price': price.amount } : {}),
      ...(price?.currency !== undefined && shared === undefined ? { 'tamga:currency': price.currency } : {}),
      ...(quantity === undefined ? {} : { 'tamga:quantity': String(quantity) }),
    }
  })
  if (rows.every((row) => Object.keys(row).length === 0)) return {}
  return { ...(shared === undefined ? {} : { 'tamga:currency': shared }), 'tamga:sales': rows }
}
