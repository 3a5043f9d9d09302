import t from 'tap'
import { readMoment } from '../../src/epcis/moment.ts'
import { localDate, receiptId } from '../../src/retail/receipt.ts'
import { type Caller, testApp, type TestApp } from '../support/app.ts'
import * as given from '../support/given.ts'
import { checkLedger } from '../support/ledger.ts'
import { stage } from '../support/story.ts'

type Tap = Parameters<typeof testApp>[0]
type Line = { code: string; status: string; reason?: string }
type Recorded = { eventID: string; recordTime: string; entries: { log: string; position: number }[]; lines: Line[] }
type Refused = { code: string; detail: string; errors: { path: string; code: string; detail: string }[] }
type Finding = { kind: string; code: string; objectCount: number; objects: { code: string }[] }

/** A shop that has U1 to U6; U7 and U8 are marked and still the maker's, U9 and on only ordered. */
async function openShop(t: Tap, options: { group?: string; units?: number } = {}) {
  const app = await testApp(t)
  const scene = await stage(app, { units: 12, ...options })
  const actor = (name: string) => {
    const found = scene.actors.get(name)
    if (!found) throw new Error(`nobody is called ${name}`)
    return found
  }
  await scene.play(`
    maker commission U1,U2,U3,U4,U5,U6,U7,U8 = ok
    maker ship U1,U2,U3,U4,U5,U6 to shop     = ok
    shop  receive U1,U2,U3,U4,U5,U6          = ok
  `)
  return { app, ...scene, actor, shop: actor('shop'), customs: actor('customs') }
}

let numbers = 0
const time = '2026-03-01T21:30:00+06:00'
const receiptOf = (codes: readonly string[], fields: Record<string, unknown> = {}) => ({
  till: 'T1',
  number: String(++numbers),
  time,
  lines: codes.map((code) => ({ code })),
  ...fields,
})

const link = (code: string) => /01(\d{14})21([^\x1d]+)/.exec(code)?.slice(1).join('/21/') ?? code
const sell = (caller: Caller, body: unknown) => caller.call('POST', '/receipts', body)
const findings = (app: TestApp, query = '') =>
  app.operator.expect<Finding[]>(200, 'GET', `/findings?perPage=1000${query}`)

t.test('a receipt closes every line or none', async (t) => {
  const { app, shop, code, play, actor } = await openShop(t)
  const receipt = receiptOf(['U1', 'U2', 'U3'].map(code))
  const recorded = await shop.expect<Recorded>(201, 'POST', '/receipts', receipt)
  t.match(recorded, { eventID: /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/ })
  t.same(
    recorded.lines,
    ['U1', 'U2', 'U3'].map((name) => ({ code: `https://id.gs1.org/01/${link(code(name))}`, status: 'sold' })),
  )

  const refused = await sell(shop, receiptOf([code('U4'), code('U1'), code('U9'), code('U7')]))
  t.equal(refused.statusCode, 409)
  t.same(
    refused.json<Refused>().errors.map(({ path, code }) => `${path} ${code}`),
    ['/lines/1/code already_sold', '/lines/2/code wrong_state', '/lines/3/code not_owner'],
  )
  await play('shop sell U4 = ok') // Nothing of the refused receipt was recorded.

  const twice = await sell(shop, receiptOf([code('U5'), code('U5')]))
  t.equal(twice.statusCode, 409)
  t.match(twice.json(), { errors: [{ path: '/lines/1/code', code: 'already_sold', detail: /twice/ }] })
  t.equal(twice.json<Refused>().errors.length, 1)

  t.equal((await sell(actor('trader'), receiptOf([code('U5')]))).json<Refused>().code, 'role_missing')
  t.equal((await sell(actor('rival'), receiptOf([code('U5')]))).json<Refused>().code, 'not_owner')
  t.equal((await sell(shop, receiptOf(['(01)04701234567891(21)X']))).json<Refused>().code, 'gtin_check_digit')
  t.equal((await sell(shop, receiptOf([`(00)047000000000000018`]))).statusCode, 400)
  await checkLedger(app.database.adminUrl)
})

t.test('fields of a receipt', async (t) => {
  const { shop, code } = await openShop(t)
  const table: [string, Record<string, unknown>, number, string][] = [
    ['no lines', { lines: [] }, 400, 'field_invalid'],
    ['a float as a price', { lines: [{ code: code('U1'), price: 450.1 }] }, 400, 'field_invalid'],
    ['a price that is no decimal', { lines: [{ code: code('U1'), price: '1e3' }] }, 400, 'field_invalid'],
    ['a time without zone', { time: '2026-03-01T10:00:00' }, 400, 'field_invalid'],
    ['a time ahead of ours', { time: '2999-03-01T10:00:00Z' }, 400, 'time_in_future'],
    ['an unknown field', { tip: '5' }, 400, 'field_invalid'],
    [
      'more lines than a receipt has',
      { lines: Array.from({ length: 1001 }, () => ({ code: 'x' })) },
      400,
      'field_invalid',
    ],
  ]
  for (const [name, change, status, problem] of table) {
    const answer = await sell(shop, { ...receiptOf([code('U1')]), ...change })
    t.same([answer.statusCode, answer.json<Refused>().code], [status, problem], name)
  }
})

t.test('a receipt sent again', async (t) => {
  const { shop, code, actor } = await openShop(t)
  const receipt = receiptOf([code('U1'), code('U2')])
  const first = await shop.expect<Recorded>(201, 'POST', '/receipts', receipt)
  t.same(await shop.expect(200, 'POST', '/receipts', receipt), first, 'the same answer')
  // In UTC it is the same day; the paper shows the local one, and the code may be in any form.
  const other = { ...receipt, lines: first.lines.map(({ code }) => ({ code })) }
  t.same(await shop.expect(200, 'POST', '/receipts', other), first, 'codes in another form are the same codes')
  const taken = await sell(shop, { ...receipt, lines: [{ code: code('U3') }] })
  t.same([taken.statusCode, taken.json<Refused>().code], [409, 'event_id_taken'])
  const priced = await sell(shop, { ...receipt, lines: receipt.lines.map((line) => ({ ...line, price: '1.00' })) })
  t.equal(priced.json<Refused>().code, 'event_id_taken', 'another price is another content')
  await shop.expect(201, 'POST', '/receipts', {
    ...receipt,
    time: '2026-03-02T00:10:00+06:00',
    lines: [{ code: code('U3') }],
  })
  // The same number at another firm is another receipt.
  const rival = await sell(actor('rival'), receipt)
  t.equal(rival.json<Refused>().code, 'already_sold')
  t.equal(localDate(readMoment('2026-03-01T23:30:00+06:00')!), '2026-03-01')
  t.not(receiptId('a', '1', '23', 'd'), receiptId('a', '12', '3', 'd'), 'fields do not run into each other')
})

t.test('already_sold says when, and where only to the seller', async (t) => {
  const { app, shop, code, actor } = await openShop(t)
  const { id: place } = await given.place(shop, { name: 'Shop on Chuy avenue', kind: 'shop', town: 'Bishkek' })
  const { key } = await given.issued(app.operator, shop.id, { place })
  await app.as(key).expect(201, 'POST', '/receipts', receiptOf([code('U1')]))
  const own = (await sell(shop, receiptOf([code('U1')]))).json<Refused>()
  t.match(own, { code: 'already_sold', detail: /2026-03-01T15:30:00.*Chuy avenue/ })
  const other = (await sell(actor('rival'), receiptOf([code('U1')]))).json<Refused>()
  t.match(other, { code: 'already_sold', detail: /2026-03-01T15:30:00/ })
  t.notMatch(other.detail, /Chuy/)
  const seen = await app.anonymous.call('GET', `/check/${encodeURIComponent(code('U1'))}`)
  t.match(seen.json(), { soldAt: { date: '2026-03-01', town: 'Bishkek' } })
  t.notMatch(seen.body, /Chuy/, 'the public learns the town alone')
})

t.test('prices are kept as they were sent', async (t) => {
  const { app, shop, code, customs } = await openShop(t)
  const lines = [
    { code: code('U1'), price: '450.00', quantity: 1 },
    { code: code('U2'), price: { amount: '0.10', currency: 'KGS' }, quantity: '1' },
  ]
  const { eventID } = await shop.expect<Recorded>(201, 'POST', '/receipts', receiptOf([], { lines }))
  const event = await customs.expect<Record<string, unknown>>(200, 'GET', `/events/${encodeURIComponent(eventID)}`)
  const text = JSON.stringify(event)
  t.match(text, '"urn:tamga:vocabulary:"', 'the prefix is declared')
  t.match(text, '"tamga:price":"450.00"')
  t.match(text, '"tamga:currency":"KGS"')
  t.match(event, { bizStep: 'retail_selling', disposition: 'retail_sold', action: 'OBSERVE' })
  await checkLedger(app.database.adminUrl)
})

t.test('reported: the good lines are closed, the others become findings', async (t) => {
  const { app, shop, code } = await openShop(t)
  await shop.expect(201, 'POST', '/receipts', receiptOf([code('U2')]))
  const forged = `${code('U3').slice(0, -4)}AAAA`
  const codes = [code('U1'), code('U2'), forged, 'what the scanner typed', code('U4'), code('U4'), code('U9')]
  const receipt = receiptOf(codes, { reported: true })
  const recorded = await shop.expect<Recorded>(201, 'POST', '/receipts', receipt)
  t.same(
    recorded.lines.map(({ status, reason }) => reason ?? status),
    ['sold', 'already_sold', 'code_forged', 'code_malformed', 'sold', 'already_sold', 'wrong_state'],
  )
  t.same(await shop.expect(200, 'POST', '/receipts', receipt), recorded, 'sent again it is answered the same')
  t.same(
    await shop
      .expect(200, 'POST', '/receipts', { ...receipt, reported: false, lines: receipt.lines.filter((_, i) => i !== 3) })
      .catch(() => 'other'),
    'other',
  )
  const found = await findings(app)
  t.same([...new Set(found.map(({ code }) => code))].sort(), [
    'already_sold',
    'code_forged',
    'code_malformed',
    'wrong_state',
  ])

  const nothing = receiptOf([code('U2')], { reported: true })
  const none = await shop.expect<Recorded>(201, 'POST', '/receipts', nothing)
  t.match(none.lines, [{ status: 'refused', reason: 'already_sold' }], 'no line is good: the paper is on record')
  t.same(await shop.expect(200, 'POST', '/receipts', nothing), none)
  await checkLedger(app.database.adminUrl)
})

t.test('offline: never refused for what the ledger thinks of it', async (t) => {
  const { app, shop, code, actor, customs, play } = await openShop(t)
  const rival = actor('rival')
  await shop.expect(201, 'POST', '/receipts', receiptOf([code('U1')]))
  const forged = `${code('U2').slice(0, -4)}AAAA`
  const receipt = receiptOf([code('U1'), code('U2'), forged, code('U9'), 'nonsense', code('U7')], {
    offline: true,
    time: '2026-03-02T09:00:00+06:00',
  })
  const recorded = await rival.expect<Recorded>(201, 'POST', '/receipts', receipt)
  t.same(
    recorded.lines.map(({ status, reason }) => `${status} ${reason ?? ''}`.trim()),
    [
      'sold already_sold',
      'sold', // It waits: its delivery may not be known yet.
      'refused code_forged',
      'sold',
      'refused code_malformed',
      'sold',
    ],
  )
  t.same(await rival.expect(200, 'POST', '/receipts', receipt), recorded)
  const found = await findings(app, '&kind=doubted')
  t.same(found.map(({ code }) => code).sort(), ['already_sold', 'code_forged', 'code_malformed'])

  const unit = encodeURIComponent(code('U1'))
  const sold = await customs.expect<{ owner: string; eventCount: number; findingCount: number }>(
    200,
    'GET',
    `/units/${unit}`,
  )
  t.match(
    sold,
    { owner: shop.id, state: 'sold', eventCount: 5 },
    'both sales are there, and it is still the first shop that sold it',
  )
  t.ok(sold.findingCount > 0)
  const again = (await sell(shop, receiptOf([code('U1')]))).json<Refused>()
  t.match(again.detail, /2026-03-01T15:30:00/, 'the first sale is the one that counts')
  t.match(await app.anonymous.expect(200, 'GET', `/check/${unit}`), { status: 'sold', soldAt: { date: '2026-03-01' } })
  // What waits moves nothing, until its predecessor comes.
  await rival.expect(409, 'POST', '/returns', { code: code('U7'), resaleable: true, reason: 'opened by mistake' })
  await play('maker ship U7 to rival = ok')
  await play('rival receive U7 = ok')
  t.match(await customs.expect(200, 'GET', `/units/${encodeURIComponent(code('U7'))}`), {
    state: 'sold',
    owner: rival.id,
  })
  await checkLedger(app.database.adminUrl)
})

t.test('what is withdrawn stays so, and a pallet is not sold at a till', async (t) => {
  const { app, shop, code, play } = await openShop(t)
  await play(`
    shop withdraw U1 = ok
    shop pack U2,U3 in P1 = ok
  `)
  const offline = receiptOf([code('U1'), code('P1')], { offline: true })
  const { lines } = await shop.expect<Recorded>(201, 'POST', '/receipts', offline)
  t.match(lines, [
    { status: 'sold', reason: 'withdrawn' },
    { status: 'refused', reason: 'wrong_state' },
  ])
  t.match(await app.anonymous.expect(200, 'GET', `/check/${encodeURIComponent(code('U1'))}`), { status: 'withdrawn' })
  await play('shop sell U2 = ok')
  await checkLedger(app.database.adminUrl)
})

t.test('one bottle at forty tills: one sale', async (t) => {
  const { app, shop, code } = await openShop(t)
  const receipts = Array.from({ length: 40 }, (_, i) => receiptOf([code('U1')], { till: `T${i}` }))
  const answers = await Promise.all(receipts.map((receipt) => sell(shop, receipt)))
  t.equal(answers.filter(({ statusCode }) => statusCode === 201).length, 1)
  t.ok(answers.every(({ statusCode }) => statusCode === 201 || statusCode === 409))
  const same = receiptOf([code('U2')])
  const twins = await Promise.all(Array.from({ length: 20 }, () => sell(shop, same)))
  t.same(twins.map(({ statusCode }) => statusCode).sort(), [...Array(19).fill(200), 201])
  t.equal(new Set(twins.map(({ body }) => body)).size, 1, 'one receipt sent twenty times at once has one answer')
  await checkLedger(app.database.adminUrl)
})

t.test('the largest receipt fits one entry', async (t) => {
  const { app, shop, code, play } = await openShop(t, { units: 1_010 })
  const names = Array.from({ length: 1_000 }, (_, i) => `U${i + 9}`)
  await play(`
    maker commission ${names.join(',')} = ok
    maker ship ${names.join(',')} to shop = ok
    shop receive ${names.join(',')} = ok
  `)
  const lines = names.map((name, i) => ({
    code: code(name),
    price: { amount: `${i}.50`, currency: 'KGS' },
    quantity: '1',
  }))
  const { lines: sold } = await shop.expect<Recorded>(201, 'POST', '/receipts', receiptOf([], { lines }))
  t.equal(sold.length, 1_000)
  t.ok(sold.every(({ status }) => status === 'sold'))
  await checkLedger(app.database.adminUrl)
})
