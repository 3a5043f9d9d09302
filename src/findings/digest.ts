import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import type { Db } from '../db/connect.ts'
import * as store from './store.ts'
import { type AnswersAct, pinAnswers } from './answer-digest.ts'
import type { Throttle } from './throttle.ts'

/**
 * Digests (D14): every minute the findings since the last digest are pinned by an entry of the log `audit`, so that none can be made
 * to vanish. The digest is SHA-256 over the findings in order of `no`, each a line of canonical JSON (keys sorted, no spaces, times in
 * UTC with milliseconds, ended by a line feed); whoever may read the findings can compute it again.
 */

export type DigestAct = {
  kind: 'findings_digest'
  at: Date
  actor: undefined
  subject: { from: string; to: string; count: number; sha256: string }
  id: string
}

export type DigestDeps = {
  pool: Pool
  db: Db
  throttle: Throttle
  now: () => Date
  /** Makes the entry; resolves once it is durable. */
  recordAct: (act: DigestAct | AnswersAct) => Promise<{ log: number; position: number }>
}

const endOfTime = new Date(8_640_000_000_000_000)

/** Enough for one round trip to be small against the hashing, few enough to hold: a finding is at most some 20 KB. */
const portion = 500

/**
 * Makes one digest of what is new; false where nothing is, or another process is at it.
 * @param closing the running minute's counts too: there will be no next time
 */
export async function digestFindings(deps: DigestDeps, closing = false): Promise<boolean> {
  const { pool, db, now } = deps
  const counted = deps.throttle.drain(closing ? endOfTime : now())
  if (counted.length > 0) await writeCounted(pool, counted)
  const done = await store.asOnlyDigester(pool, async () => {
    const answers = await pinAnswers(deps)
    const range = await store.findUndigested(pool)
    if (!range) return answers > 0
    const { count, sha256 } = await digestOf(db, range)
    // Numbers are given out even to what was rolled back: a range may be empty.
    if (count === 0) return answers > 0
    const [from, to] = [String(range.from), String(range.to)]
    const hex = sha256.toString('hex')
    const at = now()
    const { log, position } = await deps.recordAct({
      kind: 'findings_digest',
      at,
      actor: undefined,
      subject: { from, to, count, sha256: hex },
      // After a crash between the entry and its row the same digest is the same act.
      id: `findings:${from}-${to}:${hex}`,
    })
    await store.insertDigest(db, { ...range, count, sha256, at, log, position })
    return true
  })
  return done ?? false
}

async function writeCounted(pool: Pool, counted: Parameters<typeof store.insertFindings>[1]): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await store.insertFindings(client, counted)
    await client.query('commit')
    client.release()
  } catch (error) {
    client.release(true)
    throw error
  }
}

/** The digest of a range of findings, read in portions. */
export async function digestOf(
  db: Db,
  { from, to }: { from: bigint; to: bigint },
): Promise<{ count: number; sha256: Buffer }> {
  const hash = createHash('sha256')
  let count = 0
  for (let next = from; next <= to;) {
    const rows = await store.readFindings(db, next, to, portion)
    for (const row of rows) hash.update(`${canonical(row)}\n`)
    count += rows.length
    const last = rows.at(-1)
    if (!last || rows.length < portion) break
    next = last.no + 1n
  }
  return { count, sha256: hash.digest() }
}

/** Keys sorted, no spaces, times in UTC with milliseconds, whole numbers of any size as digits. */
export function canonical(value: unknown): string {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Date) return JSON.stringify(value.toISOString())
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`
}

/**
 * Makes a digest every so often until it is stopped; stopping makes the last one.
 * @param onError hears what went wrong; the next one covers what this one should have
 */
export function startDigests(
  deps: DigestDeps,
  intervalMs: number,
  onError: (error: unknown) => void,
): { stop: () => Promise<void> } {
  let running: Promise<unknown> | undefined
  const timer = setInterval(() => {
    running ??= digestFindings(deps)
      .catch(onError)
      .finally(() => (running = undefined))
  }, intervalMs)
  timer.unref()
  return {
    stop: async () => {
      clearInterval(timer)
      await running
      await digestFindings(deps, true).catch(onError)
    },
  }
}
