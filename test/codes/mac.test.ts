import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import t from 'tap'
import { mac } from '../../src/codes/mac.ts'

t.test('the same as HMAC-SHA-256 of OpenSSL, for keys and messages of every length that may come', async (t) => {
  for (let length = 0; length <= 192; length++) {
    const key = createSecretKey(randomBytes(1 + (length % 64)))
    const message = randomBytes(length).toString('latin1')
    const expected = createHmac('sha256', key).update(message, 'latin1').digest('base64url')
    if (mac(key, message) !== expected) t.fail(`differs at ${length} characters`)
    // A shorter message after a longer one: nothing of the longer one is left.
    const short = message.slice(0, length / 2)
    if (mac(key, short) !== createHmac('sha256', key).update(short, 'latin1').digest('base64url')) {
      t.fail(`differs after a longer one, at ${short.length} characters`)
    }
  }
})

t.test('case 2 of RFC 4231', async (t) => {
  const key = createSecretKey(Buffer.from('Jefe'))
  const expected = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'
  t.equal(Buffer.from(mac(key, 'what do ya want for nothing?'), 'base64url').toString('hex'), expected)
})

t.test('what does not fit is refused, not cut', async (t) => {
  t.throws(() => mac(createSecretKey(randomBytes(32)), 'x'.repeat(193)), /does not fit/)
  t.throws(() => mac(createSecretKey(randomBytes(65)), 'x'), /longer key/)
})
