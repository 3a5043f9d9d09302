import type { ClientBase } from 'pg'
import type { Claim, Fault, Part, Subject } from './claim.ts'
import { apply, observes, type Pending, spreadOutwards } from './effects.ts'
import { containersOf, flag, isFinal, standing, type Step, unborn } from './object.ts'
import { type Around, refuse, waivable } from './refusals.ts'
import * as store from './store.ts'

/** What the judge made of a claim that it let pass. */
export type Accepted = {
  /** What was wrong with objects of groups that only observe: becomes findings. */
  doubts: readonly Fault[]
}

export type Verdict = { accepted: Accepted } | { faults: readonly Fault[] }

/** One batch of claims against the steps that the ledger holds, and those that earlier claims of the batch added. */
export type Bench = {
  decide(claim: Claim, position: number): Verdict
  write(client: ClientBase): Promise<unknown>[]
}

/**
 * Reads, under the log's lock, the last steps of everything the claims name and of the containers around it.
 * @param nestingMax how deep containers may be nested
 */
export async function openBench(
  client: store.Queryable,
  log: number,
  claims: readonly Claim[],
  nestingMax: number,
): Promise<Bench> {
  const wanted = new Set<bigint>()
  for (const claim of claims) {
    if (claim.container) wanted.add(claim.container.id)
    for (const { subjects } of claim.parts) {
      for (const subject of subjects) {
        wanted.add(subject.id)
        if (subject.orderObject !== null) wanted.add(subject.orderObject)
      }
    }
  }
  const steps = new Map<bigint, Step>()
  await readWithContainers(client, log, [...wanted], steps)
  const emptied = await readContents(client, log, claims, steps)
  const newLogisticUnits = [...wanted].filter((id) => id < 0n && !steps.has(id))
  const elsewhere = newLogisticUnits.length === 0 ? [] : await store.findElsewhere(client, log, newLogisticUnits)
  return createBench(log, steps, emptied, new Set(elsewhere), nestingMax)
}

/** The last steps of objects, and of the containers around them. */
export async function readWithContainers(
  client: store.Queryable,
  log: number,
  ids: readonly bigint[],
  steps: Map<bigint, Step>,
): Promise<void> {
  for (let next = ids; next.length > 0;) {
    const parents = new Set<bigint>()
    for (const step of await store.findLastSteps(client, log, next)) {
      steps.set(step.id, step)
      if (step.parent !== null && !steps.has(step.parent)) parents.add(step.parent)
    }
    next = [...parents].filter((id) => !steps.has(id))
  }
}

/** For "unpack everything": what is in each such container, by container. */
async function readContents(
  client: store.Queryable,
  log: number,
  claims: readonly Claim[],
  steps: Map<bigint, Step>,
): Promise<Map<bigint, bigint[]>> {
  const contents = new Map<bigint, bigint[]>()
  for (const { everything, container } of claims) {
    const step = everything === true && container ? steps.get(container.id) : undefined
    if (!step || step.opened === null || contents.has(step.id)) continue
    const ids = await store.findPackedSince(client, log, step.id, step.opened)
    contents.set(step.id, ids)
    const unread = ids.filter((id) => !steps.has(id))
    for (const last of await store.findLastSteps(client, log, unread)) steps.set(last.id, last)
  }
  return contents
}

function createBench(
  log: number,
  steps: Map<bigint, Step>,
  contents: ReadonlyMap<bigint, readonly bigint[]>,
  elsewhere: ReadonlySet<bigint>,
  nestingMax: number,
): Bench {
  const written: Step[] = []
  const logisticUnits: bigint[] = []

  function decide(claim: Claim, position: number): Verdict {
    const pendingSteps = new Map<bigint, Step>()
    const pending: Pending = {
      position,
      last: (id) => pendingSteps.get(id) ?? steps.get(id),
      put: (step) => void pendingSteps.set(step.id, step),
    }
    const session: Session = { claim, pending, elsewhere, nestingMax, faults: [], doubts: [] }
    if (claim.container) openContainer(session, claim.container)
    if (session.faults.length === 0) {
      for (const part of claim.parts) {
        const subjects = claim.everything === true && part.act === 'unpack' ? everythingIn(claim) : part.subjects
        for (const subject of subjects) judgeOne(session, part.act, subject)
      }
      if (claim.container) spreadOutwards(claim.container.id, pending)
    }
    if (session.faults.length > 0) return { faults: session.faults }
    for (const step of pendingSteps.values()) {
      if (step.id < 0n && !steps.has(step.id)) logisticUnits.push(step.id)
      steps.set(step.id, step)
      written.push(step)
    }
    return { accepted: { doubts: session.doubts } }
  }

  /** What is in the container now: what the database had, and what earlier claims of this batch put in. */
  function everythingIn(claim: Claim): Subject[] {
    const container = claim.container
    if (!container) return []
    const ids = new Set(contents.get(container.id) ?? [])
    for (const step of written) if (step.parent === container.id) ids.add(step.id)
    const inside = [...ids].filter((id) => steps.get(id)?.parent === container.id)
    return inside.map((id) => ({ ...container, id }))
  }

  return {
    decide,
    write: (client) => {
      const statements: Promise<unknown>[] = []
      if (logisticUnits.length > 0) statements.push(store.insertLogisticUnits(client, log, logisticUnits))
      if (written.length > 0) statements.push(store.insertSteps(client, log, written))
      return statements
    },
  }
}

type Session = {
  claim: Claim
  pending: Pending
  elsewhere: ReadonlySet<bigint>
  nestingMax: number
  faults: Fault[]
  doubts: Fault[]
  around?: Around
}

/** The container comes first: what is packed or unpacked depends on it. */
function openContainer(session: Session, container: Subject): void {
  const { claim, pending, nestingMax } = session
  const act = claim.parts.some((part) => part.act === 'pack') ? 'open_container' : 'unpack_from'
  const around = containersOf(pending.last(container.id) ?? unborn(container.id), pending.last)
  session.around = { ids: new Set([container.id, ...around.map((step) => step.id)]), nestingMax }
  judgeOne(session, act, container)
}

/** Judges one object; where the act is let pass, its steps are pending afterwards. */
function judgeOne(session: Session, act: Part['act'], subject: Subject): void {
  const { claim, pending, nestingMax } = session
  if (session.elsewhere.has(subject.id)) {
    session.faults.push({ subject, code: 'several_logs', concerned: [] })
    return
  }
  const own = pending.last(subject.id) ?? unborn(subject.id)
  const now = standing(own, pending.last)
  const found =
    orderClosed(subject, own, pending) ??
    refuse(claim, act, subject, now, session.around ?? { ids: new Set([subject.id]), nestingMax })
  const fault = found && own.position === pending.position ? namedTwice(found) : found
  const waived = fault !== undefined && waivable(fault.code) && observes(subject, now)
  if (fault && !waived && claim.neverRefused !== true) {
    session.faults.push(fault)
    return
  }
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
function markClaimed(id: bigint, before: ReturnType<typeof standing>, principal: number, pending: Pending): void {
  const step = pending.last(id)
  if (!step || step.position !== pending.position) return
  const known = [before.owner, before.holder, before.addressee, before.sender].includes(principal)
  if (!known && !isFinal(before.state)) pending.put({ ...step, flags: step.flags | flag.claimed })
}
