import type { Claim } from '../../custody/claim.ts'
import { type Bench, openBench, type Verdict } from '../../custody/judge.ts'
import { flag, type Step } from '../../custody/object.ts'
import type { Queryable } from '../../custody/store.ts'
import { isOutage } from '../../ledger/ledger.ts'
import { type ClaimSources, claimOf, type ReplayedEntry } from './claim.ts'
import { cutBatch } from './batches.ts'
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
  const ahead: Judged[] = []
  for (;;) {
    const batch = await readBatch(options, ahead, next)
    if (batch.entries.length === 0) break
    const written = await replayBatch(options, batch)
    if ('difference' in written) return { entries: next, steps, difference: written.difference }
    for (const step of written.steps) made.set(step.position, (made.get(step.position) ?? 0) + 1)
    steps += written.steps.length
    next += batch.entries.length
    options.onProgress?.(next)
  }
  const surplus = await store.findSurplus(client, log.id, made)
  if (!surplus) return { entries: next, steps, difference: undefined }
  const { position, stored } = surplus
  const text = `entry ${position} makes ${made.get(position) ?? 0} steps, and ${stored} are stored`
  return { entries: next, steps, difference: { position, text } }
}

/**
 * The next entries that are judged together: as many as may be where nothing came late, else one batch of those that were recorded
 * together, with the entries that settle what it woke. What takes an earlier entry back begins one, for the judge reads from the tables
 * what it is about.
 * @param ahead what was read before and not judged yet
 */
async function readBatch({ client, log, sources }: ReplayOptions, ahead: Judged[], from: number): Promise<Batch> {
  const fill = async (wanted: number): Promise<void> => {
    const entries = await store.readEntries(client, log.id, from + ahead.length, wanted - ahead.length)
    for (const entry of entries) {
      ahead.push({ entry, asked: await named(entry.position, () => claimOf(sources, entry)) })
    }
  }
  if (ahead.length < entriesAtOnce / 2) await fill(entriesAtOnce)
  const facts = await store.findFacts(client, log.id, from, from + ahead.length)
  const heads = await store.findHeads(client, log.id, from, ahead.length)
  const marks = ahead.map(({ entry, asked }) => ({
    late: facts.has(entry.position) || asked.kind === 'settles' || (asked.kind === 'claim' && asked.waiting),
    settles: asked.kind === 'settles',
    undoes: asked.kind === 'claim' && asked.claim.takesBack !== undefined,
  }))
  const count = cutBatch(marks, heads)
  if (count <= ahead.length) return { entries: ahead.splice(0, count), facts }
  await fill(count)
  return { entries: ahead.splice(0, count), facts: await store.findFacts(client, log.id, from, from + count) }
}

type Batch = { entries: readonly Judged[]; facts: Facts }
type Facts = Map<number, { neverRefused: boolean }>

type Written = { steps: readonly Step[] } | { difference: NonNullable<ReplayReport['difference']> }

// Of one batch: past this it is not a few large documents that came late.
const lateMax = 20

/**
 * One batch judged and compared. A document too large to be judged a second time leaves no trace of having come late where none of it
 * waited, yet it may have rewound others: where the steps differ at an entry, it is tried as one that came late.
 */
async function replayBatch(options: ReplayOptions, { entries: batch, facts }: Batch): Promise<Written> {
  const { client, log } = options
  const from = batch[0]?.entry.position ?? 0
  for (const late = new Set<number>(); ;) {
    const written = await judgeBatch(options, batch, facts)
    if ('difference' in written) return written
    const ids = [...new Set(written.steps.map((step) => step.id))]
    const stored = await store.readSteps(client, log.id, ids, from, from + batch.length)
    const difference = compare(written.steps, stored)
    if (!difference) return written
    const asked = batch[difference.position - from]?.asked
    const known = asked?.kind !== 'claim' || asked.claim.takesBack !== undefined || late.has(difference.position)
    if (known || late.size >= lateMax) return { difference }
    late.add(difference.position)
    facts.set(difference.position, { neverRefused: false })
  }
}

/**
 * Twice where need be: first each claim as it is known to have been made. What was recorded without a line and left no trace of that
 * would be refused so; then everything is read as if it could have come late, which takes several times as long.
 */
async function judgeBatch(options: ReplayOptions, batch: readonly Judged[], facts: Facts): Promise<Written> {
  const [first] = batch
  if (!first) return { steps: [] }
  await store.setPast(options.client, first.entry.position, first.entry.recordTime)
  const plain = await judgeAll(options, batch, facts, false)
  return 'steps' in plain ? plain : judgeAll(options, batch, facts, true)
}

async function judgeAll(
  { client, log, nestingMax }: ReplayOptions,
  batch: readonly Judged[],
  facts: Facts,
  late: boolean,
): Promise<Written> {
  const claims = batch.flatMap(({ entry, asked }) =>
    asked.kind === 'claim' ? [ready(asked, facts.get(entry.position))] : [],
  )
  const asked = late
    ? claims.map((claim) => (claim.takesBack || claim.waits ? claim : { ...claim, waits: { origin: {} } }))
    : claims
  const bench = await openBench(client, log.id, asked, { nestingMax, settles: true })
  let nextClaim = 0
  for (const { entry, asked: said } of batch) {
    const at = { position: entry.position, recordTime: entry.recordTime }
    // After each entry until there is none more, as when it was recorded: what did not fit then is not tried again later.
    const settlement = bench.settle(at)
    const differs = differsIn(said, settlement?.fact.position, at.position)
    if (differs) return { difference: differs }
    const claim = said.kind === 'claim' ? claims[nextClaim++] : undefined
    if (!claim) continue
    const verdict = late ? decide(bench, claim, at) : bench.decide(claim, at)
    if (!('faults' in verdict)) continue
    const [fault] = verdict.faults
    const text = `entry ${at.position} would be refused: ${fault?.code ?? ''} (${fault?.subject.code ?? ''}) ${fault?.detail ?? ''}`
    return { difference: { position: at.position, text } }
  }
  return { steps: bench.steps() }
}

/** Whether an entry settles what the replay settles there. */
function differsIn(
  said: ReplayedEntry,
  settled: number | undefined,
  position: number,
): ReplayReport['difference'] | undefined {
  const wanted = said.kind === 'settles' ? said.position : undefined
  if (wanted === settled) return undefined
  const text =
    wanted === undefined
      ? `entry ${settled} would be settled before entry ${position}, and no entry does`
      : `entry ${position} settles ${wanted}, and the replay settles ${settled ?? 'nothing'} there`
  return { position, text }
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
