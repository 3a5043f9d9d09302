import type { Act } from './law.ts'
import type { Lot } from './lots.ts'
import type { State } from './object.ts'

/** One object of a claim. */
export type Subject = {
  id: bigint
  /** Where it stands in the request: a JSON Pointer. */
  path: string
  /** Its code in canonical form, for answers and findings. */
  code: string
  gtin?: string
  /** Of a unit: its product group only observes. What a logistic unit's contents decide is read under the lock. */
  observe: boolean
  /** Of a unit: the participant who ordered its code; null for one that was claimed without an order. */
  orderedBy: number | null
  /** Of a unit: the object that stands for its order. */
  orderObject: bigint | null
  /** What the register of codes already found, and in a sentence for people. */
  fault?: 'code_unknown' | 'code_forged' | 'code_malformed'
  faultText?: string
  /** Of a code that is replaced: the object of the new code, as decimal text (claims that wait are stored as JSON). */
  replacedBy?: string
  /** Of a unit that is sold: only a part of it, or only where it is opened already. */
  portion?: 'part' | 'part_if_opened'
}

export type Part = { act: Act; subjects: readonly Subject[] }

/** Who the goods go to: a participant, or somebody outside the system. */
export type Recipient = { participant: number } | { outside: true } | undefined

/** An error declaration: what an earlier entry did shall not count. */
export type TakeBack = {
  /** Where the entry stands that is taken back. */
  position: number
  eventID: string
  /** Recorded after this moment it comes too late, in milliseconds since 1970; absent: those whom it concerns agreed. */
  untilMs?: number
  /** The container that was packed or unpacked: what else is in it is not touched by that. */
  container?: bigint
}

/** What an event says was done, by whom, to which objects: what the judge is asked. */
export type Claim = {
  /** Whose act it is: the principal under a mandate, else the participant itself. */
  principal: number
  parts: readonly Part[]
  /** The principal is customs, who may do some things without holding the goods. */
  customs?: boolean
  /**
   * Selling: who may hold what the principal owns, because a mandate between the two says so; without `gtins` any of it. Of what is
   * recorded nobody asks any more which mandates there were.
   */
  trusted?: readonly { participant: number; gtins?: readonly string[] }[] | 'anyone'
  /** Packing and unpacking: the container. */
  container?: Subject
  /** Unpacking: everything that is in the container; `parts` then names nothing to unpack. */
  everything?: boolean
  /** Shipping. */
  to?: Recipient
  carrier?: number
  ownershipPasses?: boolean
  /** The documents it goes under, for who receives by document. */
  documents?: readonly string[]
  /** Receiving by document: what was announced and did not come. It stays under way. */
  missing?: readonly Subject[]
  /** Commissioning: lot and dates. */
  ilmd?: Lot
  /** What the objects become, where the act leaves a choice (taking back, voiding). */
  becomes?: State
  /**
   * It has happened already, whatever the ledger thinks of it (a till that was offline): what would be refused is doubted instead.
   * Codes that the register does not know stay out; what has left for good stays as it is, with the new entry beside the old one.
   */
  neverRefused?: boolean
  /** When it happened, in milliseconds since 1970. */
  eventTimeMs: number
  /** It did not happen after all: `parts` name what the earlier entry named. */
  takesBack?: TakeBack
  /** Recorded without a line, or sent to wait: objects that are not ready for it wait for their predecessor (D11). */
  waits?: { origin: unknown }
}

/** Why an object is refused, or, where its group only observes, doubted. */
export type FaultCode =
  | 'code_unknown'
  | 'code_forged'
  | 'code_malformed' // of a claim that is never refused; elsewhere such a code does not get as far as the judge
  | 'not_owner'
  | 'not_holder'
  | 'not_addressed'
  | 'wrong_state'
  | 'packed_elsewhere'
  | 'already_sold'
  | 'withdrawn'
  | 'on_hold'
  | 'expired'
  | 'several_logs'

export type Fault = {
  subject: Subject
  code: FaultCode
  /** One sentence for who may see the object; absent for anyone else. */
  detail?: string
  /** The entry that made the object what it is, for who may see it. */
  position?: number
  /** Owner and holder at that moment: whom a finding about it concerns. */
  concerned: readonly number[]
}

/** What is recorded all the same and becomes a finding; `missing`: announced under a document and not found on arrival. */
export type Doubt = Omit<Fault, 'code'> & { code: FaultCode | 'missing' }
