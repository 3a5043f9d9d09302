import type { Claim, Fault, Subject, TakeBack } from './claim.ts'
import { type Step, unborn } from './object.ts'
import { findPackedSince, type Queryable } from './store.ts'
import * as store from './undo-store.ts'

/**
 * Taking back (EPCIS error declarations). Nothing is removed: everything that the entry had touched gets a step that says again what
 * its step before the entry said. That is only true while nothing else has happened to those goods since, so later steps are looked
 * for in four places: on what the entry touched; in what was moved with it as its contents; and around what it packed or unpacked,
 * for a thing must not be put back into a pallet that has left.
 */
export type UndoData = {
  /** The entry, and those that settled waiting parts of it; ascending. */
  positions: readonly number[]
  /** Where it was taken back already. */
  declaredAt: number | undefined
  /** Of each object that it touched the step before. */
  before: ReadonlyMap<bigint, Step>
  /** Behind which position nothing may have happened to each object. */
  watched: ReadonlyMap<bigint, number>
  /** What has happened to them since and counts, newest first. */
  later: readonly store.LaterStep[]
  /** What waited and came to nothing because of it: it waits again. */
  idle: readonly store.Idle[]
}

/** What earlier claims of the same batch did, which the database does not show yet. */
export type BatchSoFar = { written: readonly Step[]; cancelled: ReadonlySet<number> }

const idsOf = (claim: Claim): bigint[] => claim.parts.flatMap(({ subjects }) => subjects.map(({ id }) => id))

/** Reads what the claims among these need that take something back. */
export async function loadUndos(
  client: Queryable,
  log: number,
  claims: readonly Claim[],
): Promise<Map<Claim, UndoData>> {
  const undos = new Map<Claim, UndoData>()
  for (const claim of claims) {
    if (claim.takesBack) undos.set(claim, await loadUndo(client, log, claim.takesBack, idsOf(claim)))
  }
  return undos
}

/**
 * What taking back would change, and what stands against it.
 * @param ids the objects that the event named, its container among them
 */
export async function loadUndo(
  client: Queryable,
  log: number,
  { position, container }: Pick<TakeBack, 'position' | 'container'>,
  ids: readonly bigint[],
): Promise<UndoData> {
  const positions = [...new Set([position, ...(await store.findSettlements(client, log, position))])].sort(
    (a, b) => a - b,
  )
  const last = positions.at(-1) ?? position
  const named = new Set(ids)
  const around = new Map<bigint, Step[]>()
  const read = async (wanted: readonly bigint[]) => {
    for (let next = wanted.filter((id) => !around.has(id)); next.length > 0;) {
      for (const id of next) around.set(id, [])
      const steps = await store.findAround(client, log, next, positions)
      for (const step of steps) around.get(step.id)?.push(step)
      next = [...new Set(steps.flatMap(({ parent }) => parent ?? []))].filter((id) => !around.has(id))
    }
  }
  await read(ids)
  // "Unpack everything" names nothing: what it took out was packed since the container had been opened.
  const opened = container === undefined ? null : beforeOf(around.get(container), positions)?.opened
  if (container !== undefined && opened !== null && opened !== undefined) {
    const packed = await findPackedSince(client, log, container, opened)
    const taken = await store.findAround(client, log, packed, positions)
    await read(taken.filter((step) => positions.includes(step.position)).map((step) => step.id))
  }
  const before = new Map<bigint, Step>()
  const watched = new Map<bigint, number>()
  const moved: { id: bigint; opened: number }[] = []
  for (const [id, steps] of around) {
    const first = steps.find((step) => positions.includes(step.position))
    if (!first) continue
    const former = beforeOf(steps, positions) ?? unborn(id)
    before.set(id, former)
    watched.set(id, first.position)
    if (former.parent !== first.parent) watchContainers(around, [former.parent, first.parent], last, watched)
    if (id !== container && named.has(id) && first.opened !== null && !same(former, first)) {
      moved.push({ id, opened: first.opened })
    }
  }
  for (const id of moved.length === 0 ? [] : await store.findInside(client, log, moved, last)) {
    if (!watched.has(id)) watched.set(id, position)
  }
  const touched = new Map([...before.keys()].map((id) => [id, watched.get(id) ?? position]))
  const [declared, later, idle] = await Promise.all([
    store.findTakenBack(client, log, [position]),
    store.findLater(client, log, watched, positions),
    store.findIdle(client, log, touched, positions),
  ])
  return { positions, declaredAt: declared.get(position), before, watched, later, idle }
}

const beforeOf = (steps: readonly Step[] | undefined, positions: readonly number[]): Step | undefined =>
  steps?.find((step) => !positions.includes(step.position))

/** Whether the entry left the object as it was, but for being noted. */
const same = (a: Step, b: Step): boolean =>
  a.state === b.state &&
  a.flags === b.flags &&
  a.owner === b.owner &&
  a.holder === b.holder &&
  a.addressee === b.addressee &&
  a.sender === b.sender &&
  a.parent === b.parent

/** The containers from these outwards must not have moved since, or the thing would move with them. */
function watchContainers(
  around: ReadonlyMap<bigint, readonly Step[]>,
  from: readonly (bigint | null)[],
  after: number,
  watched: Map<bigint, number>,
): void {
  for (const start of from) {
    for (let id = start; id !== null;) {
      if (!watched.has(id)) watched.set(id, after)
      id = around.get(id)?.at(-1)?.parent ?? null
    }
  }
}

/** The steps that take the entry back, or why it cannot be. */
export function takeBack(
  claim: Claim,
  data: UndoData,
  batch: BatchSoFar,
  at: { position: number; recordTime: Date },
): { steps: Step[] } | { faults: Fault[] } {
  const asked = claim.takesBack
  if (!asked) throw new Error('bad math: nothing to take back')
  const { positions, before, watched } = data
  if (data.declaredAt !== undefined || batch.cancelled.has(asked.position)) {
    return { faults: [onEvent(asked, 'It was taken back already. Nothing is left to take back.')] }
  }
  if (asked.untilMs !== undefined && at.recordTime.getTime() > asked.untilMs) {
    return { faults: [onEvent(asked, 'The time for taking it back is over. Record what happened since instead.')] }
  }
  const later = data.later.filter(({ position }) => !batch.cancelled.has(position))
  const now = batch.written.filter(
    ({ id, position }) => watched.has(id) && !batch.cancelled.has(position) && !positions.includes(position),
  )
  if (later.length + now.length > 0) return { faults: faultsOf(claim, asked, later, now) }
  const steps = [...before.values()].map((step) => ({ ...step, position: at.position, ownerAt: ownerAt(step) }))
  return { steps }
}

/** An owner who was named by the step itself was named there, not now. */
const ownerAt = (step: Step): number => (step.owner === null ? -1 : step.ownerAt)

/** What stands against the event as a whole. */
const onEvent = ({ eventID, position }: TakeBack, detail: string): Fault => ({
  subject: { id: 0n, path: '/eventID', code: eventID, observe: false, orderedBy: null, orderObject: null },
  code: 'wrong_state',
  detail,
  position,
  concerned: [],
})

const byOthers =
  'Somebody else has acted on it since, and must agree first. Ask with POST /corrections {eventID, reason}; GET /corrections/{id} tells what was answered.'

/** One fault for each code of the event: the newest of what happened since, to itself or to what it was moved with. */
function faultsOf(claim: Claim, asked: TakeBack, later: readonly store.LaterStep[], now: readonly Step[]): Fault[] {
  const subjects = new Map(claim.parts.flatMap((part) => part.subjects).map((subject) => [subject.id, subject]))
  const faults = new Map<bigint, Fault>()
  const add = (id: bigint, fault: (subject: Subject) => Fault) => {
    const subject = subjects.get(id)
    const key = subject?.id ?? 0n
    if (!faults.has(key)) faults.set(key, fault(subject ?? onEvent(asked, '').subject))
  }
  for (const { id } of now) {
    add(id, (subject) => ({
      subject,
      code: 'wrong_state',
      detail: 'Something happened to it at this moment. Look at its history, then try again.',
      concerned: [],
    }))
  }
  // Where another is in the way he comes first: only his word helps.
  const ordered = [...later].sort((a, b) => Number(a.by === claim.principal) - Number(b.by === claim.principal))
  for (const { id, position, by } of ordered) {
    const own = by === claim.principal
    add(id, (subject) => ({
      subject,
      code: 'wrong_state',
      detail: own ? `A later event of yours (entry ${position}) concerns it. Take that one back first.` : byOthers,
      ...(own ? { position } : {}),
      concerned: own ? [] : [by],
    }))
  }
  return [...faults.values()]
}
