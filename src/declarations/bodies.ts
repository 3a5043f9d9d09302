import type { StoredGoods } from './goods.ts'
import type { NewDeclaration, NewOutcome, NewPresentation } from './schema.ts'

/** What the acts about a declaration say: the shapes of the bodies that its entries pin. */

/** From the lightest to the hardest. */
export const lanes = ['green', 'blue', 'yellow', 'red'] as const
export type Lane = (typeof lanes)[number]

export const harder = (a: Lane, b: Lane): Lane => (lanes.indexOf(a) >= lanes.indexOf(b) ? a : b)
export const isHarder = (a: Lane, b: Lane): boolean => lanes.indexOf(a) > lanes.indexOf(b)

export type Entry = { log: string; position: number }

export type LodgedBody = {
  version: number
  content: NewDeclaration
  /** SHA-256 of the content's canonical JSON: what the draw is over. */
  digest: string
  /** The declarant's public id. */
  declarant: string
  goods: StoredGoods
  /** The first declaration of these goods in this flow: its chance in the draw counts for all that follow. */
  chance: { declaration: string; digest: string }
  /** Keyed in by an officer from paper. */
  paper?: boolean
}

export type PresentedBody = { at: string; by: string; content: NewPresentation; goods?: StoredGoods }

export type OutcomeBody = NewOutcome & { by: string }

export const disclosures = ['full', 'category', 'none'] as const
export type Disclosure = (typeof disclosures)[number]

/** Why a decision is what it is. */
export type Reason = {
  /** The rule's id; `draw` or `quota` where these decided. */
  rule: string
  /** Null where the rule only scores. */
  lane: Lane | null
  text: string
  item?: number
  codes?: readonly string[]
  entries?: readonly Entry[]
  category: string
  /** What the rule demands before release, beside what its lane does; `do_not_load` among them. */
  checks?: readonly string[]
  legalBasis: string
  disclosure: Disclosure
  /** What would show that nobody is at fault, for who may know the reason. */
  clearedBy?: string
}

export type FactValue =
  | { value: string | number | boolean | readonly string[]; entries?: readonly Entry[]; codes?: readonly string[] }
  | { unknown: string }
export type Facts = {
  decl: Readonly<Record<string, FactValue>>
  lines: readonly {
    number: number
    item: Readonly<Record<string, FactValue>>
    led: Readonly<Record<string, FactValue>>
  }[]
}

/** `observed`: it would have counted, but is only watched. `withdrawn`: it was taken out of force for all. */
export type RuleResult = 'fired' | 'quiet' | 'unknown' | 'error' | 'observed' | 'withdrawn'

/** What every draw about the same goods rests on, however often they are lodged. */
export type Chance = {
  shift: string
  commitment: string
  /**
   * The beacon's round, its randomness and the chain's signature; or why there is none, and in its place what other institutions handed in before the shift:
   * their secrets, one XOR the other.
   */
  beacon:
    | { source: string; round: number; randomness: string; signature?: string; previous?: string }
    | { offline: string }
    | { offline: string; shift: string; institutions: number; randomness: string }
  /** The first declaration of these goods, and the SHA-256 of its content. */
  declaration: string
  digest: string
}

export type DrawRecord = { purpose: string; rate: number; u: number; selected: boolean }
/** One of several, by rank from 0. */
export type RankRecord = { purpose: string; of: number; u: number; rank: number }

export type DecidedBody = {
  trigger: string
  version: number
  at: string
  positions: Readonly<Record<string, number>>
  /** Acts of customs below this position were known. */
  customs: number
  profile: { id: string; version: number; hash: string }
  lane: Lane
  /** Goods that must not enter or leave as they are: due to be marked, and not. */
  hold: boolean
  doNotLoad: boolean
  facts: Facts
  /** By rule, a letter for each line (or one for the declaration): see `letters` in risk/engine.ts. */
  results: Readonly<Record<string, string>>
  score: { sum: number; families: Readonly<Record<string, number>> }
  reasons: readonly Reason[]
  checks: readonly string[]
  chance: Chance
  draws: readonly DrawRecord[]
  /** Units that the machine drew for whoever inspects, as ids. */
  sample: readonly string[]
  sampleOf: number
  /** The shift whose seed the units are drawn with: that of the decision. The seed of the lodgement may be public by now. */
  sampleShift: string
  authorised: boolean
  /** Fewer papers are asked for: see `Profile.authorisedDocuments`. */
  keyDocuments?: boolean
  /** What the quota counted, and which rules were withdrawn: with them it can be decided again, bit for bit. */
  quota: { decided: number; selected: number }
  withdrawn: readonly string[]
  alarm?: string
}

export type RaisedBody = { lane: Lane; reason: string; until: string; text?: string }

export type InspectedBody = {
  result: 'conforms' | 'differs'
  /** Which of the required checks it records. */
  checks: readonly string[]
  /** A second look at what others inspected. */
  second: boolean
  /** Another must look again: drawn. */
  again: boolean
  scanned: readonly { code: string; found: string }[]
  found?: readonly string[]
  photos?: readonly string[]
  notes: string
  /** A person who saw it too. */
  witness?: string
  /** Units drawn in the place of those that could not be read. */
  substitutes?: readonly string[]
  /** What the draw for a second look rests on, where there was one. */
  chance?: Chance
  draws?: readonly DrawRecord[]
}

export type InspectorBody = {
  person: string | null
  of: number
  u: number
  decision: number
  chance: Chance
  draws: readonly RankRecord[]
}

export type VoteBody = { lane: Lane }
export type ReleasedBody = { lane: Lane; automatic: boolean; by: readonly string[] }
