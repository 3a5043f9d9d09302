// Proofs against the definition: every leaf in every tree, every tree in every larger one, and not one bit otherwise.
import t from 'tap'
import {
  proveConsistency,
  proveInclusion,
  type ReadSubtrees,
  rootOf,
  type TreeHash,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from '../../src/ledger/merkle-proof.ts'
import { append, emptyEdge, leafHash, nodeHash, root } from '../../src/ledger/merkle.ts'
import { nodeHasher } from '../../src/proof/node-primitives.ts'

const sizeMax = 300
const leaves = Array.from({ length: sizeMax }, (_, i) => leafHash(Buffer.from(`entry ${i}`)))

/** MTH(D[n]), word for word from RFC 6962 section 2.1: the second opinion. */
function definition(lo: number, hi: number): Buffer {
  if (hi - lo === 1) return leaves[lo]!
  let k = 1
  while (2 * k < hi - lo) k *= 2
  return nodeHash(definition(lo, lo + k), definition(lo + k, hi))
}

const memo = new Map<string, Buffer>()
const read: ReadSubtrees = async (subtrees) =>
  subtrees.map(({ level, index }) => {
    const key = `${level}/${index}`
    const known = memo.get(key) ?? definition(index * 2 ** level, (index + 1) * 2 ** level)
    memo.set(key, known)
    return known
  })

const roots: Buffer[] = [root(emptyEdge)]
let edge = emptyEdge
for (const leaf of leaves) roots.push(root((edge = append(edge, leaf))))

const flipped = (hash: TreeHash, bit: number): TreeHash => {
  const copy = Uint8Array.from(hash)
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return copy
}

t.test('the roots are those of the definition', async (t) => {
  for (let size = 1; size <= sizeMax; size++) {
    if (!roots[size]!.equals(definition(0, size))) t.fail(`size ${size}`)
    if (!roots[size]!.equals(await rootOf(size, read, nodeHasher))) t.fail(`size ${size} from subtrees`)
  }
  t.equal(roots[0]!.toString('hex'), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
})

t.test('every leaf is proved in every tree, and no other leaf, place, size, root or bit', async (t) => {
  let proofs = 0
  const wrong: string[] = []
  for (let size = 1; size <= sizeMax; size++) {
    for (let index = 0; index < size; index++) {
      const proof = await proveInclusion(index, size, read, nodeHasher)
      const check = (i: number, n: number, leaf: TreeHash, hashes: readonly TreeHash[], top: TreeHash): boolean =>
        verifyInclusion(i, n, leaf, hashes, top, nodeHasher)
      const [leaf, top] = [leaves[index]!, roots[size]!]
      if (!check(index, size, leaf, proof, top)) wrong.push(`${index} of ${size}: refused`)
      proofs++
      const at = (index * 7 + size) % Math.max(proof.length, 1)
      const bit = (index * 31 + size * 17) % 256
      if (proof.length > 0 && check(index, size, leaf, proof.with(at, flipped(proof[at]!, bit)), top)) {
        wrong.push(`${index} of ${size}: a flipped bit`)
      }
      if ((index + size) % 8 !== 0) continue // The others are tried on every eighth: all of them take a quarter of a minute.
      const accepted = [
        check(index, size, flipped(leaf, bit), proof, top) && 'another leaf',
        check(index, size, leaf, proof, flipped(top, bit)) && 'another root',
        size > 1 && check(index ^ 1, size, leaf, proof, top) && 'the place beside it',
        check(index, size, leaf, [...proof, top], top) && 'a hash too many',
        proof.length > 0 && check(index, size, leaf, proof.slice(1), top) && 'a hash too few',
      ].filter((what) => what !== false)
      for (const what of accepted) wrong.push(`${index} of ${size}: ${what}`)
    }
  }
  t.same(wrong, [])
  t.equal(proofs, (sizeMax * (sizeMax + 1)) / 2)
})

t.test('a flipped bit anywhere in a proof is noticed', async (t) => {
  for (const [index, size] of [
    [0, 7],
    [150, 300],
    [255, 257],
  ] as const) {
    const proof = await proveInclusion(index, size, read, nodeHasher)
    for (let at = 0; at < proof.length; at++) {
      for (let bit = 0; bit < 256; bit++) {
        const bent = proof.with(at, flipped(proof[at]!, bit))
        if (verifyInclusion(index, size, leaves[index]!, bent, roots[size]!, nodeHasher)) t.fail(`${at}:${bit}`)
      }
    }
  }
})

t.test('every tree is the beginning of every larger one', async (t) => {
  const wrong: string[] = []
  for (let second = 1; second <= 130; second++) {
    for (let first = 1; first <= second; first++) {
      const proof = await proveConsistency(first, second, read, nodeHasher)
      const check = (hashes: readonly TreeHash[], a: TreeHash, b: TreeHash): boolean =>
        verifyConsistency(first, second, a, b, hashes, nodeHasher)
      const [a, b] = [roots[first]!, roots[second]!]
      if (!check(proof, a, b)) wrong.push(`${first} to ${second}: refused`)
      const at = (first * 7 + second) % Math.max(proof.length, 1)
      const bit = (first * 31 + second * 17) % 256
      if (proof.length > 0 && check(proof.with(at, flipped(proof[at]!, bit)), a, b))
        wrong.push(`${first} to ${second}: bit`)
      if (check(proof, flipped(a, bit), b) || check(proof, a, flipped(b, bit)))
        wrong.push(`${first} to ${second}: root`)
      if (check([...proof, a], a, b)) wrong.push(`${first} to ${second}: too many`)
      if (proof.length > 0 && check(proof.slice(0, -1), a, b)) wrong.push(`${first} to ${second}: too few`)
    }
  }
  t.same(wrong, [])
})

t.test('the empty tree', async (t) => {
  const nothing = roots[0]!
  t.ok(verifyConsistency(0, 0, nothing, nothing, [], nodeHasher))
  t.notOk(verifyConsistency(0, 0, roots[1]!, roots[1]!, [], nodeHasher), 'its root is the hash of nothing')
  t.notOk(verifyConsistency(0, 5, nothing, roots[5]!, [], nodeHasher), 'from nothing nothing is shown')
  t.notOk(verifyInclusion(0, 0, leaves[0]!, [], nothing, nodeHasher))
  t.same(await proveConsistency(0, 5, read, nodeHasher), [])
  await t.rejects(proveInclusion(5, 5, read, nodeHasher), RangeError)
  await t.rejects(proveConsistency(6, 5, read, nodeHasher), RangeError)
})

t.test('subtrees: proofs of a part within the whole', async (t) => {
  // Leaves 8 up to 13 in a tree of 14: the subtree's own two parts, then what leads from it to the root.
  const [d8, d12, d13] = [definition(8, 12), leaves[12]!, leaves[13]!]
  const part = definition(8, 13)
  const proof = [d12, d13, d8, definition(0, 8)]
  t.ok(verifySubtreeConsistency(8, 13, 14, part, roots[14]!, proof, nodeHasher))
  t.notOk(verifySubtreeConsistency(8, 13, 14, definition(8, 12), roots[14]!, proof, nodeHasher))
  t.notOk(verifySubtreeConsistency(6, 13, 14, part, roots[14]!, proof, nodeHasher), 'no subtree begins there')
  t.ok(verifySubtreeInclusion(12, 8, 13, leaves[12]!, [d8], part, nodeHasher))
  t.notOk(verifySubtreeInclusion(7, 8, 13, leaves[7]!, [d8], part, nodeHasher))
})

t.test('sizes beyond 32 bits', (t) => {
  const size = 2 ** 40 + 1
  const [left, right] = [leaves[0]!, leaves[1]!]
  t.ok(verifyInclusion(2 ** 40, size, right, [left], nodeHash(left, right), nodeHasher))
  t.ok(verifyConsistency(2 ** 40, size, left, nodeHash(left, right), [right], nodeHasher))
  t.notOk(verifyInclusion(2 ** 53, 2 ** 53 + 2, right, [left], nodeHash(left, right), nodeHasher))
  t.end()
})
