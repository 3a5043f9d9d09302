import { hash } from 'node:crypto'

/**
 * The tree over a log's entries, as RFC 6962 section 2.1 defines it. Pure: hashes come in, hashes go out, nothing is stored. Proofs
 * over it are in merkle-proof.ts.
 */

export type Hash = Buffer

// One call on one buffer hashes up to three times as fast as an object that is fed in parts; nothing here waits, so one will do.
const node = Buffer.alloc(65, 1)
let leaf = Buffer.alloc(1024)

/** SHA-256(0x00, entry): what stands for one entry in the tree. */
export function leafHash(entry: Uint8Array): Hash {
  if (leaf.length <= entry.length) leaf = Buffer.alloc(2 * entry.length)
  leaf.set(entry, 1)
  return hash('sha256', leaf.subarray(0, entry.length + 1), 'buffer')
}

/** SHA-256(0x01, left, right): what stands for two neighbouring subtrees. Each MUST have 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Hash {
  if (left.length !== 32 || right.length !== 32) throw new Error('bad math: a hash of the tree has 32 bytes')
  node.set(left, 1)
  node.set(right, 33)
  return hash('sha256', node, 'buffer')
}

/** The root over no leaves: the hash of nothing (RFC 6962 section 2.1). */
export const emptyRoot = (): Hash => hash('sha256', '', 'buffer')

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
  if (edge.peaks.length === 0) return emptyRoot()
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
