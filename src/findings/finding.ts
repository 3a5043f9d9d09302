/**
 * Findings (D14): something wrong that was noticed, in neutral words. Never silently dropped, never edited.
 */

/** refused: nothing was recorded. observed: recorded, in a group that only observes. doubted: recorded lawfully, yet remarkable. */
export const findingKinds = ['refused', 'observed', 'doubted'] as const
export type FindingKind = (typeof findingKinds)[number]

/** yellow: to be explained; red: two independent sources say so. */
export const severities = ['yellow', 'red'] as const
export type Severity = (typeof severities)[number]

/** What a finding shows of what it is about; more is only counted. */
export const findingObjectsMax = 100

/** One code of a finding. `concerned`: whose goods it is, so that each of several firms is shown its own. */
export type FindingItem = {
  path: string
  code: string
  concerned: readonly number[]
  /** What the claimant was told about it, and the entry that it was told about: for the same answer to the same request. */
  told?: string
  at?: number
}

export type NewFinding = {
  id: string
  openedAt: Date
  kind: FindingKind
  /** The problem code: what was found. */
  code: string
  /** Who claimed it, for whom, and which person. */
  participant: number
  principal: number | null
  person: number | null
  log: number
  position: number | null
  eventKey: string | null
  /** Whose goods it is about, besides who claimed it. */
  concerned: readonly number[]
  objects: readonly bigint[]
  objectCount: number
  detail: {
    act: string
    eventTime: string
    eventID: string
    text: string
    objects: readonly FindingItem[]
    /** Who owes an answer, where a deadline passed. */
    owes?: readonly number[]
    /** How much it weighs, where that is not said by the kind; and what may explain it without anybody's fault. */
    severity?: Severity
    innocentCauses?: readonly string[]
    clearedBy?: string
    /** Of findings that were only counted (throttle.ts): how many there were of each code. */
    counted?: Readonly<Record<string, number>>
  }
}

/** What each code means for people, in words that accuse nobody. */
export const findingTexts: Readonly<Record<string, string>> = {
  code_unknown: 'A code was reported that was never issued: difference to be explained.',
  code_malformed: 'Something was reported as sold that cannot be read as a code.',
  code_forged: 'A code was reported whose verification tail does not fit: its origin is to be explained.',
  not_owner: 'Somebody acted as owner who is not recorded as such: difference to be explained.',
  not_holder: 'Somebody acted as holder who is not recorded as such: difference to be explained.',
  not_addressed: 'Goods were received by who was not addressed, or addressed to nobody: difference to be explained.',
  wrong_state: 'An act does not fit the recorded state of the goods: a step in between may be missing.',
  packed_elsewhere:
    'Goods were reported apart from the container in which they are recorded: difference to be explained.',
  already_sold: 'A code was sold that is recorded as sold: a copy, a missed return, or a mistake.',
  withdrawn: 'Goods were reported that are withdrawn, blocked or voided.',
  on_hold: 'Goods were moved that customs hold.',
  expired: 'Goods were offered after their expiry date.',
  missing: 'Goods that were announced under a document were not found on arrival: difference to be explained.',
  overdue: 'Goods have been under way for longer than they should: the addressee or the sender owes an answer.',
  unsettled: 'A fact waits for its predecessor, and nobody has reported it: somebody owes a report.',
  impossible_travel:
    'A mark was seen in two places between which it cannot have travelled: difference to be explained.',
  sealed_elsewhere: 'A mark was seen by itself while its container is recorded elsewhere: difference to be explained.',
  two_custodians: 'Two custodians act with the same mark at once: difference to be explained.',
  clone_suspected:
    'Contradictions about a mark come from devices that have nothing to do with each other: there may be a copy of it.',
  clock_off: "A device's clock differs from ours by more than ten minutes: it is to be set.",
  counted: 'More was refused within a minute than is kept one by one: see the counts.',
  declared_differently: 'An inspection found other goods than declared: difference to be explained.',
  several_logs: 'Goods of several ledgers were reported in one document.',
}

export const findingText = (code: string): string => findingTexts[code] ?? 'Difference to be explained.'
