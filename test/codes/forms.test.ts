import t from 'tap'
import type { CodeForms } from '../../src/codes/code-forms.ts'
import { type Caller, testApp } from '../support/app.ts'
import * as given from '../support/given.ts'
import { sscc, stage } from '../support/story.ts'

const formsOf = (caller: Caller, code: string, query = '') =>
  caller.expect<CodeForms>(200, 'GET', `/codes/${encodeURIComponent(code)}/forms${query}`)

// Marks that are not ours: an alcohol stamp, its newer form, a tobacco pack, and a GS1 code with a tail of four characters.
const stamp = `22N${'00'}0000001A2B3C4${'0'.repeat(63)}`.slice(0, 68)
const newStamp = `101${'A'.repeat(147)}`
const pack = "04600439931256-ZQ?bc'AAAAdEFg"
const milk = '010460043993125621-ZQ?bc1234567\x1d93dGVz'

t.test('every form of a unit is the same unit', async (t) => {
  const app = await testApp(t)
  const { code, actors, play } = await stage(app)
  const maker = actors.get('maker')
  const rival = actors.get('rival')
  if (!maker || !rival) return t.fail('nobody is here')
  const text = code('U1')
  const all = await formsOf(rival, `]d2${text}`, '?prefixLength=8')
  t.match(all, { kind: 'unit', tail: 'valid', elementString: text, bracketed: /^\(01\)\d{14}\(21\)/ })
  t.match(all.epcUri, /^urn:epc:id:sgtin:\d{8}\.\d{5}\./)
  t.match(all.digitalLink, /^https:\/\/id\.gs1\.org\/01\/\d{14}\/21\/[^/?]+$/, 'a link never holds the tail')
  t.ok(all.tags.some(({ encoding }) => encoding === 'sgtin-198'))
  t.ok(all.tags.some(({ encoding }) => encoding === 'sgtin+'))
  t.ok(all.tags.some(({ encoding }) => encoding === 'sgtin++'))
  const other = await formsOf(rival, text, '?prefixLength=8&hostname=qr.example.kg&filter=1')
  t.match(other.tags.find(({ encoding }) => encoding === 'sgtin-198')?.uri, /^urn:epc:tag:sgtin-198:1\./)
  const hosted = ({ tags }: CodeForms) => tags.find(({ encoding }) => encoding === 'sgtin++')?.hex
  t.not(hosted(other), hosted(all), 'a ++ tag holds a host')
  const sgtin96 = all.missing.find(({ form }) => form === 'sgtin-96')
  t.match(sgtin96?.why, /\w/, 'a serial with letters does not fit 96 bits')

  t.comment('the tail is judged as given, and never made')
  const link = all.digitalLink ?? ''
  const bare = await formsOf(maker, link)
  t.match(bare, { tail: 'absent', digitalLink: link })
  t.notMatch(JSON.stringify(bare), /\\u001d91|\(91\)/)
  const forged = text.slice(0, -1) + (text.endsWith('A') ? 'B' : 'A')
  t.equal((await formsOf(maker, forged)).tail, 'forged')
  t.same(
    bare.missing.map(({ form }) => form),
    ['epcUri', 'tags'],
    'without the length of the company prefix that is said',
  )

  await play('maker commission U1 = ok')
  const forms = [all.elementString, all.bracketed, all.digitalLink, all.epcUri, ...all.tags.map(({ hex }) => hex)]
  const tags = all.tags.flatMap(({ uri }) => uri ?? [])
  for (const form of [...forms, ...tags, ...all.tags.map(({ hex }) => hex.toLowerCase())]) {
    if (form === undefined) return t.fail('a form is missing')
    const again = await formsOf(maker, form, '?prefixLength=8')
    t.equal(again.digitalLink, link, form)
    await maker.expect(201, 'POST', '/scans', { step: 'inspecting', codes: [form] })
  }
  const unit = await maker.expect<{ eventCount: number }>(200, 'GET', `/units/${encodeURIComponent(text)}`)
  t.equal(unit.eventCount, 1 + forms.length + tags.length + all.tags.length, 'and each is an event of it')
})

t.test('the length of a company prefix comes from the register', async (t) => {
  const app = await testApp(t)
  const firm = await given.participant(app, { roles: ['producer'] })
  const url = `/participants/${firm.id}/company-prefixes`
  const unit = '(01)04709876543210(21)A1'
  const before = await formsOf(firm, unit)
  t.match(before.missing.find(({ form }) => form === 'epcUri')?.why, /no participant here has registered/)
  t.notOk(before.epcUri)

  await app.operator.expect(201, 'POST', url, { prefix: '4709876' })
  t.same(await firm.expect(200, 'GET', url), [{ prefix: '4709876' }])
  t.equal((await formsOf(firm, unit)).epcUri, 'urn:epc:id:sgtin:4709876.054321.A1')
  t.equal((await formsOf(firm, unit, '?prefixLength=9')).epcUri, 'urn:epc:id:sgtin:470987654.0321.A1', 'unless given')
  t.equal((await formsOf(firm, '(8003)04709876000010X')).epcUri, 'urn:epc:id:grai:4709876.00001.X')
  t.equal((await formsOf(firm, '(414)4709876000010')).epcUri, 'urn:epc:id:sgln:4709876.00001.0')
  t.notOk((await formsOf(firm, '(414)4709875000011')).epcUri, "another's prefix")

  t.comment('an EPC tells it itself')
  const uri = 'urn:epc:id:sgtin:0614141.112345.400'
  const epc = await formsOf(firm, uri)
  const hex = epc.tags.find(({ encoding }) => encoding === 'sgtin-96')?.hex
  t.match(epc, { epcUri: uri, gtin: '10614141123459' })
  t.equal((await formsOf(firm, hex ?? '')).epcUri, uri)
  t.notOk((await formsOf(firm, epc.digitalLink ?? '')).epcUri)
  const gid = await formsOf(firm, 'urn:epc:id:gid:95100000.12345.400')
  t.match(gid, { kind: 'foreign', mark: /scheme GID/, tags: [{ encoding: 'gid-96', hex: '355AB1C60003039000000190' }] })
  t.equal((await formsOf(firm, '355AB1C60003039000000190')).epcUri, 'urn:epc:id:gid:95100000.12345.400')

  t.comment('no prefix begins with another, and only the operator registers them')
  for (const prefix of ['4709876', '47098765', '470987']) {
    t.match((await app.operator.call('POST', url, { prefix })).json(), { status: 409, code: 'taken' })
  }
  t.match((await app.operator.call('POST', url, { prefix: '47098' })).json(), { status: 400, code: 'field_invalid' })
  t.match((await firm.call('POST', url, { prefix: '4701111' })).json(), { status: 403, code: 'role_missing' })
  const rival = await given.participant(app, { roles: ['producer'] })
  t.equal((await rival.call('GET', url)).statusCode, 404)
})

t.test('forms of what is no unit, and of what nobody can read', async (t) => {
  const app = await testApp(t)
  const firm = await given.participant(app, { roles: ['carrier'] })
  const number = sscc()
  const pallet = await formsOf(firm, number, '?prefixLength=7')
  t.match(pallet, { kind: 'logistic', sscc: number, digitalLink: `https://id.gs1.org/00/${number}` })
  t.match(pallet.epcUri, /^urn:epc:id:sscc:\d{7}\.\d{10}$/)
  t.notOk('tail' in pallet)
  t.match(await formsOf(firm, '(414)4701234000014'), { kind: 'key', ai: '414', value: '4701234000014' })
  const unknown = await formsOf(firm, '(01)04701234567890(21)ABC')
  t.match(unknown, { kind: 'unit', gtin: '04701234567890' })
  t.notOk('tail' in unknown, 'a unit that is not ours has no tail that we could judge')

  t.match(await formsOf(firm, stamp), { kind: 'foreign', mark: 'a Russian alcohol stamp (EGAIS)', tags: [] })
  t.match(await formsOf(firm, milk), { kind: 'unit', mark: /Chestny ZNAK/, attributes: { 93: 'dGVz' } })

  const url = (code: string, query = '') => `/codes/${encodeURIComponent(code)}/forms${query}`
  t.match((await firm.call('GET', url('(01)04701234567891(21)1'))).json(), { status: 400, code: 'gtin_check_digit' })
  t.match((await firm.call('GET', url('no code at all'))).json(), { status: 400, code: 'code_malformed' })
  t.equal((await firm.call('GET', url(number, '?prefixLength=5'))).statusCode, 400)
  t.equal((await app.anonymous.call('GET', url(number))).statusCode, 401)
})

t.test('marks of other systems are named wherever codes are read', async (t) => {
  const app = await testApp(t)
  const shop = await given.participant(app, { roles: ['retailer'] })
  for (const [mark, name] of [
    [stamp, /a Russian alcohol stamp \(EGAIS\), not in our register/],
    [newStamp, /a Russian alcohol stamp \(EGAIS\), not in our register/],
    [pack, /Chestny ZNAK.*not in our register/],
    [milk, /Chestny ZNAK.*not in our register/],
  ] as const) {
    const scan = await shop.call('POST', '/scans', { step: 'inspecting', codes: [mark] })
    t.match(scan.json(), {
      status: 409,
      code: 'code_unknown',
      detail: name,
      errors: [{ path: '/codes/0', detail: name }],
    })
    const { results } = await shop.expect<{ results: unknown[] }>(200, 'POST', '/sale-checks', { codes: [mark] })
    t.match(results[0], { maySell: false, reason: 'code_unknown', detail: name })
    const check = await app.anonymous.expect(200, 'GET', `/check/${encodeURIComponent(mark)}`)
    t.match(check, { status: 'unknown', text: name })
    const line = { till: '1', number: '1', time: '2026-05-01T12:00:00+06:00', lines: [{ code: mark }] }
    const receipt = await shop.call('POST', '/receipts', line)
    t.match(receipt.json(), { status: 409, errors: [{ path: /^\/lines\/0/, code: 'code_unknown', detail: name }] })
  }
})
