import type { Claim, Fault, Part, Subject } from './claim.ts'
import type { Pending } from './effects.ts'
import type { BenchData } from './load.ts'
import { expiryFault, recallFault, recallOf } from './lots.ts'
import { type Standing, standing, unborn } from './object.ts'
import { type Around, refuse } from './refusals.ts'

/** What is asked about one object: the claim that names it, and everything that was read and done before. */
export type Asked = {
  claim: Claim
  data: Pick<BenchData, 'lots' | 'recalls' | 'gtins' | 'heldBy'>
  pending: Pending
  nestingMax: number
  around?: Around
}

const nothing: ReadonlySet<bigint> = new Set()

/** The law's own refusals, and for a sale what was said about the goods since: a recall weighs more than whose they are. */
export function judged(asked: Asked, act: Part['act'], subject: Subject, now: Standing): Fault | undefined {
  const { claim, data, nestingMax } = asked
  const around = asked.around ?? { ids: nothing, nestingMax }
  const container = intoWhat(asked, act)
  const fault = refuse(claim, act, subject, now, container ? { ...around, container } : around)
  if (act === 'lift_hold' && !fault) return anothersHold(asked, subject)
  const isSale = act === 'sell' || act === 'replace'
  if (!isSale || fault?.code === 'already_sold' || subject.fault) return fault
  const lot = data.lots.get(subject.id)
  const recall = recallOf(subject, lot, data.recalls)
  // A new label does not make recalled goods saleable; expired ones stay what they are under it.
  if (act === 'replace') return recall ? recallFault(subject, recall) : fault
  if (recall) return recallFault(subject, recall)
  // An event names each object once, also where a part of it is left.
  if (!fault && subject.portion !== undefined && now.own.position === asked.pending.position) {
    return { subject, code: 'wrong_state', detail: 'Say its quantity in one line.', concerned: [] }
  }
  return fault ?? expiryFault(subject, lot, claim.eventTimeMs) ?? contentsFault(asked, subject, now)
}

/** Only who set a hold lifts it. */
function anothersHold({ claim, data }: Asked, subject: Subject): Fault | undefined {
  const by = data.heldBy.get(subject.id)
  if (by === undefined || by === claim.principal) return undefined
  const detail = 'Another authority holds it. Ask it to lift the hold.'
  return { subject, code: 'on_hold', detail, concerned: [by] }
}

/** Who sells a case sells what is in it. The first thing that he may not sell by itself is named. */
function contentsFault(asked: Asked, subject: Subject, { own }: Standing): Fault | undefined {
  if ((own.contents ?? 0) === 0) return undefined
  const { pending, data } = asked
  for (const id of pending.inside(own.id)) {
    const gtin = data.gtins.get(id)
    const { gtin: _, ...rest } = subject
    const inner: Subject = { ...rest, id, ...(gtin === undefined ? {} : { gtin }) }
    const now = standing(pending.last(id) ?? unborn(id), pending.last)
    const own = judged(asked, 'sell', inner, now)
    // A pallet is not for sale at a till; what is on it may be.
    const fault = id < 0n && own?.code === 'wrong_state' ? contentsFault(asked, inner, now) : own
    if (fault) return { ...fault, subject, detail: `Something in it: ${fault.detail ?? 'it may not be sold.'}` }
  }
  return undefined
}

/** The container that something is packed in, as it stands now: what was packed before may have made it somebody's. */
function intoWhat({ claim, pending }: Asked, act: Part['act']): Standing | undefined {
  const { container } = claim
  if (act !== 'pack' || claim.customs !== true || !container) return undefined
  return standing(pending.last(container.id) ?? unborn(container.id), pending.last)
}
