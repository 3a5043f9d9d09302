import type { Claim } from '../../custody/claim.ts'
import { type Bench, openBench, type Verdict } from '../../custody/judge.ts'
import { flag, type Step } from '../../custody/object.ts'
import type { Queryable } from '../../custody/store.ts'
import { isOutage } from '../../ledger/ledger.ts'
import { type ClaimSources, claimOf, type ReplayedEntry } from './claim.ts'
import * as store from './store.ts'

/**
 * Judges every entry of a log again, each against the steps that stand before it, and compares what follows with the steps that are
 * stored at its position. By induction from the first entry on, where every answer is the same the whole table of steps is what the
 * entries make of it. It is the service's own law that judges: this shows that nobody changed, added or took away a step, and
 * that this version decides as the one did that recorded; it does not show that the law is right.
 *
 * Two flags are left out: whether a claim was doubted when it was made, and whether a container held goods of groups that only
 * observe. Both follow from settings of that time, which are entries of `audit`, not of this log.
 */
export type ReplayReport = {
  entries: number
  steps: number
  /** The first difference, in words. */
  difference: { position: number; text: string } | undefined
}

export type ReplayOptions = {
  /** A connection of its own, on which `openPast` was called. */
  client: Queryable
  log: { id: number; name: string }
  sources: ClaimSources
  nestingMax: number
  onProgress?: (entries: number) => void
}

// What is read at once: the judge's own batches are of this size.
const entriesAtOnce = 1_000
const uncompared = flag.claimed | flag.observed

type Judged = { entry: store.StoredEntry; asked: ReplayedEntry }

export async function replayLog(options: ReplayOptions): Promise<ReplayReport> {
  try {
    return await replayAll(options)
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    return { entries: error.position, steps: 0, difference: { position: error.position, text: error.message } }
  }
}

async function replayAll(options: ReplayOptions): Promise<ReplayReport> {
  const { client, log } = options
  const made = new Map<number, number>()
  let steps = 0
  let next = 0
  for (;;) {
    const batch = await readBatch(options, next)
    const [first] = batch
    if (!first) break
    const written = await judgeBatch(options, batch)
    if ('difference' in written) return { entries: next, steps, difference: written.difference }
    const end = next + batch.length
    for (const step of written.steps) made.set(step.position, (made.get(step.position) ?? 0) + 1)
    steps += written.steps.length
    const ids = [...new Set(written.steps.map((step) => step.id))]
    const difference = compare(written.steps, await store.readSteps(client, log.id, ids, next, end))
    if (difference) return { entries: next, steps, difference }
    next = end
    options.onProgress?.(next)
  }
  const surplus = await store.findSurplus(client, log.id, made)
  if (!surplus) return { entries: next, steps, difference: undefined }
  const { position, stored } = surplus
  const text = `entry ${position} makes ${made.get(position) ?? 0} steps, and ${stored} are stored`
  return { entries: next, steps, difference: { position, text } }
}

/**
 * Some entries, and those behind them that settle what they woke: the same bench must see both. What takes an earlier entry back
 * begins a batch, for the judge reads from the tables what it is about.
 */
async function readBatch({ client, log, sources }: ReplayOptions, from: number): Promise<Judged[]> {
  const batch: Judged[] = []
  for (let full = false; !full;) {
    const entries = await store.readEntries(client, log.id, from + batch.length, batch.length === 0 ? entriesAtOnce : 1)
    for (const entry of entries) {
      const asked = await named(entry.position, () => claimOf(sources, entry))
      const undoes = asked.kind === 'claim' && asked.claim.takesBack !== undefined
      full = batch.length > 0 && (undoes || (batch.length >= entriesAtOnce && asked.kind !== 'settles'))
      if (full) break
      batch.push({ entry, asked })
    }
    full ||= entries.length === 0 || batch.length < entriesAtOnce
  }
  return batch
}

type Written = { steps: readonly Step[] } | { difference: { position: number; text: string } }

async function judgeBatch({ client, log, nestingMax }: ReplayOptions, batch: readonly Judged[]): Promise<Written> {
  const [first] = batch
  if (!first) return { steps: [] }
  await store.setPast(client, first.entry.position, first.entry.recordTime)
  const end = first.entry.position + batch.length
  const facts = await store.findFacts(client, log.id, first.entry.position, end)
  const claims = batch.flatMap(({ entry, asked }) =>
    asked.kind === 'claim' ? [ready(asked, facts.get(entry.position))] : [],
  )
  // Read as if every fact could have come late; whether one did is known when it is judged.
  const asked = claims.map((claim) => (claim.takesBack || claim.waits ? claim : { ...claim, waits: { origin: {} } }))
  const bench = await openBench(client, log.id, asked, { nestingMax, settles: true })
  let nextClaim = 0
  for (const { entry, asked: said } of batch) {
    const { position, recordTime } = entry
    if (said.kind === 'settles') {
      const settlement = bench.settle({ position, recordTime })
      if (settlement?.fact.position === said.position) continue
      const text = `entry ${position} settles ${said.position}, and the replay settles ${settlement?.fact.position ?? 'nothing'} there`
      return { difference: { position, text } }
    }
    const claim = said.kind === 'claim' ? claims[nextClaim++] : undefined
    if (!claim) continue
    const verdict = decide(bench, claim, { position, recordTime })
    if (!('faults' in verdict)) continue
    const [fault] = verdict.faults
    const text = `entry ${position} would be refused: ${fault?.code ?? ''} (${fault?.subject.code ?? ''}) ${fault?.detail ?? ''}`
    return { difference: { position, text } }
  }
  return { steps: bench.steps() }
}

/** What was recorded without a line is remembered as such; an entry shows it only where something of it had to wait. */
const ready = (
  { claim, waiting }: { claim: Claim; waiting: boolean },
  fact: { neverRefused: boolean } | undefined,
): Claim => ({
  ...claim,
  ...(waiting || fact ? { waits: { origin: {} } } : {}),
  ...(fact?.neverRefused === true ? { neverRefused: true } : {}),
})

/** As it was asked; and where that would be refused, as a fact that came late, and as one that had happened anyway. */
function decide(bench: Bench, claim: Claim, at: { position: number; recordTime: Date }): Verdict {
  const plain = bench.decide(claim, at)
  if (!('faults' in plain) || claim.takesBack) return plain
  const late = bench.decide(Object.assign(claim, { waits: { origin: {} } }), at)
  if (!('faults' in late)) return late
  const anyway = bench.decide(Object.assign(claim, { neverRefused: true }), at)
  return 'faults' in anyway ? plain : anyway
}

/** An entry that no version of this service could have recorded, or that names what no register knows. */
class Unreadable extends Error {
  readonly position: number
  constructor(position: number, cause: unknown) {
    super(`entry ${position} cannot be replayed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.position = position
  }
}

async function named<T>(position: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw isOutage(error) ? error : new Unreadable(position, error)
  }
}

const fields = ['state', 'owner', 'ownerAt', 'holder', 'addressee', 'sender', 'parent', 'opened', 'contents'] as const

function compare(made: readonly Step[], stored: readonly Step[]): ReplayReport['difference'] {
  const byPlace = new Map(stored.map((step) => [`${step.id} ${step.position}`, step]))
  for (const step of made.toSorted((a, b) => a.position - b.position)) {
    const { position, id } = step
    const other = byPlace.get(`${id} ${position}`)
    if (!other) return { position, text: `entry ${position} makes a step of object ${id}, and none is stored` }
    const field = fields.find((name) => stepField(step, name) !== stepField(other, name))
    const flags = (step.flags & ~uncompared) !== (other.flags & ~uncompared)
    if (field === undefined && !flags) continue
    const name = field ?? 'flags'
    const text = `object ${id} at entry ${position}: ${name} is ${String(stepField(other, name))}, and follows as ${String(stepField(step, name))}`
    return { position, text }
  }
  return undefined
}

/** As it is stored: an owner that there is not was named nowhere. */
const stepField = (step: Step, name: (typeof fields)[number] | 'flags') =>
  name === 'ownerAt' && step.owner === null ? null : step[name]
