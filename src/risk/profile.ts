import { canonicalJson, sha256Hex } from '../declarations/act.ts'
import { type Disclosure, disclosures, type Lane, lanes } from '../declarations/bodies.ts'
import type { CompiledRule, RuleEngine } from './engine.ts'
import type { RateTables } from './tables.ts'
import { indicatorOf, isFact } from './vocabulary.ts'

/** Profiles are data: what is checked, why, and how often. Never edited, only followed by a new version. */

export const ruleModes = ['enforce', 'observe'] as const
export type RuleMode = (typeof ruleModes)[number]

export type Rule = {
  /** Several rules may share an id as its grades: one for each lane. */
  id: string
  /** What it is about, in words. */
  text: string
  when: string
  lane?: Lane
  /** Log-odds that it adds, where it names no lane. */
  score?: number
  /** Scores of one family together count at most its cap. */
  family: string
  /** What must be done besides the lane's own checks. */
  checks: readonly string[]
  /** The sentence of the decision, with facts in braces; the text where there is none. */
  say?: string
  legalBasis: string
  disclosure: Disclosure
  category: string
  mode: RuleMode
  /** Goods must not be loaded: the declarant is told before they come. */
  doNotLoad?: boolean
}

export type Profile = {
  name: string
  text: string
  rules: readonly Rule[]
  /** Rates that rules may speak of. */
  tables?: RateTables
  /** From which sum of scores on which lane. */
  bands: readonly { min: number; lane: Lane }[]
  /** The most that scores of a family count together; `other` for those that are not named. */
  caps: Readonly<Record<string, number>>
  /** The share of declarations of an office and shift that is selected at least. */
  quota: { share: number; lane: Lane } | null
  /** Shares that are drawn of what nothing else selected. */
  random: Readonly<Partial<Record<Lane, number>>>
  /** By how much the random shares of authorised operators and approved combinations are lowered; never to nothing. */
  authorisedFactor: number
  /** Which papers an authorised operator hands in whose load was only drawn: the invoice and the transport document. Absent: all. */
  authorisedDocuments?: 'key'
  /** The share of finished inspections that others repeat. */
  secondShare: number
  /** Of a rule that was withdrawn: the share of its hits that is looked at all the same. */
  withdrawnShare: number
}

export const defaults = {
  bands: [
    { min: 2, lane: 'red' },
    { min: 0.8, lane: 'yellow' },
  ],
  caps: { other: 1.5 },
  quota: null,
  random: {},
  authorisedFactor: 0.5,
  secondShare: 0.015,
  withdrawnShare: 0.05,
} as const satisfies Omit<Profile, 'name' | 'text' | 'rules'>

export const profileHash = (profile: Profile): string => `sha256:${sha256Hex(canonicalJson(profile))}`

export type ReadyRule = Rule & { compiled: CompiledRule }
export type ReadyProfile = Profile & { rules: readonly ReadyRule[]; hash: string }

export type ProfileFault = { path: string; detail: string }

/** Compiles every rule. @returns everything that is wrong, each with its place */
export function makeReady(engine: RuleEngine, profile: Profile): { ready: ReadyProfile } | { faults: ProfileFault[] } {
  const faults: ProfileFault[] = []
  const seen = new Set<string>()
  const rules: ReadyRule[] = []
  profile.rules.forEach((rule, i) => {
    const path = `/rules/${i}`
    const key = ruleKey(rule)
    if (seen.has(key)) faults.push({ path: `${path}/id`, detail: `There is another rule ${key}.` })
    seen.add(key)
    if ((rule.lane === undefined) === (rule.score === undefined)) {
      faults.push({ path, detail: 'A rule names a lane or a score, and not both.' })
    }
    if (!disclosures.includes(rule.disclosure))
      faults.push({ path: `${path}/disclosure`, detail: 'full, category or none.' })
    const compiled = engine.compile(rule.when, Object.keys(profile.tables ?? {}))
    if ('fault' in compiled) {
      const { detail, at } = compiled.fault
      faults.push({ path: `${path}/when`, detail: at === undefined ? detail : `${detail} (at character ${at + 1})` })
    } else rules.push({ ...rule, compiled: compiled.rule })
  })
  for (const [name, { keys }] of Object.entries(profile.tables ?? {})) {
    const wrong = keys.find((path) => !isFact(path))
    if (wrong !== undefined) faults.push({ path: `/tables/${name}/keys`, detail: `There is no fact ${wrong}.` })
  }
  return faults.length > 0 ? { faults } : { ready: { ...profile, rules, hash: profileHash(profile) } }
}

/** Grades of one rule are told apart by what they lead to. */
export const ruleKey = ({ id, lane, score }: Pick<Rule, 'id' | 'lane' | 'score'>): string =>
  `${id}:${lane ?? `score${score}`}`

/** Things that are allowed and probably not meant. */
export function remarks({ rules, bands, random }: ReadyProfile): string[] {
  const found: string[] = []
  for (const rule of rules) {
    if (rule.compiled.reads.length === 0) found.push(`${rule.id} reads no fact: it is always the same.`)
    if (rule.legalBasis === '') found.push(`${rule.id} names no legal basis.`)
  }
  const texts = new Map<string, string>()
  for (const rule of rules) {
    const same = texts.get(rule.when)
    if (same !== undefined && same !== rule.id) found.push(`${rule.id} asks the same as ${same}.`)
    texts.set(rule.when, rule.id)
  }
  const reach = rules.reduce((sum, { score = 0 }) => sum + Math.max(0, score), 0)
  for (const { min, lane } of bands) {
    if (rules.some(({ score }) => score !== undefined) && reach < min)
      found.push(`No scores together reach the band ${lane} (${min}).`)
  }
  if (lanes.every((lane) => (random[lane] ?? 0) === 0))
    found.push('Nothing is drawn at random: what the rules miss is never seen.')
  return found
}

const rule = (id: string, lane: Lane, when: string, say: string, more: Partial<Rule> = {}): Rule => {
  const known = indicatorOf(id)
  return {
    id,
    lane,
    when,
    say,
    text: known?.name ?? id,
    family: known?.family ?? 'other',
    checks: [],
    legalBasis: 'Profile of the installation',
    disclosure: 'full',
    category: known?.name ?? id,
    mode: 'enforce',
    ...more,
  }
}

const watched = { mode: 'observe', disclosure: 'category' } as const

/**
 * What a new installation has in force. Nobody approved it, so it stops only what is plain, draws nobody at random, and watches the
 * rest.
 */
export const firstProfile: Profile = {
  ...defaults,
  name: 'installation',
  text: 'What the ledger shows plainly: forged or ended codes, another origin, heading or quantity than declared.',
  rules: [
    rule(
      'P01',
      'red',
      'led.unknownCodes > 0.0 || led.forgedCodes > 0.0 || led.uncommissioned > 0.0',
      '{led.unknownCodes} codes were never issued, {led.forgedCodes} are forged, {led.uncommissioned} were never put on goods.',
      { checks: ['units'] },
    ),
    rule(
      'P02',
      'red',
      `led.sold > 0.0 || led.destroyed > 0.0 || led.withdrawn > 0.0 || led.stolen > 0.0 || led.held > 0.0 || led.recalled > 0.0 || led.expired > 0.0
       || (led.exported > 0.0 && !(decl.flow == 'import' && decl.procedure.startsWith('6')))`,
      'Of the units {led.sold} are sold, {led.exported} exported, {led.destroyed} destroyed, {led.withdrawn} withdrawn, {led.stolen} stolen, {led.held} on hold, {led.recalled} recalled, {led.expired} expired.',
      { checks: ['units'] },
    ),
    rule(
      'P08',
      'red',
      'led.otherOriginUnits > 0.0',
      'Declared origin {item.origin}; origin of {led.otherOriginUnits} units by {led.originBasis}: {led.origin}.',
    ),
    rule('P09', 'red', 'led.hsSame < 4.0', 'Declared heading {item.hs}; heading of the product {led.productHs}.'),
    rule(
      'P10',
      'red',
      'led.piecesOver > 0.0',
      'Declared {item.pieces} pieces; the ledger has {led.units} units, {led.piecesOver} more.',
      { checks: ['count'] },
    ),
    rule(
      'P10',
      'yellow',
      'led.piecesShort > 0.0 && !(led.breakage >= led.piecesShort)',
      'Declared {item.pieces} pieces; the ledger has {led.units} units, {led.piecesShort} fewer; breakage recorded: {led.breakage}.',
      { checks: ['count'] },
    ),
    rule(
      'P10B',
      'red',
      'decl.substitutedUnits > 0.0',
      '{decl.substitutedUnits} of the units that were presented are not those that were declared; {decl.absentUnits} of those were not presented.',
      {
        text: 'Other units than declared were presented',
        category: 'Quantity differs',
        family: 'quantity',
        checks: ['units'],
      },
    ),
    rule('P03', 'red', 'led.doubleTerminal > 0.0', '{led.doubleTerminal} units ended twice.', watched),
    rule(
      'P04',
      'red',
      'led.travelUnits > 0.0',
      '{led.travelUnits} units were seen where they cannot have been.',
      watched,
    ),
    rule('P05', 'red', 'led.custodianUnits > 0.0', '{led.custodianUnits} units had two custodians at once.', watched),
    rule('P07', 'red', 'decl.parallelUnits > 0.0', '{decl.parallelUnits} units are declared elsewhere too.', watched),
    rule(
      'P12',
      'yellow',
      'item.priceZ < -2.5',
      'The value of a piece is far below the usual (z {item.priceZ}).',
      watched,
    ),
    rule('P13', 'red', 'led.gapHours > 48.0', 'Nobody had custody for {led.gapHours} hours.', watched),
    rule(
      'P14',
      'yellow',
      'led.shipmentAgeRatio > 2.0',
      'A shipment waits for its receipt for {led.shipmentAgeHours} hours.',
      watched,
    ),
    rule(
      'P19',
      'yellow',
      'led.capacityRatio > 1.1',
      '{led.commissionPeakPerHour} units were commissioned in an hour, {led.capacityRatio} of what the maker can make.',
      watched,
    ),
    rule(
      'P17',
      'red',
      'led.brokenSeals > 0.0',
      '{led.brokenSeals} units were seen apart from their container.',
      watched,
    ),
    rule('P27', 'yellow', 'led.clockFaults > 0.0', '{led.clockFaults} entries are out of order or late.', watched),
  ],
}
