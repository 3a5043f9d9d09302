import type { ClientBase } from 'pg'
import { createBatchQueue, type QueueLimits, type Work } from './batch-queue.ts'
import {
  type Clock,
  commitGroup,
  type Draft,
  FatalLedgerError,
  type Group,
  type GroupOutcome,
  type Judge,
  type Outcome,
} from './commit.ts'
import * as store from './store.ts'

/** A connection of the ledger's own: nothing else may run on it, for its statements are in one transaction or the next. */
export type WriterClient = ClientBase & { end(): Promise<void> }

export type LedgerOptions<Order, Decision, Refusal> = {
  /** Opens a connection as the serving role, with `pipeline` switched on. */
  connect: () => Promise<WriterClient>
  judge: Judge<Order, Decision, Refusal>
  limits: QueueLimits & { commitRetryMs: number }
  clock?: Clock
  /** The stored ledger contradicts itself. The owner of the process stops it. */
  onFatal: (error: FatalLedgerError) => void
  /** A batch could not be written because there is no room on a disk of the database. MUST NOT throw. */
  onDiskFull?: (error: unknown) => void
  /** A batch is durable. For followers and metrics; MUST NOT throw. */
  onCommit?: (commit: {
    log: number
    drafts: number
    recorded: number
    refused: readonly Refusal[]
    ms: number
  }) => void
}

export type Ledger<Order, Decision, Refusal> = {
  /**
   * Records the draft, or says why not, once the answer is durable. Undefined when too much is waiting: nothing was taken.
   * Rejects when the database could not be reached in time; the outcome is then unknown, and sending the same again is safe.
   */
  submit(log: number, draft: Draft<Order, Decision>, work: Work): Promise<Outcome<Decision, Refusal>> | undefined
  /**
   * The same for drafts that travel together: all are taken or none, and nothing comes between them.
   * @param whole all are recorded or none is: they are a batch of their own
   */
  submitAll(
    log: number,
    drafts: readonly Draft<Order, Decision>[],
    work: Work,
    whole: boolean,
  ): Promise<GroupOutcome<Decision, Refusal>> | undefined
  /** The number of a log by its name; makes it if it is new. */
  logNo(name: string): Promise<number>
  waiting(): Work
  /** Answers everyone who is waiting, then lets go of the connections. */
  stop(): Promise<void>
}

type Writer<Order, Decision, Refusal> = {
  add: (group: Group<Order, Decision>, work: Work) => Promise<GroupOutcome<Decision, Refusal>> | undefined
  waiting: () => Work
  stop: () => Promise<void>
}

export function createLedger<Order, Decision, Refusal>(
  options: LedgerOptions<Order, Decision, Refusal>,
): Ledger<Order, Decision, Refusal> {
  const writers = new Map<number, Writer<Order, Decision, Refusal>>()
  let names: Map<string, number> | undefined
  const asked = new Map<string, Promise<number>>()

  function writerOf(log: number): Writer<Order, Decision, Refusal> {
    let writer = writers.get(log)
    if (!writer) writers.set(log, (writer = createWriter(log, options)))
    return writer
  }

  async function findLog(name: string): Promise<number> {
    const client = await options.connect()
    try {
      names = await store.listLogs(client)
      const log = names.get(name) ?? (await store.makeLog(client, name))
      names.set(name, log)
      return log
    } finally {
      await client.end()
    }
  }

  /** Hundreds ask at once when a process starts under load; a connection for each of them would be more than the server has. */
  function logNo(name: string): Promise<number> {
    const known = names?.get(name)
    if (known !== undefined) return Promise.resolve(known)
    const answer = asked.get(name) ?? findLog(name).finally(() => asked.delete(name))
    asked.set(name, answer)
    return answer
  }

  return {
    submit: (log, draft, work) =>
      writerOf(log)
        .add({ drafts: [draft], whole: false }, work)
        ?.then(theOne),
    submitAll: (log, drafts, work, whole) => writerOf(log).add({ drafts, whole }, work),
    logNo,
    waiting: () =>
      [...writers.values()]
        .map((writer) => writer.waiting())
        .reduce((a, b) => ({ events: a.events + b.events, codes: a.codes + b.codes, bytes: a.bytes + b.bytes }), {
          events: 0,
          codes: 0,
          bytes: 0,
        }),
    stop: async () => {
      await Promise.all([...writers.values()].map((writer) => writer.stop()))
    },
  }
}

function theOne<Decision, Refusal>({ outcomes }: GroupOutcome<Decision, Refusal>): Outcome<Decision, Refusal> {
  const [outcome] = outcomes
  if (!outcome) throw new Error('bad math: a draft was not answered')
  return outcome
}

/** One log's queue and connection. The connection is opened at the first batch and again whenever it broke. */
function createWriter<Order, Decision, Refusal>(
  log: number,
  options: LedgerOptions<Order, Decision, Refusal>,
): Writer<Order, Decision, Refusal> {
  let client: WriterClient | undefined

  async function open(): Promise<WriterClient> {
    const opened = await options.connect()
    const forget = () => {
      if (client === opened) client = undefined
    }
    opened.on('error', forget)
    opened.on('end', forget)
    return opened
  }

  async function drop(): Promise<void> {
    const broken = client
    client = undefined
    // It may be beyond answering; whatever transaction was open on it ends with it.
    await broken?.end().catch(() => undefined)
  }

  async function flush(groups: Group<Order, Decision>[]): Promise<GroupOutcome<Decision, Refusal>[]> {
    const [first] = groups
    if (first?.whole === true) return [await commit(first)] // It came alone.
    const { outcomes } = await commit({ drafts: groups.flatMap((group) => group.drafts), whole: false })
    let next = 0
    return groups.map(({ drafts }) => ({ kept: true, outcomes: outcomes.slice(next, (next += drafts.length)) }))
  }

  async function commit(group: Group<Order, Decision>): Promise<GroupOutcome<Decision, Refusal>> {
    const startedMs = performance.now()
    for (let attempt = 0; ; attempt++) {
      try {
        client ??= await open()
        const answer = await commitGroup(client, log, group, options.judge, options.clock ?? ((now) => now))
        const recorded = answer.kept ? answer.outcomes.filter((outcome) => outcome.kind === 'recorded').length : 0
        const refused = answer.outcomes.flatMap((outcome) => (outcome.kind === 'refused' ? [outcome.refusal] : []))
        options.onCommit?.({ log, drafts: group.drafts.length, recorded, refused, ms: performance.now() - startedMs })
        return answer
      } catch (error) {
        await drop()
        if (error instanceof FatalLedgerError) options.onFatal(error)
        // Whether the batch took effect is unknown. Every draft carries its event's id, so the same batch again is safe.
        const waitMs = Math.min(50 * 2 ** attempt, 1000)
        if (isDiskFull(error)) options.onDiskFull?.(error)
        const passes = (isOutage(error) && !isDiskFull(error)) || (isConflict(error) && attempt < conflictTries)
        if (!passes || performance.now() - startedMs + waitMs > options.limits.commitRetryMs) throw error
        await new Promise((resolve) => setTimeout(resolve, waitMs))
      }
    }
  }

  const queue = createBatchQueue(flush, options.limits)
  return {
    add: (group, work) => queue.add(group, work, group.whole),
    waiting: () => queue.waiting(),
    stop: async () => {
      await queue.drained()
      await drop()
    },
  }
}

// Once is enough for each of two batches that meet; more only where three logs are given the same id at once.
const conflictTries = 3

/** Another log was given the same event id or SSCC at the same moment (SQLSTATE 23505); the next attempt finds it recorded. */
const isConflict = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === '23505'

/** SQLSTATE 53100. It does not pass while a caller waits: somebody has to make room. */
export const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '53100'

/**
 * Whether the database was away or going (SQLSTATE classes 08, 53, 57; 40 for a deadlock), so that trying again makes sense.
 * Anything else is our own fault and trying again would only repeat it.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (/^(08|40|53|57P|55P03)/.test(code)) return true
  if (/^(ECONN|EPIPE|ETIMEDOUT|ENOENT|EHOSTUNREACH)/.test(code)) return true
  return (
    code === '' && /terminated|Connection|connection|not queryable|rolled back|Query read timeout/.test(error.message)
  )
}
