import t from 'tap'
import { mandated, type Actor } from '../../src/participants/actor.ts'
import { testApp, testClock } from '../support/app.ts'
import * as given from '../support/given.ts'

t.test('a mandate lets another act for its principal, until it ends', async (t) => {
  const clock = testClock()
  const app = await testApp(t, { now: clock.now })
  const other = await testApp(t, { now: clock.now, database: app.database })
  const maker = await given.participant(app, { roles: ['producer'] })
  const broker = await given.participant(app, { roles: ['broker'] })
  const stranger = await given.participant(app, { roles: ['broker'] })
  const agent = await given.agent(app, maker, broker, ['order_codes', 'ship'])
  t.match(await agent.expect(200, 'GET', '/participants/me'), {
    id: broker.id,
    principal: { id: maker.id, may: ['order_codes', 'ship'] },
  })

  const forMaker = { 'tamga-for': maker.id }
  t.match((await stranger.call('GET', '/participants/me', undefined, forMaker)).json(), {
    status: 403,
    code: 'not_mandated',
  })
  const unknown = await stranger.call('GET', '/participants/me', undefined, { 'tamga-for': 'nobody' })
  t.match(unknown.json(), { status: 403, code: 'not_mandated' }, 'whether it exists is not told')
  t.equal((await maker.call('GET', '/participants/me', undefined, forMaker)).statusCode, 200, 'for oneself needs none')
  t.equal(
    (await maker.call('GET', '/participants/me', undefined, { 'tamga-for': broker.id })).statusCode,
    403,
    'not the other way round',
  )

  for (const [method, url, body] of [
    ['POST', `/participants/${maker.id}/keys`, {}],
    ['POST', '/products', { gtin: given.gtin(), name: 'x', group: 'alcohol', hsCode: '2208', originCountry: 'KG' }],
    ['POST', '/mandates', { to: stranger.id, may: ['ship'], until: '2099-01-01T00:00:00Z' }],
  ] as const) {
    const answer = await agent.call(method, url, body)
    t.match([answer.statusCode, answer.json().code], [403, 'not_mandated'], 'no mandate covers acts of administration')
  }

  const elsewhere = other.as(broker.key, forMaker)
  await elsewhere.expect(200, 'GET', '/participants/me')
  t.equal((await stranger.call('DELETE', `/mandates/${agent.mandate}`)).statusCode, 404)
  t.equal((await broker.call('DELETE', `/mandates/${agent.mandate}`)).statusCode, 403)
  await maker.expect(204, 'DELETE', `/mandates/${agent.mandate}`)
  t.equal((await agent.call('GET', '/participants/me')).statusCode, 403, 'here at once')
  clock.forward(1_000)
  t.equal((await elsewhere.call('GET', '/participants/me')).statusCode, 403, 'there within a second')
  t.match(await maker.expect(200, 'GET', '/mandates'), [
    { id: agent.mandate, from: maker.id, to: broker.id, withdrawnAt: String },
  ])
  t.match(await broker.expect(200, 'GET', '/mandates'), [{ id: agent.mandate }])
  t.same(await stranger.expect(200, 'GET', '/mandates'), [])

  const until = new Date(clock.now().getTime() + 10_000).toISOString()
  const brief = await given.agent(app, maker, broker, ['ship'], { until })
  clock.forward(600)
  await brief.expect(200, 'GET', '/participants/me')
  clock.forward(10_000)
  t.equal((await brief.call('GET', '/participants/me')).statusCode, 403, 'it ends by itself')
})

t.test('what cannot be given', async (t) => {
  const app = await testApp(t)
  const maker = await given.participant(app, { roles: ['producer'] })
  const broker = await given.participant(app, { roles: ['broker'] })
  const customs = await given.participant(app, { roles: ['customs'] })
  const body = { to: broker.id, may: ['ship'], until: '2099-01-01T00:00:00Z' }
  const refused: [Record<string, unknown>, string][] = [
    [{ to: 'nobody' }, '/to'],
    [{ to: maker.id }, '/to'],
    [{ may: [] }, '/may'],
    [{ until: '2020-01-01T00:00:00Z' }, '/until'],
    [{ gtins: ['04700000000008'] }, '/gtins/0'],
    [{ gtins: ['x'] }, '/gtins/0'],
  ]
  for (const [change, path] of refused) {
    const answer = await maker.call('POST', '/mandates', { ...body, ...change })
    t.match([answer.statusCode, answer.json().errors?.[0]?.path], [400, path], JSON.stringify(change))
  }
  for (const authority of [customs, app.operator]) {
    t.match((await authority.call('POST', '/mandates', body)).json(), { status: 422, code: 'not_possible' })
  }
})

t.test('the mandate that covers an act is chosen among several', async (t) => {
  const ref = { no: 1, id: 'a', name: 'A', country: 'KG', roles: ['broker'] as const }
  const own: Actor = { participant: ref, key: { no: 1, id: 'k', kind: 'system' } }
  t.equal(mandated(own, 'ship'), own, 'who acts for itself needs none')
  const ship = { no: 2, id: 'm2', may: ['ship'] }
  const codes = { no: 1, id: 'm1', may: ['order_codes'], gtins: ['1', '2'] }
  const actor: Actor = { ...own, principal: { ...ref, no: 2, id: 'b' }, mandate: ship, mandates: [ship, codes] }
  t.equal(mandated(actor, 'ship').mandate, ship)
  t.equal(mandated(actor, 'order_codes', ['2']).mandate, codes)
  t.throws(() => mandated(actor, 'order_codes', ['2', '3']), { code: 'not_mandated' })
  t.throws(() => mandated(actor, 'declare'), { code: 'not_mandated' })
})
