// Go's checksum database is built on the same formats: its library judges our checkpoints, proofs and paths.
// Runs where Go and Debian's golang-golang-x-mod-dev are installed; installs nothing.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { proveConsistency, proveInclusion, type ReadSubtrees } from '../../src/ledger/merkle-proof.ts'
import { append, type Edge, emptyEdge, leafHash, nodeHash, root } from '../../src/ledger/merkle.ts'
import { toBase64 } from '../../src/proof/base64.ts'
import { formatCheckpoint } from '../../src/proof/checkpoint.ts'
import { nodeHasher } from '../../src/proof/node-primitives.ts'
import { formatNote, formatVerifier } from '../../src/proof/note.ts'
import { createSigner } from '../../src/proof/signer.ts'
import { tilePath } from '../../src/proof/tile.ts'
import { repository } from '../support/repository.ts'

const gopath = '/usr/share/gocode'
const hasGo = spawnSync('go', ['version']).status === 0
const missing = !hasGo
  ? 'Go is not installed'
  : existsSync(join(gopath, 'src/golang.org/x/mod/sumdb/tlog'))
    ? false
    : 'golang-golang-x-mod-dev is not installed'

const sizeMax = 2 ** 16 + 300
const signer = createSigner('tamga.test/main', new Uint8Array(32).fill(3))

/** All finished subtrees of a tree, level by level. */
function grow(size: number): { read: ReadSubtrees; roots: Map<number, Buffer>; leaves: Buffer[] } {
  const leaves = Array.from({ length: size }, (_, i) => leafHash(Buffer.from(`entry ${i}`)))
  const levels = [leaves]
  for (let row = leaves; row.length > 1;) {
    const next: Buffer[] = []
    for (let i = 0; i + 1 < row.length; i += 2) next.push(nodeHash(row[i]!, row[i + 1]!))
    levels.push((row = next))
  }
  const roots = new Map([[0, root(emptyEdge)]])
  let edge: Edge = emptyEdge
  for (const leaf of leaves) roots.set((edge = append(edge, leaf)).size, root(edge))
  return { read: async (subtrees) => subtrees.map(({ level, index }) => levels[level]![index]!), roots, leaves }
}

/** A small generator with a seed that a failure prints. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

t.test('golang.org/x/mod/sumdb accepts what we make', { skip: missing }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tamga-go-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const program = join(folder, 'opinion')
  const source = join(repository, 'test/proof/second-opinion.go')
  const env = { ...process.env, GOPATH: gopath, GO111MODULE: 'off', GOCACHE: join(folder, 'cache'), GOFLAGS: '' }
  execFileSync('go', ['build', '-o', program, source], { env, cwd: folder, stdio: 'pipe' })

  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
  const pick = random(seed)
  const { read, roots, leaves } = grow(sizeMax)
  const around = [2 ** 8, 2 ** 9, 2 ** 16].flatMap((size) => [-2, -1, 0, 1, 2].map((by) => size + by))
  const sizes = [1, 2, 3, ...around, ...Array.from({ length: 1_000 }, () => 1 + pick(sizeMax))]
  const questions: Record<string, unknown>[] = []
  const flip = (hash: Uint8Array): string => toBase64(hash.map((byte, i) => (i === 9 ? byte ^ 4 : byte)))
  for (const size of sizes) {
    const top = roots.get(size)!
    const text = formatCheckpoint({ origin: signer.verifier.name, size, root: top, extensions: [] })
    const note = formatNote({ text, signatures: [signer.sign(text)] })
    questions.push({ Kind: 'note', Key: formatVerifier(signer.verifier), Note: note })
    for (const index of new Set([0, size - 1, pick(size)])) {
      const proof = (await proveInclusion(index, size, read, nodeHasher)).map(toBase64)
      questions.push({
        Kind: 'inclusion',
        Size: size,
        Index: index,
        Root: toBase64(top),
        Leaf: toBase64(leaves[index]!),
        Proof: proof,
      })
    }
    const before = 1 + pick(size)
    const proof = (await proveConsistency(before, size, read, nodeHasher)).map(toBase64)
    const part = toBase64(roots.get(before)!)
    questions.push({ Kind: 'consistency', Size: size, Index: before, Root: toBase64(top), Part: part, Proof: proof })
  }
  for (const [level, index, width] of [
    [0, 0, 256],
    [0, 999, 1],
    [1, 1000, 255],
    [2, 1234067, 256],
    [7, 5, 17],
  ] as const) {
    questions.push({ Kind: 'path', Level: level, Index: index, Width: width, Path: tilePath({ level, index, width }) })
  }
  const good = questions.length
  // And that it would say so if they were wrong.
  questions.push(
    { ...questions[1], Root: flip(roots.get(1)!) },
    { Kind: 'note', Key: formatVerifier(signer.verifier), Note: 'x\n\n— a AAAAAAAA\n' },
  )
  const input = questions.map((question) => JSON.stringify(question)).join('\n')
  const answers = execFileSync(program, { input, maxBuffer: 2 ** 28 })
    .toString()
    .trimEnd()
    .split('\n')
  const refused = answers.slice(0, good).flatMap((answer, i) => (answer === 'ok' ? [] : [{ answer, ...questions[i] }]))
  t.equal(answers.length, questions.length)
  t.same(refused.slice(0, 3), [], `of ${good} (SEED=${seed})`)
  t.notMatch(answers.slice(good), ['ok', 'ok'])
  t.comment(`${good} notes, proofs and paths`)
})
