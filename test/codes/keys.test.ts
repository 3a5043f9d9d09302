import { randomBytes } from 'node:crypto'
import t from 'tap'
import { openTailKeys } from '../../src/codes/keys.ts'
import { ConfigError } from '../../src/config/config.ts'
import { appRole, createPool } from '../../src/db/connect.ts'
import { createVault } from '../../src/db/secret.ts'
import { testDatabase } from '../support/database.ts'

async function setup(t: { teardown: (done: () => Promise<void>) => void }) {
  const database = await testDatabase(t)
  const pool = createPool({ url: database.appUrl, role: appRole }, () => undefined)
  t.teardown(() => pool.end())
  return { pool, vault: createVault(randomBytes(32)) }
}

t.test('processes that start at once make one key of each kind', async (t) => {
  const { pool, vault } = await setup(t)
  const opened = await Promise.all([1, 2, 3, 4].map(() => openTailKeys(pool, vault)))
  for (const keys of opened) {
    t.match(await keys.published(), [
      { kind: 'mac', state: 'active' },
      { kind: 'signature', state: 'active' },
    ])
  }
  const ids = await Promise.all(opened.map(async (keys) => (await keys.active('mac')).id))
  t.equal(new Set(ids).size, 1)
})

t.test('a rotation in one process is the next order’s key in another', async (t) => {
  const { pool, vault } = await setup(t)
  const [one, other] = [await openTailKeys(pool, vault), await openTailKeys(pool, vault)]
  const before = await other.active('mac')
  await pool.query(`insert into participant (id, name, country, roles) values ('op', 'op', 'KG', '{operator}')`)
  await pool.query(
    `insert into api_key (id, participant_no, hash, kind, state)
     select 'k', no, sha256('k'), 'system', 'active' from participant where id = 'op'`,
  )
  const { rows } = await pool.query<{ no: number }>(`select no from api_key where id = 'k'`)
  const by = rows[0]?.no ?? 0

  await t.rejects(
    one.rotate(['mac'], by, async () => Promise.reject(new Error('the audit log is away'))),
    /audit log/,
  )
  t.equal((await other.active('mac')).no, before.no, 'what cannot be recorded does not happen')

  const recorded: string[] = []
  const made = await one.rotate(['mac'], by, async (ids) => void recorded.push(...ids))
  t.same(
    recorded,
    made.map((key) => key.id),
  )
  const after = await other.active('mac')
  t.same([after.id], recorded)
  t.not(after.id, before.id)
  t.equal((await other.get(before.no)).id, before.id, 'the old one stays')
  t.match(await other.published(), [
    { kind: 'mac', state: 'retired' },
    { kind: 'signature', state: 'active' },
    { kind: 'mac', state: 'active' },
  ])
})

t.test('secrets lie sealed in the database', async (t) => {
  const { pool, vault } = await setup(t)
  const keys = await openTailKeys(pool, vault)
  const secret = (await keys.active('mac')).secret.export()
  const { rows } = await pool.query<{ secret: Buffer }>('select secret from tail_key')
  t.ok(rows.every((row) => !row.secret.includes(secret)))
  await t.rejects(openTailKeys(pool, createVault(randomBytes(32))), ConfigError)
})
