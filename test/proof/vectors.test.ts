// What other people made, from ../shared/corpora: probes of proofs with their verdicts, and a whole log of another implementation.
import { readFileSync } from 'node:fs'
import t from 'tap'
import {
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from '../../src/ledger/merkle-proof.ts'
import { checkConsistency } from '../../src/proof/verify/consistency.ts'
import { openCheckpoint, readCheckpoint } from '../../src/proof/checkpoint.ts'
import { nodeHasher, nodePrimitives } from '../../src/proof/node-primitives.ts'
import { NoteError, parseVerifier, type Verifier } from '../../src/proof/note.ts'
import { indexPath, type Tile, tilePath } from '../../src/proof/tile.ts'
import { verifyLog } from '../../src/proof/verify/verify-log.ts'
import { filesIn, missing } from '../support/corpora.ts'

type Probe = Record<string, unknown> & { wantErr: boolean }

/** Every object with a verdict, however the files are laid out. */
function probesIn(value: unknown): Probe[] {
  if (Array.isArray(value)) return value.flatMap(probesIn)
  if (typeof value !== 'object' || value === null) return []
  if ('wantErr' in value) return [value as Probe]
  return Object.values(value).flatMap(probesIn)
}

const bytes = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : '', 'base64')
// Sizes beyond 2^53 are there to be refused; JSON has rounded them by now, and they still are.
const number = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN)

function judge(probe: Probe): boolean | undefined {
  const proof = Array.isArray(probe['proof']) ? probe['proof'].map(bytes) : []
  const has = (...names: string[]): boolean => names.every((name) => name in probe)
  if (has('start', 'end', 'size')) {
    const part = bytes(probe['subRoot'] ?? probe['subtreeRoot'] ?? probe['root1'])
    const whole = bytes(probe['root2'] ?? probe['parentRoot'] ?? probe['root'])
    const [start, end, size] = [number(probe['start']), number(probe['end']), number(probe['size'])]
    return verifySubtreeConsistency(start, end, size, part, whole, proof, nodeHasher)
  }
  if (has('start', 'end')) {
    const [index, start, end] = [
      number(probe['leafIdx'] ?? probe['index']),
      number(probe['start']),
      number(probe['end']),
    ]
    return verifySubtreeInclusion(index, start, end, bytes(probe['leafHash']), proof, bytes(probe['root']), nodeHasher)
  }
  if (has('size1', 'size2')) {
    const [first, second] = [number(probe['size1']), number(probe['size2'])]
    return verifyConsistency(first, second, bytes(probe['root1']), bytes(probe['root2']), proof, nodeHasher)
  }
  if (has('leafIdx', 'treeSize')) {
    const [index, size] = [number(probe['leafIdx']), number(probe['treeSize'])]
    return verifyInclusion(index, size, bytes(probe['leafHash']), proof, bytes(probe['root']), nodeHasher)
  }
  return undefined
}

t.test('probes of RFC 6962 proofs', { skip: missing('rfc6962-merkle-proofs') }, (t) => {
  const wrong: string[] = []
  let judged = 0
  for (const file of filesIn('rfc6962-merkle-proofs').filter((name) => name.endsWith('.json'))) {
    for (const probe of probesIn(JSON.parse(readFileSync(file, 'utf8')))) {
      const found = judge(probe)
      if (found === undefined) wrong.push(`${file}: a probe of a kind that is not known here`)
      else if (found === probe.wantErr) wrong.push(`${file}: ${String(probe['desc'])}`)
      judged++
    }
  }
  t.same(wrong, [], `of ${judged} probes`)
  t.ok(judged > 0)
  t.end()
})

t.test('the log of another implementation', { skip: missing('tlog-golden-log') }, async (t) => {
  const files = filesIn('tlog-golden-log')
  const keys = new Map<string, Verifier>()
  for (const file of files.filter((name) => !name.includes('/tile/'))) {
    for (const [text] of readFileSync(file, 'utf8').matchAll(/[^\s"'+`]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{44,}/g)) {
      try {
        const verifier = parseVerifier(text, nodePrimitives)
        keys.set(verifier.name, verifier)
      } catch (error) {
        if (!(error instanceof NoteError)) throw error
      }
    }
  }
  const find = (end: string): Buffer => {
    const file = files.find((name) => name.endsWith(`/${end}`))
    if (file === undefined) throw new Error(`${end} is not there`)
    return readFileSync(file)
  }
  const source = {
    name: 'the golden log',
    checkpoint: async () => '',
    tile: async (tile: Tile) => find(`tile/${tilePath(tile)}`),
    bundle: async (index: number, width: number) => find(`tile/entries/${indexPath(index, width)}`),
  }
  const checkpoints = []
  for (const file of files.filter((name) => /checkpoint[^/]*$/.test(name))) {
    const note = readFileSync(file, 'utf8')
    const verifier = keys.get(readCheckpoint(note).origin)
    if (!verifier) return t.fail(`no key for ${file}`)
    checkpoints.push(await openCheckpoint(note, verifier, nodePrimitives))
  }
  checkpoints.sort((a, b) => a.size - b.size)
  const claims = checkpoints.map(({ size, root }) => ({ size, root, who: `its checkpoint of ${size}` }))
  t.same((await verifyLog({ source, hasher: nodeHasher, claims })).faults, [])
  const newest = checkpoints.at(-1)
  for (const older of checkpoints) if (newest) await t.resolves(checkConsistency(older, newest, source, nodePrimitives))
})
