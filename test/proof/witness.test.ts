// Witnesses: what one saw, nobody can take back.
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { appRole } from '../../src/db/connect.ts'
import { proveConsistency } from '../../src/ledger/merkle-proof.ts'
import { toBase64 } from '../../src/proof/base64.ts'
import { formatCheckpoint, originOf, parseLogVerifier } from '../../src/proof/checkpoint.ts'
import { nodeHasher, nodePrimitives } from '../../src/proof/node-primitives.ts'
import { formatNote, formatVerifier, openNote } from '../../src/proof/note.ts'
import { readSubtrees, servedCheckpoint } from '../../src/proof/publish.ts'
import { createCosigner, createSigner, type Signer } from '../../src/proof/signer.ts'
import { verifierOf } from '../../src/proof/keys.ts'
import * as store from '../../src/proof/store.ts'
import { folderState, openCosigner, witnessApp } from '../../src/proof/witness-server.ts'
import { createWitness, type Witness } from '../../src/proof/witness.ts'
import { pool as poolOf } from '../support/connect.ts'
import { testDatabase } from '../support/database.ts'
import { dataFolder } from '../support/process.ts'
import { append, follower, mainLog, tamper } from './bundle.ts'

const seedOf = (n: number): Uint8Array => new Uint8Array(32).fill(n)
const signer = createSigner('log.test/a', seedOf(1))
const leaf = (text: string) => nodeHasher.leaf(Buffer.from(text))

/** Trees of one, two and three entries, and one that forks off at the second. */
const one = leaf('a')
const two = nodeHasher.node(one, leaf('b'))
const three = nodeHasher.node(two, leaf('c'))
const forked = nodeHasher.node(one, leaf('x'))

const body = (old: number, proof: Uint8Array[], size: number, root: Uint8Array, by: Signer = signer): string => {
  const text = formatCheckpoint({ origin: by.verifier.name, size, root, extensions: [] })
  return [`old ${old}`, ...proof.map(toBase64), '', formatNote({ text, signatures: [by.sign(text)] })].join('\n')
}

t.test('the conversation of the specification', async (t) => {
  const folder = await dataFolder(t)
  const cosigner = await openCosigner(folder, 'witness.test')
  const make = (): Witness =>
    createWitness({
      cosigner,
      logs: [signer.verifier],
      state: folderState(folder),
      now: () => new Date(1_700_000_000_000),
    })
  let witness = make()
  const ask = async (request: string, status: number, saying?: string | RegExp) => {
    const answer = await witness.addCheckpoint(request)
    t.equal(answer.status, status, answer.body)
    if (saying !== undefined) t.match(answer.body, saying)
    if (status === 409) t.equal(answer.type, 'text/x.tlog.size')
    return answer.body
  }
  await ask(body(0, [], 1, one, createSigner('log.test/unknown', seedOf(2))), 404)
  await ask(body(0, [], 1, one, createSigner('log.test/a', seedOf(3))), 403)
  await ask(body(0, [], 1, one).replace(/\n1\n/, '\n2\n'), 403, /does not fit/)
  await ask(body(2, [], 1, one), 400)
  await ask(body(1, [], 1, one), 409, '0\n')
  await ask(body(0, [one], 1, one), 422)
  const first = await ask(body(0, [], 1, one), 200, /^— witness\.test /)
  const [, note = ''] = body(0, [], 1, one).split(/\n\n(.*)/s)
  const { verified } = await openNote(note + first, [cosigner.verifier], nodePrimitives)
  t.equal(verified.length, 1, 'the cosignature verifies')
  await ask(body(0, [], 2, two), 409, '1\n')
  await ask(body(1, [], 2, two), 422)
  await ask(body(1, [leaf('x')], 2, two), 422)
  await ask(body(1, [leaf('b')], 2, two), 200)
  await ask(body(2, [], 2, two), 200, /^— /)
  await ask(body(2, [], 2, forked), 409, '2\n')
  await ask(body(1, [leaf('x')], 2, forked), 409, '2\n')
  witness = make() // Started anew: what it saw is on disk.
  await ask(body(0, [], 1, one), 409, '2\n')
  await ask(body(2, [leaf('c')], 3, nodeHasher.node(forked, leaf('c'))), 422)
  await ask(body(2, [leaf('c')], 3, three), 200)
  for (const bad of [
    '',
    'old 1\n',
    body(3, [], 3, three).replace('old ', 'new '),
    body(3, [], 3, three).replace('old 3', 'old 03'),
    body(3, [], 3, three).replace('old 3', 'old -3'),
    body(3, [seedOf(1).slice(1)], 3, three),
    body(
      3,
      Array.from({ length: 64 }, () => seedOf(1)),
      3,
      three,
    ),
    body(3, [], 3, three).replace('\n3\n', '\nthree\n'),
  ]) {
    await ask(bad, 400)
  }
})

t.test('of two at once only one continues', async (t) => {
  const notes = new Map<string, string>()
  const state = {
    read: async (origin: string) => notes.get(origin),
    write: async (origin: string, note: string) => void notes.set(origin, note),
  }
  const cosigner = createCosigner('witness.test', seedOf(9))
  const witness = createWitness({ cosigner, logs: [signer.verifier], state, now: () => new Date() })
  const answers = await Promise.all(
    [body(0, [], 2, two), body(0, [], 2, forked)].map((text) => witness.addCheckpoint(text)),
  )
  t.same(answers.map(({ status }) => status).sort(), [200, 409])
})

t.test('a log with a witness, and the log that forks', async (t) => {
  const { appUrl, adminUrl } = await testDatabase(t)
  const pool = poolOf(t, appUrl, appRole)
  const before = await follower(t, pool)
  await append(appUrl, 300)
  await before.publishNow(mainLog)
  const key = await store.newestKey(pool, mainLog)
  if (!key) return t.fail('no key')

  const folder = await dataFolder(t)
  const cosigner = await openCosigner(folder, 'witness.test')
  const witness = createWitness({
    cosigner,
    logs: [verifierOf(key)],
    state: folderState(folder),
    now: () => new Date(),
  })
  const server = witnessApp(witness, formatVerifier(cosigner.verifier))
  t.teardown(() => server.close())
  await server.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`
  const witnesses = `${url} ${await (await fetch(url)).text()}`.trim()

  const cosigned = async (size: number): Promise<string> => {
    for (;;) {
      const served = await servedCheckpoint(pool, mainLog)
      if (served?.size === size && served.note.includes('witness.test')) return served.note
    }
  }
  const following = await follower(t, pool, { witnesses })
  await append(appUrl, 500)
  await following.publishNow(mainLog)
  const note = await cosigned(800)
  t.equal((await openNote(note, [cosigner.verifier], nodePrimitives)).verified.length, 1)
  await following.stop()

  // The same history up to 600, then another one: what an operator would do who wants 200 entries to vanish.
  await tamper(
    adminUrl,
    ...['event_directory', 'entry'].map((table) => `delete from ${table} where log_id = 1 and position >= 300`),
    'delete from head where log_id = 1 and size > 300',
    'delete from checkpoint where log_id = 1 and size > 300',
    'delete from tile where log_id = 1 and (level > 0 or no > 0)',
  )
  await t.rejects(
    follower(t, pool, { witnesses }),
    /The witness witness\.test saw 800 entries, and this database has 300/,
  )
  await append(appUrl, 500)
  const forking = await follower(t, pool)
  await forking.publishNow(mainLog)
  await t.rejects(follower(t, pool, { witnesses }), /saw 800 entries that are not the first of these 800/)
  await append(appUrl, 100)
  await forking.publishNow(mainLog)
  await t.rejects(follower(t, pool, { witnesses }), /saw 800 entries that are not the first of these 900/)
  // And to anybody who asks it directly.
  const served = await servedCheckpoint(pool, mainLog)
  const proof = await proveConsistency(800, 900, readSubtrees(pool, mainLog, 900), nodeHasher)
  const direct = await witness.addCheckpoint(['old 800', ...proof.map(toBase64), '', served?.note ?? ''].join('\n'))
  t.equal(direct.status, 422)
})

t.test('a witness that is away keeps nobody from starting', async (t) => {
  const { appUrl } = await testDatabase(t)
  const pool = poolOf(t, appUrl, appRole)
  const following = await follower(t, pool)
  await append(appUrl, 5)
  await following.publishNow(mainLog)
  const nobody = formatVerifier(createCosigner('witness.test', seedOf(9)).verifier)
  await t.resolves(follower(t, pool, { witnesses: `http://127.0.0.1:9 ${nobody}` }))
  await t.rejects(follower(t, pool, { witnesses: 'http://127.0.0.1:9 nonsense' }), /WITNESSES/)
})

t.test('a log whose origin is not the name of its key', async (t) => {
  const notes = new Map<string, string>()
  const state = {
    read: async (origin: string) => notes.get(origin),
    write: async (origin: string, note: string) => void notes.set(origin, note),
  }
  const cosigner = createCosigner('witness.test', seedOf(9))
  const key = formatVerifier(signer.verifier)
  const log = parseLogVerifier(`${key} a log of ours`, nodePrimitives)
  t.equal(originOf(log), 'a log of ours')
  t.equal(originOf(parseLogVerifier(key, nodePrimitives)), signer.verifier.name)
  const witness = createWitness({ cosigner, logs: [log], state, now: () => new Date() })
  const text = formatCheckpoint({ origin: 'a log of ours', size: 1, root: one, extensions: [] })
  const note = formatNote({ text, signatures: [signer.sign(text)] })
  t.equal((await witness.addCheckpoint(`old 0\n\n${note}`)).status, 200)
  t.equal((await witness.addCheckpoint(body(0, [], 1, one))).status, 404, 'its own name is another log')
})

t.test('an empty log', async (t) => {
  const state = { read: async () => undefined, write: async () => undefined }
  const cosigner = createCosigner('witness.test', seedOf(9))
  const witness = createWitness({ cosigner, logs: [signer.verifier], state, now: () => new Date() })
  const nothing = nodeHasher.empty()
  const table: [what: string, request: string, status: number][] = [
    ['as it is', body(0, [], 0, nothing), 200],
    ['another root', body(0, [], 0, one), 422],
    ['a proof', body(0, [one], 0, nothing), 422],
    ['its first entry', body(0, [], 1, one), 200],
    ['its first entry and a proof', body(0, [one], 1, one), 422],
    ['older than nothing', body(1, [], 0, nothing), 400],
  ]
  for (const [what, request, status] of table) t.equal((await witness.addCheckpoint(request)).status, status, what)
})
