import type { Claim, Doubt, Fault, Part, Subject } from './claim.ts'
import { apply, observes, type Pending, spreadOutwards } from './effects.ts'
import { type BenchData, loadBench, rememberFact } from './load.ts'
import { containersOf, flag, isFinal, type Standing, standing, type Step, unborn } from './object.ts'
import { type Around, refuse, waivable } from './refusals.ts'
import { expiryFault, type Lot, rangesOf, recallFault, recallOf } from './lots.ts'
import * as store from './store.ts'
import { takeBack } from './undo.ts'
import * as undoStore from './undo-store.ts'
import { isEarly, restricted, subjectsOf, type WaitingFact, waitingSingleMax } from './waiting.ts'

export type BenchOptions = {
  /** How deep containers may be nested. */
  nestingMax: number
  /** Whether waiting facts are settled; questions only ask and write nothing. */
  settles: boolean
}

/** What the judge made of a claim that it let pass. */
export type Accepted = {
  /** What was wrong with objects of groups that only observe, or of what had happened already: becomes findings. */
  doubts: readonly Doubt[]
  /** The objects that wait for their predecessor. */
  waiting: readonly Subject[]
}

export type Verdict = { accepted: Accepted } | { faults: readonly Fault[] }

export type Place = { position: number; recordTime: Date }

/** A waiting fact, or a part of it, that was decided after all: an entry of its own at the position that was given. */
export type Settlement = { fact: WaitingFact; subjects: readonly Subject[]; doubts: readonly Doubt[] }

/** One batch of claims against the steps that the ledger holds, and those that earlier claims of the batch added. */
export type Bench = {
  decide(claim: Claim, at: Place): Verdict
  /** The next waiting fact that what was decided so far makes ready, in the order of event time; undefined: none. */
  settle(at: Place): Settlement | undefined
  write(client: store.Queryable): Promise<unknown>[]
  /** What was done so far, in the order in which it was done. */
  steps(): readonly Step[]
}

/**
 * Reads what the claims need and is ready to decide them. Called under the log's lock.
 */
export async function openBench(
  client: store.Queryable,
  log: number,
  claims: readonly Claim[],
  options: BenchOptions,
): Promise<Bench> {
  return createBench(log, await loadBench(client, log, claims, options.settles), options.nestingMax)
}

function createBench(log: number, data: BenchData, nestingMax: number): Bench {
  const { steps, facts, pasts } = data
  const written: Step[] = []
  const logisticUnits: bigint[] = []
  const newFacts: store.NewWaiting[] = []
  const newWakers: { id: bigint; position: number; waits: boolean }[] = []
  const settled: { position: number; id: bigint; at: number }[] = []
  const newLots: store.NewLot[] = []
  const newTransits: store.NewTransit[] = []
  const woken = new Set<WaitingFact>()
  const newReplacements: { id: bigint; replaces: bigint; position: number }[] = []
  const newTakenBack: { position: number; at: number }[] = []
  const revived: (undoStore.Idle & { at: number })[] = []
  /** Positions that do not count any more: what was taken back, and the entries that say so. */
  const cancelled = new Set<number>()

  function hold(claim: Claim, position: number): Session {
    const pendingSteps = new Map<bigint, Step>()
    const pending: Pending = {
      position,
      last: (id) => pendingSteps.get(id) ?? steps.get(id),
      put: (step) => void pendingSteps.set(step.id, step),
    }
    const session: Session = {
      claim,
      data,
      pending,
      pendingSteps,
      nestingMax,
      faults: [],
      doubts: [],
      waiting: [],
      done: [],
    }
    if (claim.container) openContainer(session, claim.container)
    if (session.faults.length === 0 && session.waiting.length === 0) {
      for (const part of claim.parts) {
        const subjects = claim.everything === true && part.act === 'unpack' ? everythingIn(claim) : part.subjects
        for (const subject of subjects) judgeOne(session, part.act, subject)
      }
      if (claim.container) spreadOutwards(claim.container.id, pending)
    }
    return session
  }

  /** Makes the pending steps those that later claims see. */
  function keep({ pendingSteps, claim }: Pick<Session, 'pendingSteps' | 'claim'>): void {
    for (const step of pendingSteps.values()) {
      if (step.id < 0n && !steps.has(step.id)) logisticUnits.push(step.id)
      steps.set(step.id, step)
      written.push(step)
      const past = pasts.get(step.id)
      if (past) {
        past.newestMs = Math.max(past.newestMs, claim.eventTimeMs)
        for (const no of [step.owner, step.holder, step.sender]) if (no !== null) past.had.add(no)
      }
      for (const fact of facts.get(step.id) ?? []) woken.add(fact)
    }
  }

  function decide(claim: Claim, at: Place): Verdict {
    if (claim.takesBack) return decideUndo(claim, at)
    const session = hold(claim, at.position)
    if (session.faults.length > 0) return { faults: session.faults }
    const many = subjectsOf(claim).length > waitingSingleMax && session.waiting.length > 0
    const containerWaits = claim.container !== undefined && session.waiting.includes(claim.container)
    const waiting = many || containerWaits ? waitingOf(claim) : session.waiting
    if (!many && session.done.length > 0) keep(session)
    if (claim.ilmd) keepLot(claim.ilmd, session.done, at.position)
    keepTransit(session, at)
    keepReplacements(session, at.position)
    for (const subject of claim.missing ?? []) session.doubts.push(missing(subject, session.pending))
    if (claim.waits && waiting.length > 0) wait(claim, claim.waits.origin, waiting, at)
    return { accepted: { doubts: session.doubts, waiting } }
  }

  /** What was taken back stands as before; what of it still waited waits no longer. */
  function decideUndo(claim: Claim, at: Place): Verdict {
    const undo = data.undos.get(claim)
    if (!undo) throw new Error('bad math: what is taken back was not read')
    const result = takeBack(claim, undo, { written, cancelled }, at)
    if ('faults' in result) return result
    const waiting = new Set(subjectsOf(claim).flatMap(({ id }) => facts.get(id) ?? []))
    for (const fact of waiting) {
      if (fact.position !== claim.takesBack?.position) continue
      for (const id of fact.open) settled.push({ position: fact.position, id, at: at.position })
      fact.open.clear()
    }
    for (const idle of undo.idle) revived.push({ ...idle, at: at.position })
    for (const position of undo.positions) newTakenBack.push({ position, at: at.position })
    for (const position of [...undo.positions, at.position]) cancelled.add(position)
    keep({ claim, pendingSteps: new Map(result.steps.map((step) => [step.id, step])) })
    return { accepted: { doubts: [], waiting: [] } }
  }

  /** Which new code took the place of which old one. */
  function keepReplacements({ done }: Session, position: number): void {
    for (const { id: replaces, replacedBy } of done) {
      const id = replacedBy === undefined ? undefined : BigInt(replacedBy)
      if (id !== undefined && steps.get(id)?.position === position) newReplacements.push({ id, replaces, position })
    }
  }

  /** What is under way to a participant, for who receives by document and for the deadline. */
  function keepTransit({ claim, done }: Session, { position, recordTime }: Place): void {
    const shipped = claim.parts.some(({ act }) => act === 'ship' || act === 'void_shipping') && done.length > 0
    if (!shipped || !claim.to || !('participant' in claim.to)) return
    const { principal: sender, carrier = null, documents = [] } = claim
    newTransits.push({ position, recordTime, sender, addressee: claim.to.participant, carrier, documents })
  }

  function keepLot(lot: Lot, done: readonly Subject[], position: number): void {
    const ids = done.map((subject) => subject.id)
    if (ids.length > 0) newLots.push({ position, lot, objects: rangesOf(ids) })
    // A sale in the same batch reads it from here.
    for (const id of ids) data.lots.set(id, lot)
  }

  /** What of a claim can wait: what is to be done to objects; the container only where nothing else is named. */
  function waitingOf(claim: Claim): Subject[] {
    const subjects = claim.parts.flatMap((part) => part.subjects)
    return subjects.length > 0 || !claim.container ? subjects : [claim.container]
  }

  function wait(claim: Claim, origin: unknown, waiting: readonly Subject[], at: Place): void {
    const open = new Set(waiting.map((subject) => subject.id))
    const fact: WaitingFact = { position: at.position, claim: restricted(claim, open), origin, open }
    newFacts.push({ ...fact, ...at, participant: claim.principal })
    for (const waker of rememberFact(facts, fact, steps)) newWakers.push({ ...waker, position: at.position })
  }

  function settle(at: Place): Settlement | undefined {
    while (woken.size > 0) {
      const fact = [...woken].reduce((a, b) => (earlier(b, a) ? b : a))
      woken.delete(fact)
      const session = hold(restricted({ ...fact.claim, waits: { origin: fact.origin } }, fact.open), at.position)
      const still = new Set(session.waiting.map((subject) => subject.id))
      const subjects = waitingOf(fact.claim)
        .filter(
          (subject) =>
            fact.open.has(subject.id) &&
            !still.has(subject.id) &&
            !(fact.claim.container && still.has(fact.claim.container.id)),
        )
        .slice(0, waitingSingleMax)
      for (const waker of rememberFact(facts, fact, steps)) newWakers.push({ ...waker, position: fact.position })
      if (subjects.length === 0) continue
      // Judged once more with just these, so that the entry says exactly what it did.
      const ids = new Set(subjects.map((subject) => subject.id))
      const final = hold(restricted({ ...fact.claim, waits: { origin: fact.origin } }, ids), at.position)
      if (final.done.length > 0) keep(final) // Nothing went into the container: it is not opened either.
      if (fact.claim.ilmd) keepLot(fact.claim.ilmd, final.done, at.position)
      for (const { id } of subjects) {
        fact.open.delete(id)
        settled.push({ position: fact.position, id, at: at.position })
      }
      if (fact.open.size > 0) woken.add(fact)
      // What came to nothing is told too: whoever reported it believes that it took effect.
      return { fact, subjects, doubts: [...final.doubts, ...final.faults] }
    }
    return undefined
  }

  /** What is in the container now: what the database had, and what earlier claims of this batch put in. */
  function everythingIn(claim: Claim): Subject[] {
    const container = claim.container
    if (!container) return []
    const ids = new Set(data.contents.get(container.id) ?? [])
    for (const step of written) if (step.parent === container.id) ids.add(step.id)
    const inside = [...ids].filter((id) => steps.get(id)?.parent === container.id)
    return inside.map((id) => ({ ...container, id }))
  }

  return {
    decide,
    settle,
    steps: () => written,
    write: (client) => {
      const statements: Promise<unknown>[] = []
      if (logisticUnits.length > 0) statements.push(store.insertLogisticUnits(client, log, logisticUnits))
      if (written.length > 0) statements.push(store.insertSteps(client, log, written))
      if (newTakenBack.length > 0) statements.push(undoStore.insertTakenBack(client, log, newTakenBack))
      if (revived.length > 0) statements.push(undoStore.insertRevived(client, log, revived))
      if (newReplacements.length > 0) statements.push(undoStore.insertReplacements(client, log, newReplacements))
      if (newLots.length > 0) statements.push(store.insertLots(client, log, newLots))
      if (newTransits.length > 0) statements.push(store.insertTransits(client, log, newTransits))
      if (newFacts.length > 0) statements.push(store.insertWaiting(client, log, newFacts))
      if (newWakers.length > 0) statements.push(store.insertWaitingObjects(client, log, newWakers))
      if (settled.length > 0) statements.push(store.insertSettled(client, log, settled))
      return statements
    },
  }
}

const earlier = (a: WaitingFact, b: WaitingFact): boolean =>
  a.claim.eventTimeMs < b.claim.eventTimeMs || (a.claim.eventTimeMs === b.claim.eventTimeMs && a.position < b.position)

type Session = {
  claim: Claim
  data: BenchData
  pending: Pending
  pendingSteps: Map<bigint, Step>
  nestingMax: number
  faults: Fault[]
  doubts: Doubt[]
  waiting: Subject[]
  /** The objects that were decided: something was done to them, or nothing had to be. */
  done: Subject[]
  around?: Around
}

/** The container comes first: what is packed or unpacked depends on it. */
function openContainer(session: Session, container: Subject): void {
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
function judgeOne(session: Session, said: Part['act'], subject: Subject): void {
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
  if (fault && !waived && claim.waits && isEarly(fault, now)) {
    // The ledger has gone on since, and he had it then: the fact came late, moves nothing, and nothing is wrong with it.
    if (cameLate(session, subject)) session.done.push(subject)
    else session.waiting.push(subject)
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
const isAboutNothing = ({ code }: Fault, act: Part['act'], { own }: Standing): boolean =>
  act === 'receive' &&
  own.id < 0n &&
  own.state === 'active' &&
  own.contents === null &&
  (code === 'not_addressed' || code === 'wrong_state')

const nothing: ReadonlySet<bigint> = new Set()

/** The law's own refusals, and for a sale what was said about the goods since: a recall weighs more than whose they are. */
function judged(session: Session, act: Part['act'], subject: Subject, now: Standing): Fault | undefined {
  const { claim, data, nestingMax } = session
  const fault = refuse(claim, act, subject, now, session.around ?? { ids: nothing, nestingMax })
  const asked = act === 'sell' || act === 'replace'
  if (!asked || fault?.code === 'already_sold' || subject.fault) return fault
  const lot = data.lots.get(subject.id)
  const recall = recallOf(subject, lot, data.recalls)
  // A new label does not make recalled goods saleable; expired ones stay what they are under it.
  if (act === 'replace') return recall ? recallFault(subject, recall) : fault
  return recall ? recallFault(subject, recall) : (fault ?? expiryFault(subject, lot, claim.eventTimeMs))
}

function cameLate({ claim, data }: Session, subject: Subject): boolean {
  const past = data.pasts.get(subject.id)
  return past !== undefined && past.newestMs > claim.eventTimeMs && past.had.has(claim.principal)
}

function missing(subject: Subject, pending: Pending): Doubt {
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
