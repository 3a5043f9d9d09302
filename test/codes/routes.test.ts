import { createPublicKey } from 'node:crypto'
import t from 'tap'
import type { PublishedKey } from '../../src/codes/keys.ts'
import type { Order } from '../../src/codes/schema.ts'
import { listOrders } from '../../src/codes/order-store.ts'
import { createOrderCounter } from '../../src/codes/order-view.ts'
import { verifySignature } from '../../src/codes/tail.ts'
import { readCode } from '../../src/gs1/read.ts'
import { testApp, type Caller, type TestApp } from '../support/app.ts'
import * as given from '../support/given.ts'

type Given = { app: TestApp; maker: given.GivenParticipant; gtin: string }

async function setup(t: { teardown: (done: () => Promise<void>) => void }): Promise<Given> {
  const app = await testApp(t)
  const maker = await given.participant(app, { roles: ['producer'], name: 'Maker' })
  const { gtin } = await given.product(maker)
  return { app, maker, gtin }
}
const order = (by: Caller, gtin: string, quantity: number) =>
  by.expect<Order>(201, 'POST', '/code-orders', { gtin, quantity })
const codesOf = async (by: Caller, { id }: { id: string }) =>
  (await by.call('GET', `/code-orders/${id}/codes`)).body.trimEnd().split('\n')
const status = async (by: Caller, method: 'GET' | 'POST', url: string, body?: unknown) => {
  const answer = await by.call(method, url, body)
  const code = answer.statusCode < 400 ? '' : ` ${answer.json<{ code: string }>().code}`
  return `${answer.statusCode}${code}`
}

t.test('an order is ready at once, and shown with its counts', async (t) => {
  const { maker, gtin } = await setup(t)
  const placed = await order(maker, gtin.slice(1), 1_001) // 13 digits, as on the shelf.
  t.match(placed, { gtin, quantity: 1_001, state: 'ready', blocks: 2, issued: 1_001, used: 0, voided: 0, tail: 'mac' })
  t.same(await maker.expect(200, 'GET', `/code-orders/${placed.id}`), placed)
  const second = await order(maker, gtin, 1)
  t.same(await maker.expect(200, 'GET', '/code-orders'), [second, placed], 'newest first')
  const page = await maker.call('GET', '/code-orders?perPage=1')
  t.same(page.json(), [second])
  const next = /<(.+)>; rel="next"/.exec(String(page.headers.link))?.[1] ?? ''
  t.same((await maker.call('GET', next)).json(), [placed])
})

t.test('what cannot be ordered is refused with its place', async (t) => {
  const { maker, gtin } = await setup(t)
  const wrong = gtin.slice(0, 13) + String((Number(gtin.at(-1)) + 1) % 10)
  const cases: [body: unknown, answer: string][] = [
    [{ gtin, quantity: 0 }, '400 field_invalid'],
    [{ gtin, quantity: 1.5 }, '400 field_invalid'],
    [{ gtin, quantity: '5' }, '400 field_invalid'],
    [{ gtin, quantity: 1_500_001 }, '400 field_invalid'],
    [{ gtin }, '400 field_invalid'],
    [{ gtin, quantity: 1, serials: ['A'] }, '400 field_invalid'],
    [{ gtin, serials: [] }, '400 field_invalid'],
    [{ gtin, serials: ['ok', 'not ok'] }, '400 field_invalid'],
    [{ gtin: wrong, quantity: 1 }, '400 gtin_check_digit'],
    [{ gtin: '04600000000008', quantity: 1 }, '404 not_found'],
    [{ gtin: 'x', quantity: 1 }, '400 field_invalid'],
    [[], '400 field_invalid'],
  ]
  for (const [body, answer] of cases)
    t.equal(await status(maker, 'POST', '/code-orders', body), answer, JSON.stringify(body))
  t.same(await maker.expect(200, 'GET', '/code-orders'), [], 'nothing was stored')
})

t.test('codes come in three forms', async (t) => {
  const { maker, gtin } = await setup(t)
  const { id } = await maker.expect<Order>(201, 'POST', '/code-orders', {
    gtin,
    serials: ['A,"B', '=1+1', '-x', 'plain'],
  })
  const get = (query: string, accept?: string) =>
    maker.call('GET', `/code-orders/${id}/codes${query}`, undefined, accept === undefined ? {} : { accept })
  const text = await get('')
  t.match(text.headers['content-type'], /^text\/plain/)
  const lines = text.body.trimEnd().split('\n')
  t.match(lines[3], new RegExp(`^01${gtin}21plain\x1d91[0-9A-Z]{4}\x1d92[\\w-]{16}$`))

  const ndjson = await get('', 'application/x-ndjson')
  t.match(ndjson.headers['content-type'], /^application\/x-ndjson/)
  const objects = ndjson.body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>)
  t.same(
    objects.map((object) => object['code']),
    lines,
  )
  t.match(objects[1], { gtin, serial: '=1+1', digitalLink: `https://id.gs1.org/01/${gtin}/21/%3D1%2B1` })

  const csv = await get('', 'text/html;q=0.9, text/csv, */*;q=0.1')
  t.match(csv.headers['content-type'], /^text\/csv/)
  t.equal(csv.body, (await get('?format=csv', 'text/plain')).body, 'the query wins over Accept')
  const rows = csv.body.trimEnd().split('\r\n')
  t.equal(rows[0], 'code,gtin,serial')
  t.equal(rows[1], `"${lines[0]?.replaceAll('"', '""')}","${gtin}","A,""B"`)
  t.match(rows[2], /,"'=1\+1"$/, 'no spreadsheet runs it')
  t.match(rows[3], /,"'-x"$/)

  t.equal((await get('', 'image/png')).statusCode, 406)
  t.equal((await get('?block=1')).statusCode, 404, 'blocks count from 0')
  t.equal((await get('?block=-1')).statusCode, 400)
  t.equal((await get('?format=xml')).statusCode, 400)
  t.equal((await get('?block=0')).body, text.body)
})

t.test('only who ordered gets codes: nobody else, whatever he sees', async (t) => {
  const { app, maker, gtin } = await setup(t)
  const importer = await given.participant(app, { roles: ['importer'] })
  const rival = await given.participant(app, { roles: ['producer', 'importer'] })
  const shop = await given.participant(app, { roles: ['retailer'] })
  const customs = await given.participant(app, { roles: ['customs'] })
  const auditor = await given.participant(app, { roles: ['auditor'] })
  const { id } = await order(maker, gtin, 2)
  const [code = ''] = await codesOf(maker, { id })
  const bare = encodeURIComponent(code.slice(0, code.indexOf('\x1d')))

  t.equal(await status(app.anonymous, 'GET', `/code-orders/${id}`), '401 key_missing')
  for (const by of [importer, rival, shop]) {
    t.equal(await status(by, 'GET', `/code-orders/${id}`), '404 not_found')
    t.equal(await status(by, 'GET', `/code-orders/${id}/codes`), '404 not_found')
    t.equal(await status(by, 'POST', `/code-orders/${id}/close`), '404 not_found')
    t.equal(await status(by, 'POST', `/code-orders/${id}/voids`, { block: 0, reason: 'lost' }), '404 not_found')
    t.equal(await status(by, 'GET', `/codes/${bare}/symbol.svg`), '404 not_found')
    t.same(await by.expect(200, 'GET', '/code-orders'), [])
  }
  for (const by of [app.operator, customs, auditor]) {
    t.equal(await status(by, 'GET', `/code-orders/${id}`), '200')
    t.equal(await status(by, 'GET', `/code-orders/${id}/codes`), '403 not_mandated', 'sees all, but no tails')
    t.equal(await status(by, 'POST', `/code-orders/${id}/close`), '403 not_mandated')
    t.equal(await status(by, 'GET', `/codes/${bare}/symbol.svg`), '404 not_found')
    const shown = JSON.stringify([
      await by.expect(200, 'GET', `/code-orders/${id}`),
      await by.expect(200, 'GET', '/code-orders'),
    ])
    t.notMatch(shown, code.slice(-16))
  }
  t.equal(await status(shop, 'POST', '/code-orders', { gtin, quantity: 1 }), '403 role_missing')
  t.equal(await status(rival, 'POST', '/code-orders', { gtin, quantity: 1 }), '403 not_mandated')

  await importer.expect(201, 'POST', `/products/${gtin}/importers`, {})
  const imported = await order(importer, gtin, 3)
  t.equal(await status(importer, 'GET', `/code-orders/${imported.id}/codes`), '200')
  t.equal(
    await status(maker, 'GET', `/code-orders/${imported.id}/codes`),
    '404 not_found',
    'the importer’s codes are the importer’s',
  )
})

t.test('under a mandate', async (t) => {
  const { app, maker, gtin } = await setup(t)
  const other = await given.product(maker)
  const printer = await given.participant(app, { roles: ['distributor'] })
  const { id } = await order(maker, gtin, 2)
  const ships = await given.agent(app, maker, printer, ['ship'])
  t.equal(await status(ships, 'POST', '/code-orders', { gtin, quantity: 1 }), '403 not_mandated')
  t.equal(await status(ships, 'GET', `/code-orders/${id}/codes`), '403 not_mandated')

  const carrier = await given.participant(app, { roles: ['carrier'] })
  const orders = await given.agent(app, maker, carrier, ['order_codes'], { gtins: [gtin] })
  const placed = await order(orders, gtin, 5)
  t.equal((await codesOf(orders, placed)).length, 5)
  t.same(await codesOf(maker, placed), await codesOf(orders, placed), 'the codes are the principal’s')
  t.equal(
    await status(orders, 'POST', '/code-orders', { gtin: other.gtin, quantity: 1 }),
    '403 not_mandated',
    'another GTIN',
  )
  t.equal(await status(carrier, 'GET', `/code-orders/${placed.id}/codes`), '404 not_found', 'not without Tamga-For')

  // A later mandate for something else takes nothing away.
  await given.agent(app, maker, carrier, ['commission'])
  const packs = await given.agent(app, maker, carrier, ['pack'])
  const again = await order(packs, gtin, 1)
  const scanned = { codes: await codesOf(packs, again) }
  t.equal(await status(packs, 'POST', '/scans', { ...scanned, step: 'commissioning' }), '201')
  t.equal(await status(packs, 'POST', '/scans', { ...scanned, step: 'destroying' }), '403 not_mandated')
  t.equal(await status(packs, 'POST', `/code-orders/${again.id}/close`), '200')
})

t.test('a signature verifies offline with the published key alone, after a rotation too', async (t) => {
  const { app, maker } = await setup(t)
  await app.operator.expect(201, 'POST', '/product-groups', { id: 'spirits', name: 'Spirits', tail: 'signature' })
  const { gtin } = await given.product(maker, { group: 'spirits' })
  const codes = await codesOf(maker, await order(maker, gtin, 2))
  t.equal(await status(maker, 'POST', '/keys/rotations'), '403 role_missing')
  const rotated = await app.operator.expect<PublishedKey[]>(201, 'POST', '/keys/rotations')
  t.match(rotated, [
    { kind: 'mac', state: 'active' },
    { kind: 'signature', state: 'active' },
  ])
  codes.push(...(await codesOf(maker, await order(maker, gtin, 2))))

  const keys = await app.anonymous.expect<PublishedKey[]>(200, 'GET', '/keys')
  t.same(
    keys.map((key) => `${key.kind} ${key.state} ${key.publicKey === undefined}`),
    ['mac retired true', 'signature retired false', 'mac active true', 'signature active false'],
    'a mac key is never shown',
  )
  const used = new Set<string>()
  for (const code of codes) {
    const { reading } = readCode(code)
    if (reading?.kind !== 'unit' || !reading.tail) return t.fail(code)
    const key = keys.find(({ id }) => id === reading.tail?.keyId)
    const publicKey = createPublicKey(key?.publicKey ?? '')
    t.ok(verifySignature(publicKey, reading.gtin, reading.serial, reading.tail))
    t.notOk(verifySignature(publicKey, reading.gtin, `${reading.serial}0`, reading.tail))
    used.add(reading.tail.keyId)
  }
  t.equal(used.size, 2)
})

t.test('voiding and closing', async (t) => {
  const { maker, gtin } = await setup(t)
  const placed = await order(maker, gtin, 1_500)
  const codes = await codesOf(maker, placed)
  const foreign = await codesOf(maker, await order(maker, gtin, 1))
  const url = `/code-orders/${placed.id}`
  const voids = (body: unknown) => status(maker, 'POST', `${url}/voids`, body)

  t.equal(await voids({ reason: 'lost' }), '400 field_invalid')
  t.equal(await voids({ codes: ['x'], block: 0, reason: 'lost' }), '400 field_invalid')
  t.equal(await voids({ block: 2, reason: 'lost' }), '404 not_found')
  t.equal(await voids({ block: 0, reason: 'bored' }), '400 field_invalid')
  t.equal(await voids({ codes: ['rubbish'], reason: 'lost' }), '400 code_malformed')
  t.equal(await voids({ codes: [codes[0], foreign[0]], reason: 'lost' }), '409 code_unknown', 'all or nothing')
  t.equal(await voids({ codes: [`${codes[0]?.slice(0, -16)}AAAAAAAAAAAAAAAA`], reason: 'lost' }), '409 code_forged')
  t.match(await maker.expect(200, 'GET', url), { voided: 0 })

  const answer = await maker.expect(201, 'POST', `${url}/voids`, {
    codes: [codes[0], codes[1], codes[0]],
    reason: 'spoiled',
  })
  t.match(answer, { voided: 2, eventID: String, recordTime: String, entries: [{ log: 'main', position: Number }] })
  t.match(await maker.expect(201, 'POST', `${url}/voids`, { block: 1, reason: 'stolen' }), { voided: 500 })
  t.match(await maker.expect(200, 'GET', url), { issued: 1_500, used: 0, voided: 502, state: 'ready' })

  t.match(await maker.expect(200, 'POST', `${url}/close`), { id: placed.id, state: 'closed' })
  t.match(await maker.expect(200, 'GET', url), { state: 'closed', voided: 502 })
  t.same(await codesOf(maker, placed), codes, 'what was printed can still be looked up')
})

t.test('counts tell what was used and what was voided, each code once', async (t) => {
  const { app, maker, gtin } = await setup(t)
  const { pool } = app.app.pg
  // Runs of two: what is finished of an order is remembered, and the rest counted.
  const inRuns = createOrderCounter(pool, 2)
  const placed = await order(maker, gtin, 4)
  const codes = await codesOf(maker, placed)
  const counts = async () => {
    const shown = await maker.expect<Order>(200, 'GET', `/code-orders/${placed.id}`)
    const [listed] = await maker.expect<Order[]>(200, 'GET', '/code-orders')
    t.same(listed, shown)
    t.match(await inRuns(await listOrders(pool, {}, undefined, 1)), [{ used: shown.used, voided: shown.voided }])
    return `${shown.issued} ${shown.used} ${shown.voided}`
  }
  const scan = (step: string, some: (string | undefined)[]) =>
    maker.expect(201, 'POST', '/scans', { codes: some, step })
  t.equal(await counts(), '4 0 0')
  await scan('commissioning', codes.slice(0, 2))
  t.equal(await counts(), '4 2 0')
  await scan('destroying', codes.slice(0, 1))
  t.equal(await counts(), '4 2 0', 'a second step of a code changes nothing')
  await maker.expect(201, 'POST', `/code-orders/${placed.id}/voids`, { codes: [codes[2]], reason: 'stolen' })
  t.equal(await counts(), '4 2 1')
  await scan('commissioning', codes.slice(3))
  t.equal(await counts(), '4 3 1')
  await scan('destroying', codes.slice(3))
  t.equal(await counts(), '4 3 1', 'finished, and still so')
})

t.test('what happened to a code on its way here is named', async (t) => {
  const { app, maker, gtin } = await setup(t)
  const placed = await order(maker, gtin, 1)
  const [code = ''] = await codesOf(maker, placed)
  const shop = await given.participant(app, { roles: ['retailer'] })
  const time = new Date().toISOString()
  const cyrillic = code.replace(/[a-z]/gi, (letter) => ({ a: 'ф', A: 'Ф', s: 'ы', S: 'Ы' })[letter] ?? 'ц')
  const cases: [misread: string, hint: string, words: RegExp][] = [
    [cyrillic, 'keyboard_layout', /Cyrillic keyboard layout/],
    [code.replaceAll('\x1d', ''), 'lost_gs', /GS \(ASCII 29\)/],
    [code.toLowerCase(), 'changed_case', /Caps Lock/],
  ]
  for (const [misread, hint, words] of cases) {
    const expected = {
      code: 'code_malformed',
      hint,
      errors: [{ code: 'code_malformed', hint, detail: words }],
    }
    const path = encodeURIComponent(misread)
    const answers = [
      await maker.call('POST', '/scans', { step: 'commissioning', codes: [misread] }),
      await maker.call('POST', `/code-orders/${placed.id}/voids`, { codes: [misread], reason: 'lost' }),
      await shop.call('POST', '/receipts', { till: '1', number: '1', time, lines: [{ code: misread }] }),
      await shop.call('POST', '/returns', { code: misread, resaleable: true, reason: 'too many' }),
      await maker.call('GET', `/units/${path}`),
      await maker.call('GET', `/codes/${path}/symbol.svg`),
      await app.anonymous.call('GET', `/check/${path}`),
    ]
    for (const answer of answers) t.match([answer.statusCode, answer.json()], [400, expected], hint)
  }
})
