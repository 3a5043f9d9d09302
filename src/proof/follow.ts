import type { FastifyBaseLogger } from 'fastify'
import type { Pool } from 'pg'
import { FatalLedgerError } from '../ledger/commit.ts'
import type { Anchors } from './anchor.ts'
import type { LogKeys } from './keys.ts'
import { publish, type Published } from './publish.ts'
import * as store from './store.ts'

/**
 * Publishes each log soon after it grew. The ledger wakes it after a commit, a look every second finds what other processes
 * committed, and whoever asks for a proof need not wait for either.
 *
 *   IDLE --(wake)--> WAITING (until `intervalMs` after the last time) --> PUBLISHING --(woken meanwhile)--> WAITING
 */
export type Follower = {
  /** The log grew. Never throws, never waits. */
  wake(log: number): void
  /** Resolves once everything that was committed before the call is under a committed checkpoint. */
  publishNow(log: number): Promise<void>
  /** Finishes what is under way. */
  stop(): Promise<void>
}

export type FollowOptions = {
  pool: Pool
  keys: LogKeys
  anchors: Anchors | undefined
  log: FastifyBaseLogger
  onFatal: (error: FatalLedgerError) => void
  /** A checkpoint is committed: witnesses are asked now. MUST NOT throw. */
  onPublished?: (published: Published) => void
  /** At most one checkpoint a log in this time. */
  intervalMs: number
  pollMs: number
}

type State = { timer?: NodeJS.Timeout; running?: Promise<void>; publishedAt: number }

export function createFollower(options: FollowOptions): Follower {
  const states = new Map<number, State>()
  let names: ReadonlyMap<number, string> = new Map()
  let stopped = false
  let polling: Promise<void> | undefined

  const stateOf = (log: number): State => {
    let state = states.get(log)
    if (!state) states.set(log, (state = { publishedAt: -Infinity }))
    return state
  }

  async function nameOf(log: number): Promise<string> {
    if (!names.has(log)) names = new Map((await store.listLogs(options.pool)).map(({ id, name }) => [id, name]))
    const name = names.get(log)
    if (name === undefined) throw new Error(`there is no log ${log}`)
    return name
  }

  async function publishOnce(log: number): Promise<void> {
    const published = await publish(options.pool, { id: log, name: await nameOf(log) }, options.keys).catch(
      (error: unknown) => {
        if (error instanceof FatalLedgerError) options.onFatal(error)
        throw error
      },
    )
    if (!published) return
    // After the commit and never before: what an anchor says must be true of the database.
    await options.anchors?.write(published.log.name, published.note).catch((error: unknown) => {
      options.log.error({ err: error }, `the last checkpoint of ${published.log.name} could not be put aside`)
    })
    options.onPublished?.(published)
  }

  /** One publication after the other; who comes while one runs gets the next one. */
  function run(log: number): Promise<void> {
    const state = stateOf(log)
    clearTimeout(state.timer)
    delete state.timer
    const before = state.running ?? Promise.resolve()
    const next = before
      .catch(() => undefined)
      .then(() => publishOnce(log))
      .finally(() => {
        state.publishedAt = performance.now()
        if (state.running === next) delete state.running
      })
    state.running = next
    return next
  }

  function wake(log: number): void {
    const state = stateOf(log)
    if (stopped || state.timer !== undefined) return
    const waitMs = Math.max(0, state.publishedAt + options.intervalMs - performance.now())
    state.timer = setTimeout(() => void run(log).catch(report), waitMs).unref()
  }

  function report(error: unknown): void {
    if (!stopped) options.log.warn({ err: error }, 'a log could not be published; trying again')
  }

  async function poll(): Promise<void> {
    for (const log of await store.findUnpublished(options.pool)) wake(log)
  }

  const timer = setInterval(() => {
    polling ??= poll()
      .catch(report)
      .finally(() => (polling = undefined))
  }, options.pollMs).unref()

  return {
    wake,
    publishNow: async (log) => {
      const state = stateOf(log)
      // What runs now may have read the head before the caller's event; what waits behind it has not.
      await state.running?.catch(() => undefined)
      await (state.running ?? run(log))
    },
    stop: async () => {
      stopped = true
      clearInterval(timer)
      for (const state of states.values()) clearTimeout(state.timer)
      await polling
      const running = [...states.values()].flatMap((state) => state.running ?? [])
      await Promise.allSettled(running)
    },
  }
}
