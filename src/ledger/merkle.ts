import { createHash } from 'node:crypto'

/**
 * The tree over a log's entries, as RFC 6962 section 2.1 defines it. Pure: hashes come in, hashes go out, nothing is stored.
 */

export type Hash = Buffer

const leafPrefix = Buffer.of(0)
const nodePrefix = Buffer.of(1)

const sha256 = (...parts: Uint8Array[]): Hash => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** SHA-256(0x00, entry): what stands for one entry in the tree. */
export const leafHash = (entry: Uint8Array): Hash => sha256(leafPrefix, entry)

/** SHA-256(0x01, left, right): what stands for two neighbouring subtrees. */
export const nodeHash = (left: Hash, right: Hash): Hash => sha256(nodePrefix, left, right)

/** The roots of the finished subtrees over the first `size` leaves, largest first: one for each 1 bit of `size`. */
export type Edge = { readonly size: number; readonly peaks: readonly Hash[] }

export const emptyEdge: Edge = { size: 0, peaks: [] }

/** The edge with one more leaf. Amortised one node hash a leaf. */
export function append(edge: Edge, leaf: Hash): Edge {
  const peaks = [...edge.peaks]
  let hash = leaf
  // Each trailing 1 bit of the old size is a finished subtree as tall as `hash`: join them. (Division: sizes pass 2^31.)
  for (let rest = edge.size; rest % 2 === 1; rest = (rest - 1) / 2) {
    const left = peaks.pop()
    if (left === undefined) throw new Error('bad math: an edge has fewer peaks than its size has 1 bits')
    hash = nodeHash(left, hash)
  }
  peaks.push(hash)
  return { size: edge.size + 1, peaks }
}

/** The root over all leaves; for no leaves the hash of nothing (RFC 6962 section 2.1). */
export function root(edge: Edge): Hash {
  if (edge.peaks.length === 0) return sha256()
  return edge.peaks.reduceRight((right, left) => nodeHash(left, right))
}

/** The peaks one after the other, 32 bytes each: how a head stores them. */
export const packEdge = (edge: Edge): Buffer => Buffer.concat(edge.peaks)

/** The reverse of packEdge. Throws if the number of peaks does not fit the size: such a head cannot be continued. */
export function unpackEdge(size: number, packed: Buffer): Edge {
  const peaks: Hash[] = []
  for (let at = 0; at < packed.length; at += 32) peaks.push(packed.subarray(at, at + 32))
  if (peaks.length !== oneBits(size)) throw new Error(`head of size ${size} has ${peaks.length} peaks`)
  return { size, peaks }
}

function oneBits(size: number): number {
  let bits = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2
  return bits
}
