// Notes, checkpoints, keys, tile paths, proofs: one way to write each, and nothing else is read.
import { createHash, randomBytes } from 'node:crypto'
import t from 'tap'
import { fromBase64, toBase64 } from '../../src/proof/base64.ts'
import { formatCheckpoint, openCheckpoint, parseCheckpoint } from '../../src/proof/checkpoint.ts'
import { nodePrimitives } from '../../src/proof/node-primitives.ts'
import {
  formatNote,
  formatSignature,
  formatVerifier,
  NoteError,
  openNote,
  parseNote,
  parseVerifier,
} from '../../src/proof/note.ts'
import { createCosigner, createSigner, formatSecret, parseSecret } from '../../src/proof/signer.ts'
import {
  indexPath,
  newFullTiles,
  parseIndexPath,
  parseTilePath,
  splitBundle,
  tilePath,
  widthAt,
} from '../../src/proof/tile.ts'
import { formatTlogProof, parseTlogProof, verifyTlogProof } from '../../src/proof/tlog-proof.ts'
import { verifyLog } from '../../src/proof/verify/verify-log.ts'

const seed = createHash('sha256').update('a seed for tests').digest()
const signer = createSigner('log.example/one', seed)
const other = createSigner('log.example/two', createHash('sha256').update('another').digest())
const witness = createCosigner('witness.example/w', createHash('sha256').update('a witness').digest())

t.test('base64 is read in one way only', (t) => {
  for (let length = 0; length < 40; length++) {
    const bytes = randomBytes(length)
    t.same(Buffer.from(fromBase64(toBase64(bytes)) ?? []), bytes)
  }
  for (const text of ['AA', 'AA=', 'AB==', 'AAB=', 'A A=', 'AA==\n', '====', 'AA==AA==', 'A-_=', 'é===']) {
    t.equal(fromBase64(text), undefined, text)
  }
  t.end()
})

t.test('a note is signed, written, read and opened', async (t) => {
  const text = 'If you think cryptography is the answer,\n\nthen you know neither.\n'
  const note = formatNote({ text, signatures: [signer.sign(text), other.sign(text)] })
  t.equal(parseNote(note).text, text, 'the last empty line parts text and signatures')
  const { verified } = await openNote(note, [other.verifier], nodePrimitives)
  t.same(
    verified.map(({ verifier }) => verifier.name),
    ['log.example/two'],
  )
  await t.rejects(openNote(note, [witness.verifier], nodePrimitives), NoteError, 'nobody known signed it')
  const changed = note.replace('neither', 'nothing')
  await t.rejects(openNote(changed, [signer.verifier], nodePrimitives), /does not fit/)
  const both = note.replace(toBase64(other.sign(text).bytes).slice(0, 8), 'AAAAAAAA')
  await t.rejects(openNote(both.replace(/two \S+/, 'two +oqAAAAAAAAA'), [other.verifier], nodePrimitives), NoteError)
  const twice = formatNote({ text, signatures: [signer.sign(text), signer.sign(text)] })
  t.equal((await openNote(twice, [signer.verifier], nodePrimitives)).verified.length, 1, 'one key counts once')
})

t.test('what is no note', (t) => {
  const text = 'text\n'
  const line = formatSignature(signer.sign(text))
  t.ok(parseNote(`${text}\n${line}\n`))
  for (const [what, note] of [
    ['no signature', 'text\n'],
    ['no signature after the blank line', 'text\n\n'],
    ['no newline at the end', `${text}\n${line}`],
    ['a line that is no signature', `${text}\n${line}\nhello\n`],
    ['a hyphen for the dash', `${text}\n${line.replace('—', '-')}\n`],
    ['two spaces', `${text}\n${line.replace('— ', '—  ')}\n`],
    ['something behind the signature', `${text}\n${line} \n`],
    ['a plus in the name', `${text}\n${line.replace('log.', 'log+')}\n`],
    ['a space in the name', `${text}\n${line.replace('log.', 'log\u00a0')}\n`],
    ['no name', `${text}\n${line.replace('log.example/one ', '')}\n`],
    ['a control character', `te\u0001xt\n\n${line}\n`],
    ['a carriage return', `text\r\n\n${line}\n`],
    ['too short a signature', `${text}\n— a AAAAAA==\n`],
    ['base64 with spare bits', `${text}\n— a AAAAAAB=\n`],
    ['no text before the blank line', `\n${line}\n`],
    ['too many signatures', `${text}\n${`${line}\n`.repeat(101)}`],
    ['a note too long', `${'a'.repeat(1_000_001)}\n\n${line}\n`],
  ] as const) {
    t.throws(() => parseNote(note), NoteError, what)
  }
  t.throws(() => parseNote(Buffer.from([0xff, 0x0a, 0x0a])), /UTF-8/)
  t.ok(parseNote(`${text}\n${`${line}\n`.repeat(16)}`), 'sixteen signatures must be taken')
  t.end()
})

t.test('verifier keys and signing keys', (t) => {
  const key = formatVerifier(signer.verifier)
  t.match(key, /^log\.example\/one\+[0-9a-f]{8}\+A/)
  t.same(formatVerifier(parseVerifier(key, nodePrimitives)), key)
  t.equal(parseVerifier(formatVerifier(witness.verifier), nodePrimitives).type, 4)
  for (const bad of [
    key.slice(1),
    key.replace('one', 'two'),
    key.replace(/\+[0-9a-f]{8}/, '+00000000'),
    key.replace(/.$/, ''),
    `${key}=`,
    key.replace('+A', '+B'),
    'name+12345678+',
    '+12345678+AQ==',
    'PRIVATE+KEY+x+12345678+AQ==',
  ]) {
    t.throws(() => parseVerifier(bad, nodePrimitives), NoteError, bad)
  }
  const secret = formatSecret(signer.verifier, seed)
  t.same(Buffer.from(parseSecret(secret).seed), seed)
  t.throws(() => parseSecret(secret.replace('one', 'two')), NoteError)
  t.throws(() => createSigner('with space', seed), NoteError)
  t.end()
})

t.test('checkpoints', async (t) => {
  const root = new Uint8Array(32).fill(7)
  const text = formatCheckpoint({ origin: 'log.example/one', size: 20852163, root, extensions: [] })
  t.equal(text, `log.example/one\n20852163\n${toBase64(root)}\n`)
  t.same(parseCheckpoint(text), { origin: 'log.example/one', size: 20852163, root, extensions: [] })
  t.same(parseCheckpoint(`${text}more\n`).extensions, ['more'])
  for (const bad of [
    '',
    'a\n1\n',
    text.replace('20852163', '020852163'),
    text.replace('20852163', '-1'),
    text.replace('20852163', '+1'),
    text.replace('20852163', '1e3'),
    text.replace('20852163', '9007199254740993'),
    text.replace('20852163', '99999999999999999999'),
    text.replace('20852163', ''),
    text.replace('log.example/one', ''),
    text.slice(0, -1),
    `${text}\n`,
    `${text}a\n\nb\n`,
    text.replace(/BwcH/, 'BwcI').replace('Bwc=\n', '\n'),
    `log\n1\n${toBase64(root.slice(1))}\n`,
  ]) {
    t.throws(() => parseCheckpoint(bad), NoteError, JSON.stringify(bad))
  }
  const note = formatNote({ text, signatures: [signer.sign(text), witness.cosign(text, 1_679_315_147n)] })
  const opened = await openCheckpoint(note, signer.verifier, nodePrimitives, [witness.verifier])
  t.equal(opened.opened.verified.length, 2)
  const foreign = formatNote({ text, signatures: [other.sign(text)] })
  await t.rejects(openCheckpoint(foreign, other.verifier, nodePrimitives), /not of log\.example\/two/)
  const onlyWitness = formatNote({ text, signatures: [witness.cosign(text, 1n)] })
  await t.rejects(
    openCheckpoint(onlyWitness, signer.verifier, nodePrimitives, [witness.verifier]),
    /itself did not sign/,
  )
  const late = { ...witness.cosign(text, 5n) }
  late.bytes = Uint8Array.from(late.bytes)
  late.bytes[7] = 6
  await t.rejects(
    openNote(formatNote({ text, signatures: [late] }), [witness.verifier], nodePrimitives),
    NoteError,
    'another time',
  )
})

t.test('paths of tiles', (t) => {
  for (const [index, width, path] of [
    [0, 256, '000'],
    [999, 256, '999'],
    [1000, 256, 'x001/000'],
    [1234067, 256, 'x001/x234/067'],
    [5, 17, '005.p/17'],
    [1000, 255, 'x001/000.p/255'],
  ] as const) {
    t.equal(indexPath(index, width), path)
    t.same(parseIndexPath(path), { index, width })
  }
  const bad = [
    '',
    '0',
    '00',
    '0000',
    'x000/001',
    'x001',
    'x1/000',
    '001/000',
    'x001/x000',
    '000.p/0',
    '000.p/256',
    '000.p/01',
    '000.p/',
    '000.p',
    'x001/000/',
    '-01',
    '00a',
    '000.p/1/2',
  ]
  for (const path of bad) t.equal(parseIndexPath(path), undefined, path)
  t.same(parseTilePath('63/000'), { level: 63, index: 0, width: 256 })
  for (const path of ['64/000', '00/000', '01/000', '-1/000', '/000', '000', 'a/000', '0x1/000', 'entries/000']) {
    t.equal(parseTilePath(path), undefined, path)
  }
  t.equal(tilePath({ level: 2, index: 1, width: 3 }), '2/001.p/3')
  // The specification's own example.
  t.same(
    [0, 1, 2, 3].map((level) => widthAt(level, 0, 70_000)),
    [256, 256, 1, 0],
  )
  t.equal(widthAt(0, 273, 70_000), 112)
  t.equal(widthAt(1, 1, 70_000), 17)
  t.equal(widthAt(1, 0, 256), 1)
  t.same(newFullTiles(0, 70_000), [
    { level: 0, first: 0, count: 273 },
    { level: 1, first: 0, count: 1 },
  ])
  t.same(newFullTiles(65_536, 65_792), [{ level: 0, first: 256, count: 1 }])
  t.same(splitBundle(Uint8Array.of(0, 1, 65, 0, 0)), [Uint8Array.of(65), Uint8Array.of()])
  t.equal(splitBundle(Uint8Array.of(0, 2, 65)), undefined)
  t.end()
})

t.test('a proof of one event', async (t) => {
  const entry = Buffer.from('the only entry')
  const text = formatCheckpoint({
    origin: 'log.example/one',
    size: 1,
    root: nodePrimitives.leaf(entry),
    extensions: [],
  })
  const checkpoint = formatNote({ text, signatures: [signer.sign(text)] })
  const proof = formatTlogProof({ index: 0, hashes: [], checkpoint })
  t.equal(proof, `c2sp.org/tlog-proof@v1\nindex 0\n\n${checkpoint}`)
  t.equal((await verifyTlogProof(proof, entry, signer.verifier, nodePrimitives)).index, 0)
  await t.rejects(verifyTlogProof(proof, Buffer.from('another'), signer.verifier, nodePrimitives), NoteError)
  const extra = Uint8Array.of(1, 2, 3)
  t.same(parseTlogProof(formatTlogProof({ index: 0, hashes: [], checkpoint, extra })).extra, extra)
  for (const bad of [
    proof.replace('v1', 'v2'),
    proof.replace('index 0', 'index 00'),
    proof.replace('index 0', 'index -1'),
    proof.replace('index 0\n', ''),
    proof.replace('index 0', 'index 0 '),
    proof.replace('index 0', 'extra !\nindex 0'),
    proof.replace('index 0', 'index 0\nAAAA'),
    proof.replace('index 0', `index 0\n${`${toBase64(new Uint8Array(32))}\n`.repeat(64).trimEnd()}`),
    proof.slice(0, 30),
  ]) {
    t.throws(() => parseTlogProof(bad), NoteError, bad.slice(0, 60))
  }
})

t.test('a log of which very much was said', async (t) => {
  const entry = Buffer.from('the only one')
  const root = nodePrimitives.leaf(entry)
  const source = { name: 'a log', checkpoint: async () => '', tile: async () => root }
  // A head for each batch: a busy log has more than a function may be given arguments.
  const claims = Array.from({ length: 300_000 }, (_, i) => ({ size: 1, root, who: `head ${i}` }))
  t.same(await verifyLog({ source, hasher: nodePrimitives, claims }), { faults: [], size: 1, entriesHashed: false })
})
