import { createHmac, createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import t from 'tap'
import {
  judgeTail,
  makeTail,
  tailMessage,
  verifySignature,
  withoutLostSeparator,
  type TailKey,
} from '../../src/codes/tail.ts'

const gtin = '04701234567892'
const serial = '400002S7K1Z90QX'
const secret = randomBytes(32)
const pair = generateKeyPairSync('ed25519')
const mac: TailKey = { no: 1, id: 'A7B2', kind: 'mac', secret: createSecretKey(secret) }
const signature: TailKey = { no: 2, id: 'Q0RS', kind: 'signature', secret: pair.privateKey }

t.test('a mac is 96 bits of HMAC-SHA-256 over key id, GTIN and serial', async (t) => {
  const expected = createHmac('sha256', secret)
    .update(`tamga-tail-1:A7B2:01${gtin}21${serial}`)
    .digest()
    .subarray(0, 12)
  t.same(makeTail(mac, gtin, serial), { keyId: 'A7B2', check: expected.toString('base64url') })
  t.equal(makeTail(mac, gtin, serial).check.length, 16)
})

t.test('a signature is Ed25519, verified with the public key alone', async (t) => {
  const tail = makeTail(signature, gtin, serial)
  t.equal(tail.check.length, 86)
  t.ok(verifySignature(pair.publicKey, gtin, serial, tail))
  t.notOk(verifySignature(pair.publicKey, gtin, `${serial}X`, tail))
  t.notOk(verifySignature(generateKeyPairSync('ed25519').publicKey, gtin, serial, tail))
  t.same(makeTail(signature, gtin, serial), tail, 'the same every time')
})

t.test('a second spelling of the same signature is refused', async (t) => {
  const tail = makeTail(signature, gtin, serial)
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(tail.check.at(-1) ?? '')
  const twin = { ...tail, check: tail.check.slice(0, -1) + alphabet[last ^ 1] }
  t.same(Buffer.from(twin.check, 'base64url'), Buffer.from(tail.check, 'base64url'), 'it decodes to the same bytes')
  t.notOk(verifySignature(pair.publicKey, gtin, serial, twin))
  t.not(judgeTail(signature, gtin, serial, twin), 'valid')
})

for (const key of [mac, signature]) {
  t.test(`${key.kind}: whatever is changed, the tail is no longer valid`, async (t) => {
    const tail = makeTail(key, gtin, serial)
    t.equal(judgeTail(key, gtin, serial, tail), 'valid')
    for (let i = 0; i < tail.check.length; i++) {
      const other = tail.check[i] === '5' ? '6' : '5'
      const check = tail.check.slice(0, i) + other + tail.check.slice(i + 1)
      if (judgeTail(key, gtin, serial, { ...tail, check }) !== 'forged') t.fail(`character ${i}`)
    }
    t.equal(judgeTail(key, gtin, '400002S7K1Z90QY', tail), 'forged', 'another serial')
    t.equal(judgeTail(key, '04701234567809', serial, tail), 'forged', 'another GTIN')
    t.equal(judgeTail({ ...key, id: 'A7B3' }, gtin, serial, tail), 'forged', 'another key of the order')
    t.equal(judgeTail(key, gtin, serial, { ...tail, keyId: 'XXXX' }), 'forged', 'another key named')
    t.equal(judgeTail(key, gtin, serial, { ...tail, check: tail.check.slice(1) }), 'forged', 'cut off')
    t.equal(judgeTail(key, gtin, serial, { ...tail, check: '' }), 'forged', 'empty')
    t.equal(judgeTail(key, gtin, serial, { ...tail, check: 'Ы'.repeat(tail.check.length) }), 'forged', 'no ASCII')
  })

  t.test(`${key.kind}: letters whose case changed are told apart from forgery`, async (t) => {
    const tail = makeTail(key, gtin, serial)
    const swapped = [...tail.check].map((c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase())).join('')
    t.equal(judgeTail(key, gtin, serial, { keyId: tail.keyId.toLowerCase(), check: swapped }), 'changed_case')
    t.equal(judgeTail(key, gtin, serial, { ...tail, check: tail.check.toLowerCase() }), 'changed_case')
    t.equal(judgeTail(key, gtin, serial, { keyId: tail.keyId.toLowerCase(), check: tail.check }), 'changed_case')
    const one = tail.check.replace(/[a-z]/, (letter) => letter.toUpperCase())
    t.equal(judgeTail(key, gtin, serial, { ...tail, check: one }), 'forged', 'one letter alone')
  })
}

t.test('a key of one kind never makes the message of another code', async (t) => {
  t.not(tailMessage('AAAA', gtin, serial), tailMessage('AAAB', gtin, serial))
  t.not(makeTail({ ...mac, id: 'AAAB' }, gtin, serial).check, makeTail(mac, gtin, serial).check)
})

t.test('a tail that lost its separators is found again', async (t) => {
  const check = makeTail(mac, gtin, serial).check
  const only = (entries: [string, string][]) => new Map(entries)
  t.same(withoutLostSeparator(serial, only([['91', `A7B292${check}`]])), { serial, tail: { keyId: 'A7B2', check } })
  t.same(withoutLostSeparator('AB-191A7B2', only([['92', check]])), { serial: 'AB-1', tail: { keyId: 'A7B2', check } })
  t.equal(withoutLostSeparator(serial, only([])), undefined)
  t.equal(withoutLostSeparator(serial, only([['91', 'EE06']])), undefined)
  t.equal(
    withoutLostSeparator(
      serial,
      only([
        ['91', 'EE06'],
        ['92', check],
      ]),
    ),
    undefined,
  )
})
