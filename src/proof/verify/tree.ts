import type { TreeHash, TreeHasher } from '../../ledger/merkle-proof.ts'

type Peak = { level: number; hash: TreeHash }

/** A tree that grows leaf by leaf and forgets all but its right edge. The verifier's own, so that no mistake of the ledger's is shared. */
export class GrowingTree {
  readonly #hasher: TreeHasher
  readonly #peaks: Peak[]
  #size: number
  /** The tiles that the last leaf filled, lowest first: the level and hash of their roots. */
  readonly finished: Peak[] = []

  constructor(hasher: TreeHasher, size = 0, peaks: readonly Peak[] = []) {
    this.#hasher = hasher
    this.#size = size
    this.#peaks = [...peaks]
  }

  get size(): number {
    return this.#size
  }

  push(leaf: TreeHash): void {
    let peak: Peak = { level: 0, hash: leaf }
    this.finished.length = 0
    for (let left = this.#peaks.at(-1); left?.level === peak.level; left = this.#peaks.at(-1)) {
      this.#peaks.pop()
      peak = { level: peak.level + 1, hash: this.#hasher.node(left.hash, peak.hash) }
      // A tile is eight levels high: only its root is asked for.
      if (peak.level % 8 === 0) this.finished.push(peak)
    }
    this.#peaks.push(peak)
    this.#size++
  }

  root(): TreeHash {
    if (this.#peaks.length === 0) return this.#hasher.empty()
    return this.#peaks.map((peak) => peak.hash).reduceRight((right, left) => this.#hasher.node(left, right))
  }

  copy(): GrowingTree {
    return new GrowingTree(this.#hasher, this.#size, this.#peaks)
  }
}
