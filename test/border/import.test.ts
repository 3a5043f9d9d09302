import t from 'tap'
import { createResolver } from '../../src/codes/resolve.ts'
import { openTailKeys } from '../../src/codes/keys.ts'
import { limits } from '../../src/config/limits.ts'
import { createPool, kyselyOn } from '../../src/db/connect.ts'
import { createVault } from '../../src/db/secret.ts'
import { canonicalJson } from '../../src/declarations/act.ts'
import { listActs } from '../../src/declarations/act-store.ts'
import { standingOf } from '../../src/declarations/standing.ts'
import { findDeclaration } from '../../src/declarations/store.ts'
import { createDirectory } from '../../src/participants/directory.ts'
import { createCatalogue } from '../../src/products/catalogue.ts'
import { readFacts } from '../../src/risk/facts.ts'
import { verify } from '../proof/bundle.ts'
import { masterKey, testApp } from '../support/app.ts'
import * as given from '../support/given.ts'
import { sscc } from '../support/story.ts'
import { declaration, load, lodge, post, type Told } from './load.ts'

t.test("an importer's goods come into circulation by customs' release, and not before", async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { importer, officers } = border
  const product = await given.product(importer, { originCountry: 'FR', hsCode: '2204219800' })
  const { id } = await importer.expect<{ id: string }>(201, 'POST', '/code-orders', { gtin: product.gtin, quantity: 6 })
  const codes = (await importer.call('GET', `/code-orders/${id}/codes`, undefined, { accept: 'text/plain' })).body
    .trim()
    .split('\n')
  const pallet = `(00)${sscc()}`
  await importer.expect(201, 'POST', '/scans', { codes, step: 'commissioning', disposition: 'encoded' })
  await importer.expect(201, 'POST', '/scans', { codes, step: 'packing', parent: pallet })
  const unit = () => importer.expect<{ state: string }>(200, 'GET', `/units/${encodeURIComponent(codes[0] ?? '')}`)
  t.equal((await unit()).state, 'encoded')
  const body = (pieces: number) =>
    declaration([pallet], pieces, { flow: 'import', procedure: '40' }, { hsCode: '2204219800', originCountry: 'FR' })
  const wrong = await lodge(border, importer, body(7))
  t.equal(wrong.lane, 'yellow')
  t.equal((await unit()).state, 'encoded')
  const scanned = (wrong.checks?.flatMap(({ units }) => units ?? []) ?? []).map((code) => ({ code, found: 'found' }))
  const inspection = { result: 'conforms', scanned, notes: 'six' }
  await officers[0].expect(201, 'POST', `/declarations/${wrong.id}/inspections`, inspection)
  // One in some tens is drawn to be inspected twice.
  const { checks = [] } = await officers[0].expect<Told>(200, 'GET', `/declarations/${wrong.id}`)
  if (checks.some(({ done }) => !done))
    await officers[1].expect(201, 'POST', `/declarations/${wrong.id}/inspections`, inspection)
  t.equal((await unit()).state, 'encoded')
  await officers[2].expect(200, 'POST', `/declarations/${wrong.id}/release`)
  t.equal((await unit()).state, 'active')
  await app.app.close()
  const { status, text } = await verify('log', '--database', app.database.adminUrl)
  t.equal(status, 0, text)
})

t.test('facts are those below the stored position, whatever happened since', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { maker } = border
  const { codes, sscc: pallet } = await load(border)
  const told = await lodge(border, maker, declaration([pallet], 11))
  await maker.expect(201, 'POST', '/scans', { codes: codes.slice(0, 4), step: 'destroying' })
  await maker.expect(201, 'POST', '/scans', { codes: codes.slice(4, 8), step: 'unpacking', parent: pallet })
  await lodge(border, maker, declaration(codes.slice(4), 8))
  const pool = createPool({ url: app.database.appUrl, role: 'tamga_app' }, () => undefined)
  t.teardown(() => pool.end())
  const db = kyselyOn(pool)
  const now = () => new Date()
  const row = await findDeclaration(pool, told.id)
  if (!row) throw new Error('it is gone')
  const standing = standingOf(row.participant, await listActs(pool, told.id))
  const [decision] = standing.decisions
  if (!decision) throw new Error('it was not decided')
  const deps = {
    pool,
    db,
    limits,
    resolver: createResolver(pool, await openTailKeys(pool, createVault(masterKey)), { issuingState: '4' }),
    catalogue: createCatalogue(db, now),
    directory: createDirectory(db, now),
    logNo: () => Promise.resolve(1),
    lookForClones: () => Promise.resolve(),
    isAuthorised: () => Promise.resolve(false),
    isApproved: () => Promise.resolve(false),
  }
  const { positions, customs, facts, at } = decision.body
  const again = await readFacts(deps, { standing, at: new Date(at), positions, customs })
  t.equal(canonicalJson(again), canonicalJson(facts))
})

t.test('an inspection that differs counts against the party, until it is explained', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { maker, officers } = border
  const [first, second] = officers
  const score = (told: Told) => told.decisions?.at(-1)?.facts.decl['partyScore'] as { value: number }
  const before = score(await lodge(border, maker, declaration([(await load(border)).sscc], 12)))
  const bad = await lodge(border, maker, declaration([(await load(border)).sscc], 13))
  const scanned = (bad.checks?.flatMap(({ units }) => units ?? []) ?? []).map((code) => ({ code, found: 'found' }))
  await first.expect(201, 'POST', `/declarations/${bad.id}/inspections`, {
    result: 'differs',
    scanned,
    notes: 'one short',
  })
  const after = score(await lodge(border, maker, declaration([(await load(border)).sscc], 12)))
  t.ok(after.value > before.value)
  const findings = await maker.expect<{ id: string; code: string }[]>(200, 'GET', '/findings')
  const finding = findings.find(({ code }) => code === 'declared_differently')
  await maker.expect(201, 'POST', `/findings/${finding?.id}/responses`, {
    text: 'It broke on the way; here is the record.',
  })
  await second.expect(201, 'POST', `/findings/${finding?.id}/resolutions`, {
    as: 'explained',
    text: 'The record is right.',
  })
  const explained = score(await lodge(border, maker, declaration([(await load(border)).sscc], 12)))
  t.ok(explained.value < after.value)
})
