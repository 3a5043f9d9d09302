import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createVault } from '../../src/db/secret.ts'

t.test('what is sealed opens again, for the same purpose under the same key', async (t) => {
  const vault = createVault(randomBytes(32))
  const secret = randomBytes(100)
  const sealed = vault.seal(secret, 'tail key')
  t.same(vault.open(sealed, 'tail key'), secret)
  t.notSame(vault.seal(secret, 'tail key'), sealed, 'twice is not the same')
  t.same(vault.open(vault.seal(Buffer.alloc(0), 'x'), 'x'), Buffer.alloc(0))
  const says = /does not open: MASTER_KEY/
  t.throws(() => vault.open(sealed, 'log key'), says)
  t.throws(() => createVault(randomBytes(32)).open(sealed, 'tail key'), says)
  for (let i = 0; i < sealed.length; i++) {
    const changed = Buffer.from(sealed)
    changed[i] = (changed[i] ?? 0) ^ 1
    t.throws(() => vault.open(changed, 'tail key'), says, `bit flipped in byte ${i}`)
  }
  for (const length of [0, 1, 12, 28]) t.throws(() => vault.open(sealed.subarray(0, length), 'tail key'), says)
})
