import type { Pool } from 'pg'
import { equalHashes, rangeSubtrees, type ReadSubtrees } from '../ledger/merkle-proof.ts'
import { append, type Edge, root } from '../ledger/merkle.ts'
import { createLru } from '../codes/lru.ts'
import { FatalLedgerError } from '../ledger/commit.ts'
import { formatCheckpoint } from './checkpoint.ts'
import type { LogKeys } from './keys.ts'
import { nodeHasher } from './node-primitives.ts'
import { formatNote } from './note.ts'
import * as store from './store.ts'
import {
  foldHashes,
  hashBytes,
  newFullTiles,
  readFromTiles,
  splitTile,
  type Tile,
  tilePath,
  tileWidth,
} from './tile.ts'

/**
 * Signed, committed, and only then shown (D7). One transaction: take the publishing lock, read the newest head and the last
 * checkpoint, write the tiles that became full, recompute the root from tiles and compare it with the head's, recompute the root of
 * the last checkpoint and compare that too, sign, write. Whoever serves reads committed rows, so that a checkpoint whose commit was
 * lost was never seen. Two processes do this one after the other, and the second finds nothing left to do.
 */

export type Published = { log: store.LogRow; keyNo: number; size: number; note: string }

// 16,384 entries: some megabytes of hashing in one statement, far from any timeout.
const tilesAtOnce = 64

/** @returns undefined where the last checkpoint is the newest head's already. @throws FatalLedgerError where the log would fork */
export async function publish(pool: Pool, log: store.LogRow, keys: LogKeys): Promise<Published | undefined> {
  return store.inTransaction(pool, async (client) => {
    await store.lockPublishing(client, log.id)
    const key = await keys.current(client, log)
    const last = await store.newestCheckpoint(client, log.id, key.no)
    const head = await store.newestHead(client, log.id)
    const size = head?.size ?? 0
    if (last && last.size === size && (head === undefined || last.root.equals(head.root))) return undefined
    if (last && last.size >= size) {
      throw new FatalLedgerError(
        `${key.origin} was signed at ${last.size} entries, but the ledger now says ${size}, or another root: it was changed`,
      )
    }
    await writeTiles(client, log.id, size)
    const computed = await recomputeRoot(client, log.id, size)
    if (head && !equalHashes(computed, head.root)) {
      throw new FatalLedgerError(
        `The entries of the log ${log.name} do not have the root that its head of ${size} says`,
      )
    }
    if (last && !equalHashes(await recomputeRoot(client, log.id, last.size), last.root)) {
      throw new FatalLedgerError(
        `The first ${last.size} entries of the log ${log.name} are no longer those that were signed`,
      )
    }
    const text = formatCheckpoint({ origin: key.origin, size, root: computed, extensions: [] })
    const note = formatNote({ text, signatures: [key.signer.sign(text)] })
    await store.insertCheckpoint(client, log.id, { keyNo: key.no, size, root: computed, note })
    return { log, keyNo: key.no, size, note }
  })
}

/** Full tiles that a log of `size` has and that are not written yet. */
async function writeTiles(client: store.Queryable, log: number, size: number): Promise<void> {
  const before = (await store.countTiles(client, log)) * tileWidth
  for (const { level, first, count } of newFullTiles(before, size)) {
    for (let n = first; n < first + count; n += tilesAtOnce) {
      const end = Math.min(n + tilesAtOnce, first + count)
      const hashes = await store.makeHashes(client, log, level, n * tileWidth, end * tileWidth)
      const tiles = []
      for (let at = 0; at < hashes.length; at += tileWidth * hashBytes) {
        const tile = hashes.subarray(at, at + tileWidth * hashBytes)
        tiles.push({ hashes: tile, root: foldHashes(splitTile(tile), nodeHasher) })
      }
      await store.insertTiles(client, log, level, n, tiles)
    }
  }
}

/** Reads subtrees of a log of `size` out of stored tiles, and partial ones from what lies below. */
export const readSubtrees = (client: store.Queryable, log: number, size: number): ReadSubtrees =>
  readFromTiles(size, (tiles) => readTiles(client, log, tiles), nodeHasher)

export type TileReader = {
  read(log: number, tile: Tile): Promise<Buffer>
  subtrees(log: number, size: number): ReadSubtrees
}

/**
 * The same for one who asks often: a tile of one width never changes, so what was read once is kept. Only for what is served; whoever
 * checks the database reads it.
 */
export function createTileReader(client: store.Queryable, tilesMax: number): TileReader {
  const known = createLru<string, Buffer>(tilesMax)
  const read = async (log: number, tile: Tile): Promise<Buffer> => {
    const key = `${log} ${tilePath(tile)}`
    const found = known.get(key) ?? (await store.readTile(client, log, tile))
    known.set(key, found)
    return found
  }
  return {
    read,
    subtrees: (log: number, size: number): ReadSubtrees =>
      readFromTiles(size, (tiles) => Promise.all(tiles.map((tile) => read(log, tile))), nodeHasher),
  }
}

/** One after the other: it may be a single connection's transaction. There are a handful. */
async function readTiles(client: store.Queryable, log: number, tiles: readonly Tile[]): Promise<Buffer[]> {
  const bytes: Buffer[] = []
  for (const tile of tiles) bytes.push(await store.readTile(client, log, tile))
  return bytes
}

/**
 * The right edge over the first `size` entries: from tiles as far as they are written, and from the entries beyond (after a crash
 * there may be many that were committed and not published yet).
 */
export async function recomputeEdge(client: store.Queryable, log: number, size: number): Promise<Edge> {
  const tiles = Math.min(Math.floor(size / tileWidth), await store.countTiles(client, log))
  const base = tiles * tileWidth
  const peaks = await readSubtrees(client, log, base)(rangeSubtrees(0, base))
  let edge: Edge = { size: base, peaks: peaks.map((hash) => Buffer.from(hash)) }
  for (let from = base; from < size; from += tilesAtOnce * tileWidth) {
    const hashes = await store.makeHashes(client, log, 0, from, Math.min(size, from + tilesAtOnce * tileWidth))
    for (const hash of splitTile(hashes)) edge = append(edge, Buffer.from(hash))
  }
  return edge
}

export const recomputeRoot = async (client: store.Queryable, log: number, size: number): Promise<Buffer> =>
  root(await recomputeEdge(client, log, size))

/** The newest checkpoint as it is served: with the cosignatures that arrived since. */
export async function servedCheckpoint(
  client: store.Queryable,
  log: number,
): Promise<{ keyNo: number; size: number; note: string } | undefined> {
  const found = await store.findServed(client, log)
  if (!found) return undefined
  const { lines, ...checkpoint } = found
  return { ...checkpoint, note: found.note + lines.map((line) => `${line}\n`).join('') }
}
