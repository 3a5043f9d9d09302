import { type Facts, type Lane, lanes } from '../declarations/bodies.ts'
import { decide, type Decided } from './decide.ts'
import type { RuleEngine } from './engine.ts'
import { type ReadyProfile, ruleKey } from './profile.ts'
import { rounded, wilson } from './statistics.ts'

/** One past declaration with what is known of it. `differs`: what its inspection found; undefined where nobody looked. */
export type Case = { facts: Facts; office: string; party: string; differs: boolean | undefined }

export type Shares = Readonly<Record<Lane, number>>

export type RuleReport = {
  rule: string
  fired: number
  inspected: number
  confirmed: number
  /** Share of the inspected that were confirmed, with its Wilson interval; null where nobody looked. */
  precision: number | null
  low: number
  high: number
}

export type Ranked = { share: number; selected: number; hits: number; precision: number }

export type BacktestReport = {
  cases: number
  inspected: number
  lanes: Shares
  /** The same under the profile that was in force. */
  before: Shares
  harder: number
  lighter: number
  /** Found to differ, by the lane that this profile gives. */
  hits: Shares
  rules: readonly RuleReport[]
  offices: Readonly<Record<string, Shares>>
  /** The parties whose declarations change lanes most, at most twenty. */
  parties: readonly { party: string; cases: number; harder: number; lighter: number }[]
  /** Precision among the first of the ranking by lane and score, where results are known. */
  ranking: readonly Ranked[]
  alarms: number
}

const none = (): Record<Lane, number> => ({ green: 0, blue: 0, yellow: 0, red: 0 })

const ranks = [0.01, 0.05, 0.1, 0.2]

type Ran = Case & { now: Decided; was: Decided | undefined }

/**
 * What a profile would have made of past declarations, beside the one in force. Quota and draw are left out: they are chance, and
 * their rates are in the profile.
 */
export function backtest(
  engine: RuleEngine,
  profile: ReadyProfile,
  cases: readonly Case[],
  inForce?: ReadyProfile,
): BacktestReport {
  const ran = cases.map((each): Ran => ({
    ...each,
    now: run(engine, profile, each.facts),
    was: inForce && run(engine, inForce, each.facts),
  }))
  const offices = new Map<string, Ran[]>()
  for (const each of ran) offices.set(each.office, [...(offices.get(each.office) ?? []), each])
  const shifted = (by: number) => (each: Ran) =>
    each.was !== undefined && Math.sign(lanes.indexOf(each.now.lane) - lanes.indexOf(each.was.lane)) === by
  return {
    cases: ran.length,
    inspected: ran.filter(({ differs }) => differs !== undefined).length,
    lanes: shares(ran.map(({ now }) => now.lane)),
    before: shares(ran.flatMap(({ was }) => was?.lane ?? [])),
    harder: ran.filter(shifted(1)).length,
    lighter: ran.filter(shifted(-1)).length,
    hits: counts(ran.filter(({ differs }) => differs === true).map(({ now }) => now.lane)),
    rules: rulesOf(profile, ran),
    offices: Object.fromEntries([...offices].map(([office, own]) => [office, shares(own.map(({ now }) => now.lane))])),
    parties: partiesOf(ran, shifted),
    ranking: ranking(ran),
    alarms: ran.filter(({ now }) => now.alarm !== undefined).length,
  }
}

const run = (engine: RuleEngine, profile: ReadyProfile, facts: Facts): Decided =>
  decide({
    engine,
    profile: { ...profile, random: {}, quota: null },
    facts,
    withdrawn: new Set(),
    quota: { decided: 0, selected: 0 },
    draw: (purpose, rate) => ({ purpose, rate, u: 1, selected: false }),
  })

function counts(found: readonly Lane[]): Record<Lane, number> {
  const counted = none()
  for (const lane of found) counted[lane]++
  return counted
}

function shares(found: readonly Lane[]): Shares {
  const counted = counts(found)
  for (const lane of lanes) counted[lane] = rounded(counted[lane] / Math.max(1, found.length), 4)
  return counted
}

const firedIn = (decided: Decided, key: string): boolean => /[fow]/.test(decided.results[key] ?? '')

function rulesOf({ rules }: ReadyProfile, ran: readonly Ran[]): RuleReport[] {
  return rules.map((rule) => {
    const key = ruleKey(rule)
    const fired = ran.filter(({ now }) => firedIn(now, key))
    const inspected = fired.filter(({ differs }) => differs !== undefined)
    const confirmed = inspected.filter(({ differs }) => differs === true).length
    const { low, high } = wilson(confirmed, inspected.length)
    return {
      rule: key,
      fired: fired.length,
      inspected: inspected.length,
      confirmed,
      precision: inspected.length === 0 ? null : rounded(confirmed / inspected.length, 4),
      low: rounded(low, 4),
      high: rounded(high, 4),
    }
  })
}

function partiesOf(ran: readonly Ran[], shifted: (by: number) => (each: Ran) => boolean) {
  const parties = new Map<string, Ran[]>()
  for (const each of ran) {
    const known = parties.get(each.party)
    if (known) known.push(each)
    else parties.set(each.party, [each])
  }
  return [...parties]
    .map(([party, own]) => ({
      party,
      cases: own.length,
      harder: own.filter(shifted(1)).length,
      lighter: own.filter(shifted(-1)).length,
    }))
    .filter(({ harder, lighter }) => harder + lighter > 0)
    .sort((a, b) => b.harder + b.lighter - a.harder - a.lighter || (a.party < b.party ? -1 : 1))
    .slice(0, 20)
}

/** By lane, then by score; of those that are alike the earlier one first, so that the same cases give the same ranking. */
function ranking(ran: readonly Ran[]): Ranked[] {
  const known = ran.filter(({ differs }) => differs !== undefined)
  const order = (each: Ran) => lanes.indexOf(each.now.lane)
  const sorted = [...known].sort((a, b) => order(b) - order(a) || b.now.score.sum - a.now.score.sum)
  return ranks.map((share) => {
    const selected = Math.max(1, Math.floor(known.length * share))
    const hits = sorted.slice(0, selected).filter(({ differs }) => differs === true).length
    return { share, selected, hits, precision: known.length === 0 ? 0 : rounded(hits / selected, 4) }
  })
}
