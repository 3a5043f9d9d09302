import type { Claim, Doubt, Fault, Subject } from './claim.ts'
import { type Pending, spreadOutwards } from './effects.ts'
import { judgeOne, missing, openContainer, type Session } from './hearing.ts'
import { type BenchData, loadBench, rememberFact } from './load.ts'
import { flag, type Step } from './object.ts'
import { type Lot, rangesOf } from './lots.ts'
import { note, planRewinding, revive, type Rewinding, standsAgain } from './rewind.ts'
import * as store from './store.ts'
import { takeBack } from './undo.ts'
import * as undoStore from './undo-store.ts'
import * as waitingStore from './waiting-store.ts'
import { isRewindable, restricted, subjectsOf, type WaitingFact, waitingSingleMax } from './waiting.ts'

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
  /** What stands against a claim after what was decided so far, judged by itself; nothing of it is kept. */
  ask(claim: Claim): readonly Fault[]
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
  const newFacts: waitingStore.NewWaiting[] = []
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

  function hold(claim: Claim, position: number, rewound = false): Session {
    const pendingSteps = new Map<bigint, Step>()
    const pending: Pending = {
      position,
      last: (id) => pendingSteps.get(id) ?? steps.get(id),
      put: (step) => void pendingSteps.set(step.id, step),
      inside: (container) => insideOf(container, pendingSteps),
    }
    const session: Session = {
      claim,
      data,
      pending,
      pendingSteps,
      nestingMax,
      rewound,
      faults: [],
      doubts: [],
      waiting: [],
      done: [],
    }
    if (claim.container) openContainer(session, claim.container)
    if (session.faults.length === 0 && session.waiting.length === 0) {
      for (const part of claim.parts) {
        const subjects =
          claim.everything === true && part.act === 'unpack' ? everythingIn(claim, pendingSteps) : part.subjects
        for (const subject of subjects) judgeOne(session, part.act, subject)
      }
      if (claim.container) spreadOutwards(claim.container.id, pending)
    }
    return session
  }

  /** Makes the pending steps those that later claims see. */
  function keep({ pendingSteps, claim }: Pick<Session, 'pendingSteps' | 'claim'>, made?: WaitingFact): void {
    for (const step of pendingSteps.values()) {
      if (step.id < 0n && !steps.has(step.id)) logisticUnits.push(step.id)
      if ((step.flags & ~(steps.get(step.id)?.flags ?? 0) & flag.held) !== 0) data.heldBy.set(step.id, claim.principal)
      steps.set(step.id, step)
      written.push(step)
      note(data.history, step, claim.eventTimeMs, made)
      const past = pasts.get(step.id)
      if (past) {
        past.newestMs = Math.max(past.newestMs, claim.eventTimeMs)
        for (const no of [step.owner, step.holder, step.sender]) if (no !== null) past.had.add(no)
      }
      for (const fact of facts.get(step.id) ?? []) if (fact.open.size > 0) woken.add(fact)
    }
  }

  function decide(claim: Claim, at: Place): Verdict {
    if (claim.takesBack) return decideUndo(claim, at)
    const { session, rewinding } = judgeAt(claim, at.position)
    if (session.faults.length > 0) return { faults: session.faults }
    const many = session.waiting.length > 0 && subjectsOf(claim).length > waitingSingleMax
    const containerWaits = claim.container !== undefined && session.waiting.includes(claim.container)
    const waiting = many || containerWaits ? waitingOf(claim) : session.waiting
    const fact = remembered(claim, waiting, at)
    if (rewinding && !many) rewind(session, rewinding, at.position)
    if (!many && session.done.length > 0) keep(session, fact)
    if (claim.ilmd) keepLot(claim.ilmd, session.done, at.position)
    keepTransit(session, at)
    keepReplacements(session, at.position)
    for (const subject of claim.missing ?? []) session.doubts.push(missing(subject, session.pending))
    if (fact) wait(fact, at)
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
    // What waits must not be told that it came too late for something that never was.
    for (const { id } of result.steps) {
      if (pasts.has(id)) pasts.set(id, data.pastsWithout.get(id) ?? { newestMs: 0, had: new Set() })
    }
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

  /** The claim as a fact that can be judged again; undefined for one that was made on the spot, or is too large to be. */
  function remembered(claim: Claim, waiting: readonly Subject[], { position }: Place): WaitingFact | undefined {
    if (!claim.waits || (waiting.length === 0 && !isRewindable(claim))) return undefined
    const subjects = waitingOf(claim).filter(({ id }) => id !== 0n)
    const open = new Set(waiting.map(({ id }) => id))
    const settled = new Map(subjects.flatMap(({ id }) => (open.has(id) ? [] : [[id, position] as const])))
    return { position, claim, origin: claim.waits.origin, open, settled }
  }

  function wait(fact: WaitingFact, at: Place): void {
    newFacts.push({ ...fact, ...at, participant: fact.claim.principal })
    for (const [id] of fact.settled) settled.push({ position: fact.position, id, at: at.position })
    for (const waker of rememberFact(facts, fact, steps)) newWakers.push({ ...waker, position: at.position })
  }

  /**
   * A claim judged where it belongs: as of its time, if what was judged before it happened later and can be judged again. `rewinding`
   * where it fits there; else its own predecessor is still to come, and it waits whatever has happened since.
   */
  function judgeAt(claim: Claim, position: number): { session: Session; rewinding?: Rewinding } {
    const rewinding = claim.waits && planRewinding(claim, data.history)
    if (!rewinding) return { session: hold(claim, position) }
    const now = [...rewinding.bases.keys()].map((id) => [id, steps.get(id)] as const)
    for (const [id, base] of rewinding.bases) steps.set(id, base)
    const session = hold(claim, position, true)
    for (const [id, step] of now) if (step) steps.set(id, step)
    if (session.faults.length > 0) return { session: hold(claim, position) }
    return session.done.length > 0 ? { session, rewinding } : { session }
  }

  /** What was judged too early stands as before, and waits to be judged again. */
  function rewind({ pendingSteps }: Session, rewinding: Rewinding, position: number): void {
    for (const [id, base] of rewinding.bases) {
      if (!pendingSteps.has(id)) pendingSteps.set(id, standsAgain(base, position))
      const past = pasts.get(id)
      if (past) past.newestMs = rewinding.newestMs.get(id) ?? 0
    }
    for (const row of revive(data.history, rewinding)) revived.push({ ...row, at: position })
    for (const fact of rewinding.facts) {
      for (const waker of rememberFact(facts, fact, steps)) newWakers.push({ ...waker, position: fact.position })
    }
  }

  function settle(at: Place): Settlement | undefined {
    while (woken.size > 0) {
      const fact = [...woken].reduce((a, b) => (earlier(b, a) ? b : a))
      woken.delete(fact)
      const { session } = judgeAt(restricted({ ...fact.claim, waits: { origin: fact.origin } }, fact.open), at.position)
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
      const claim = restricted({ ...fact.claim, waits: { origin: fact.origin } }, ids)
      const { session: final, rewinding } = judgeAt(claim, at.position)
      // Without the others it belongs elsewhere, where it does not fit yet.
      if (final.waiting.length > 0) continue
      if (rewinding) rewind(final, rewinding, at.position)
      if (final.done.length > 0) keep(final, fact) // Nothing went into the container: it is not opened either.
      if (fact.claim.ilmd) keepLot(fact.claim.ilmd, final.done, at.position)
      for (const { id } of subjects) {
        fact.open.delete(id)
        fact.settled.set(id, at.position)
        settled.push({ position: fact.position, id, at: at.position })
      }
      if (fact.again !== true) keepTransit(final, at)
      if (fact.open.size > 0) woken.add(fact)
      // What came to nothing is told too: whoever reported it believes that it took effect.
      return { fact, subjects, doubts: [...final.doubts, ...final.faults] }
    }
    return undefined
  }

  /** What is in the container now: what the database had, and what earlier claims of this batch and this one did since. */
  function insideOf(container: bigint, pending: ReadonlyMap<bigint, Step>): bigint[] {
    const ids = new Set(data.contents.get(container) ?? [])
    for (const step of written) if (step.parent === container) ids.add(step.id)
    for (const step of pending.values()) if (step.parent === container) ids.add(step.id)
    for (const id of data.history.steps.keys()) ids.add(id)
    return [...ids].filter((id) => (pending.get(id) ?? steps.get(id))?.parent === container)
  }

  function everythingIn({ container }: Claim, pending: ReadonlyMap<bigint, Step>): Subject[] {
    return container ? insideOf(container.id, pending).map((id) => ({ ...container, id })) : []
  }

  return {
    decide,
    ask: (claim) => hold(claim, Number.MAX_SAFE_INTEGER).faults,
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
      if (newFacts.length > 0) statements.push(waitingStore.insertWaiting(client, log, newFacts))
      if (newWakers.length > 0) statements.push(waitingStore.insertWaitingObjects(client, log, newWakers))
      if (settled.length > 0) statements.push(waitingStore.insertSettled(client, log, settled))
      return statements
    },
  }
}

const earlier = (a: WaitingFact, b: WaitingFact): boolean =>
  a.claim.eventTimeMs < b.claim.eventTimeMs || (a.claim.eventTimeMs === b.claim.eventTimeMs && a.position < b.position)
