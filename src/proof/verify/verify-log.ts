import { equalHashes, type TreeHash, type TreeHasher } from '../../ledger/merkle-proof.ts'
import { splitBundle, splitTile, type Tile, tilePath, tileWidth, widthAt } from '../tile.ts'
import { type Fault, type LogSource, SourceError } from './source.ts'
import { GrowingTree } from './tree.ts'

/**
 * Recomputes a whole log: every entry's hash against its tile, every tile against the tile above it, and the root at every size that
 * was signed or stored against what was said of it. Trusts nothing of what it reads; runs in a browser too.
 */

/** What somebody said of the log at some size. */
export type Claim = { size: number; root: TreeHash; who: string }

export type LogReport = {
  faults: readonly Fault[]
  /** Leaves that were recomputed. */
  size: number
  /** Whether the entries themselves were hashed, or only the tiles. */
  entriesHashed: boolean
}

export type VerifyOptions = {
  source: LogSource
  hasher: TreeHasher
  /** In order of size. The largest is how far the log is read. */
  claims: readonly Claim[]
  onProgress?: (entries: number) => void
  /** Each entry that was read, in order. */
  onEntry?: (position: number, entry: Uint8Array) => void
}

// Tiles under way at once: enough to hide the line, few enough not to be turned away.
const ahead = 8
// Past this the log is not damaged in places but another one.
const faultsMax = 20

export async function verifyLog(options: VerifyOptions): Promise<LogReport> {
  const size = options.claims.at(-1)?.size ?? 0
  const check = new Check(options)
  try {
    check.claimsAt(0)
    for await (const part of readParts(options.source, size)) {
      await check.part(part)
      options.onProgress?.(check.tiles.size)
      if (check.faults.length >= faultsMax) break
    }
    if (check.faults.length < faultsMax) await check.upperTilesAtEdge()
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    check.faults.push({ position: check.tiles.size, text: error.message })
  }
  return { faults: check.faults, size: check.tiles.size, entriesHashed: options.source.bundle !== undefined }
}

/** A tile of the lowest level and its entries. */
type Part = { tile: Tile; hashes: Uint8Array; bundle: Uint8Array | undefined }

async function* readParts(source: LogSource, size: number): AsyncGenerator<Part> {
  const count = Math.ceil(size / tileWidth)
  const read = async (index: number): Promise<Part> => {
    const tile = { level: 0, index, width: widthAt(0, index, size) }
    const [hashes, bundle] = await Promise.all([source.tile(tile), source.bundle?.(index, tile.width)])
    return { tile, hashes, bundle }
  }
  const waiting: Promise<Part>[] = []
  for (let next = 0; next < count || waiting.length > 0;) {
    while (next < count && waiting.length < ahead) {
      const part = read(next++)
      part.catch(() => undefined) // Heard when its turn comes.
      waiting.push(part)
    }
    const first = waiting.shift()
    if (first) yield await first
  }
}

class Check {
  readonly faults: Fault[] = []
  /** What the tiles say. */
  tiles: GrowingTree
  /** What the entries say, from the first that differs on. */
  #entries: GrowingTree | undefined
  #firstChanged: Fault | undefined
  readonly #options: VerifyOptions
  #nextClaim = 0
  #held = 0
  /** Roots of full tiles that the tile above must name, by that tile's level. */
  readonly #expected = new Map<number, { hash: TreeHash; other: TreeHash | undefined }[]>()

  constructor(options: VerifyOptions) {
    this.#options = options
    this.tiles = new GrowingTree(options.hasher)
  }

  async part({ tile, hashes, bundle }: Part): Promise<void> {
    const { hasher, onEntry } = this.#options
    const leaves = splitTile(hashes)
    if (hashes.length !== tile.width * 32) {
      throw new SourceError(`the tile ${tilePath(tile)} has ${hashes.length} bytes instead of ${tile.width * 32}`)
    }
    const entries = bundle && splitBundle(bundle)
    if (bundle && entries?.length !== tile.width) {
      throw new SourceError(`the entries from ${tile.index * tileWidth} on are not ${tile.width}, or cut off`)
    }
    for (const [i, leaf] of leaves.entries()) {
      const position = tile.index * tileWidth + i
      const entry = entries?.[i]
      if (entry) {
        const hash = hasher.leaf(entry)
        if (!equalHashes(hash, leaf)) this.#differs(position, tile)
        this.#entries?.push(hash)
        onEntry?.(position, entry)
      }
      this.tiles.push(leaf)
      // Nothing is waited for where there is nothing to wait for: a promise for each leaf would cost more than its hash.
      if (this.tiles.finished.length > 0) await this.#tilesFinished()
      this.claimsAt(position + 1)
    }
  }

  /** An entry that is not what its tile says. Which of the two was changed is known at the next claim. */
  #differs(position: number, tile: Tile): void {
    this.#entries ??= this.tiles.copy()
    const text = `entry ${position} does not have the hash that the tile ${tilePath(tile)} says`
    this.#firstChanged ??= { position, text }
    if (this.faults.length < faultsMax) this.faults.push({ position, text })
  }

  claimsAt(size: number): void {
    const { claims } = this.#options
    for (let claim = claims[this.#nextClaim]; claim?.size === size; claim = claims[++this.#nextClaim]) {
      const fromTiles = equalHashes(this.tiles.root(), claim.root)
      const fromEntries = this.#entries ? equalHashes(this.#entries.root(), claim.root) : fromTiles
      if (!(fromTiles && fromEntries)) this.faults.push(this.#blame(claim, fromTiles, fromEntries))
      if (fromTiles || fromEntries) this.#held = size
      this.#settle(fromTiles, fromEntries)
    }
  }

  /** What is vouched for is what the rest is built on; who was blamed once is not blamed at every later size. */
  #settle(fromTiles: boolean, fromEntries: boolean): void {
    if (!this.#entries || fromTiles === fromEntries) return
    if (fromEntries) this.tiles = this.#entries
    this.#entries = undefined
    this.#firstChanged = undefined
  }

  #blame({ size, who }: Claim, fromTiles: boolean, fromEntries: boolean): Fault {
    const position = this.#firstChanged?.position
    if (position !== undefined && fromTiles) {
      return { position, text: `entry ${position} was changed: ${who} vouches for what the tiles say` }
    }
    if (position !== undefined && fromEntries) {
      return { position, text: `a tile was changed at entry ${position}: ${who} vouches for the entries` }
    }
    if (this.#held === size) return { text: `${who} says another root over ${size} entries than everything else does` }
    const from = position ?? this.#held
    return {
      position: from,
      text: `the root over ${size} entries is not that of ${who}: something from entry ${from} to ${size - 1} was changed, or ${who} is of another log`,
    }
  }

  /** Finished tiles must stand in the tile above, at their place. */
  async #tilesFinished(): Promise<void> {
    for (const [i, { level, hash }] of this.tiles.finished.entries()) {
      const above = level / 8
      const hashes = this.#expected.get(above) ?? []
      // Where entries and tiles differ, the tile above tells which of them it was made from.
      this.#expected.set(above, [...hashes, { hash, other: this.#entries?.finished[i]?.hash }])
      if (hashes.length + 1 === tileWidth) await this.#upperTile(above)
    }
  }

  /** The partial tiles of the upper levels that a log of this size has. */
  async upperTilesAtEdge(): Promise<void> {
    for (const [level, hashes] of this.#expected) if (hashes.length > 0) await this.#upperTile(level)
  }

  async #upperTile(level: number): Promise<void> {
    const expected = this.#expected.get(level) ?? []
    this.#expected.set(level, [])
    const span = 2 ** (8 * level)
    const first = Math.floor(this.tiles.size / span) - expected.length
    const tile: Tile = { level, index: Math.floor(first / tileWidth), width: expected.length }
    const found = splitTile(await this.#options.source.tile(tile))
    const wrong = expected.findIndex(({ hash, other }, i) => {
      const stored = found[i] ?? new Uint8Array()
      return !equalHashes(hash, stored) && !(other && equalHashes(other, stored))
    })
    if (wrong < 0 && found.length === expected.length) return
    const position = (first + Math.max(wrong, 0)) * span
    this.faults.push({
      position,
      text: `the tile ${tilePath(tile)} does not say the root of the ${span} entries from ${position} on: it or they were changed`,
    })
  }
}
