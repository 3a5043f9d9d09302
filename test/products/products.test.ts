import t from 'tap'
import { kyselyOn } from '../../src/db/connect.ts'
import { createCatalogue } from '../../src/products/catalogue.ts'
import { testApp } from '../support/app.ts'
import { pool } from '../support/connect.ts'
import * as given from '../support/given.ts'

t.test('product groups are data; new ones observe', async (t) => {
  const app = await testApp(t)
  const maker = await given.participant(app, { roles: ['producer'] })
  const alcohol = { id: 'alcohol', enforcement: 'enforce', tail: 'mac', log: 'main' }
  t.match(await maker.expect(200, 'GET', '/product-groups'), [alcohol, { ...alcohol, id: 'tobacco' }])
  const perfume = { id: 'perfume', name: 'Perfume' }
  t.same(await app.operator.expect(201, 'POST', '/product-groups', perfume), {
    ...perfume,
    enforcement: 'observe',
    tail: 'mac',
    log: 'main',
  })
  t.match((await app.operator.call('POST', '/product-groups', perfume)).json(), { status: 409, code: 'taken' })
  t.match((await maker.call('POST', '/product-groups', { id: 'mine', name: 'x' })).json(), {
    status: 403,
    code: 'role_missing',
  })
  t.match(await app.operator.expect(200, 'PATCH', '/product-groups/perfume', { enforcement: 'enforce' }), {
    name: 'Perfume',
    enforcement: 'enforce',
  })
  t.equal((await app.operator.call('PATCH', '/product-groups/nothing', { enforcement: 'enforce' })).statusCode, 404)
  t.equal((await maker.call('PATCH', '/product-groups/perfume', { enforcement: 'observe' })).statusCode, 403)
  const refused: [Record<string, unknown>, string][] = [
    [{ id: 'Has Space' }, '/id'],
    [{ enforcement: 'maybe' }, '/enforcement'],
    [{ tail: 'none' }, '/tail'],
    [{ log: 'A log' }, '/log'],
  ]
  for (const [change, path] of refused) {
    const answer = await app.operator.call('POST', '/product-groups', { id: 'beer', name: 'Beer', ...change })
    t.match([answer.statusCode, answer.json().errors?.[0]?.path], [400, path], path)
  }
  for (const body of [{}, { log: 'other' }])
    t.equal((await app.operator.call('PATCH', '/product-groups/perfume', body)).statusCode, 400)
})

t.test('a product belongs to who registered it', async (t) => {
  const app = await testApp(t)
  const maker = await given.participant(app, { roles: ['producer'] })
  const rival = await given.participant(app, { roles: ['producer'] })
  const shop = await given.participant(app, { roles: ['retailer'] })
  const gtin = given.gtin()
  const body = {
    gtin,
    name: 'Vodka 0.5 l',
    group: 'alcohol',
    hsCode: '2208601100',
    originCountry: 'KG',
    netContent: { value: 0.5, unit: 'l' },
    strength: '40.0',
    packLevel: 1,
    contains: [{ gtin: given.gtin(), count: 12 }],
  }
  const product = { ...body, netContent: { value: '0.5', unit: 'l' }, strength: '40', owner: maker.id }
  t.same(await maker.expect(201, 'POST', '/products', body), product)
  t.same(await maker.expect(200, 'POST', '/products', body), product, 'the very same again')
  t.match((await maker.call('POST', '/products', { ...body, name: 'Other' })).json(), { status: 409, code: 'taken' })
  t.match((await rival.call('POST', '/products', body)).json(), { status: 409, code: 'taken' }, 'registered by another')
  t.match((await shop.call('POST', '/products', body)).json(), { status: 403, code: 'role_missing' })
  for (const who of [maker, rival, shop, app.operator])
    t.same(await who.expect(200, 'GET', `/products/${gtin}`), product)
  t.same(await maker.expect(200, 'GET', '/products?group=alcohol'), [product])
  t.same(await maker.expect(200, 'GET', '/products?group=tobacco'), [])
  t.same(await rival.expect(200, 'GET', '/products'), [], "the list is of one's own")
  t.same(await app.operator.expect(200, 'GET', '/products'), [product], 'authorities see all')
  t.equal((await maker.call('GET', `/products/${given.gtin()}`)).statusCode, 404)
})

t.test('what cannot be registered', async (t) => {
  const app = await testApp(t)
  const maker = await given.participant(app, { roles: ['importer'] })
  const gtin = given.gtin()
  const body = { gtin, name: 'x', group: 'alcohol', hsCode: '2208', originCountry: 'KG' }
  const wrongDigit = gtin.slice(0, 13) + String((Number(gtin[13]) + 1) % 10)
  const refused: [Record<string, unknown>, string, string?][] = [
    [{ gtin: wrongDigit }, '/gtin', 'gtin_check_digit'],
    [{ gtin: '123' }, '/gtin'],
    [{ gtin: 4700000000005 }, '/gtin'],
    [{ group: 'unknown' }, '/group'],
    [{ hsCode: '22.08' }, '/hsCode'],
    [{ originCountry: 'kg' }, '/originCountry'],
    [{ netContent: { value: '0', unit: 'l' } }, '/netContent/value'],
    [{ netContent: { value: '1e3', unit: 'l' } }, '/netContent/value'],
    [{ netContent: { value: '1' } }, '/netContent/unit'],
    [{ strength: '100.1' }, '/strength'],
    [{ contains: [{ gtin, count: 1 }] }, '/contains/0/gtin'],
    [{ contains: [{ gtin: wrongDigit, count: 1 }] }, '/contains/0/gtin', 'gtin_check_digit'],
    [{ contains: [{ gtin: given.gtin(), count: 1.5 }] }, '/contains/0/count'],
    [{ colour: 'red' }, '/colour'],
  ]
  for (const [change, path, code = 'field_invalid'] of refused) {
    const answer = await maker.call('POST', '/products', { ...body, ...change })
    t.match(
      [answer.statusCode, answer.json().code, answer.json().errors?.[0]?.path],
      [400, code, path],
      JSON.stringify(change),
    )
  }
  t.same(await maker.expect(200, 'GET', '/products'), [], 'nothing was stored')
  const ean = gtin.replace(/^0/, '')
  t.match(await maker.expect(201, 'POST', '/products', { ...body, gtin: ean }), { gtin }, 'an EAN-13 is filled up')
  t.match(await maker.expect(200, 'GET', `/products/${ean}`), { gtin })
})

t.test('importers beside the owner', async (t) => {
  const app = await testApp(t)
  const owner = await given.participant(app, { roles: ['producer', 'importer'] })
  const importer = await given.participant(app, { roles: ['importer'] })
  const second = await given.participant(app, { roles: ['importer'] })
  const shop = await given.participant(app, { roles: ['retailer'] })
  const { gtin } = await given.product(owner)
  const url = `/products/${gtin}/importers`
  t.match(await importer.expect(201, 'POST', url), { gtin, importer: importer.id, since: String })
  t.match(await importer.expect(200, 'POST', url, {}), { importer: importer.id }, 'again is no error')
  await second.expect(201, 'POST', url)
  t.match((await owner.call('POST', url)).json(), { status: 409, code: 'taken' })
  t.match((await shop.call('POST', url)).json(), { status: 403, code: 'role_missing' })
  t.equal((await importer.call('POST', `/products/${given.gtin()}/importers`)).statusCode, 404)
  t.match(await owner.expect(200, 'GET', url), [{ importer: importer.id }, { importer: second.id }])
  t.match(await app.operator.expect(200, 'GET', url), [{ importer: importer.id }, { importer: second.id }])
  t.same(
    (await importer.expect<{ importer: string }[]>(200, 'GET', url)).map((row) => row.importer),
    [importer.id],
    'an importer sees itself',
  )
  t.same(await shop.expect(200, 'GET', url), [])
  t.match(await importer.expect(200, 'GET', '/products'), [{ gtin }], "it is in the importer's list")

  const catalogue = createCatalogue(kyselyOn(pool(t, app.database.appUrl)), () => new Date())
  t.equal((await catalogue.byGtin(gtin))?.importerNos.length, 2)
  t.match(await catalogue.byGtin(gtin), {
    gtin,
    group: { id: 'alcohol', enforcement: 'enforce', tail: 'mac', log: 'main' },
  })
  t.equal(await catalogue.byGtin(given.gtin()), undefined)

  t.equal((await importer.call('DELETE', `${url}/${second.id}`)).statusCode, 404, "not another importer's")
  await second.expect(204, 'DELETE', `${url}/${second.id}`)
  await second.expect(201, 'POST', url) // What one gave up oneself may be claimed again.
  await owner.expect(204, 'DELETE', `${url}/${second.id}`)
  t.match((await second.call('POST', url)).json(), { status: 422, code: 'not_possible' })
  await app.operator.expect(204, 'DELETE', `${url}/${importer.id}`)
  catalogue.forget()
  t.same((await catalogue.byGtin(gtin))?.importerNos, [])
})
