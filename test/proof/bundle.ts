// What the tests of proofs begin with: entries without the goods that they would be about, and the verifier's command.
import { pino } from 'pino'
import type { Pool } from 'pg'
import pg from 'pg'
import { createVault } from '../../src/db/secret.ts'
import { commitBatch } from '../../src/ledger/commit.ts'
import type { Anchors } from '../../src/proof/anchor.ts'
import type { Follower } from '../../src/proof/follow.ts'
import { openProof, type ProofOptions } from '../../src/proof/open.ts'
import { run } from '../../src/proof/verify/command.ts'
import { draft, judge, serverClock, writer } from '../ledger/toy.ts'
import { masterKey } from '../support/app.ts'

type Teardown = { teardown: (done: () => Promise<void>) => void }

export const mainLog = 1

/** Appends so many entries to a log through the ledger's own commit. */
export async function append(url: string, count: number, log = mainLog): Promise<void> {
  const client = await writer(url)
  try {
    for (let left = count; left > 0; left -= 2000) {
      const drafts = Array.from({ length: Math.min(2000, left) }, () => draft())
      await commitBatch(client, log, drafts, judge(), serverClock)
    }
  } finally {
    await client.end()
  }
}

/** Anchors that live as long as the test. */
export function memoryAnchors(): Anchors & { notes: Map<string, string> } {
  const notes = new Map<string, string>()
  return {
    notes,
    read: async (log) => notes.get(log),
    write: async (log, note) => void notes.set(log, note),
    place: (log) => `the anchor of ${log}`,
  }
}

/** Publishing without a service. It never looks by itself: a test says when. */
export async function follower(t: Teardown, pool: Pool, options: Partial<ProofOptions> = {}): Promise<Follower> {
  const opened = await openProof({
    pool,
    vault: createVault(masterKey),
    origin: 'log.test',
    anchors: undefined,
    witnesses: '',
    log: pino({ level: 'silent' }),
    onFatal: () => undefined,
    intervalMs: 0,
    pollMs: 3_600_000,
    ...options,
  })
  t.teardown(() => opened.stop())
  return opened
}

/** Runs the verifier's command and gives what it said. */
export async function verify(...args: string[]): Promise<{ status: number; text: string }> {
  let text = ''
  const out = { write: (chunk: string) => ((text += chunk), true) }
  const stream = out as NodeJS.WritableStream
  const status = await run(args, { out: stream, err: stream, env: {} })
  return { status, text }
}

/** As a superuser who wants to hide something: past every trigger, which he is not asked twice about. */
export async function tamper(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url, options: '-c search_path=tamga -c event_triggers=off' })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const { rows } = await client.query<{ name: string }>('select name from append_only_table')
    for (const { name } of rows) await client.query(`alter table ${name} disable trigger all`)
    for (const statement of statements) await client.query(statement)
    // A guard that is off, or not always on, keeps the service from starting.
    for (const { name } of rows) {
      await client.query(`alter table ${name} enable trigger all`)
      await client.query(`select guard_append_only('${name}')`)
    }
  } finally {
    await client.end()
  }
}
