// What a page runs: the same answers as Node's, and nothing of Node in it.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import t from 'tap'
import { browserPrimitives } from '../../src/proof/browser-primitives.ts'
import { toBase64 } from '../../src/proof/base64.ts'
import { formatCheckpoint } from '../../src/proof/checkpoint.ts'
import { nodePrimitives } from '../../src/proof/node-primitives.ts'
import { formatNote, formatVerifier } from '../../src/proof/note.ts'
import { createSigner, newSeed } from '../../src/proof/signer.ts'
import { formatTlogProof } from '../../src/proof/tlog-proof.ts'
import { NoteError, verifyProof } from '../../src/proof/verify/browser.ts'
import { repository } from '../support/repository.ts'

t.test('nothing of Node is imported, however far down', (t) => {
  const seen = new Set<string>()
  const foreign: string[] = []
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    const text = readFileSync(file, 'utf8')
    for (const [whole, from = ''] of text.matchAll(/^(?:import|export)\s[^;]*?from '([^']+)'/gms)) {
      if (/^(?:import|export) type /.test(whole) && !from.startsWith('.')) continue
      if (from.startsWith('.')) visit(join(dirname(file), from))
      else foreign.push(`${relative('.', file)}: ${from}`)
    }
    if (/\b(Buffer|process|require)\b[.(]/.test(text)) foreign.push(`${relative('.', file)} names something of Node`)
  }
  visit(join(repository, 'src/proof/verify/browser.ts'))
  t.same(foreign, [])
  t.ok(seen.size > 8)
  t.end()
})

t.test("hashes and signatures are Node's", async (t) => {
  for (let length = 0; length < 300; length++) {
    const bytes = randomBytes(length)
    if (!Buffer.from(browserPrimitives.sha256(bytes)).equals(nodePrimitives.sha256(bytes))) t.fail(`${length} bytes`)
    if (!Buffer.from(browserPrimitives.leaf(bytes)).equals(nodePrimitives.leaf(bytes)))
      t.fail(`leaf of ${length} bytes`)
  }
  const [a, b] = [randomBytes(32), randomBytes(32)]
  t.same(Buffer.from(browserPrimitives.node(a, b)), nodePrimitives.node(a, b))
  t.same(Buffer.from(browserPrimitives.empty()), nodePrimitives.empty())
  const signer = createSigner('a', newSeed())
  const { bytes } = signer.sign('text')
  const message = Buffer.from('text')
  for (const primitives of [browserPrimitives, nodePrimitives]) {
    const { publicKey } = signer.verifier
    t.equal(await primitives.verifyEd25519(publicKey, message, bytes), true)
    t.equal(await primitives.verifyEd25519(publicKey, Buffer.from('texd'), bytes), false)
    t.equal(await primitives.verifyEd25519(publicKey, message, bytes.slice(1)), false)
    t.equal(await primitives.verifyEd25519(publicKey.slice(1), message, bytes), false)
    t.equal(await primitives.verifyEd25519(new Uint8Array(32).fill(255), message, bytes), false)
  }
})

t.test('a proof is verified in a page', async (t) => {
  const signer = createSigner('log.example/one', newSeed())
  const entry = Buffer.from('{"event":"the only one"}')
  const text = formatCheckpoint({
    origin: 'log.example/one',
    size: 1,
    root: nodePrimitives.leaf(entry),
    extensions: [],
  })
  const proof = formatTlogProof({
    index: 0,
    hashes: [],
    checkpoint: formatNote({ text, signatures: [signer.sign(text)] }),
  })
  const key = formatVerifier(signer.verifier)
  t.same(await verifyProof({ entry: toBase64(entry), proof }, key), { index: 0, origin: 'log.example/one', size: 1 })
  await t.rejects(verifyProof({ entry: toBase64(entry.subarray(1)), proof }, key), NoteError)
  await t.rejects(verifyProof({ entry: '!', proof }, key), NoteError)
})
