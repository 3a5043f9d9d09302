import t from 'tap'
import { testApp, testClock } from '../support/app.ts'
import { declaration, enforce, load, lodge, post, verdict, type Told } from './load.ts'

type Profile = { id: string; version: number; hash: string; state: string; remarks?: string[]; backtested: boolean }

const strict = {
  name: 'exports',
  rules: [
    {
      id: 'X1',
      text: 'Dear goods',
      when: 'item.value >= 1000.0',
      lane: 'yellow',
      checks: ['weight'],
      say: 'Declared value {item.value}.',
      legalBasis: 'Order 7',
      disclosure: 'full',
      mode: 'enforce',
    },
    { id: 'X2', when: 'decl.route.exists(c, c == "KZ")', score: 1.2, family: 'party' },
    { id: 'X3', when: 'item.priceZ < -2.5', lane: 'red' },
    { id: 'X4', when: 'led.units > 0.0', lane: 'red', mode: 'observe' },
  ],
}

t.test('a rule with a wrong name, type or form is refused when it is saved', async (t) => {
  const app = await testApp(t)
  const { officers } = await post(app)
  const wrong: [when: string, why: RegExp][] = [
    ['item.orgin == "KG"', /No such key/],
    ['item.value > "7"', /overload/],
    ['item.value', /true or false/],
    ['item.origin.matches("(a+)+b")', /patterns/],
    ['now() > 1', /now/],
    ['decl.route.exists(a, decl.route.exists(b, decl.route.exists(c, a == b && b == c)))', /nest/],
    ['item.value >', /cannot be read/],
    ['system.env == "x"', /system/],
  ]
  for (const [when, why] of wrong) {
    const answer = await officers[0].call('POST', '/risk/profiles', {
      name: 'w',
      rules: [{ id: 'W', when, lane: 'red' }],
    })
    t.equal(answer.statusCode, 400, when)
    t.match(answer.json(), { code: 'field_invalid', errors: [{ path: '/rules/0/when', detail: why }] })
  }
  await officers[0].expect(400, 'POST', '/risk/profiles', { name: 'w', rules: [{ id: 'W', when: 'item.value > 7.0' }] })
})

t.test('draft, back-test, two approvals by others, in force; never edited', async (t) => {
  const clock = testClock()
  const app = await testApp(t, { now: clock.now })
  const border = await post(app)
  const [author, second, third, fourth] = border.officers
  const before = await lodge(border, border.maker, declaration([(await load(border)).sscc], 12))
  t.equal(verdict(before), 'green')
  await border.maker.expect(403, 'GET', '/risk/profiles')
  const [first] = await author.expect<Profile[]>(200, 'GET', '/risk/profiles')
  t.match(first, { id: 'installation', version: 1, state: 'in_force', hash: /^sha256:/ })

  const draft = await author.expect<Profile>(201, 'POST', '/risk/profiles', strict)
  t.match(draft, { version: 1, state: 'draft', backtested: false, hash: /^sha256:[0-9a-f]{64}$/ })
  t.match(draft.remarks, [/no legal basis/])
  const report = await second.expect(201, 'POST', `/risk/profiles/${draft.id}/backtests`, {})
  t.match(report, {
    cases: 1,
    lanes: { yellow: 1 },
    before: { green: 1 },
    harder: 1,
    offices: { 'KG-BISHKEK': { yellow: 1 } },
  })

  const path = `/risk/profiles/${draft.id}/approvals`
  const own = await author.call('POST', path, {})
  t.equal(own.statusCode, 409)
  t.match(own.json(), { code: 'second_person_needed' })
  t.match(await second.expect(201, 'POST', path, {}), { state: 'draft' })
  t.equal((await second.call('POST', path, {})).statusCode, 409)
  t.equal(verdict(await lodge(border, border.maker, declaration([(await load(border)).sscc], 12))), 'green')
  clock.forward(1_000)
  t.match(await third.expect(201, 'POST', path, {}), { state: 'in_force', approvals: 2 })
  clock.forward(1_000)
  const after = await lodge(border, border.maker, declaration([(await load(border)).sscc], 12))
  t.equal(verdict(after), 'yellow X1,X2')
  t.match(after.decisions?.[0], {
    profile: { id: draft.id, hash: draft.hash },
    reasons: [
      { rule: 'X1', lane: 'yellow', text: 'Declared value 1200.' },
      { rule: 'X2', lane: null },
    ],
    results: { 'X3:red': 'u', 'X4:red': 'o' },
  })
  t.match(
    after.checks?.map(({ id }) => id),
    ['documents', 'weight'],
  )

  const next = await author.expect<Profile>(201, 'POST', '/risk/profiles', {
    ...strict,
    validFrom: new Date(clock.now().getTime() + 3_600_000).toISOString(),
  })
  t.equal(next.version, 2)
  await second.expect(201, 'POST', `/risk/profiles/${next.id}/approvals`, {})
  t.match(await fourth.expect(201, 'POST', `/risk/profiles/${next.id}/approvals`, {}), { state: 'approved' })
  clock.forward(3_600_001)
  t.match(await author.expect(200, 'GET', `/risk/profiles/${next.id}`), { state: 'in_force' })
  t.match(await author.expect(200, 'GET', `/risk/profiles/${draft.id}`), { state: 'replaced' })
})

t.test('a faulty rule is withdrawn for all, by two persons', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const [first, second] = border.officers
  const over = async () => lodge(border, border.maker, declaration([(await load(border)).sscc], 11))
  const path = '/risk/rules/P10/withdrawals'
  await first.expect(201, 'POST', path, { reason: 'counts wrongly' })
  t.match(
    await first.expect(201, 'POST', path, { reason: 'once more' }),
    { withdrawn: false },
    'one person twice is one',
  )
  t.equal((await over()).lane, 'red')
  t.match(await second.expect(201, 'POST', path, { reason: 'agreed' }), { withdrawn: true })
  let told: Told | undefined
  for (let i = 0; i < 5 && told?.lane !== 'green'; i++) told = await over()
  t.equal(told?.lane, 'green', 'but for a drawn share')
  t.match(told?.decisions?.[0]?.results, { 'P10:red': 'w' })
  await enforce(border, { rules: [{ id: 'P10', when: 'led.piecesOver > 0.0', lane: 'red' }] })
  t.equal((await over()).lane, 'red', 'mended in the next version')
})
