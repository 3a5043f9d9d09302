import type { Pool } from 'pg'
import type { Group } from '../declarations/goods-store.ts'
import { findEntries, type BornEntry } from '../declarations/goods-store.ts'
import { flag } from '../custody/object.ts'
import { lifeOf, type Moment } from '../provenance/history.ts'
import { readSpans } from '../provenance/store.ts'
import { rounded } from './statistics.ts'

/** What the lives of some units say together: units that stand alike have lived alike, so one of each kind is read. */
export type LifeFacts = {
  gapHours: number
  coverage: number
  gapIndependent: boolean
  gapEntries: readonly number[]
  clockFaults: number
  clockIndependent: boolean
  clockEntries: readonly number[]
}

/** More kinds than this are seldom, and the first are the most frequent. */
const livesMax = 12

const hourMs = 3_600_000

export type LifeLimits = { clockAheadMaxMs: number; offlineWaitHours: number }

export async function readLives(
  pool: Pool,
  log: number,
  groups: readonly Group[],
  before: number,
  limits: LifeLimits,
): Promise<LifeFacts> {
  const kinds = [...groups].sort((a, b) => b.count - a.count || a.born - b.born).slice(0, livesMax)
  const spans = readSpans(pool, log)
  const lives: Moment[][] = []
  for (const { examples } of kinds) {
    const [id] = examples
    if (id !== undefined) lives.push((await lifeOf(id, spans)).filter(({ position }) => position < before))
  }
  const positions = [...new Set(lives.flat().map(({ position }) => position))]
  const entries = new Map((await findEntries(pool, log, positions)).map((entry) => [entry.position, entry]))
  return summed(lives, entries, limits)
}

type Told = Pick<BornEntry, 'position' | 'eventTime' | 'recordTime' | 'participant' | 'key'>

/** Pure: the longest gap, the worst coverage, and every fault of clock or order once. */
export function summed(
  lives: readonly (readonly Moment[])[],
  entries: ReadonlyMap<number, Told>,
  limits: LifeLimits,
): LifeFacts {
  const gaps = lives.map((life) => gapOf(life, entries))
  const worst = gaps.reduce((a, b) => (b.hours > a.hours ? b : a), { hours: 0, coverage: 1, entries: [] as number[] })
  const gapEntries = new Set(gaps.flatMap((gap) => gap.entries))
  const faults = new Set<number>()
  for (const life of lives) for (const position of clockFaultsOf(life, entries, limits)) faults.add(position)
  return {
    gapHours: rounded(worst.hours, 3),
    coverage: rounded(Math.min(1, ...gaps.map(({ coverage }) => coverage)), 4),
    gapIndependent: independent([...gapEntries], entries),
    gapEntries: [...gapEntries].slice(0, 10),
    clockFaults: faults.size,
    clockIndependent: independent([...faults], entries),
    clockEntries: [...faults].slice(0, 10),
  }
}

/**
 * Hours in which nobody answers for it: it had left, or somebody claimed it afterwards who was not known to have it, so that what
 * happened since the entry before is not told by anyone.
 */
function gapOf(life: readonly Moment[], entries: ReadonlyMap<number, Told>) {
  let gap = 0
  const shown: number[] = []
  const timeOf = (moment: Moment | undefined) =>
    moment ? entries.get(moment.position)?.eventTime.getTime() : undefined
  for (const [i, moment] of life.entries()) {
    const next = life[i + 1]
    const [from, to] = [timeOf(moment), timeOf(next)]
    if (!next || from === undefined || to === undefined) continue
    const claimed = next.own && (next.flags & flag.claimed) !== 0
    if (moment.holder !== null && !claimed) continue
    gap += Math.max(0, to - from)
    shown.push(next.position)
  }
  const [first, last] = [timeOf(life[0]), timeOf(life.at(-1))]
  const whole = first === undefined || last === undefined ? 0 : last - first
  return { hours: gap / hourMs, coverage: whole <= 0 ? 1 : 1 - gap / whole, entries: shown }
}

/** Entries reported later than a line may be down, or that happened before what the ledger knew already. */
function clockFaultsOf(life: readonly Moment[], entries: ReadonlyMap<number, Told>, limits: LifeLimits): number[] {
  const faults: number[] = []
  let newest = -Infinity
  for (const { position } of life) {
    const entry = entries.get(position)
    if (!entry) continue
    const event = entry.eventTime.getTime()
    const late = entry.recordTime.getTime() - event > limits.offlineWaitHours * hourMs
    const early = event < newest - 2 * limits.clockAheadMaxMs - offlineMs
    if (late || early) faults.push(position)
    newest = Math.max(newest, event)
  }
  return faults
}

/** What was uploaded within a day is no fault of order. */
const offlineMs = 24 * hourMs

/** Whether entries come from two devices, or two firms, that have nothing to do with each other. */
function independent(positions: readonly number[], entries: ReadonlyMap<number, Told>): boolean {
  const sources = new Set(
    positions.flatMap((position) => {
      const entry = entries.get(position)
      return entry ? [`${entry.participant} ${entry.key ?? ''}`] : []
    }),
  )
  return sources.size > 1
}
