import { proveConsistency, verifyConsistency } from '../../ledger/merkle-proof.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { NoteError } from '../note.ts'
import type { Primitives } from '../primitives.ts'
import { readFromTiles } from '../tile.ts'
import type { LogSource } from './source.ts'

/**
 * That the log of the older checkpoint is the beginning of the newer one's, by a proof built from the log's own tiles: they may lie,
 * and then it does not verify.
 * @throws NoteError saying what that means
 */
export async function checkConsistency(
  older: Checkpoint,
  newer: Checkpoint,
  source: Pick<LogSource, 'tile'>,
  primitives: Primitives,
): Promise<void> {
  if (older.origin !== newer.origin) {
    throw new NoteError(`These are checkpoints of two logs, ${older.origin} and ${newer.origin}`)
  }
  const [first, second] = older.size <= newer.size ? [older, newer] : [newer, older]
  if (first.size === 0) return // Nothing is the beginning of everything.
  const fetchTiles = (tiles: Parameters<LogSource['tile']>[0][]) => Promise.all(tiles.map((tile) => source.tile(tile)))
  const read = readFromTiles(second.size, (tiles) => fetchTiles([...tiles]), primitives)
  const proof = await proveConsistency(first.size, second.size, read, primitives)
  if (verifyConsistency(first.size, second.size, first.root, second.root, proof, primitives)) return
  throw new NoteError(
    first.size === second.size
      ? `${first.origin} signed two roots for ${first.size} entries: it forked. Keep both checkpoints, they are the proof`
      : `the ${first.size} entries that ${first.origin} signed are not the first of the ${second.size} that it signs now: ` +
          'it forked, or its tiles lie. Keep both checkpoints, they are the proof',
  )
}
