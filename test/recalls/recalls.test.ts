import t from 'tap'
import { testApp } from '../support/app.ts'
import { stage } from '../support/story.ts'

t.test('a recalled lot is not sold, and one knows who has it', async (t) => {
  const app = await testApp(t)
  const { play, code, actors, gtin } = await stage(app)
  const maker = actors.get('maker')!
  const shop = actors.get('shop')!
  const customs = actors.get('customs')!
  await play(`
    maker commission U1,U2,U3 : lot=L1 = ok
    maker commission U4,U5 : lot=L2    = ok
    maker pack U2,U3 in P1             = ok
    maker ship U1,P1,U4 to shop        = ok
    shop  receive U1,P1                = ok
  `)
  await shop.expect(403, 'POST', '/recalls', { gtin, lot: 'L1', reason: 'glass in the bottle' })
  const recall = await maker.expect<{ id: string }>(201, 'POST', '/recalls', {
    gtin,
    lot: 'L1',
    reason: 'glass in the bottle',
  })
  const refused = await shop.call('POST', '/scans', { step: 'retail_selling', codes: [code('U1')] })
  t.equal(refused.statusCode, 409)
  t.match(refused.json(), { code: 'withdrawn', errors: [{ detail: /maker.*glass in the bottle/ }] })
  const holders = await maker.expect(200, 'GET', `/recalls/${recall.id}/holders`)
  t.match(holders, { units: 3, holders: [{ holder: { id: shop.id }, state: 'active', count: 3 }] })
  await shop.expect(404, 'GET', `/recalls/${recall.id}/holders`)
  t.match((await customs.call('GET', `/recalls/${recall.id}/holders.csv`)).body, /"shop","KG","active","3"/)
  await play(`
    shop receive U4                    = ok
    shop sell U4                       = ok
  `)
  await customs.expect(403, 'POST', `/recalls/${recall.id}/ends`, { reason: 'looks fine' })
  await maker.expect(201, 'POST', `/recalls/${recall.id}/ends`, { reason: 'false alarm' })
  await maker.expect(409, 'POST', `/recalls/${recall.id}/ends`, { reason: 'false alarm' })
  await play('shop sell U1 = ok')

  const block = await customs.expect<{ id: string }>(201, 'POST', '/recalls', {
    code: code('U2'),
    reason: 'seized series',
  })
  await play('shop sell U2 = withdrawn')
  await maker.expect(403, 'POST', '/recalls', { code: code('U3'), reason: 'mine' })
  await customs.expect(201, 'POST', `/recalls/${block.id}/ends`, { reason: 'cleared' })
  await play('shop sell U2 = ok')

  const all = await maker.expect<{ id: string }>(201, 'POST', '/recalls', { gtin, reason: 'all of it' })
  const whole = await maker.expect<{ units: number; holders: { state: string; count: number }[] }>(
    200,
    'GET',
    `/recalls/${all.id}/holders`,
  )
  t.equal(whole.units, 5)
  t.equal(whole.holders.find((row) => row.state === 'sold')?.count, 3)
  t.equal((await maker.expect<unknown[]>(200, 'GET', '/recalls')).length, 3)
})

t.test('a new label does not hide a recalled bottle, and labels on nothing are not counted', async (t) => {
  const app = await testApp(t)
  const { play, actors, gtin } = await stage(app)
  const maker = actors.get('maker')!
  await play(`
    maker commission U1,U2,U3,U4 : lot=L1 = ok
    maker replace U1 with U7           = ok
    maker replace U7 with U8           = ok
    maker undo commission U1,U2,U3,U4  = wrong_state
    maker commission U5 : lot=L1       = ok
    maker undo commission U5           = ok
    maker ship U8,U2 to shop           = ok
    shop  receive U8,U2                = ok
    maker voids U9 stolen              = ok
  `)
  for (const lot of [{ lot: 'L1' }, {}]) {
    const { id } = await maker.expect<{ id: string }>(201, 'POST', '/recalls', { gtin, ...lot, reason: 'glass' })
    const list = await maker.expect(200, 'GET', `/recalls/${id}/holders`)
    t.match(list, { units: 4, holders: [{ count: 2 }, { count: 2 }] })
    await play('shop sell U8 = withdrawn')
  }
})
