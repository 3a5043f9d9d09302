import type { ReadSubtrees, Subtree, TreeHash, TreeHasher } from '../ledger/merkle-proof.ts'
import { parseDecimal } from './checkpoint.ts'

/**
 * Tiles (c2sp.org/tlog-tiles): 256 neighbouring hashes of every eighth level of the tree, which never change once they are full.
 * Level 0 are the leaves' hashes; each hash of a level above is the root of a full tile below it.
 */

/** `width` hashes of tile `index` of `level`; a full one has 256. */
export type Tile = { readonly level: number; readonly index: number; readonly width: number }

export const tileWidth = 256
export const tileHeight = 8
export const hashBytes = 32
const levelMax = 63
/** Before the last: no index below 2^64 has more. */
const indexGroupsMax = 6

/** `tile/<L>/<N>[.p/<W>]` without its first part: `0/x001/234`, `1/000.p/17`. */
export const tilePath = ({ level, index, width }: Tile): string => `${level}/${indexPath(index, width)}`

/** `<N>[.p/<W>]`, groups of three digits, all but the last behind an x. */
export function indexPath(index: number, width: number): string {
  const digits = String(index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g) ?? []
  const last = groups.pop() ?? ''
  return [...groups.map((group) => `x${group}`), last].join('/') + (width === tileWidth ? '' : `.p/${width}`)
}

/** Undefined for whatever is not the one way to write it. */
export function parseIndexPath(path: string): { index: number; width: number } | undefined {
  const match = /^((?:x\d{3}\/)*)(\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path)
  if (!match) return undefined
  const [, heads = '', last = '', widthText] = match
  const width = widthText === undefined ? tileWidth : Number(widthText)
  // The one way to write it has no groups of zeros in front. An index beyond 2^53 is rounded, and beyond every log as well.
  if (heads.startsWith('x000/') || heads.length > 5 * indexGroupsMax) return undefined
  if (width > tileWidth - (widthText === undefined ? 0 : 1)) return undefined
  return { index: Number(heads.replaceAll(/[x/]/g, '') + last), width }
}

/** Undefined for what is no path of a hash tile. */
export function parseTilePath(path: string): Tile | undefined {
  const slash = path.indexOf('/')
  const level = slash < 0 ? undefined : parseDecimal(path.slice(0, slash))
  const rest = parseIndexPath(path.slice(slash + 1))
  return level === undefined || level > levelMax || !rest ? undefined : { level, ...rest }
}

/** How many hashes of this tile a tree of `size` has: 256, fewer at its right edge, none beyond. */
export function widthAt(level: number, index: number, size: number): number {
  const hashes = Math.floor(size / 2 ** (tileHeight * level))
  return Math.max(0, Math.min(tileWidth, hashes - index * tileWidth))
}

/** The full tiles that a tree of `size` has and one of `before` had not. Lowest level first, and so in the order in which they are made. */
export function newFullTiles(before: number, size: number): { level: number; first: number; count: number }[] {
  const tiles: { level: number; first: number; count: number }[] = []
  for (let level = 0, span = tileWidth; span <= size; level++, span *= tileWidth) {
    const first = Math.floor(before / span)
    const count = Math.floor(size / span) - first
    if (count > 0) tiles.push({ level, first, count })
  }
  return tiles
}

/** The tile, as wide as a tree of `size` has it, that a subtree's hash is in or is made from; and from which hash to which. */
export function tileOf({ level, index }: Subtree, size: number): { tile: Tile; from: number; to: number } {
  const tileLevel = Math.floor(level / tileHeight)
  const hashes = 2 ** (level - tileLevel * tileHeight)
  const first = index * hashes
  const n = Math.floor(first / tileWidth)
  const from = first - n * tileWidth
  const width = widthAt(tileLevel, n, size)
  if (from + hashes > width) throw new RangeError(`a tree of ${size} has no subtree ${index} at level ${level}`)
  return { tile: { level: tileLevel, index: n, width }, from, to: from + hashes }
}

/** The root over neighbouring hashes, whose number MUST be a power of two. */
export function foldHashes(hashes: readonly TreeHash[], hasher: TreeHasher): TreeHash {
  let row = hashes
  while (row.length > 1) {
    const next: TreeHash[] = []
    for (let i = 0; i + 1 < row.length; i += 2) {
      const [left, right] = [row[i], row[i + 1]]
      if (left && right) next.push(hasher.node(left, right))
    }
    row = next
  }
  const [root] = row
  if (!root) throw new Error('bad math: no hash to fold')
  return root
}

/** The hashes of a tile's bytes. */
export function splitTile(bytes: Uint8Array): TreeHash[] {
  const hashes: TreeHash[] = []
  for (let at = 0; at < bytes.length; at += hashBytes) hashes.push(bytes.subarray(at, at + hashBytes))
  return hashes
}

/**
 * Reads the hashes of subtrees out of tiles, each tile once. What it gives is as true as the tiles; a proof that is made of them
 * shows whether they were.
 * @param size of the tree whose tiles are asked for
 */
export function readFromTiles(
  size: number,
  fetchTiles: (tiles: readonly Tile[]) => Promise<readonly Uint8Array[]>,
  hasher: TreeHasher,
): ReadSubtrees {
  return async (subtrees) => {
    const places = subtrees.map((subtree) => tileOf(subtree, size))
    const tiles = new Map(places.map(({ tile }) => [tilePath(tile), tile]))
    const bytes = await fetchTiles([...tiles.values()])
    const byPath = new Map([...tiles.keys()].map((path, i) => [path, bytes[i]]))
    return places.map(({ tile, from, to }) => {
      const found = byPath.get(tilePath(tile))
      if (!found || found.length !== tile.width * hashBytes) {
        throw new Error(
          `the tile ${tilePath(tile)} has ${found?.length ?? 0} bytes instead of ${tile.width * hashBytes}`,
        )
      }
      return foldHashes(splitTile(found.subarray(from * hashBytes, to * hashBytes)), hasher)
    })
  }
}

/** The entries of a bundle: each behind its length, 16 bits, big end first. Undefined where it is cut off. */
export function splitBundle(bytes: Uint8Array): Uint8Array[] | undefined {
  const entries: Uint8Array[] = []
  for (let at = 0; at < bytes.length;) {
    const high = bytes[at]
    const low = bytes[at + 1]
    if (high === undefined || low === undefined) return undefined
    const end = at + 2 + high * 256 + low
    if (end > bytes.length) return undefined
    entries.push(bytes.subarray(at + 2, end))
    at = end
  }
  return entries
}
