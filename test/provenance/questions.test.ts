import t from 'tap'
import { testApp } from '../support/app.ts'
import { stage } from '../support/story.ts'

type Unit = {
  code: string
  state: string
  owner: string | null
  holder: string | null
  parent: string | null
  tail: string
  eventCount: number
  commissioned: { by: string | null; country: string }
}
type History = {
  events: { bizStep: string; state: string; redacted?: boolean; by?: { id: string }; container?: boolean }[]
  custody: { holder: string | null; to: string | null }[]
}

const url = (code: string) => encodeURIComponent(code)

t.test('a unit, its history and its containers', async (t) => {
  const app = await testApp(t)
  const { play, code, actors, gtin } = await stage(app)
  const maker = actors.get('maker')!
  const shop = actors.get('shop')!
  const trader = actors.get('trader')!
  const rival = actors.get('rival')!
  const customs = actors.get('customs')!
  const unit = url(code('U1'))

  const ordered = await maker.expect<Unit>(200, 'GET', `/units/${unit}`)
  t.match(ordered, { state: 'ordered', eventCount: 0, tail: 'valid' })
  await rival.expect(404, 'GET', `/units/${unit}`)

  await play(`
    maker   commission U1,U2,U3,C1 = ok
    maker   pack U1,U2 in C1       = ok
    maker   pack C1 in P1          = ok
    maker   ship P1 to trader by carrier = ok
    carrier departing P1           = ok
    trader  receive P1             = ok
    trader  unpack C1 in P1        = ok
    trader  ship C1 to shop        = ok
    shop    receive C1             = ok
    shop    sell U1                = ok
  `)
  const sold = await shop.expect<Unit>(200, 'GET', `/units/${unit}`)
  t.match(sold, { state: 'sold', owner: shop.id, parent: null, eventCount: 10 })
  t.match(sold.commissioned, { by: null, country: 'KG' }, "of others' steps country and date alone")

  const all = await customs.expect<History>(200, 'GET', `/units/${unit}/history`)
  t.same(
    all.events.map((event) => `${event.bizStep} ${event.state}`),
    [
      'commissioning active',
      'packing active',
      'packing active',
      'shipping in_transit',
      'departing in_transit',
      'receiving active',
      'unpacking active',
      'shipping in_transit',
      'receiving active',
      'retail_selling sold',
    ],
  )
  t.same(
    all.custody.map((period) => period.holder),
    [maker.id, actors.get('carrier')!.id, trader.id, shop.id],
  )
  t.ok(
    all.custody.every((period) => period.to !== null),
    'nobody holds what is sold',
  )

  const own = await shop.expect<History>(200, 'GET', `/units/${unit}/history`)
  t.equal(own.events.length, 10)
  t.same(
    own.events.map((event) => event.redacted === true),
    [true, true, true, true, true, true, true, false, false, false],
  )
  t.equal(own.custody.filter((period) => period.holder !== null).length, 1)
  await rival.expect(404, 'GET', `/units/${unit}/history`)

  const pallet = await trader.expect(200, 'GET', `/logistic-units/${url(code('P1'))}`)
  t.match(pallet, { state: 'active', count: 0, contents: [] }, 'emptied')
  const crate = await shop.expect(200, 'GET', `/logistic-units/${url(code('C1'))}`)
  t.match(crate, { holder: shop.id, count: 1, contents: [{ gtin, count: 1 }] })
  const contents = await shop.expect<{ code: string }[]>(200, 'GET', `/logistic-units/${url(code('C1'))}/contents`)
  t.equal(contents.length, 1)
  await rival.expect(404, 'GET', `/logistic-units/${url(code('C1'))}`)
  await rival.expect(404, 'GET', '/units/(01)04600000000008(21)nothing')
})

t.test('an event and its code list', async (t) => {
  const app = await testApp(t)
  const { code, actors } = await stage(app, { units: 250 })
  const maker = actors.get('maker')!
  const codes = Array.from({ length: 250 }, (_, i) => code(`U${i + 1}`))
  const { eventID } = await maker.expect<{ eventID: string }>(201, 'POST', '/scans', { codes, step: 'commissioning' })
  const event = await maker.expect<{ epcList: string[]; type: string }>(200, 'GET', `/events/${url(eventID)}`)
  t.equal(event.type, 'ObjectEvent')
  t.equal(event.epcList.length, 250, 'the list that the entry names by its digest is put back')
  await actors.get('rival')!.expect(404, 'GET', `/events/${url(eventID)}`)
  const shipped = await maker.expect<{ eventID: string }>(201, 'POST', '/scans', {
    codes: [codes[0]],
    step: 'shipping',
    to: actors.get('shop')!.id,
  })
  await actors.get('shop')!.expect(200, 'GET', `/events/${url(shipped.eventID)}`)
  await actors.get('shop')!.expect(404, 'GET', `/events/${url(eventID)}`)
})
