// Before anything is written: does this database continue what was signed? A restored backup, a rolled-back head or a changed entry
// at the right edge would make the next checkpoint a fork, and a log that forked is finished (facts: the failure rule of every log).
import type { Pool } from 'pg'
import { ConfigError } from '../config/config.ts'
import { equalHashes } from '../ledger/merkle-proof.ts'
import { type Edge, packEdge, root, unpackEdge } from '../ledger/merkle.ts'
import type { Anchors } from './anchor.ts'
import { type Checkpoint, openCheckpoint, readCheckpoint } from './checkpoint.ts'
import { verifierOf } from './keys.ts'
import { nodePrimitives } from './node-primitives.ts'
import { NoteError, type Verifier } from './note.ts'
import { recomputeEdge, recomputeRoot } from './publish.ts'
import * as store from './store.ts'
import type { WitnessSeen } from './witness-client.ts'

export type CheckSources = {
  pool: Pool
  anchors: Anchors | undefined
  /** Asks each witness what it saw last of a log; answers what could be heard. */
  askWitnesses?: (log: store.LogRow, verifier: Verifier) => Promise<readonly WitnessSeen[]>
}

/** What is wrong with a log, and where. */
class CheckFailed extends Error {}

/**
 * Compares the right edge, recomputed from tiles and entries, with the stored head, the last checkpoint in the database, the one in
 * the anchor file and what witnesses saw.
 * @throws ConfigError with the way out
 */
export async function checkBeforeWriting(sources: CheckSources): Promise<void> {
  for (const log of await store.listLogs(sources.pool)) {
    try {
      await checkLog(sources, log)
    } catch (error) {
      if (!(error instanceof CheckFailed || error instanceof store.MissingError)) throw error
      throw new ConfigError(
        `The log ${log.name} does not continue what was signed. ${error.message}. ${wayOut(log.name)}`,
      )
    }
  }
}

const wayOut = (log: string): string =>
  'Nothing was written. If this database is a restored backup, restore a newer copy, or replay the archived write-ahead log. ' +
  'If somebody changed it, keep it as evidence and restore the last copy that verifies (npm run verify). ' +
  `Only if the loss has to be accepted, begin a new log identity, which everybody who follows this log will notice: ` +
  `npm run new-log -- --log ${log} --reason "<what happened>"`

async function checkLog({ pool, anchors, askWitnesses }: CheckSources, log: store.LogRow): Promise<void> {
  const size = await checkHead(pool, log)
  const key = await store.newestKey(pool, log.id)
  const anchored = await anchors?.read(log.name)
  if (!key) {
    if (anchored === undefined) return
    const place = anchors?.place(log.name)
    throw new CheckFailed(
      `${place} holds a checkpoint of ${readAnchor(anchored, place).origin}, of which this database knows nothing: it is an older ` +
        'copy or another database (if it is meant to be a new one, move that file away)',
    )
  }
  const verifier = verifierOf(key)
  const last = await store.newestCheckpoint(pool, log.id, key.no)
  if (last) {
    const signed = await openOwn(last.note, verifier, 'the database')
    if (signed.size !== last.size || !equalHashes(signed.root, last.root)) {
      throw new CheckFailed(`The row of the last checkpoint says another size or root than what was signed`)
    }
    await checkContinues(pool, log, size, signed, 'the database')
  }
  if (anchors && anchored !== undefined) await checkAnchor(pool, log, size, key, anchored, anchors.place(log.name))
  for (const seen of (await askWitnesses?.(log, verifier)) ?? []) {
    if (seen.size > size) {
      throw new CheckFailed(`The witness ${seen.witness} saw ${seen.size} entries, and this database has ${size}`)
    }
    if (seen.refused) {
      throw new CheckFailed(
        `The witness ${seen.witness} saw ${seen.size} entries that are not the first of these ${size}`,
      )
    }
  }
}

/** The head against the entries and tiles that it stands for. */
async function checkHead(pool: Pool, log: store.LogRow): Promise<number> {
  const head = await store.newestHead(pool, log.id)
  const size = head?.size ?? 0
  const positions = await store.countPositions(pool, log.id)
  if (positions !== size) throw new CheckFailed(`Its head says ${size} entries, and there are ${positions}`)
  if (!head) return 0
  let edge: Edge
  try {
    edge = unpackEdge(size, head.edge)
  } catch (error) {
    throw new CheckFailed(error instanceof Error ? error.message : String(error))
  }
  const computed = await recomputeEdge(pool, log.id, size)
  if (!equalHashes(root(computed), head.root)) {
    throw new CheckFailed(`The root over its ${size} entries is not the one that the head says`)
  }
  // The stored edge is what the next entry will be hashed with.
  if (!packEdge(edge).equals(packEdge(computed))) {
    throw new CheckFailed(`The edge of its head of ${size} is not that of its entries`)
  }
  return size
}

/** That a checkpoint is the beginning of what the database holds. */
async function checkContinues(
  pool: Pool,
  log: store.LogRow,
  size: number,
  signed: Checkpoint,
  where: string,
): Promise<void> {
  if (signed.size > size) {
    throw new CheckFailed(
      `${where} holds a checkpoint of ${signed.size} entries, and there are ${size}: this is an older copy`,
    )
  }
  if (!equalHashes(await recomputeRoot(pool, log.id, signed.size), signed.root)) {
    throw new CheckFailed(
      `The first ${signed.size} entries are not those of the checkpoint in ${where}: they were changed`,
    )
  }
}

async function checkAnchor(
  pool: Pool,
  log: store.LogRow,
  size: number,
  key: store.LogKeyRow,
  note: string,
  place: string,
): Promise<void> {
  const { origin } = readAnchor(note, place)
  if (origin !== key.origin) {
    // From before the log took a new key: that loss was accepted.
    if ((await store.listOrigins(pool, log.id)).has(origin)) return
    throw new CheckFailed(
      `${place} holds a checkpoint of ${origin}, which this database never signed as: it is an older copy, or another database`,
    )
  }
  await checkContinues(pool, log, size, await openOwn(note, verifierOf(key), place), place)
}

async function openOwn(note: string, verifier: Verifier, where: string): Promise<Checkpoint> {
  try {
    return await openCheckpoint(note, verifier, nodePrimitives)
  } catch (error) {
    if (!(error instanceof NoteError)) throw error
    throw new CheckFailed(`The last checkpoint in ${where} is not one that it signed (${error.message})`)
  }
}

function readAnchor(note: string, place: string | undefined): Checkpoint {
  try {
    return readCheckpoint(note)
  } catch (error) {
    if (!(error instanceof NoteError)) throw error
    throw new CheckFailed(`${place} is damaged (${error.message})`)
  }
}
