// A product group in `observe` (design D9): what the law would refuse is recorded and becomes a finding, but roles, unknown kinds of
// goods and the sight of other people's past stay what they are.
import t, { type Test } from 'tap'
import { testApp, testClock, type TestApp } from '../support/app.ts'
import { client } from '../support/connect.ts'
import * as given from '../support/given.ts'
import { checkReplay } from '../support/replay.ts'
import { type Stage, stage } from '../support/story.ts'

async function observed(t: Test, overrides: Parameters<typeof testApp>[1] = {}) {
  const app = await testApp(t, overrides)
  const group = await app.operator.expect(201, 'POST', '/product-groups', { id: 'perfume', name: 'Perfume' })
  const database = await client(t, app.database.adminUrl)
  /** What was found since the last call: kind and code, in order. */
  let last = 0
  const findings = async (): Promise<string[]> => {
    const { rows } = await database.query<{ no: number; what: string }>(
      `select no::int, kind || ' ' || code as what from finding where no > $1 and kind <> 'doubted' order by no`,
      [last],
    )
    last = rows.at(-1)?.no ?? last
    return rows.map((row) => row.what)
  }
  return { app, group, database, findings }
}

const actor = (home: Stage, name: string): given.GivenParticipant => {
  const found = home.actors.get(name)
  if (!found) throw new Error(`nobody is called ${name}`)
  return found
}

t.test('a new group observes unless it is told otherwise', async (t) => {
  const { group } = await observed(t)
  t.match(group, { enforcement: 'observe', tail: 'mac', log: 'main' })
})

// Each line is recorded; what follows the arrow is what is found about it.
const contradictions: Record<string, string> = {
  'sold before it was marked': 'shop sell U1 -> wrong_state',
  'shipped by who does not have it': `
    maker commission U1 ->
    rival ship U1 to shop -> not_holder
    shop receive U1 ->`,
  'received by who was not addressed': `
    maker commission U1 ->
    maker ship U1 to shop ->
    trader receive U1 -> not_addressed`,
  'sold twice, and by another shop': `
    maker commission U1 ->
    maker ship U1 to shop ->
    shop receive U1 ->
    shop sell U1 ->
    shop sell U1 -> already_sold
    rival sell U1 -> already_sold`,
  'marked twice': `
    maker commission U1 ->
    maker commission U1 -> wrong_state`,
  'loaded on many pallets': `
    maker commission U1,U2 ->
    maker pack U1,U2 in P1 ->
    maker pack U1 in P2 -> packed_elsewhere
    maker pack U1 in P1 -> packed_elsewhere
    maker pack U1 in P1 -> wrong_state
    maker unpack U1,U2 in P1 ->`,
  'one unit of a pallet shipped alone': `
    maker commission U1,U2 ->
    maker pack U1,U2 in P1 ->
    maker ship U1 to shop -> packed_elsewhere
    shop receive U1 ->
    maker ship P1 to trader ->
    trader receive P1 ->`,
}

const nothingWrong = `
    maker commission U1,U2,U3 ->
    maker pack U1,U2 in P1 ->
    maker ship P1 to shop ->
    shop receive P1 ->
    shop sell U1 ->`

t.test('contradictions are recorded, and found', async (t) => {
  const { app, findings, database } = await observed(t)
  for (const [name, story] of Object.entries({ ...contradictions, nothingWrong })) {
    await t.test(name, async (t) => {
      const home = await stage(app, { group: 'perfume' })
      for (const line of story.split('\n').filter((text) => text.trim() !== '')) {
        const [what = '', found = ''] = line.split('->').map((text) => text.trim())
        await home.play(`${what} = ok`)
        t.same(await findings(), found === '' ? [] : [`observed ${found}`], line.trim())
      }
    })
  }
  await t.test('each finding names the entry that it is about', async (t) => {
    const { rows } = await database.query<{ n: number }>(
      `select count(*)::int as n from finding f where not exists (select from entry e where (e.log_id, e.position) = (f.log_id, f.position))`,
    )
    t.equal(rows[0]?.n, 0)
  })
  await t.test('what nobody doubts is where the entries say', async (t) => {
    const { compared, skipped } = await checkReplay(app.database.adminUrl)
    t.ok(skipped > 0 && compared >= 4)
    t.comment(
      `${compared} objects compared; ${skipped} skipped: where a contradiction leaves them only the judge knows`,
    )
  })
})

t.test('containers keep count, and no contradiction ties a knot', async (t) => {
  const { app, findings } = await observed(t)
  const home = await stage(app, { group: 'perfume' })
  const maker = actor(home, 'maker')
  const contents = async (container: string) =>
    maker.expect<{ contents: { gtin: string; count: number }[] }>(
      200,
      'GET',
      `/logistic-units/${encodeURIComponent(home.code(container))}`,
    )
  const count = async (container: string) =>
    (await contents(container)).contents.reduce((sum, each) => sum + each.count, 0)

  await home.play(`
    maker commission U1,U2,U3,C1,C2 = ok
    maker pack U1,U2,U3 in P1       = ok
    maker pack U1 in P1             = ok   # there already
    maker pack U2 in P2             = ok   # on another pallet
  `)
  t.equal(await count('P1'), 2)
  t.equal(await count('P2'), 1)
  await home.play('maker unpack all in P1 = ok')
  t.equal(await count('P1'), 0)
  await findings()

  await home.play(`
    maker pack C1 in P3 = ok
    maker pack P3 in C1 = ok   # the pallet in its own case
  `)
  t.same(await findings(), ['observed wrong_state'])
  // Whatever was said, what is in what can still be told, and all of it moves on.
  await home.play(`
    maker inspecting C1,P3 = ok
    maker pack C2 in C1    = ok
    maker ship P3 to shop  = ok
    shop receive P3        = ok
    shop unpack C1 in P3   = ok
  `)
  const nest = Array.from({ length: 40 }, (_, i) => `maker pack P${10 + i} in P${11 + i} = ok`)
  await home.play(`maker pack U3 in P10 = ok\n${nest.join('\n')}\nmaker ship P50 to shop = ok\nshop receive P50 = ok`)
})

t.test('a claim gives no sight of the past', async (t) => {
  const { app } = await observed(t)
  const home = await stage(app, { group: 'perfume' })
  const [maker, rival, customs] = ['maker', 'rival', 'customs'].map((name) => actor(home, name))
  const unit = `/units/${encodeURIComponent(home.code('U1'))}`
  await home.play('maker commission U1 = ok\nmaker inspecting U1 = ok')
  await rival?.expect(404, 'GET', unit)
  await home.play('rival ship U1 to shop = ok')
  type History = { events: { bizStep: string; by?: { id: string } }[] }
  const seen = await rival?.expect<History>(200, 'GET', `${unit}/history`)
  t.same(
    seen?.events.map((event) => event.bizStep),
    ['shipping'],
    'his own claim, and nothing before it',
  )
  t.notMatch(JSON.stringify(seen), maker?.id)
  const whole = await customs?.expect<History>(200, 'GET', `${unit}/history`)
  t.equal(whole?.events.length, 3)
  const still = await maker?.expect<History>(200, 'GET', `${unit}/history`)
  t.equal(still?.events.length, 3, 'whose it is loses nothing')
})

t.test('roles and kinds of goods are not waived; serials that nobody ordered are taken in', async (t) => {
  const { app, findings, database } = await observed(t)
  const home = await stage(app, { group: 'perfume' })
  const foreign = (serial: string) => `(01)${home.gtin}(21)${serial}`
  const [maker, shop, trader] = ['maker', 'shop', 'trader'].map((name) => actor(home, name))
  const refused = async (who: given.GivenParticipant | undefined, step: string, code: string, status: number) =>
    (await who?.expect<{ code: string }>(status, 'POST', '/scans', { step, codes: [code] }))?.code

  t.equal(await refused(shop, 'commissioning', home.code('U1'), 403), 'role_missing')
  t.equal(await refused(trader, 'retail_selling', home.code('U1'), 403), 'role_missing')
  t.equal(await refused(maker, 'inspecting', `(01)${given.gtin()}(21)A`, 409), 'code_unknown')
  t.same(await findings(), ['refused code_unknown'])

  for (const who of [trader, shop]) {
    await who?.expect(201, 'POST', '/scans', { step: 'inspecting', codes: [foreign('X1')] })
  }
  t.same(
    await findings(),
    ['observed code_unknown', 'observed not_holder'],
    'from then on it has a holder like any other',
  )
  const { rows } = await database.query<{ serial: string }>('select serial from foreign_serial')
  t.same(rows, [{ serial: 'X1' }], 'one unit, whoever sees it')

  const code = home.code('U2')
  // A digit: a letter might differ in its case alone, which is a misread and no forgery.
  const forged = `${code.slice(0, -1)}${code.endsWith('0') ? '1' : '0'}`
  await maker?.expect(201, 'POST', '/scans', { step: 'commissioning', codes: [forged] })
  t.same(await findings(), ['observed code_forged'])
})

t.test("customs' hold is not waived", async (t) => {
  const { app } = await observed(t)
  const home = await stage(app, { group: 'perfume' })
  await home.play(`
    maker   commission U1     = ok
    customs hold       U1     = ok
    maker   ship U1 to shop   = on_hold
    rival   ship U1 to shop   = not_holder
    shop    sell U1           = not_owner
    rival   pack U1 in P1     = not_holder
    customs hold U1 : disposition=available = ok
    rival   ship U1 to shop   = ok
  `)
})

t.test('from observe to enforce within a second, in every process', async (t) => {
  const clock = testClock()
  const { app, findings } = await observed(t, { now: clock.now })
  const second: TestApp = await testApp(t, { database: app.database, now: clock.now })
  const home = await stage(app, { group: 'perfume' })
  const maker = actor(home, 'maker')
  const elsewhere = second.as(maker.key)
  const to = actor(home, 'shop').id
  const ship = (unit: string) => ({ step: 'shipping', codes: [home.code(unit)], to })
  await elsewhere.expect(201, 'POST', '/scans', ship('U1'))
  t.same(await findings(), ['observed wrong_state'])

  await app.operator.expect(200, 'PATCH', '/product-groups/perfume', { enforcement: 'enforce' })
  await maker.expect(409, 'POST', '/scans', ship('U2'))
  clock.forward(1_000)
  await elsewhere.expect(409, 'POST', '/scans', ship('U3'))
  t.same(await findings(), ['refused wrong_state', 'refused wrong_state'])
  // What was let in while it observed began with what was claimed, and goes on under the law.
  await actor(home, 'shop').expect(201, 'POST', '/scans', { step: 'receiving', codes: [home.code('U1')] })

  await app.operator.expect(200, 'PATCH', '/product-groups/perfume', { enforcement: 'observe' })
  clock.forward(1_000)
  await elsewhere.expect(201, 'POST', '/scans', ship('U2'))
})
