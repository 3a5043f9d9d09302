import type { Pool } from 'pg'
import type { Capture, Recorded } from '../capture/capture.ts'
import type { Prepared } from '../capture/prepare.ts'
import { recordedBody } from '../capture/routes.ts'
import { corrected, readTime } from '../capture/device-clock.ts'
import { offsetOf } from '../capture/scan.ts'
import { findTouched } from '../custody/store.ts'
import type { Place } from '../epcis/event.ts'
import { placeUri } from '../epcis/parties.ts'
import { findReasons, type Reason } from '../findings/store.ts'
import { Problem } from '../http/problem.ts'
import { type Actor, actingFor } from '../participants/actor.ts'
import type { Directory } from '../participants/directory.ts'
import { type ReadLine, readLines, receiptEvent, type ReceiptHead } from './receipt.ts'
import type { Receipt, ReceiptRecorded, SoldLine } from './schema.ts'

export type SellingDeps = {
  capture: Capture
  directory: Directory
  pool: Pool
  now: () => Date
  clockAheadMaxMs: number
}

/**
 * Closes the chain for what is on a receipt (api.md, POST /receipts): every line or none. `reported` closes the good lines although
 * others are refused; `offline` closes whatever has a code that we know, for it is sold already.
 * @throws Problem with an error for each line that stands against it
 */
export async function recordReceipt(
  deps: SellingDeps,
  actor: Actor,
  receipt: Receipt,
): Promise<{ isNew: boolean; body: ReceiptRecorded }> {
  const offline = receipt.offline === true
  const lenient = offline || receipt.reported === true
  const lines = readLines(receipt.lines)
  if (!lenient) refuseUnreadable(lines)
  const clock = { ...deps, now: deps.now() }
  const reading = readTime(receipt.time, receipt.sentAt, clock, (field) => `/${field}`)
  // The paper shows the till's own time.
  const time = reading.deviceTime ?? reading.time
  const head: ReceiptHead = {
    participant: actingFor(actor).id,
    receipt,
    time,
    zone: offsetOf(time),
    readPoint: await placeOfKey(deps.directory, actor),
  }
  const said = receiptEvent(head, lines)
  const prepared = await deps.capture.prepare(actor, corrected(said, reading), {
    said,
    clockOffMs: reading.offMs,
    keepMisread: lenient,
    neverRefused: offline,
    // A delivery that is not known yet may have preceded it.
    waits: offline,
    without: (left) => corrected(receiptEvent(head, lines, left), reading),
  })
  const recorded = await deps.capture.commit(prepared, { partial: lenient && !offline })
  const whole = !lenient && !recorded.again
  const told = whole ? lines.map(soldLine) : await tellLines(deps.pool, prepared, recorded, lines)
  return { isNew: !recorded.again, body: { ...recordedBody(recorded), lines: told } }
}

/** The place that the key belongs to, as an event names it. */
export async function placeOfKey(directory: Directory, actor: Actor): Promise<Place | undefined> {
  const place = actor.place && (await directory.placeByNo(actor.place.no))
  return place && { id: placeUri(place), extensions: {} }
}

function refuseUnreadable(lines: readonly ReadLine[]): void {
  const errors = lines.flatMap(({ fault }) => fault ?? [])
  const [first] = errors
  if (first) throw new Problem(first.code, { detail: first.detail, errors, errorCount: errors.length })
}

const soldLine = ({ epc }: ReadLine): SoldLine => ({ code: epc.link, status: 'sold' })
const refusedLine = ({ epc }: ReadLine, reason: string): SoldLine => ({ code: epc.link, status: 'refused', reason })

/**
 * What became of each line, read from the ledger and the findings and not from the moment: so the same receipt sent again, by
 * whichever process and however much later, gets the same answer.
 */
async function tellLines(
  pool: Pool,
  prepared: Prepared,
  recorded: Recorded,
  lines: readonly ReadLine[],
): Promise<SoldLine[]> {
  const { draft, log } = prepared
  const subjects = new Map(draft.order.claim.parts.flatMap((part) => part.subjects).map((each) => [each.path, each]))
  const position = recorded.entries[0]?.position ?? -1
  const ids = [...new Set([...subjects.values()].map(({ id }) => id))]
  const [touched, reasons] = await Promise.all([findTouched(pool, log, position, ids), findReasons(pool, draft.key)])
  const sold = new Set<bigint>()
  return lines.map((line) => {
    const subject = subjects.get(line.epc.path)
    if (line.fault || !subject || subject.fault === 'code_malformed') return refusedLine(line, 'code_malformed')
    if (sold.has(subject.id) && subject.fault === undefined) return refusedLine(line, 'already_sold')
    const doubt = reasonOf(reasons, line, lines, 'doubted')
    if (touched.has(subject.id) && (subject.fault === undefined || subject.observe)) {
      sold.add(subject.id)
      return { ...soldLine(line), ...(doubt === undefined ? {} : { reason: doubt }) }
    }
    // Only a hundred codes of a finding are named; of what is beyond, the kind that has more than it names is the best answer.
    const reason = doubt ?? reasonOf(reasons, line, lines, 'refused') ?? reasons.find((each) => each.unnamed)?.code
    return refusedLine(line, reason ?? subject.fault ?? 'wrong_state')
  })
}

/** By the place of the line; where the lines came in another order this time, by what it names. */
function reasonOf(
  reasons: readonly Reason[],
  { epc }: ReadLine,
  lines: readonly ReadLine[],
  kind: string,
): string | undefined {
  const named = reasons.filter((each) => each.kind === kind)
  const here = named.find(({ items }) => items.some(({ path, code }) => path === epc.path && code === epc.link))
  if (here) return here.code
  // Not what is said of another line with the same code: its tail may be the one that is wrong.
  const isAnothers = (item: Reason['items'][number]) =>
    lines.some((line) => line.epc.path === item.path && line.epc.link === item.code)
  return named.find(({ items }) => items.some((item) => item.code === epc.link && !isAnothers(item)))?.code
}
