import type { FastifyBaseLogger } from 'fastify'
import type { Pool } from 'pg'
import { ConfigError } from '../config/config.ts'
import type { Vault } from '../db/secret.ts'
import type { FatalLedgerError } from '../ledger/commit.ts'
import type { Anchors } from './anchor.ts'
import { createFollower, type Follower } from './follow.ts'
import { createLogKeys } from './keys.ts'
import { NoteError, type Verifier } from './note.ts'
import type { Published } from './publish.ts'
import { checkBeforeWriting } from './start-check.ts'
import * as store from './store.ts'
import {
  createWitnessClient,
  parseWitnesses,
  type WitnessAddress,
  type WitnessClient,
  type WitnessSeen,
} from './witness-client.ts'

export type ProofOptions = {
  pool: Pool
  vault: Vault
  /** The setting LOG_ORIGIN. */
  origin: string
  anchors: Anchors | undefined
  /** The setting WITNESSES. */
  witnesses: string
  log: FastifyBaseLogger
  onFatal: (error: FatalLedgerError) => void
  intervalMs: number
  pollMs: number
}

/**
 * Checks that the database continues what was signed, then keeps signing what is committed. MUST be called before anything is written.
 * @throws ConfigError where it does not; see start-check.ts
 */
export async function openProof(options: ProofOptions): Promise<Follower> {
  const { pool, log, anchors } = options
  const witnesses = readWitnesses(options.witnesses).map((address) => createWitnessClient(pool, address))
  await checkBeforeWriting({
    pool,
    anchors,
    askWitnesses: (row, verifier) => askAll(pool, witnesses, row, verifier, log),
  })
  const asking = new Set<string>()
  const follower = createFollower({
    pool,
    anchors,
    log,
    keys: createLogKeys(options.vault, options.origin),
    onFatal: options.onFatal,
    onPublished: (published) => {
      for (const witness of witnesses) void showOne(witness, published, asking, log)
    },
    intervalMs: options.intervalMs,
    pollMs: options.pollMs,
  })
  return follower
}

function readWitnesses(setting: string): WitnessAddress[] {
  try {
    return parseWitnesses(setting)
  } catch (error) {
    if (!(error instanceof NoteError)) throw error
    throw new ConfigError(`WITNESSES: ${error.message}. Copy the verifier key as the witness prints it.`)
  }
}

/** What each witness saw last; one that cannot be reached is no reason not to start, and is told about. */
async function askAll(
  pool: Pool,
  witnesses: readonly WitnessClient[],
  row: store.LogRow,
  verifier: Verifier,
  log: FastifyBaseLogger,
): Promise<WitnessSeen[]> {
  const key = await store.newestKey(pool, row.id)
  const last = key && (await store.newestCheckpoint(pool, row.id, key.no))
  if (!last) return []
  const answers = await Promise.all(
    witnesses.map((witness) =>
      witness.show(row.id, last).catch((error: unknown) => {
        log.warn({ err: error }, `a witness could not say what it saw of ${verifier.name}`)
        return undefined
      }),
    ),
  )
  return answers.filter((seen) => seen !== undefined)
}

/** One question at a time to each witness about each log; the next checkpoint is along within a second. */
async function showOne(
  witness: WitnessClient,
  { log: row, keyNo, size, note }: Published,
  asking: Set<string>,
  log: FastifyBaseLogger,
): Promise<void> {
  const what = `${row.id} ${witness.address.url}`
  if (asking.has(what)) return
  asking.add(what)
  try {
    const seen = await witness.show(row.id, { keyNo, size, note })
    if (seen.refused) {
      log.error(
        { ...seen, log: row.name },
        `the witness ${seen.witness} says that ${row.name} does not continue what it saw`,
      )
    }
  } catch (error) {
    log.warn({ err: error }, `a witness did not cosign ${row.name}`)
  } finally {
    asking.delete(what)
  }
}
