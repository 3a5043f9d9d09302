import type { Claim, Fault, Part, Subject } from './claim.ts'
import type { Act } from './law.ts'
import { isFinal, type Standing } from './object.ts'

/**
 * Late truth (D11). A fact that was recorded while there was no line is never refused because its predecessor is missing: it waits,
 * moves nothing, and is judged again when something happens to its objects.
 */
export type WaitingFact = {
  /** Where it stands in the log. */
  position: number
  claim: Claim
  /** What the settling entry needs of the one that waits; custody does not look into it. */
  origin: unknown
  /** The objects that still wait. */
  open: Set<bigint>
  /** Of the others, by which entry it took effect: its own, where it did not have to wait. */
  settled: Map<bigint, number>
  /** It took effect before, and was rewound (rewind.ts). */
  again?: boolean
}

/** Events of more objects than this wait as a whole: naming the ones that wait would not fit the entry. */
export const waitingSingleMax = 100

/**
 * Whether what is wrong could be explained by an event that is still to come. What has left for good waits for nothing.
 * @param mayChange how it stands now follows from a later fact that is judged again when something comes in between
 */
export function isEarly(fault: Fault, now: Standing, mayChange: boolean): boolean {
  if (isFinal(now.state) && !mayChange) return false
  switch (fault.code) {
    case 'not_owner':
    case 'not_holder':
    case 'not_addressed':
    case 'wrong_state':
    case 'packed_elsewhere':
      return true
    case 'code_unknown':
      return fault.subject.id < 0n && fault.subject.fault === undefined
    default:
      return false
  }
}

const whole: ReadonlySet<Act> = new Set(['consume', 'produce', 'replace', 'mark_anew', 'record'])

/** Whether a claim can be judged a second time, object by object; of very large ones it would cost too much. */
export const isRewindable = (claim: Claim): boolean =>
  claim.parts.every(({ act }) => !whole.has(act)) &&
  subjectsOf(claim).length <= waitingSingleMax &&
  claimIds(claim).length > 0

/** The part of a claim that concerns these objects. */
export const restricted = (claim: Claim, ids: ReadonlySet<bigint>): Claim => ({
  ...claim,
  parts: claim.parts.map(({ act, subjects }) => ({ act, subjects: subjects.filter((subject) => ids.has(subject.id)) })),
})

/** Every object of a claim, its container first. */
export const subjectsOf = (claim: Claim): Subject[] => [
  ...(claim.container ? [claim.container] : []),
  ...claim.parts.flatMap((part) => part.subjects),
]

/** The objects that a claim names. A code that names nothing has the id 0. */
export const claimIds = (claim: Claim): bigint[] => [
  ...new Set(
    subjectsOf(claim)
      .map(({ id }) => id)
      .filter((id) => id !== 0n),
  ),
]

type StoredSubject = Omit<Subject, 'id' | 'orderObject'> & { id: string; orderObject: string | null }
type StoredClaim = Omit<Claim, 'parts' | 'container' | 'waits'> & {
  parts: { act: Part['act']; subjects: StoredSubject[] }[]
  container?: StoredSubject
}

const packSubject = (subject: Subject): StoredSubject => ({
  ...subject,
  id: String(subject.id),
  orderObject: subject.orderObject === null ? null : String(subject.orderObject),
})

const unpackSubject = (stored: StoredSubject): Subject => ({
  ...stored,
  id: BigInt(stored.id),
  orderObject: stored.orderObject === null ? null : BigInt(stored.orderObject),
})

/** What is known of an object's past: the newest event time, and who owned, held or sent it. */
export type Past = { newestMs: number; had: Set<number> }

export type StoredFact = { claim: StoredClaim; origin: unknown }

export const packFact = (claim: Claim, origin: unknown): StoredFact => ({ claim: packClaim(claim), origin })

/** The reverse; only ever given what packFact wrote. */
export function unpackFact(stored: unknown): { claim: Claim; origin: unknown } {
  if (!isStoredFact(stored)) throw new Error('a waiting fact without a claim')
  return { claim: unpackClaim(stored.claim), origin: stored.origin }
}

const isStoredFact = (value: unknown): value is StoredFact =>
  typeof value === 'object' && value !== null && 'claim' in value && 'origin' in value

function packClaim(claim: Claim): StoredClaim {
  const { parts, container, waits: _, ...rest } = claim
  return {
    ...rest,
    parts: parts.map(({ act, subjects }) => ({ act, subjects: subjects.map(packSubject) })),
    ...(container ? { container: packSubject(container) } : {}),
  }
}

function unpackClaim(stored: StoredClaim): Claim {
  const { parts, container, ...rest } = stored
  return {
    ...rest,
    parts: parts.map(({ act, subjects }) => ({ act, subjects: subjects.map(unpackSubject) })),
    ...(container ? { container: unpackSubject(container) } : {}),
  }
}
