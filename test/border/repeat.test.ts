import t from 'tap'
import type { Pool } from 'pg'
import { createVault } from '../../src/db/secret.ts'
import type { DecidedBody } from '../../src/declarations/bodies.ts'
import { createRuleEngine } from '../../src/risk/engine.ts'
import { makeReady } from '../../src/risk/profile.ts'
import { readProfiles } from '../../src/risk/profiles.ts'
import { repeat } from '../../src/risk/repeat.ts'
import { findSeed } from '../../src/draw/store.ts'
import { masterKey, testApp } from '../support/app.ts'
import { createPool } from '../../src/db/connect.ts'
import { declaration, load, lodge, post } from './load.ts'

async function bodies(pool: Pool): Promise<DecidedBody[]> {
  const { rows } = await pool.query<{ body: string }>(
    `select body from border_act where kind = 'decided' order by position`,
  )
  return rows.map(({ body }) => JSON.parse(body) as DecidedBody)
}

t.test('a decision is repeated bit for bit from what was stored, whatever happened since', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { maker } = border
  const { codes, sscc } = await load(border)
  await lodge(border, maker, declaration([sscc], 12))
  await lodge(border, maker, declaration([sscc], 11, {}, { originCountry: 'KZ', hsCode: '2009' }))
  await lodge(border, maker, declaration([], 5))
  await maker.expect(201, 'POST', '/scans', { codes: codes.slice(0, 3), step: 'destroying' })

  const pool = createPool({ url: app.database.appUrl, role: 'tamga_app' }, () => undefined)
  t.teardown(() => pool.end())
  const engine = createRuleEngine()
  const [known] = await readProfiles(pool)
  const made = known && makeReady(engine, known.profile)
  if (!made || 'faults' in made) throw new Error('the first profile does not compile')
  const decided = await bodies(pool)
  t.same(
    decided.map(({ lane }) => lane),
    ['green', 'red', 'green', 'red'],
  )
  for (const body of decided) {
    const row = await findSeed(pool, body.chance.shift)
    const seed = createVault(masterKey).open(row!.secret, 'draw-seed')
    const { then, now } = repeat(engine, made.ready, body, seed)
    t.equal(now, then)
    const changed = repeat(engine, made.ready, { ...body, facts: { ...body.facts, lines: [] } }, seed)
    if (body.reasons.length > 0) t.not(changed.now, changed.then)
  }
})
