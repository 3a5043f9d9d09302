import type { Claim, Doubt, Fault, Part, Subject } from './claim.ts'
import { apply, observes, type Pending } from './effects.ts'
import { type Asked, judged } from './judged.ts'
import type { BenchData } from './load.ts'
import { containersOf, flag, isFinal, type Standing, standing, type Step, unborn } from './object.ts'
import { waivable } from './refusals.ts'
import { mayChange } from './rewind.ts'
import { isEarly } from './waiting.ts'

/** One claim is heard, object by object: refused, let pass with a doubt, or left to wait. What it does is pending until it is kept. */
export type Session = Asked & {
  data: Asked['data'] & Pick<BenchData, 'elsewhere' | 'history' | 'pasts'>
  pendingSteps: Map<bigint, Step>
  /** It is judged as of a time that has passed. */
  rewound: boolean
  faults: Fault[]
  doubts: Doubt[]
  waiting: Subject[]
  /** The objects to which something was done. */
  done: Subject[]
}

/** The container comes first: what is packed or unpacked depends on it. */
export function openContainer(session: Session, container: Subject): void {
  const { claim, pending, nestingMax } = session
  const act = claim.parts.some((part) => part.act === 'pack') ? 'open_container' : 'unpack_from'
  const around = containersOf(pending.last(container.id) ?? unborn(container.id), pending.last)
  session.around = { ids: new Set([container.id, ...around.map((step) => step.id)]), nestingMax }
  judgeOne(session, act, container)
  // Being opened is not yet something done: a container into which nothing goes stays as it was.
  if (claim.everything !== true) session.done = []
}

/** Which act it is where that depends on how the object stands: one word of EPCIS serves several of the law's. */
function actFor(claim: Claim, act: Part['act'], now: Standing): Part['act'] {
  if (act === 'void_shipping') {
    if (now.underWay && now.addressee === claim.principal && now.sender !== claim.principal) return 'reject'
    return claim.to ? 'redirect' : act
  }
  if (act !== 'receive') return act
  if (now.state === 'exported' && now.owner === claim.principal) return 'come_back'
  const toThem = now.underWay && now.addressee === claim.principal
  return claim.customs === true && !toThem ? 'seize' : act
}

/** Judges one object; where the act is let pass, its steps are pending afterwards. */
export function judgeOne(session: Session, said: Part['act'], subject: Subject): void {
  const { claim, data, pending } = session
  if (data.elsewhere.has(subject.id)) {
    session.faults.push({ subject, code: 'several_logs', concerned: [] })
    return
  }
  const own = pending.last(subject.id) ?? unborn(subject.id)
  const now = standing(own, pending.last)
  const act = actFor(claim, said, now)
  const found = orderClosed(subject, own, pending) ?? judged(session, act, subject, now)
  const fault = found && own.position === pending.position ? namedTwice(found) : found
  const waived =
    fault !== undefined &&
    (observes(subject, now) ? waivable(fault.code, claim, act, now) : isAboutNothing(fault, act, now))
  const unsure = claim.waits !== undefined && mayChange(data.history, subject.id, claim.eventTimeMs)
  if (fault && !waived && claim.waits && isEarly(fault, now, unsure)) {
    // The ledger has gone on since, and he had it then: the fact came late, moves nothing, and nothing is wrong with it.
    if (unsure || !cameLate(session, subject)) session.waiting.push(subject)
    return
  }
  if (fault && !waived && claim.neverRefused !== true) {
    session.faults.push(fault)
    return
  }
  session.done.push(subject)
  if (fault) session.doubts.push(fault)
  // A code that names nothing we know, or a pallet at a till.
  if (fault && !waived && staysOut(subject)) return
  if (fault && !waived && isFinal(now.state)) {
    pending.put({ ...own, position: pending.position })
    return
  }
  apply(claim, act, subject, now, pending)
  if (fault) markClaimed(subject.id, now, claim.principal, pending)
}

/** A logistic unit in which nothing ever was carries no goods: whoever has it may say so. */
const isAboutNothing = ({ code }: Fault, act: Part['act'], { own, state, held }: Standing): boolean =>
  act === 'receive' &&
  !held &&
  own.id < 0n &&
  state === 'active' &&
  own.contents === null &&
  (code === 'not_addressed' || code === 'wrong_state')

function cameLate({ claim, data, rewound }: Session, subject: Subject): boolean {
  if (rewound) return false
  const past = data.pasts.get(subject.id)
  return past !== undefined && past.newestMs > claim.eventTimeMs && past.had.has(claim.principal)
}

export function missing(subject: Subject, pending: Pending): Doubt {
  const now = standing(pending.last(subject.id) ?? unborn(subject.id), pending.last)
  return { subject, code: 'missing', concerned: [now.sender, now.holder].filter((no) => no !== null) }
}

/** What a claim that is never refused names, but cannot move: it is doubted and no step follows. */
export const staysOut = (subject: Subject): boolean => subject.id < 0n || subject.fault !== undefined

/** What stands against it was done by the same event, a line before: there is no entry yet that could be pointed to. */
function namedTwice({ position: _, ...fault }: Fault): Fault {
  return { ...fault, detail: 'It is named twice in this document. Send it once.' }
}

/** A closed order's unused codes are cancelled, for good. */
function orderClosed(subject: Subject, own: Step, pending: Pending): Fault | undefined {
  if (own.state !== 'ordered' || subject.orderObject === null || subject.orderObject === subject.id) return undefined
  if (pending.last(subject.orderObject)?.state !== 'closed') return undefined
  return { subject, code: 'withdrawn', detail: 'Its code order was closed before it was used.', concerned: [] }
}

/** Who was not known to have it claims it: the step gives him no sight of the object's past (D9). */
function markClaimed(id: bigint, before: Standing, principal: number, pending: Pending): void {
  const step = pending.last(id)
  if (!step || step.position !== pending.position) return
  const known = [before.owner, before.holder, before.addressee, before.sender].includes(principal)
  if (!known && !isFinal(before.state)) pending.put({ ...step, flags: step.flags | flag.claimed })
}
