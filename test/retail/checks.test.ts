import t from 'tap'
import { testApp } from '../support/app.ts'
import * as given from '../support/given.ts'
import { checkLedger } from '../support/ledger.ts'
import { stage } from '../support/story.ts'

type Refused = { code: string; detail: string; errors?: { path: string; code: string }[] }
type Check = { status: string; tail: string; product?: { gtin: string }; soldAt?: { date: string }; text: string }
type Result = { code: string; maySell: boolean; reason?: string; detail?: string; tail: string }

const GS = '\x1d'
const withoutTail = (code: string) => code.split(GS)[0] ?? code
const forged = (code: string) => `${code.slice(0, -4)}AAAA`
const url = (code: string) => `/check/${encodeURIComponent(code)}`

t.test('the public check', async (t) => {
  const app = await testApp(t)
  const { play, code, gtin, actors } = await stage(app)
  const shop = actors.get('shop')!
  await play(`
    maker commission U1,U2,U3,U5,U6 = ok
    maker encode U4 = ok
    maker ship U1,U2,U3 to shop = ok
    shop receive U1,U2 = ok
    maker destroy U5 = ok
    maker ship U6 to outside = ok
  `)
  const time = '2026-03-01T01:30:00+06:00'
  await shop.expect(201, 'POST', '/receipts', { till: '1', number: '1', time, lines: [{ code: code('U1') }] })
  const link = `https://id.gs1.org/01/${gtin}/21/${withoutTail(code('U2')).slice(18)}`
  const czMark = `${given.gtin()}ABCDEFGAAAA1234`

  const table: [name: string, code: string, status: string, tail: string][] = [
    ['sold', code('U1'), 'sold', 'valid'],
    ['in a shop', code('U2'), 'known', 'valid'],
    ['in a shop, symbology and all', `]d2${code('U2')}`, 'known', 'valid'],
    ['without its tail', withoutTail(code('U2')), 'known', 'absent'],
    ['as a link', link, 'known', 'absent'],
    ['under way', code('U3'), 'known', 'valid'],
    ['applied, not in circulation', code('U4'), 'not_on_market', 'valid'],
    ['ordered', code('U9'), 'not_on_market', 'valid'],
    ['exported', code('U6'), 'not_on_market', 'valid'],
    ['destroyed', code('U5'), 'withdrawn', 'valid'],
    ['another tail', forged(code('U2')), 'forged', 'forged'],
    ['never issued', `01${gtin}21NOBODY`, 'unknown', 'absent'],
    ['a pallet', '(00)047000000000000111', 'unknown', 'absent'],
    ['a mark of another state', czMark, 'unknown', 'absent'],
  ]
  for (const [name, text, status, tail] of table) {
    const answer = await app.anonymous.call('GET', url(text))
    t.equal(answer.statusCode, 200, `${name}: ${answer.body}`)
    t.match(answer.json<Check>(), { status, tail, text: /\.$/ }, name)
  }
  const known = await app.anonymous.expect<Check>(200, 'GET', url(code('U2')))
  t.match(known.text, /this code is known and was not sold yet/i)
  t.match(known.product, { gtin })
  const sold = await app.anonymous.expect<Check>(200, 'GET', url(code('U1')))
  t.same(sold.soldAt, { date: '2026-03-01' }, 'the day that the receipt shows')
  for (const actor of actors.values()) t.notMatch(JSON.stringify([sold, known]), actor.id, 'no trade data')
  t.match((await app.anonymous.expect<Check>(200, 'GET', url(czMark))).text, /Chestny ZNAK/)

  const bad: [string, string, string][] = [
    ['no code', 'hello', 'code_malformed'],
    ['a kind of goods', `(01)${gtin}`, 'code_malformed'],
    ['a wrong check digit', `(01)${gtin.slice(0, 13)}${(Number(gtin[13]) + 1) % 10}(21)A`, 'gtin_check_digit'],
    [
      'changed case',
      code('U2').replace(/21(.{14})/, (_, serial: string) => `21${serial.toLowerCase()}`),
      'code_malformed',
    ],
  ]
  for (const [name, text, problem] of bad) {
    const answer = await app.anonymous.call('GET', url(text))
    t.same([answer.statusCode, answer.json<Refused>().code], [400, problem], `${name}: ${answer.body}`)
  }
})

t.test('anonymous callers are limited by their address', async (t) => {
  const { readConfig } = await import('../../src/config/config.ts')
  const app = await testApp(t, { config: { ...readConfig({ LOG_LEVEL: 'info' }) } })
  const answers = await Promise.all(Array.from({ length: 60 }, () => app.anonymous.call('GET', url('hello'))))
  t.ok(answers.some(({ statusCode }) => statusCode === 429))
})

t.test('sale checks say what a sale would say', async (t) => {
  const app = await testApp(t)
  const { play, code, actors, gtin } = await stage(app)
  const shop = actors.get('shop')!
  const customs = actors.get('customs')!
  await play(`
    maker commission U1,U2,U3,U4,U5,U6,U7,U8,C1 = ok
    maker pack U8 in C1 = ok
    maker ship U1,U2,U3,U4,U6,C1 to shop = ok
    shop receive U1,U2,U3,U4,C1 = ok
    shop sell U2 = ok
    shop withdraw U3 = ok
    customs hold U4 = ok
  `)
  const table: [code: string, reason: string, tail?: string][] = [
    [code('U1'), 'ok'],
    [code('U2'), 'already_sold'],
    [code('U3'), 'withdrawn'],
    [code('U4'), 'on_hold'],
    [code('U5'), 'not_owner'],
    [code('U6'), 'not_owner'],
    [code('U8'), 'ok'], // Packed: the sale takes it out.
    [code('U9'), 'wrong_state'],
    [forged(code('U1')), 'code_forged', 'forged'],
    [`01${gtin}21NOBODY`, 'code_unknown', 'absent'],
    ['nonsense', 'code_malformed', 'absent'],
    ['(00)047000000000000111', 'wrong_state', 'absent'],
    [withoutTail(code('U1')), 'ok', 'absent'],
    [code('U1'), 'ok'], // Twice in the list is no second sale.
  ]
  const codes = table.map(([text]) => text)
  const { results } = await shop.expect<{ results: Result[] }>(200, 'POST', '/sale-checks', { codes })
  table.forEach(([text, reason, tail = 'valid'], i) => {
    const result = results[i]
    t.same([result?.reason ?? 'ok', result?.maySell, result?.tail], [reason, reason === 'ok', tail], text)
    t.equal(result?.detail === undefined, reason === 'ok')
  })
  t.match(results[0]?.code, /^https:\/\/id\.gs1\.org\/01\//)

  // The same words as the till would hear.
  let number = 0
  for (const [text, reason] of table.slice(0, 10).reverse()) {
    const receipt = { till: 'x', number: String(++number), time: '2026-03-01T10:00:00Z', lines: [{ code: text }] }
    const answer = await shop.call('POST', '/receipts', receipt)
    t.equal(answer.statusCode === 201 ? 'ok' : answer.json<Refused>().errors?.[0]?.code, reason, `sold: ${text}`)
  }

  t.equal((await customs.call('POST', '/sale-checks', { codes })).statusCode, 403)
  t.equal((await app.anonymous.call('POST', '/sale-checks', { codes })).statusCode, 401)
  t.equal((await shop.call('POST', '/sale-checks', { codes: [] })).statusCode, 400)
  const many = Array.from({ length: 1_001 }, () => code('U1'))
  t.equal((await shop.call('POST', '/sale-checks', { codes: many })).statusCode, 400)
  t.equal((await shop.call('POST', '/sale-checks', { codes: many.slice(1) })).statusCode, 200)
})

t.test('what is recalled is not for sale, wherever it lies', async (t) => {
  const app = await testApp(t)
  const { play, code, actors, gtin } = await stage(app)
  const [shop, customs] = ['shop', 'customs'].map((name) => actors.get(name)!)
  if (!shop || !customs) throw new Error('the usual cast is not there')
  await play(`
    maker commission U1,U2 = ok
    maker ship U1,U2 to shop = ok
    shop receive U1,U2 = ok
  `)
  const codes = [code('U1'), code('U2')]
  const reasons = async () => {
    const { results } = await shop.expect<{ results: Result[] }>(200, 'POST', '/sale-checks', { codes })
    const shown = await Promise.all(codes.map((text) => app.anonymous.expect<Check>(200, 'GET', url(text))))
    return results.map(({ reason = 'ok' }, i) => `${reason} ${shown[i]?.status ?? ''}`)
  }
  await customs.expect(201, 'POST', '/recalls', { code: code('U1'), reason: 'a sample failed' })
  t.same(await reasons(), ['withdrawn withdrawn', 'ok known'], 'one code is blocked')
  await customs.expect(201, 'POST', '/recalls', { gtin, reason: 'the whole line' })
  t.same(await reasons(), ['withdrawn withdrawn', 'withdrawn withdrawn'], 'a product is recalled')
  const receipt = { till: '1', number: '1', time: '2026-03-01T10:00:00Z', lines: [{ code: code('U2') }], offline: true }
  t.match(await shop.expect(201, 'POST', '/receipts', receipt), { lines: [{ status: 'sold', reason: 'withdrawn' }] })
})

t.test('returns', async (t) => {
  const app = await testApp(t)
  const { play, code, actors } = await stage(app)
  const [shop, rival, maker] = ['shop', 'rival', 'maker'].map((name) => actors.get(name)!)
  if (!shop || !rival || !maker) throw new Error('the usual cast is not there')
  await play(`
    maker commission U1,U2,U3 = ok
    maker ship U1,U2,U3 to shop = ok
    shop receive U1,U2,U3 = ok
    shop sell U1,U2 = ok
  `)
  const back = (name: string, fields: Record<string, unknown> = {}) => ({
    code: code(name),
    resaleable: true,
    reason: 'not wanted',
    ...fields,
  })
  // Another shop of the same firm, with a key of its own.
  const { id: place } = await given.place(shop, { name: 'Osh', kind: 'shop' })
  const { key } = await given.issued(app.operator, shop.id, { place })
  const osh = app.as(key)

  const refusals: [string, typeof shop, Record<string, unknown>, number, string][] = [
    ['somebody who did not sell it', rival, back('U1'), 409, 'not_owner'],
    ['what was never sold', shop, back('U3'), 409, 'wrong_state'],
    ['who sells nothing', maker, back('U1'), 403, 'role_missing'],
    ['without a reason', shop, { code: code('U1'), resaleable: true }, 400, 'field_invalid'],
    ['unreadable', shop, back('U1', { code: 'x' }), 400, 'code_malformed'],
  ]
  for (const [name, who, body, status, problem] of refusals) {
    const answer = await who.call('POST', '/returns', body)
    t.same([answer.statusCode, answer.json<Refused>().code], [status, problem], name)
  }

  const recorded = await osh.expect(201, 'POST', '/returns', back('U1', { receipt: '17' }))
  t.match(recorded, { state: 'active', eventID: /^urn:uuid:/, entries: [{ log: 'main' }] })
  t.match(await app.anonymous.expect(200, 'GET', url(code('U1'))), { status: 'known' })
  await play('shop sell U1 = ok')

  await shop.expect(201, 'POST', '/returns', back('U2', { resaleable: false, reason: 'leaking' }))
  t.match(await app.anonymous.expect(200, 'GET', url(code('U2'))), { status: 'withdrawn' })
  await play('shop sell U2 = withdrawn')
  const again = await shop.call('POST', '/returns', back('U2'))
  t.equal(again.statusCode, 409)
  await checkLedger(app.database.adminUrl)
})

t.test('many tills ask at the same moment', async (t) => {
  const app = await testApp(t)
  const { play, code, actors } = await stage(app)
  const [shop, rival] = ['shop', 'rival'].map((name) => actors.get(name)!)
  await play(`
    maker commission U1,U2,U3 = ok
    maker ship U1,U2 to shop = ok
    shop receive U1,U2 = ok
    shop sell U2 = ok
  `)
  const ask = (who: given.GivenParticipant, ...names: string[]) =>
    who.expect<{ results: Result[] }>(200, 'POST', '/sale-checks', { codes: names.map(code) })
  const asked = Array.from({ length: 40 }, () => [
    ask(shop!, 'U1', 'U2', 'U1'),
    ask(rival!, 'U1'),
    ask(shop!, 'U3'),
    ask(shop!, 'U1'),
  ])
  for (const [ours, rivals, makers, again] of await Promise.all(asked.map((four) => Promise.all(four)))) {
    const told = [ours, rivals, makers, again].map((answer) => answer?.results.map(({ reason }) => reason ?? 'ok'))
    t.same(told, [['ok', 'already_sold', 'ok'], ['not_owner'], ['not_owner'], ['ok']])
  }
  // Nothing of a question is kept, and none is answered from what was so before.
  await play('shop sell U1 = ok')
  t.match(await ask(shop!, 'U1'), { results: [{ maySell: false, reason: 'already_sold' }] })
})
