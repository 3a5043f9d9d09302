import {
  type DecidedBody,
  type DrawRecord,
  type Entry,
  type Facts,
  type FactValue,
  harder,
  isHarder,
  type Lane,
  lanes,
  type Reason,
  type RuleResult,
} from '../declarations/bodies.ts'
import type { RuleEngine, RuleInput, Verdict } from './engine.ts'
import { hasProvenanceFinding } from './provenance-findings.ts'
import { type ReadyProfile, type ReadyRule, ruleKey } from './profile.ts'
import { ratesOf } from './tables.ts'
import { indicatorOf, vocabulary } from './vocabulary.ts'
import { rounded } from './statistics.ts'

/**
 * The decision, in a fixed order: mandatory rules, then the score, then the quota, then the draw, then green. Pure: the same profile,
 * facts and draws give the same bytes for ever.
 */
export type DecideInput = {
  engine: RuleEngine
  profile: ReadyProfile
  facts: Facts
  /** Rules that were withdrawn for all. */
  withdrawn: ReadonlySet<string>
  /** How many of this office and shift were decided before, and how many of them selected. */
  quota: { decided: number; selected: number }
  /** Draws for a purpose at a rate; the same answer for the same purpose. */
  draw: (purpose: string, rate: number) => DrawRecord
}

export type Decided = Pick<
  DecidedBody,
  'lane' | 'hold' | 'doNotLoad' | 'results' | 'score' | 'reasons' | 'checks' | 'draws' | 'authorised' | 'keyDocuments'
> & { alarm?: string }

export const letters: Readonly<Record<RuleResult, string>> = {
  fired: 'f',
  quiet: 'q',
  unknown: 'u',
  error: 'e',
  observed: 'o',
  withdrawn: 'w',
}

type Fired = { rule: ReadyRule; line: Facts['lines'][number] | undefined }

export function decide(input: DecideInput): Decided {
  const { profile, facts } = input
  const run = runRules(input)
  const state: { lane: Lane; reasons: Reason[]; checks: Set<string>; draws: DrawRecord[]; doNotLoad: boolean } = {
    lane: 'green',
    reasons: [],
    checks: new Set(),
    draws: run.draws,
    doNotLoad: false,
  }
  const hold = unmarked(facts)
  for (const reason of hold) take(state, reason, ['marking'])
  for (const reason of unfinished(facts)) take(state, reason, [])
  for (const { rule, line } of run.fired) {
    if (rule.lane === undefined) continue
    const lane = ceilingOf(rule, rule.lane, facts, line)
    take(state, reasonOf(rule, lane, facts, line), rule.checks)
    state.doNotLoad ||= rule.doNotLoad === true
  }
  const score = scoreOf(profile, run.fired)
  addScore(state, profile, score, run.fired, facts)
  if (run.alarm !== undefined) take(state, alarmReason(run.alarm), [])
  const authorised = isTrue(facts.decl['authorised'])
  const approved =
    isTrue(facts.decl['combinationApproved']) && !speaksAgainst(run.results) && !hasProvenanceFinding(facts)
  if (state.lane === 'green' && !approved) byQuota(state, input)
  if (state.lane === 'green') byDraw(state, input, authorised || approved)
  return {
    lane: state.lane,
    hold: hold.length > 0,
    doNotLoad: state.doNotLoad,
    results: run.results,
    score,
    reasons: state.reasons,
    checks: [...state.checks].sort(),
    draws: state.draws,
    authorised,
    ...(profile.authorisedDocuments === 'key' && authorised && onlyDrawn(state) ? { keyDocuments: true } : {}),
    ...(run.alarm === undefined ? {} : { alarm: run.alarm }),
  }
}

/** Papers in full are for loads that something speaks against. */
const onlyDrawn = ({ lane, reasons }: State): boolean =>
  lane === 'yellow' && reasons.every(({ rule }) => rule === 'draw' || rule === 'quota')

/** An approved combination covers no load that any rule speaks against, be it only a hint or under observation. */
const speaksAgainst = (results: Decided['results']): boolean =>
  Object.values(results).some((told) => told.includes(letters.fired) || told.includes(letters.observed))

type State = { lane: Lane; reasons: Reason[]; checks: Set<string>; draws: DrawRecord[]; doNotLoad: boolean }

function take(state: State, reason: Reason, checks: readonly string[]): void {
  state.reasons.push(reason)
  if (reason.lane !== null) state.lane = harder(state.lane, reason.lane)
  for (const check of checks) state.checks.add(check)
}

function runRules({ engine, profile, facts, withdrawn, draw }: DecideInput) {
  const decl = engine.input('decl', facts.decl)
  const lines = facts.lines.map((line) => ({
    line,
    input: {
      decl,
      item: engine.input('item', line.item),
      led: engine.input('led', line.led),
      ...(profile.tables ? { rate: engine.input('rate', ratesOf(profile.tables, facts.decl, line.item)) } : {}),
    },
  }))
  const results: Record<string, string> = {}
  const fired: Fired[] = []
  const draws: DrawRecord[] = []
  let alarm: string | undefined
  for (const rule of profile.rules) {
    const asked: { line: Facts['lines'][number] | undefined; input: RuleInput }[] = rule.compiled.perLine
      ? lines
      : [{ line: undefined, input: { decl } }]
    let told = ''
    for (const { line, input } of asked) {
      const verdict = rule.compiled.ask(input)
      let result = resultOf(verdict, rule)
      if (result === 'fired' && withdrawn.has(rule.id)) {
        const record = draw(`withdrawn:${rule.id}`, profile.withdrawnShare)
        if (!draws.some(({ purpose }) => purpose === record.purpose)) draws.push(record)
        if (!record.selected) result = 'withdrawn'
      }
      if (result === 'fired') fired.push({ rule, line })
      if ('error' in verdict) alarm ??= `rule ${rule.id}: ${verdict.error}`
      told += letters[result]
    }
    results[ruleKey(rule)] = told
  }
  return { results, fired, draws, alarm }
}

function resultOf(verdict: Verdict, rule: ReadyRule): RuleResult {
  if ('error' in verdict) return 'error'
  if ('unknown' in verdict) return 'unknown'
  if (!verdict.result) return 'quiet'
  return rule.mode === 'observe' ? 'observed' : 'fired'
}

/** Goods that must bear marks and bear none: the law itself, whatever the profile says. */
function unmarked(facts: Facts): Reason[] {
  return facts.lines
    .filter(({ item, led }) => {
      const codes = numberOf(led['units']) + numberOf(led['unknownCodes']) + numberOf(led['forgedCodes'])
      return isTrue(item['markingDue']) && !isTrue(item['exempt']) && codes === 0
    })
    .map(({ number, item }) => ({
      rule: 'MARK',
      lane: 'red',
      item: number,
      text: `Goods of heading ${textOf(item['hs'])} must bear marks under this procedure, and none are declared.`,
      category: 'Marking',
      legalBasis: 'Table of goods subject to marking',
      disclosure: 'full',
      clearedBy: 'A new version of the declaration with the codes, or with a coded exemption',
    }))
}

/** Goods that were to be looked at and were declared again instead: what was ordered stays ordered, whatever the profile says. */
function unfinished({ decl: { unfinishedLane: fact } }: Facts): Reason[] {
  const lane = fact && 'value' in fact ? lanes.find((known) => known === fact.value) : undefined
  if (lane === undefined || !fact) return []
  return [
    {
      rule: 'AGAIN',
      lane,
      text: 'These goods were declared before, and what was to be checked then was not finished.',
      ...('entries' in fact && fact.entries ? { entries: fact.entries } : {}),
      category: 'Declared again',
      legalBasis: 'Law of the service: a check is never taken away',
      disclosure: 'full',
    },
  ]
}

/** What only one device or firm says stays yellow: its clock, its place or its mistake may explain it. */
function ceilingOf(rule: ReadyRule, lane: Lane, facts: Facts, line: Facts['lines'][number] | undefined): Lane {
  if (lane !== 'red') return lane
  const known = rule.compiled.reads.flatMap((path) => indicatorOf(indicatorIdOf(path) ?? '') ?? [])
  if (known.length === 0) return lane
  const open = known.some(({ id, ceiling }) => ceiling === 'red' || isIndependent(id, facts, line))
  return open ? lane : 'yellow'
}

function indicatorIdOf(path: string): string | undefined {
  const [scope = '', name = ''] = path.split('.')
  const specs: Readonly<Record<string, Readonly<Record<string, { indicator?: string }>>>> = vocabulary
  return specs[scope]?.[name]?.indicator
}

const independence: Readonly<Record<string, string>> = {
  P03: 'doubleTerminalIndependent',
  P04: 'travelIndependent',
  P05: 'custodianIndependent',
  P13: 'gapIndependent',
  P17: 'sealIndependent',
  P27: 'clockIndependent',
}

function isIndependent(id: string, facts: Facts, line: Facts['lines'][number] | undefined): boolean {
  const fact = independence[id]
  if (fact === undefined) return false
  return (line ? [line] : facts.lines).some(({ led }) => isTrue(led[fact]))
}

const isTrue = (fact: FactValue | undefined): boolean => fact !== undefined && 'value' in fact && fact.value === true
const numberOf = (fact: FactValue | undefined): number =>
  fact !== undefined && 'value' in fact && typeof fact.value === 'number' ? fact.value : 0
const textOf = (fact: FactValue | undefined): string => {
  if (fact === undefined || 'unknown' in fact) return 'unknown'
  return typeof fact.value === 'object' ? fact.value.join(', ') : String(fact.value)
}

function reasonOf(rule: ReadyRule, lane: Lane | null, facts: Facts, line: Facts['lines'][number] | undefined): Reason {
  const factOf = (path: string): FactValue | undefined => {
    const [scope, name = ''] = path.split('.')
    if (scope === 'decl') return facts.decl[name]
    return scope === 'item' ? line?.item[name] : scope === 'led' ? line?.led[name] : undefined
  }
  const read = rule.compiled.reads.flatMap((path) => factOf(path) ?? [])
  const codes = [...new Set(read.flatMap((fact) => ('codes' in fact ? (fact.codes ?? []) : [])))]
  const entries = new Map<string, Entry>()
  for (const fact of read) {
    for (const entry of 'entries' in fact ? (fact.entries ?? []) : [])
      entries.set(`${entry.log} ${entry.position}`, entry)
  }
  const clearedBy = indicatorOf(rule.id)?.clearedBy
  const text = rule.say ?? rule.text
  const demanded = rule.doNotLoad === true ? [...rule.checks, 'do_not_load'] : rule.checks
  return {
    rule: rule.id,
    lane,
    text: text.replaceAll(/\{(decl|item|led)\.(\w+)\}/g, (_, scope: string, name: string) =>
      textOf(factOf(`${scope}.${name}`)),
    ),
    ...(line ? { item: line.number } : {}),
    ...(codes.length > 0 ? { codes } : {}),
    ...(entries.size > 0 ? { entries: [...entries.values()] } : {}),
    category: rule.category,
    ...(demanded.length > 0 ? { checks: demanded } : {}),
    legalBasis: rule.legalBasis,
    disclosure: rule.disclosure,
    ...(clearedBy === undefined ? {} : { clearedBy }),
  }
}

/** Log-odds, summed, each family capped: ten hints of one kind are not ten hints. */
function scoreOf(profile: ReadyProfile, fired: readonly Fired[]): Decided['score'] {
  const families: Record<string, number> = {}
  const counted = new Set<string>()
  for (const { rule } of fired) {
    if (rule.score === undefined || counted.has(ruleKey(rule))) continue
    counted.add(ruleKey(rule)) // Forty lines that say the same are one hint.
    families[rule.family] = (families[rule.family] ?? 0) + rule.score
  }
  let sum = 0
  for (const [family, value] of Object.entries(families)) {
    const cap = profile.caps[family] ?? profile.caps['other'] ?? Infinity
    families[family] = rounded(Math.max(-cap, Math.min(cap, value)))
    sum += families[family]
  }
  return { sum: rounded(sum), families }
}

function addScore(
  state: State,
  profile: ReadyProfile,
  score: Decided['score'],
  fired: readonly Fired[],
  facts: Facts,
): void {
  const scoring = fired.filter(({ rule }) => rule.score !== undefined)
  if (scoring.length === 0) return
  for (const { rule, line } of scoring) state.reasons.push(reasonOf(rule, null, facts, line))
  const band = [...profile.bands].sort((a, b) => b.min - a.min).find(({ min }) => score.sum >= min)
  if (!band || !isHarder(band.lane, state.lane)) return
  state.lane = band.lane
  for (const { rule } of scoring) for (const check of rule.checks) state.checks.add(check)
}

const alarmReason = (alarm: string): Reason => ({
  rule: 'ENGINE',
  lane: 'yellow',
  text: `A rule could not be asked (${alarm}). What cannot be decided is not green.`,
  category: 'Technical',
  legalBasis: '',
  disclosure: 'category',
})

/** Fewer were selected than there should be: more are drawn of what nothing selected. */
function byQuota(state: State, { profile, quota, draw }: DecideInput): void {
  if (!profile.quota) return
  const { share, lane } = profile.quota
  const wanted = share * (quota.decided + 1) - quota.selected
  if (wanted <= 0) return
  const record = draw('quota', Math.min(1, Math.max(share, wanted / Math.max(1, quota.decided + 1))))
  state.draws.push(record)
  if (record.selected)
    take(state, chance('quota', lane, 'Selected because fewer were selected than the profile demands.'), [])
}

/** Random selection, hardest lane first: the only unbiased measure of what the rules miss. */
function byDraw(state: State, { profile, draw }: DecideInput, lowered: boolean): void {
  for (const lane of ['red', 'yellow', 'blue'] as const) {
    const rate = (profile.random[lane] ?? 0) * (lowered ? profile.authorisedFactor : 1)
    if (rate <= 0) continue
    const record = draw(`random:${lane}`, rate)
    state.draws.push(record)
    if (!record.selected) continue
    take(state, chance('draw', lane, 'Drawn at random.'), [])
    return
  }
}

const chance = (rule: string, lane: Lane, text: string): Reason => ({
  rule,
  lane,
  text,
  category: 'Random selection',
  legalBasis: 'Profile of the installation',
  disclosure: 'full',
})
