// Goods that were to be looked at and are declared again instead: by another declaration, in other parts, or without marks.
import type { Pool } from 'pg'
import { listActsOf } from '../declarations/act-store.ts'
import { customsLog } from '../declarations/act.ts'
import type { Entry, Lane } from '../declarations/bodies.ts'
import type { Item, NewDeclaration } from '../declarations/schema.ts'
import { isPresented, type Standing, standingOf } from '../declarations/standing.ts'
import * as declarations from '../declarations/store.ts'
import type { FactQuestion } from './facts.ts'
import type { FactSheet } from './fact-sheet.ts'
import { partyName } from './party.ts'
import type { DeclFact } from './vocabulary.ts'

/**
 * The lane that people or chance ordered for a declaration and that was never carried out. What a rule finds it finds again, whatever
 * is declared: a wrong count that is mended is no evasion. Blue is none: nothing has to be done before release.
 */
function orderedOf({ released, outcome, raises, inspections, decisions }: Standing): Lane | undefined {
  if (released || (outcome && taken.includes(outcome.body.outcome))) return undefined
  const drawn = decisions.flatMap(({ body }) => body.reasons).filter(({ rule }) => byNoRule.includes(rule))
  const ordered = [...drawn.map(({ lane }) => lane), ...raises.map(({ body }) => body.lane)]
  if (inspections.some(({ body }) => body.result === 'differs' || body.again)) ordered.push('red')
  return (['red', 'yellow'] as const).find((lane) => ordered.includes(lane))
}

const byNoRule: readonly string[] = ['draw', 'quota', 'AGAIN']

/** What an authority took into its hands was looked at. */
const taken: readonly string[] = ['seized', 'confiscated', 'destroyed']

/** Whether a declaration was one of goods that its declarant has to do with: what a stranger named binds nobody else. */
function isOwn(other: Standing, participant: number): boolean {
  if (other.participant === participant) return true
  const strange = other.decisions.at(-1)?.body.facts.decl['strangerUnits']
  return strange !== undefined && 'value' in strange && strange.value === 0
}

/** The unfinished ones among declarations that share units with it, lodged before its newest version. */
export const unfinishedOf = (standing: Standing, sharing: readonly Standing[]): Standing[] =>
  sharing.filter(
    (other) =>
      other.lodged.position < standing.current.position &&
      orderedOf(other) !== undefined &&
      isOwn(other, standing.participant),
  )

export function setUnfinished(sheet: FactSheet<DeclFact>, all: readonly Standing[]): void {
  const found = [...new Map(all.map((each) => [each.id, each])).values()]
  const lanes = found.map(orderedOf)
  const entries = found.map(({ lodged }): Entry => ({ log: customsLog, position: lodged.position }))
  const lane = (['red', 'yellow'] as const).find((known) => lanes.includes(known))
  sheet.set('unfinishedLane', lane ?? 'none', { entries: entries.slice(0, 10) })
}

const dayMs = 86_400_000
/** Who waits for so long has lost more than a check costs. */
const memoryDays = 60
const alikeMax = 20

/**
 * Goods without codes cannot be told apart: they may be the same where heading, origin and a party are, the quantity is about the
 * same, and the earlier declaration was given up or its goods never came.
 */
export async function findUnfinishedAlike(pool: Pool, { standing, at, customs }: FactQuestion): Promise<Standing[]> {
  const { content, goods } = standing.current.body
  const bare = content.items.filter(({ number }) => !goods.parts.some(({ item }) => item === number))
  const found = new Map<string, Standing>()
  const asked = new Set<string>()
  for (const item of bare) {
    const hs6 = item.hsCode.slice(0, 6)
    const key = `${hs6} ${item.originCountry}`
    if (asked.has(key)) continue
    asked.add(key)
    const line = { flow: content.flow, hs6, origin: item.originCountry, participant: standing.participant }
    const from = new Date(at.getTime() - memoryDays * dayMs)
    const before = Math.min(customs, standing.current.position)
    const parties = { consignor: partyName(content.consignor), before, from }
    const rows = await declarations.findAlike(pool, { ...line, ...parties }, alikeMax)
    const acts = await listActsOf(
      pool,
      rows.map(({ id }) => id),
    )
    for (const { id, participant } of rows) {
      if (id === standing.id) continue
      const other = standingOf(
        participant,
        (acts.get(id) ?? []).filter(({ position }) => position < customs),
      )
      if (orderedOf(other) && mayBeThere(other) && isAlike(content, other.current.body.content)) found.set(id, other)
    }
  }
  return [...found.values()]
}

const givenUp: readonly string[] = ['withdrawn', 'returned', 'abandoned']

/** Its goods were not seen at a border post, or left it again. */
const mayBeThere = (other: Standing): boolean =>
  other.outcome ? givenUp.includes(other.outcome.body.outcome) : !isPresented(other)

function isAlike(content: NewDeclaration, other: NewDeclaration): boolean {
  return content.items.some((item) => other.items.some((earlier) => isAlikeLine(item, earlier)))
}

const isAlikeLine = (a: Item, b: Item): boolean => {
  const [larger, smaller] = [Number(a.quantity), Number(b.quantity)].sort((x, y) => y - x)
  const about = (smaller ?? 0) >= 0.75 * (larger ?? 0) || a.unit !== b.unit
  return about && a.originCountry === b.originCountry && a.hsCode.slice(0, 6) === b.hsCode.slice(0, 6)
}
