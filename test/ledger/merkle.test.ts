import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { append, emptyEdge, leafHash, nodeHash, packEdge, root, unpackEdge } from '../../src/ledger/merkle.ts'
import { corporaFolder } from '../support/repository.ts'

const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** MTH as RFC 6962 section 2.1 writes it down: split at the largest power of two below n. */
function definition(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256()
  const [only] = leaves
  if (leaves.length === 1 && only) return sha256(Buffer.of(0), only)
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return sha256(Buffer.of(1), definition(leaves.slice(0, k)), definition(leaves.slice(k)))
}

t.test('every size to 300 has the root of the definition', async (t) => {
  const leaves: Buffer[] = []
  let edge = emptyEdge
  let wrong = 0
  for (let size = 0; size <= 300; size++) {
    if (!root(edge).equals(definition(leaves))) wrong++
    const again = unpackEdge(edge.size, packEdge(edge))
    if (!root(again).equals(root(edge)) || again.size !== size) wrong++
    // Long and short, empty too: the length must not matter to the prefix.
    const leaf = Buffer.alloc((size * 37) % 3000, size)
    leaves.push(leaf)
    edge = append(edge, leafHash(leaf))
  }
  t.equal(wrong, 0)
})

t.test('leaves and nodes cannot be taken for each other', async (t) => {
  const [a, b] = [leafHash(Buffer.from('a')), leafHash(Buffer.from('b'))]
  t.not(nodeHash(a, b).toString('hex'), leafHash(Buffer.concat([a, b])).toString('hex'))
  t.not(nodeHash(a, b).toString('hex'), nodeHash(b, a).toString('hex'))
  t.equal(leafHash(Buffer.alloc(0)).toString('hex'), sha256(Buffer.of(0)).toString('hex'))
  const first = leafHash(Buffer.from('first'))
  const text = first.toString('hex')
  leafHash(Buffer.alloc(70_000, 1))
  t.equal(first.toString('hex'), text, 'a hash that was given does not change when another one is made')
})

t.test('an edge beyond 2^31 and one that does not fit its size', async (t) => {
  const peak = (n: number) => sha256(Buffer.from(String(n)))
  const size = 2 ** 40 + 1 // Two peaks; joining the lower ones must not use 32-bit arithmetic.
  const grown = append({ size, peaks: [peak(1), peak(2)] }, peak(3))
  t.equal(grown.size, size + 1)
  t.equal(grown.peaks.length, 2)
  t.throws(() => unpackEdge(3, Buffer.alloc(32)), /peaks/)
  t.throws(() => unpackEdge(0, Buffer.alloc(32)), /peaks/)
  t.throws(() => unpackEdge(2, Buffer.alloc(64)), /peaks/)
})

// The 8-leaf reference tree that transparency-dev/merkle and Certificate Transparency's own tests share.
const referenceLeaves = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
]
const referenceRoots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

t.test('the reference tree of eight leaves', async (t) => {
  let edge = emptyEdge
  for (const [i, leaf] of referenceLeaves.entries()) {
    edge = append(edge, leafHash(Buffer.from(leaf, 'hex')))
    t.equal(root(edge).toString('hex'), referenceRoots[i], `size ${i + 1}`)
  }
})

const corpus = join(corporaFolder, 'tlog-golden-log')

t.test("Tessera's log of 15 entries", { skip: !existsSync(corpus) && 'no ../shared/corpora' }, async (t) => {
  const bundle = bundles(corpus).at(-1)
  if (bundle === undefined) throw new Error('the golden log has no entry bundle')
  let edge = emptyEdge
  for (let at = 0; at < bundle.length;) {
    const length = bundle.readUInt16BE(at)
    edge = append(edge, leafHash(bundle.subarray(at + 2, at + 2 + length)))
    at += 2 + length
  }
  const checkpoints = files(corpus).filter((file) => /checkpoint/.test(file))
  const found = checkpoints.some((file) =>
    readFileSync(file, 'utf8').includes(`\n${edge.size}\n${root(edge).toString('base64')}\n`),
  )
  t.ok(found, `a checkpoint of size ${edge.size} has our root`)
})

const files = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`)
const bundles = (folder: string): Buffer[] =>
  files(folder)
    .filter((file) => file.includes('/tile/entries/'))
    .map((file) => readFileSync(file))
    .sort((a, b) => a.length - b.length)
