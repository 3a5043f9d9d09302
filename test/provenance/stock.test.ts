// What became of a producer's codes is counted from their steps, and must be what each code says for itself.
import t from 'tap'
import { testApp } from '../support/app.ts'
import * as given from '../support/given.ts'

type Stock = {
  countedAt: string | null
  products: Record<string, number | string>[]
  places: { place: { name: string } | null; units: number }[]
}

t.test('what became of the codes of a producer', async (t) => {
  const app = await testApp(t)
  const maker = await given.participant(app, { roles: ['producer'], name: 'Maker' })
  const shop = await given.participant(app, { roles: ['retailer'], name: 'Shop' })
  const [line, store] = [
    await given.place(maker, { name: 'Line', lat: 42.8, lon: 74.5 }),
    await given.place(maker, { name: 'Store', lat: 42.9, lon: 74.6 }),
  ]
  const { gtin } = await given.product(maker)
  const { id } = await maker.expect<{ id: string }>(201, 'POST', '/code-orders', { gtin, quantity: 40 })
  const codes = (await maker.call('GET', `/code-orders/${id}/codes`)).body.trimEnd().split('\n')
  const scan = (by: given.GivenParticipant, step: string, of: readonly string[], more: object = {}) =>
    by.expect(201, 'POST', '/scans', { step, codes: of, ...more })
  const counted = async (): Promise<Stock> => {
    for (;;) {
      const stock = await maker.expect<Stock>(200, 'GET', '/stock')
      if (stock.countedAt !== null && stock.products[0]?.['marked'] === 36) return stock
    }
  }
  const [first, second, third] = ['(00)347012345678901213', '(00)347012345678901220', '(00)347012345678901237']
  await scan(maker, 'commissioning', codes.slice(0, 36), { place: line.id })
  await maker.expect(201, 'POST', `/code-orders/${id}/voids`, { codes: codes.slice(39), reason: 'spoiled' })
  await scan(maker, 'packing', codes.slice(0, 6), { parent: first, place: line.id })
  await scan(maker, 'packing', codes.slice(6, 12), { parent: second, place: store.id })
  await scan(maker, 'packing', codes.slice(12, 18), { parent: third, place: line.id })
  await scan(maker, 'packing', [third], { parent: '(00)347012345678901244', place: store.id })
  await scan(maker, 'shipping', [first], { to: shop.id, document: 'INV-1' })
  await scan(maker, 'shipping', codes.slice(18, 22), { to: shop.id })
  await scan(maker, 'destroying', codes.slice(22, 24))
  await scan(shop, 'receiving', [first])
  await scan(shop, 'receiving', codes.slice(18, 21))
  await scan(shop, 'shipping', codes.slice(18, 19), { to: maker.id })
  await scan(maker, 'receiving', codes.slice(18, 19), { place: store.id })
  const receipt = { till: '1', number: '1', time: new Date().toISOString() }
  await shop.expect(201, 'POST', '/receipts', { ...receipt, lines: [{ code: codes[0] }, { code: codes[19] }] })

  await t.test('each unit is in one column, and that is the one it says itself', async (t) => {
    const { products } = await counted()
    const said: Record<string, number> = {}
    for (const code of codes) {
      const { state, holder } = await app.operator.expect<{ state: string; holder: string | null }>(
        200,
        'GET',
        `/units/${encodeURIComponent(code)}`,
      )
      const where =
        state === 'in_transit' ? 'underWay' : state === 'active' ? (holder === maker.id ? 'stock' : 'elsewhere') : state
      said[where] = (said[where] ?? 0) + 1
    }
    // Three were never used, and one was voided before it was.
    t.match(said, { ordered: 3, withdrawn: 1 })
    const { stock, underWay, elsewhere, sold, destroyed } = said
    t.match(products, [{ gtin, stock, underWay, elsewhere, sold, destroyed, withdrawn: 0, exported: 0, stolen: 0 }])
    t.match(products, [{ marked: 36, packed: 18, shipped: 10, returned: 1 }])
  })

  await t.test('stock stands where its outermost container, or else itself, was seen', async (t) => {
    const { places } = await counted()
    const at = (name: string) => places.find(({ place }) => place?.name === name)?.units
    t.equal(at('Store'), 13, 'two pallets, one of them on the other, and what came back')
    t.equal(at('Line'), 12)
  })

  await t.test('shipments, and whose they are', async (t) => {
    const sent = await maker.expect<object[]>(200, 'GET', '/shipments')
    t.match(sent, [
      { objects: 4, to: { id: shop.id, name: 'Shop' } },
      { objects: 1, documents: ['INV-1'] },
    ])
    t.match(await maker.expect(200, 'GET', '/shipments?side=received'), [{ objects: 1, from: { id: shop.id } }])
    const stranger = await given.participant(app, { roles: ['producer'] })
    const named = (by: given.GivenParticipant, name: string) =>
      by.expect<{ name: string }[]>(200, 'GET', `/counterparties?name=${encodeURIComponent(name)}`)
    t.match(await named(maker, 'ho'), [{ id: shop.id, name: 'Shop', country: 'KG' }], 'with whom it dealt')
    t.same(await named(stranger, 'ho'), [], 'a stranger guesses nobody')
    t.same(await named(maker, '%'), [], 'and no pattern')
    t.match(await named(stranger, 'sHOP'), [{ id: shop.id }], 'but may name somebody')
    t.match(await named(stranger, shop.id), [{ name: 'Shop' }])
    t.same(await stranger.expect(200, 'GET', '/shipments'), [])
    t.match(await stranger.expect(200, 'GET', '/stock'), { products: [], places: [] })
  })
})
