import t from 'tap'
import { testApp } from '../support/app.ts'
import * as given from '../support/given.ts'

t.test('a participant is registered by the operator', async (t) => {
  const app = await testApp(t)
  const body = {
    name: 'Kara-Balta Distillery',
    country: 'KG',
    roles: ['producer', 'producer', 'retailer'],
    gln: '4700000000005',
    taxId: '0123',
  }
  const answer = await app.operator.call('POST', '/participants', body)
  t.equal(answer.statusCode, 201)
  t.match(answer.json(), {
    id: /^[a-z0-9]{12}$/,
    name: 'Kara-Balta Distillery',
    country: 'KG',
    roles: ['producer', 'retailer'],
    gln: '4700000000005',
    taxId: '0123',
  })

  const again = await app.operator.call('POST', '/participants', { ...body, name: 'Another' })
  t.match([again.statusCode, again.json().code], [409, 'taken'], 'a GLN names one')
  const wrong = await app.operator.call('POST', '/participants', { ...body, gln: '4700000000008' })
  t.match(wrong.json(), { status: 400, code: 'gtin_check_digit', errors: [{ path: '/gln' }] })
  const refused: [Record<string, unknown>, string][] = [
    [{ roles: [] }, '/roles'],
    [{ roles: ['king'] }, '/roles/0'],
    [{ country: 'Kyrgyzstan' }, '/country'],
    [{ name: '  ' }, '/name'],
    [{ name: 'x'.repeat(201) }, '/name'],
  ]
  for (const [change, path] of refused) {
    const answer = await app.operator.call('POST', '/participants', { ...body, ...change })
    t.match([answer.statusCode, answer.json().errors?.[0]?.path], [400, path], path)
  }
})

t.test('roles and foreign objects', async (t) => {
  const app = await testApp(t)
  const maker = await given.participant(app, { roles: ['producer'] })
  const shop = await given.participant(app, { roles: ['retailer'] })
  for (const [method, url, body] of [
    ['GET', '/participants'],
    ['POST', '/participants', { name: 'x', country: 'KG', roles: ['customs'] }],
  ] as const) {
    const answer = await maker.call(method, url, body)
    t.match([answer.statusCode, answer.json().code], [403, 'role_missing'])
    t.match(answer.json().detail, 'operator')
    t.equal((await app.anonymous.call(method, url, body)).statusCode, 401)
  }
  t.match(await maker.expect(200, 'GET', `/participants/${maker.id}`), { id: maker.id })
  t.match(await app.operator.expect(200, 'GET', `/participants/${maker.id}`), { id: maker.id })
  for (const url of [
    `/participants/${maker.id}`,
    `/participants/${maker.id}/people`,
    `/participants/${maker.id}/keys`,
  ]) {
    t.equal((await shop.call('GET', url)).statusCode, 404, url)
  }
  t.equal((await shop.call('POST', `/participants/${maker.id}/people`, { name: 'Spy' })).statusCode, 404)
  t.match(await maker.expect(200, 'GET', '/participants/me'), {
    id: maker.id,
    roles: ['producer'],
    key: { kind: 'system' },
  })
})

t.test('people', async (t) => {
  const app = await testApp(t)
  const shop = await given.participant(app, { roles: ['retailer'] })
  const url = `/participants/${shop.id}/people`
  t.match(await shop.expect(201, 'POST', url, { name: 'Айгуль', office: 'Cashier' }), {
    id: /^[a-z0-9]{12}$/,
    name: 'Айгуль',
    office: 'Cashier',
  })
  await app.operator.expect(201, 'POST', url, { name: 'Bolot' })
  t.match(await shop.expect(200, 'GET', url), [{ name: 'Айгуль' }, { name: 'Bolot' }])
  const { key } = await given.issued(shop, shop.id, {
    kind: 'person',
    person: (await shop.expect<{ id: string }[]>(200, 'GET', url))[0]?.id,
  })
  t.match(await app.as(key).expect(200, 'GET', '/participants/me'), { key: { kind: 'person' }, person: { id: String } })
})

t.test('places', async (t) => {
  const app = await testApp(t)
  const shop = await given.participant(app, { roles: ['retailer'] })
  const other = await given.participant(app, { roles: ['retailer'] })
  const customs = await given.participant(app, { roles: ['customs'] })
  const body = {
    gln: '4700000000005',
    name: 'Shop 1',
    kind: 'shop',
    country: 'KG',
    lat: 42.8746212345,
    lon: '74.5698',
    radiusM: 50,
    licence: 'A-1',
  }
  const created = await shop.expect<{ id: string }>(201, 'POST', '/places', body)
  t.match(created, { ...body, lat: 42.874621, lon: 74.5698 })
  t.match((await other.call('POST', '/places', body)).json(), { status: 409, code: 'taken' })
  const refused: [Record<string, unknown>, string][] = [
    [{ lat: 91 }, '/lat'],
    [{ lon: '181' }, '/lon'],
    [{ gln: '1' }, '/gln'],
    [{ radiusM: 0 }, '/radiusM'],
  ]
  for (const [change, path] of refused) {
    const answer = await shop.call('POST', '/places', { ...body, ...change })
    t.match([answer.statusCode, answer.json().errors?.[0]?.path], [400, path], path)
  }
  t.match(await shop.expect(200, 'GET', '/places'), [{ id: created.id }])
  t.same(await other.expect(200, 'GET', '/places'), [])
  t.equal((await other.call('GET', `/places/${created.id}`)).statusCode, 404)
  t.match(await customs.expect(200, 'GET', `/places/${created.id}`), { name: 'Shop 1' }, 'customs see all')
  t.match(await customs.expect(200, 'GET', '/places'), [{ id: created.id }])
})

t.test('the directory finds by id, number and GLN, half a second old at most', async (t) => {
  const { createDirectory } = await import('../../src/participants/directory.ts')
  const { kyselyOn } = await import('../../src/db/connect.ts')
  const { pool } = await import('../support/connect.ts')
  const app = await testApp(t)
  const clock = { at: 0 }
  const directory = createDirectory(kyselyOn(pool(t, app.database.appUrl)), () => new Date(clock.at))
  t.equal(await directory.byGln('4700000000005'), undefined)
  const maker = await given.participant(app, { roles: ['producer'], gln: '4700000000005' })
  t.equal(await directory.byGln('4700000000005'), undefined, 'what was missing is remembered')
  clock.at = 500
  const found = await directory.byGln('4700000000005')
  t.match(found, { id: maker.id, name: maker.name, roles: ['producer'], no: Number })
  t.same(await directory.byId(maker.id), found)
  t.same(await directory.byNo(found?.no ?? 0), found)
  const place = await given.place(maker)
  t.match(await directory.placeById(place.id), { id: place.id, participantNo: found?.no, lat: 42.8746 })
})
