import type { Fault, Subject } from './claim.ts'

/** What objects have in common since they were marked. Dates are ISO 8601 days, `2027-03-31`. */
export type Lot = { lot?: string; production?: string; expiry?: string }

/** Somebody said that this must not be sold any more: a recall by GTIN and lot, or the block of one code. */
export type Recall = {
  gtin: string | null
  lot: string | null
  objectId: bigint | null
  at: Date
  by: string
  participant: number
  reason: string
}

/** The recall that an object falls under. Without a lot it means the whole GTIN; an object without a known lot is not in any. */
export const recallOf = (subject: Subject, lot: Lot | undefined, recalls: readonly Recall[]): Recall | undefined =>
  recalls.find(
    (recall) =>
      recall.objectId === subject.id ||
      (recall.gtin !== null && recall.gtin === subject.gtin && (recall.lot === null || recall.lot === lot?.lot)),
  )

/** Selling what is recalled or blocked is refused with who and why, to everybody. */
export const recallFault = (subject: Subject, { at, by, reason, participant }: Recall): Fault => ({
  subject,
  code: 'withdrawn',
  detail: `Withdrawn from sale by ${by} on ${at.toISOString().slice(0, 10)}: ${reason}`,
  concerned: [participant],
})

/** It may be sold up to and on the day itself. */
export function expiryFault(subject: Subject, lot: Lot | undefined, eventTimeMs: number): Fault | undefined {
  if (lot?.expiry === undefined || new Date(eventTimeMs).toISOString().slice(0, 10) <= lot.expiry) return undefined
  return { subject, code: 'expired', detail: `It expired on ${lot.expiry}. Write it off.`, concerned: [] }
}

/** The ids as a PostgreSQL int8multirange: ids of an order are dense, so a whole block is one range. */
export function rangesOf(ids: readonly bigint[]): string {
  const sorted = [...ids].sort((a, b) => (a < b ? -1 : 1))
  const ranges: string[] = []
  for (let i = 0; i < sorted.length;) {
    const from = sorted[i] ?? 0n
    let to = from
    while (++i < sorted.length && (sorted[i] ?? 0n) <= to + 1n) to = sorted[i] ?? to
    ranges.push(`[${from},${to + 1n})`)
  }
  return `{${ranges.join(',')}}`
}
