/**
 * Proofs over the tree of RFC 6962 section 2.1: what must be read to make one, and what it shows. Pure, and without any import, so
 * that the verifier can share it and a browser can run it; how to hash is handed in. Sizes are numbers below 2^53, never 32 bits wide.
 */

export type TreeHash = Uint8Array

/** How the nodes of the tree are hashed (RFC 6962 section 2.1): merkle.ts has it for Node, src/proof/sha256.ts for a browser. */
export type TreeHasher = {
  leaf(entry: Uint8Array): TreeHash
  node(left: TreeHash, right: TreeHash): TreeHash
  /** The root over no leaves. */
  empty(): TreeHash
}

/** The finished subtree over the leaves from index * 2^level up to (index + 1) * 2^level. */
export type Subtree = { readonly level: number; readonly index: number }

/** Gives the hash of each subtree, in order. Where it comes from (tiles, a database) is the caller's business. */
export type ReadSubtrees = (subtrees: readonly Subtree[]) => Promise<readonly TreeHash[]>

/** Leaves from `lo` up to, not including, `hi`. */
type Range = { readonly lo: number; readonly hi: number }

const hashBytes = 32

/** The finished subtrees that a range consists of, largest first. `lo` MUST be a multiple of the range's largest subtree. */
export function rangeSubtrees(lo: number, hi: number): Subtree[] {
  const subtrees: Subtree[] = []
  for (let at = lo; at < hi;) {
    const level = log2Floor(hi - at)
    const width = 2 ** level
    if (at % width !== 0) throw new Error(`bad math: no subtree of ${width} leaves begins at ${at}`)
    subtrees.push({ level, index: at / width })
    at += width
  }
  return subtrees
}

/** The root over the first `size` leaves. */
export const rootOf = (size: number, read: ReadSubtrees, hasher: TreeHasher): Promise<TreeHash> =>
  size === 0 ? Promise.resolve(hasher.empty()) : readRanges([{ lo: 0, hi: size }], read, hasher).then(onlyOne)

/**
 * PATH(m, D[n]) of RFC 6962 section 2.1.1: the hashes that lead from leaf `index` to the root over `size` leaves, leaf's sibling first.
 * @throws RangeError where the tree has no such leaf
 */
export async function proveInclusion(index: number, size: number, read: ReadSubtrees, hasher: TreeHasher) {
  checkSizes(index + 1, size)
  const ranges: Range[] = []
  for (let lo = 0, hi = size; hi - lo > 1;) {
    const middle = lo + split(hi - lo)
    if (index < middle) {
      ranges.unshift({ lo: middle, hi })
      hi = middle
    } else {
      ranges.unshift({ lo, hi: middle })
      lo = middle
    }
  }
  return readRanges(ranges, read, hasher)
}

/**
 * PROOF(m, D[n]) of RFC 6962 section 2.1.2: that the tree over the first `first` leaves is the beginning of the one over `second`.
 * Empty where they are equal, and from 0: nothing is the beginning of everything.
 */
export async function proveConsistency(first: number, second: number, read: ReadSubtrees, hasher: TreeHasher) {
  if (first === 0) return []
  checkSizes(first, second)
  const ranges: Range[] = []
  for (let lo = 0, hi = second, known = true; ;) {
    if (first === hi) {
      if (!known) ranges.unshift({ lo, hi })
      break
    }
    const middle = lo + split(hi - lo)
    if (first <= middle) {
      ranges.unshift({ lo: middle, hi })
      hi = middle
    } else {
      ranges.unshift({ lo, hi: middle })
      lo = middle
      known = false
    }
  }
  return readRanges(ranges, read, hasher)
}

/** Whether the proof leads from the leaf's hash at `index` to `root`, the root over `size` leaves. Never throws. */
export function verifyInclusion(
  index: number,
  size: number,
  leaf: TreeHash,
  proof: readonly TreeHash[],
  root: TreeHash,
  hasher: TreeHasher,
): boolean {
  if (!isCount(index) || !isCount(size) || index >= size) return false
  if (leaf.length !== hashBytes || !proof.every((hash) => hash.length === hashBytes)) return false
  let left = proof.length
  const take = (): TreeHash | undefined => proof[--left]
  // From the root down: the outermost sibling is the last hash of the proof.
  const walk = (at: number, leaves: number): TreeHash | undefined => {
    if (leaves === 1) return leaf
    const middle = split(leaves)
    const sibling = take()
    const inner = at < middle ? walk(at, middle) : walk(at - middle, leaves - middle)
    if (sibling === undefined || inner === undefined) return undefined
    return at < middle ? hasher.node(inner, sibling) : hasher.node(sibling, inner)
  }
  const found = walk(index, size)
  return found !== undefined && left === 0 && equalHashes(found, root)
}

/**
 * Whether the proof shows that the tree of `first` leaves is the beginning of that of `second`. Never throws. From size 0 nothing can
 * be shown, and so it does not; two empty trees are equal where both roots are the hash of nothing.
 */
export function verifyConsistency(
  first: number,
  second: number,
  firstRoot: TreeHash,
  secondRoot: TreeHash,
  proof: readonly TreeHash[],
  hasher: TreeHasher,
): boolean {
  if (first === 0) {
    const nothing = hasher.empty()
    return second === 0 && proof.length === 0 && equalHashes(firstRoot, nothing) && equalHashes(secondRoot, nothing)
  }
  return verifySubtreeConsistency(0, first, second, firstRoot, secondRoot, proof, hasher)
}

/**
 * Whether the proof shows that the subtree over the leaves from `start` up to `end` is part of the tree of `size` leaves
 * (draft-ietf-plants-merkle-tree-certs, "Subtree Consistency Proofs"; from 0 it is RFC 6962's consistency). Never throws.
 */
export function verifySubtreeConsistency(
  start: number,
  end: number,
  size: number,
  subtreeRoot: TreeHash,
  root: TreeHash,
  proof: readonly TreeHash[],
  hasher: TreeHasher,
): boolean {
  if (!isSubtree(start, end) || !isCount(size) || end > size) return false
  if (!proof.every((hash) => hash.length === hashBytes)) return false
  let left = proof.length
  type Found = { part: TreeHash; whole: TreeHash } | undefined
  const join = (
    inner: Found,
    sibling: TreeHash | undefined,
    make: (found: NonNullable<Found>, sibling: TreeHash) => Found,
  ) => (inner === undefined || sibling === undefined ? undefined : make(inner, sibling))
  const walk = (leaves: number, from: number, to: number, known: boolean): Found => {
    if (from === 0 && to === leaves) {
      const hash = known ? subtreeRoot : proof[--left]
      return hash && { part: hash, whole: hash }
    }
    const middle = split(leaves)
    const sibling = proof[--left]
    if (to <= middle) {
      const inner = walk(middle, from, to, known)
      return join(inner, sibling, ({ part, whole }, right) => ({ part, whole: hasher.node(whole, right) }))
    }
    if (from >= middle) {
      const inner = walk(leaves - middle, from - middle, to - middle, known)
      return join(inner, sibling, ({ part, whole }, before) => ({ part, whole: hasher.node(before, whole) }))
    }
    const inner = walk(leaves - middle, 0, to - middle, false)
    return join(inner, sibling, ({ part, whole }, before) => ({
      part: hasher.node(before, part),
      whole: hasher.node(before, whole),
    }))
  }
  const found = walk(size, start, end, true)
  return found !== undefined && left === 0 && equalHashes(found.part, subtreeRoot) && equalHashes(found.whole, root)
}

/** Inclusion in a subtree: the same path as in a tree of its width (same draft, "Subtree Inclusion Proofs"). */
export const verifySubtreeInclusion = (
  index: number,
  start: number,
  end: number,
  leaf: TreeHash,
  proof: readonly TreeHash[],
  root: TreeHash,
  hasher: TreeHasher,
): boolean =>
  isSubtree(start, end) && isCount(index) && verifyInclusion(index - start, end - start, leaf, proof, root, hasher)

export function equalHashes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

async function readRanges(ranges: readonly Range[], read: ReadSubtrees, hasher: TreeHasher): Promise<TreeHash[]> {
  const wanted = ranges.map(({ lo, hi }) => rangeSubtrees(lo, hi))
  const hashes = await read(wanted.flat())
  let at = 0
  return wanted.map((subtrees) => {
    const parts = hashes.slice(at, at + subtrees.length)
    at += subtrees.length
    if (parts.length !== subtrees.length) throw new Error('bad math: not every subtree was read')
    return parts.reduceRight((right, left) => hasher.node(left, right))
  })
}

function onlyOne(hashes: readonly TreeHash[]): TreeHash {
  const [hash] = hashes
  if (hash === undefined) throw new Error('bad math: a root without a hash')
  return hash
}

/** The largest power of two below `leaves` (at least 2): where RFC 6962 splits a tree. */
const split = (leaves: number): number => 2 ** log2Floor(leaves - 1)

/** For whole numbers from 1: Math.log2 rounds up near large powers of two. */
function log2Floor(value: number): number {
  let level = Math.floor(Math.log2(value))
  if (2 ** level > value) level--
  if (2 ** (level + 1) <= value) level++
  return level
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

/** A subtree begins at a multiple of the smallest power of two that its width fits in. */
function isSubtree(start: number, end: number): boolean {
  if (!isCount(start) || !isCount(end) || start >= end) return false
  const width = end - start
  return start % (width === 1 ? 1 : 2 * split(width)) === 0
}

function checkSizes(part: number, whole: number): void {
  if (!isCount(part) || !isCount(whole) || part > whole) {
    throw new RangeError(`a tree of ${whole} leaves has none of ${part} in it`)
  }
}
