import { setImmediate } from 'node:timers/promises'
import type { ClientBase } from 'pg'
import { append, emptyEdge, leafHash, root, unpackEdge } from './merkle.ts'
import * as store from './store.ts'

/**
 * The one transaction that everything hangs on (D2):
 *
 *   BEGIN, lock the log  ->  read head, known events, what the judge needs  ->  judge  ->  write entries, head, steps  ->  COMMIT
 *
 * The lock is a statement of its own and everything is read by later ones: under READ COMMITTED a statement that both locks and
 * reads would see what was there before it waited, and two sales of one bottle would both pass. Size and edge come from what was
 * read under the lock, never from memory of the last time, so a second process can only make us slower, not wrong.
 */

/** The columns of an entry that are derived from its bytes, kept beside them for queries. */
export type EntryColumns = {
  eventTime: Date
  participant: number
  principal: number | null
  person: number | null
  key: number | null
  place: number | null
  mandate: number | null
  signature: Buffer | null
}

/** A code list that is too long to stand in the entry, which names it by its digest. */
export type CodeList = { digest: Buffer; count: number; deflated: Buffer }

export type Stamp = { log: number; position: number; recordTime: Date }

/** What the ledger is asked to record. It does not look into `order`: that is between the caller and the judge. */
export type Draft<Order, Decision> = {
  /** The event's identity and what it says, each 128 bits as 32 hexadecimal digits. */
  key: string
  digest: string
  order: Order
  columns: EntryColumns
  lists: readonly CodeList[]
  /** The bytes to be hashed. Called once the position is known; MUST be cheap, for it runs under the lock. */
  entry(stamp: Stamp, decision: Decision): Uint8Array
}

/** What travels through the queue as one; most groups are of one draft. */
export type Group<Order, Decision> = {
  drafts: readonly Draft<Order, Decision>[]
  /** All are recorded or none is. */
  whole: boolean
}

/** What became of a group. Where it was not kept, `recorded` outcomes say what would have been recorded. */
export type GroupOutcome<Decision, Refusal> = { kept: boolean; outcomes: readonly Outcome<Decision, Refusal>[] }

export type Outcome<Decision, Refusal> =
  | { kind: 'recorded'; position: number; recordTime: Date; decision: Decision }
  | { kind: 'again'; log: number; position: number; recordTime: Date }
  | { kind: 'taken'; log: number; position: number }
  | { kind: 'refused'; refusal: Refusal }

/** One batch in the judge's hands. */
export type Sitting<Order, Decision, Refusal> = {
  /** In the order of positions; a later order of the batch sees what an earlier one did. */
  decide(order: Order, stamp: Stamp): { decision: Decision } | { refusal: Refusal }
  /** An entry that follows from what was decided so far (a waiting fact is settled); asked until there is none. */
  followUp(stamp: Stamp): store.NewEntry | undefined
  /**
   * Sends what follows from the accepted orders (steps) and from the refused ones (findings).
   * @param kept false: nothing is recorded, for the orders belong together and one was refused; only that is told
   */
  write(client: ClientBase, kept: boolean): Promise<unknown>[]
}

export type Judge<Order, Decision, Refusal> = {
  /** Reads what the orders need. Called under the lock; its statements may travel together. */
  sit(client: ClientBase, log: number, orders: readonly Order[]): Promise<Sitting<Order, Decision, Refusal>>
}

/** The stored ledger contradicts itself: nothing that we would say is safe. Whoever owns the process stops it. */
export class FatalLedgerError extends Error {
  override readonly name = 'FatalLedgerError'
}

export type Clock = (databaseNow: Date) => Date

/**
 * Commits one batch to one log. Answers each draft, in order, once the answer is durable. Throws what the database throws; the
 * outcome of the whole batch is then unknown and the caller may commit the same drafts again: known ones answer `again`.
 */
export const commitBatch = async <Order, Decision, Refusal>(
  client: ClientBase,
  log: number,
  drafts: readonly Draft<Order, Decision>[],
  judge: Judge<Order, Decision, Refusal>,
  clock: Clock,
): Promise<readonly Outcome<Decision, Refusal>[]> =>
  (await commitGroup(client, log, { drafts, whole: false }, judge, clock)).outcomes

/**
 * The same for drafts of which all are recorded or none: each is judged as if those before it that pass were recorded, so that one
 * answer names everything that stands against the group.
 */
export async function commitGroup<Order, Decision, Refusal>(
  client: ClientBase,
  log: number,
  { drafts, whole }: Group<Order, Decision>,
  judge: Judge<Order, Decision, Refusal>,
  clock: Clock,
): Promise<GroupOutcome<Decision, Refusal>> {
  // Sent in one go; each is a statement of its own with a snapshot of its own, taken after the lock was granted.
  const [, , head, known, sitting] = await allSettled([
    store.begin(client),
    store.lockLog(client, log),
    store.readHead(client, log),
    store.findEvents(
      client,
      drafts.map((draft) => draft.key),
    ),
    judge.sit(
      client,
      log,
      drafts.map((draft) => draft.order),
    ),
  ])

  const recordTime = laterOf(clock(head.now), head.recordTime)
  let edge = head.size === 0 ? emptyEdge : readEdge(head)
  const seen = new Map(known.map((event) => [event.key, event]))
  const entries: store.NewEntry[] = []
  const decide = (draft: Draft<Order, Decision>): Outcome<Decision, Refusal> => {
    const former = seen.get(draft.key)
    if (former) {
      if (former.digest !== draft.digest) return { kind: 'taken', log: former.log, position: former.position }
      return { kind: 'again', log: former.log, position: former.position, recordTime: former.recordTime }
    }
    const stamp: Stamp = { log, position: edge.size, recordTime }
    const verdict = sitting.decide(draft.order, stamp)
    if ('refusal' in verdict) return { kind: 'refused', refusal: verdict.refusal }
    const bytes = draft.entry(stamp, verdict.decision)
    edge = append(edge, leafHash(bytes))
    entries.push({ key: draft.key, digest: draft.digest, bytes, columns: draft.columns, lists: draft.lists })
    seen.set(draft.key, { key: draft.key, digest: draft.digest, log, position: stamp.position, recordTime })
    for (;;) {
      const entry = sitting.followUp({ log, position: edge.size, recordTime })
      if (!entry) break
      edge = append(edge, leafHash(entry.bytes))
      entries.push(entry)
    }
    return { kind: 'recorded', position: stamp.position, recordTime, decision: verdict.decision }
  }
  const outcomes = await decideAll(drafts, decide)

  const kept = !whole || outcomes.every(({ kind }) => kind === 'recorded' || kind === 'again')
  const writes = sitting.write(client, kept)
  if (kept && entries.length > 0) {
    writes.push(...store.insertEntries(client, log, head.size, recordTime, entries))
    writes.push(store.insertHead(client, log, edge, root(edge), recordTime))
  }
  const commit = store.commit(client)
  await allSettled([...writes, commit])
  // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK instead of an error.
  if ((await commit) !== 'COMMIT') throw new Error('the batch was rolled back')
  return { kept, outcomes }
}

/** Questions are answered in between: thousands of drafts take longer than one of them may wait. */
const decideMaxMs = 20

async function decideAll<From, To>(drafts: readonly From[], decide: (draft: From) => To): Promise<To[]> {
  const outcomes: To[] = []
  let sinceMs = performance.now()
  for (const draft of drafts) {
    outcomes.push(decide(draft))
    if (performance.now() - sinceMs < decideMaxMs) continue
    await setImmediate()
    sinceMs = performance.now()
  }
  return outcomes
}

function readEdge(head: store.Head) {
  try {
    const edge = unpackEdge(head.size, head.edge)
    if (!root(edge).equals(head.root))
      throw new Error(`the head of size ${head.size} does not have the root of its edge`)
    return edge
  } catch (error) {
    throw new FatalLedgerError('The stored head cannot be continued; verify the log before it is written to again', {
      cause: error,
    })
  }
}

const laterOf = (a: Date, b: Date | null): Date => (b !== null && b > a ? b : a)

/** Promise.all that waits for the stragglers: a statement left behind would run inside the next batch's transaction. */
async function allSettled<T extends readonly unknown[]>(
  promises: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(promises)
  return Promise.all(promises)
}
