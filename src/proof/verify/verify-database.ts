import { formatCheckpoint } from '../checkpoint.ts'
import { verifierOf } from '../keys.ts'
import { nodeHasher, nodePrimitives } from '../node-primitives.ts'
import { NoteError, openNote, type Verifier } from '../note.ts'
import * as store from './database-store.ts'
import type { Fault } from './source.ts'
import { type Claim, type LogReport, verifyLog } from './verify-log.ts'

/**
 * One log of a database: dense positions, every hash, every tile, every head, every checkpoint and its signature, every entry in the
 * directory of events. What only the database can show; what a stranger can show from outside is verify-log.ts alone.
 * @param trusted the verifier key that its owner got elsewhere; without it the database's own word is taken for who signs
 */
export async function verifyStoredLog(
  client: store.Client,
  log: store.StoredLog,
  trusted: Verifier | undefined,
  onProgress: (entries: number, of: number) => void,
): Promise<LogReport> {
  const faults: Fault[] = []
  const { positions, gap } = await store.findGap(client, log.id)
  if (gap !== undefined) faults.push({ position: gap, text: `entry ${gap} is missing, although later ones are there` })
  const keys = await store.listKeys(client, log.id)
  const newest = keys.at(-1)
  if (trusted && newest?.origin === trusted.name && !newest.publicKey.equals(trusted.publicKey)) {
    faults.push({ text: `the database signs for ${newest.origin} with another key than the one that was given` })
  }
  const checkpoints = await store.listCheckpoints(client, log.id)
  faults.push(...(await checkSignatures(checkpoints, keys)).slice(0, signaturesTold))
  const heads = await store.listHeads(client, log.id)
  const reached = gap ?? positions
  faults.push(...checkReach(heads, checkpoints, positions))
  const claims = [
    ...heads.map((head): Claim => ({ ...head, who: `the head of ${head.size}` })),
    ...checkpoints.map((signed): Claim => ({ ...signed, who: `the checkpoint of ${signed.size}` })),
  ]
    .filter((claim) => claim.size <= reached)
    .sort((a, b) => a.size - b.size)
  const published = Math.min(reached, checkpoints.at(-1)?.size ?? 0)
  const report = await verifyLog({
    source: store.databaseSource(client, log, published, nodeHasher),
    hasher: nodeHasher,
    claims,
    onProgress: (entries) => onProgress(entries, reached),
  })
  const unlisted = await store.findUnlisted(client, log.id)
  if (unlisted) {
    const text = `no event id leads to entry ${unlisted.first} (and ${unlisted.count - 1} more): the same events could be recorded again`
    faults.push({ position: unlisted.first, text })
  }
  return { ...report, faults: [...faults, ...report.faults] }
}

// Past this it is not a checkpoint that was changed but another log's.
const signaturesTold = 20

/** What was said of more entries than there are. */
function checkReach(
  heads: readonly store.StoredRoot[],
  checkpoints: readonly store.StoredRoot[],
  positions: number,
): Fault[] {
  const faults: Fault[] = []
  const signed = checkpoints.at(-1)?.size ?? 0
  if (signed > positions) {
    const text = `${signed} entries were signed and ${positions} are there: entries ${positions} to ${signed - 1} are gone`
    faults.push({ position: positions, text })
  }
  const head = heads.at(-1)?.size ?? 0
  if (head !== positions) {
    const text = `the newest head says ${head} entries and ${positions} are there`
    faults.push({ position: Math.min(head, positions), text })
  }
  return faults
}

async function checkSignatures(
  checkpoints: readonly store.StoredRoot[],
  keys: readonly store.StoredKey[],
): Promise<Fault[]> {
  const faults: Fault[] = []
  for (const { size, root, note = '', keyNo } of checkpoints) {
    const key = keys.find(({ no }) => no === keyNo)
    try {
      if (!key) throw new NoteError(`the key ${keyNo} that it names is not there`)
      const { note: opened } = await openNote(note, [verifierOf(key)], nodePrimitives)
      const wanted = formatCheckpoint({ origin: key.origin, size, root, extensions: [] })
      if (opened.text !== wanted) throw new NoteError('it says another size or root than its row')
    } catch (error) {
      if (!(error instanceof NoteError)) throw error
      faults.push({ text: `the checkpoint of ${size}: ${error.message}` })
    }
  }
  return faults
}
