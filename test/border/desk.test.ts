import t from 'tap'
import { listActs } from '../../src/declarations/act-store.ts'
import type { InspectorBody } from '../../src/declarations/bodies.ts'
import { type TestApp, testApp, testClock } from '../support/app.ts'
import { declaration, drawnTwice, load, lodge, post, type Told } from './load.ts'

const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString()

t.test('red: goods are opened, the drawn units are scanned, and two others release', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const [first, second, third, fourth] = border.officers
  const { codes, sscc } = await load(border, 480)
  const told = await lodge(border, border.maker, declaration([sscc], 479))
  t.equal(told.lane, 'red')
  const path = `/declarations/${told.id}`
  const goods = told.checks?.find(({ id }) => id === 'goods')
  t.match(goods, { done: false, of: 480 })
  t.equal(goods?.units?.length, 7, 'scan these 7 of 480')

  const early = await first.call('POST', `${path}/release`)
  t.equal(early.statusCode, 409)
  t.match(early.json(), {
    code: 'check_outstanding',
    errors: [{ value: 'documents' }, { value: 'goods' }, { value: 'count' }],
  })

  const units = goods?.units ?? []
  const scanned = units.map((code) => ({ code, found: 'found' }))
  const body = { result: 'conforms', scanned, notes: 'as declared' }
  const lacking = await first.call('POST', `${path}/inspections`, { ...body, scanned: scanned.slice(1) })
  t.equal(lacking.statusCode, 409)
  t.match(lacking.json(), { code: 'check_outstanding', errors: [{ value: units[0] }] })
  const unseen = { ...body, scanned: [{ code: units[0], found: 'unreadable' }, ...scanned.slice(1)] }
  const substitute = await first.call('POST', `${path}/inspections`, unseen)
  t.equal(substitute.statusCode, 409, 'the machine draws another in its place')
  const [drawn] = substitute.json<{ errors: { value: string }[] }>().errors
  t.notOk(units.includes(drawn?.value ?? ''))
  const whole = { ...unseen, scanned: [...unseen.scanned, { code: drawn?.value, found: 'found' }] }
  t.match((await first.call('POST', `${path}/inspections`, whole)).json(), {
    code: 'check_outstanding',
    errors: [{ detail: /photo/ }],
  })
  const seen = { ...whole, photos: ['sha256:1'] }
  for (const witness of ['somebody', first.person])
    await first.expect(400, 'POST', `${path}/inspections`, { ...seen, witness })
  await first.expect(201, 'POST', `${path}/inspections`, { ...seen, witness: fourth.person })

  const word = { result: 'conforms', scanned: [], notes: 'seen by camera', checks: ['witness'] }
  const missing = (await second.call('POST', `${path}/release`)).json<{ errors: { value: string }[] }>().errors
  t.ok(
    missing.some(({ value }) => value === 'witness'),
    'his word is wanted',
  )
  t.match((await third.call('POST', `${path}/inspections`, word)).json(), { code: 'second_person_needed' })
  await fourth.expect(201, 'POST', `${path}/inspections`, word)
  const own = (await first.call('POST', `${path}/release`)).json<{ code: string; errors?: { value: string }[] }>()
  if (own.errors?.[0]?.value !== 'second_inspection') t.match(own, { code: 'second_person_needed' })
  const once = await second.call('POST', `${path}/release`)
  const again = await second.call('POST', `${path}/release`)
  if (once.statusCode === 409) {
    t.match(once.json(), { errors: [{ value: 'second_inspection' }] }, 'drawn for a second look')
    return
  }
  t.equal(once.statusCode, 202)
  t.equal(again.statusCode, 202, 'the same person twice is one person')
  const done = await third.expect<Told>(200, 'POST', `${path}/release`)
  t.match(done, { status: 'released', releasedAt: String })
  t.ok(codes.length)
})

t.test('yellow: documents are looked at, and another releases', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const [first, second, third] = border.officers
  const told = await lodge(border, border.maker, declaration([(await load(border)).sscc], 13))
  t.equal(told.lane, 'yellow')
  const path = `/declarations/${told.id}`
  await first.expect(409, 'POST', `${path}/release`)
  const scanned = (told.checks?.flatMap(({ units }) => units ?? []) ?? []).map((code) => ({ code, found: 'found' }))
  await first.expect(201, 'POST', `${path}/inspections`, { result: 'conforms', scanned, notes: 'one broke' })
  await first.expect(409, 'POST', `${path}/release`)
  if (await drawnTwice(border, told))
    await third.expect(201, 'POST', `${path}/inspections`, { result: 'conforms', scanned, notes: 'once more' })
  await second.expect(200, 'POST', `${path}/release`)
})

t.test('a lane only rises, by a person with a reason and a deadline', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const [first, second] = border.officers
  const told = await lodge(border, border.maker, declaration([(await load(border)).sscc], 12))
  const path = `/declarations/${told.id}`
  const until = tomorrow()
  await border.maker.expect(403, 'POST', `${path}/raises`, { lane: 'red', reason: 'information', until })
  await first.expect(400, 'POST', `${path}/raises`, { lane: 'red', reason: 'information' })
  await first.expect(400, 'POST', `${path}/raises`, { lane: 'green', reason: 'information', until })
  const raised = await first.expect<Told>(201, 'POST', `${path}/raises`, { lane: 'red', reason: 'information', until })
  t.match(raised, { lane: 'red', releasedAt: null, checks: [{ id: 'documents' }, { id: 'goods' }] })
  await first.expect(422, 'POST', `${path}/raises`, { lane: 'yellow', reason: 'information', until })
  await second.expect(409, 'POST', `${path}/release`)
})

t.test('the declarant learns what to do, and its lane once the goods are there', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { maker } = border
  const { sscc } = await load(border)
  const { id } = await maker.expect<Told>(
    201,
    'POST',
    '/declarations',
    declaration([sscc], 12, {}, { originCountry: 'KZ' }),
  )
  const path = `/declarations/${id}`
  const before = await maker.expect<Told & { reasons?: unknown }>(200, 'GET', path)
  t.match(before, { status: 'accepted', required: [{ check: 'present' }] })
  t.notOk('lane' in before || 'reasons' in before || 'decisions' in before || 'checks' in before)
  await maker.expect(201, 'POST', `${path}/presentations`, { office: 'KG-BISHKEK', vehicle: '01 KG 123 ABC' })
  const after = await maker.expect(200, 'GET', path)
  t.match(after, { status: 'control', lane: 'red', reasons: [{ rule: 'P08', text: /KZ.*KG/, clearedBy: String }] })
  t.notOk(JSON.stringify(after).includes('entries'), "never other firms' entries")
  await border.rival.expect(404, 'GET', path)
  await border.rival.expect(404, 'POST', `${path}/presentations`, { office: 'KG-BISHKEK', vehicle: '1' })
})

t.test('other units than declared are found when they are shown; re-packed ones are fine', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { maker, officers } = border
  const { codes, sscc } = await load(border)
  const told = await lodge(border, maker, declaration([sscc], 12))
  const [other] = (await load(border)).codes
  const path = `/declarations/${told.id}/presentations`
  const shown = await officers[0].expect<Told>(201, 'POST', path, {
    office: 'KG-OSH',
    vehicle: 'X',
    codes: [...codes.slice(1), other],
  })
  t.match(shown.decisions?.at(-1)?.facts.decl, { substitutedUnits: { value: 1 }, absentUnits: { value: 1 } })
  t.match(shown, { lane: 'red', releasedAt: null, decisions: [{}, { reasons: [{ rule: 'P10B', text: /^1 of the/ }] }] })
  await maker.expect(201, 'POST', '/scans', { codes: codes.slice(0, 6), step: 'unpacking', parent: sscc })
  const repacked = await lodge(border, maker, declaration(codes, 12))
  const again = await officers[0].expect<Told>(201, 'POST', `/declarations/${repacked.id}/presentations`, {
    office: 'KG-OSH',
    vehicle: 'X',
    codes: [sscc, ...codes.slice(0, 6)],
  })
  t.match(again.decisions?.at(-1)?.facts.decl, { substitutedUnits: { value: 0 }, absentUnits: { value: 0 } })
})

t.test('who was drawn inspects, and nobody else but for a second look', async (t) => {
  const clock = testClock()
  const app = await testApp(t, { now: clock.now })
  const border = await post(app)
  const { maker, officers } = border
  const [first, second, third, fourth] = officers
  const hours = (n: number) => new Date(clock.now().getTime() + n * 3_600_000).toISOString()
  const duty = (by: (typeof officers)[number], n: number) =>
    by.expect(201, 'POST', '/border/duty', { office: 'KG-OSH', until: hours(n) })
  for (const by of [first, second, third]) await duty(by, 8)
  const told = await lodge(border, maker, declaration([(await load(border)).sscc], 11, { office: 'KG-OSH' }))
  const path = `/declarations/${told.id}`
  const inspection = async (checks?: string[]) => {
    const { checks: open = [] } = await first.expect<Told>(200, 'GET', path)
    const scanned = [...new Set(open.flatMap(({ units }) => units ?? []))].map((code) => ({ code, found: 'found' }))
    return { result: 'conforms', scanned, notes: '', ...(checks ? { checks } : {}) }
  }
  const inspect = async (by: (typeof officers)[number], checks?: string[]) => {
    const answer = await by.call('POST', `${path}/inspections`, await inspection(checks))
    return answer.statusCode === 201 ? 'done' : answer.json<{ code: string }>().code
  }
  t.equal(await inspect(fourth), 'not_possible', 'goods that are not there, at a manned office')
  await maker.expect(201, 'POST', `${path}/presentations`, { office: 'KG-OSH', vehicle: 'X' })
  type Drawn = { inspector: { person: string } }
  const drawnNow = async () => (await first.expect<Drawn>(200, 'GET', path)).inspector.person
  const drawn = await drawnNow()
  const isDrawn = ({ person }: { person: string }) => person === drawn
  const inspector = officers.find(isDrawn)
  const [other] = [first, second, third].filter((officer) => !isDrawn(officer))
  if (!inspector || !other) throw new Error('nobody was drawn')
  t.equal(await inspect(other), 'second_person_needed')
  t.equal(await inspect(fourth), 'second_person_needed', 'nor who is not on shift')
  t.equal(await inspect(inspector, ['documents']), 'done')
  t.equal(await inspect(other, ['goods']), 'second_person_needed', 'the papers were looked at; the goods are still his')
  if (await drawnTwice(border, told)) return t.comment('drawn for a second look, which anybody else may take')
  await duty(inspector, 1e-6)
  clock.forward(60_000)
  t.equal(await inspect(fourth), 'second_person_needed', 'he went home: another is drawn')
  const next = await drawnNow()
  t.not(next, drawn)
  t.equal(await inspect(officers.find(({ person }) => person === next) ?? fourth), 'done')
  t.same((await drawsOf(app, told.id)).slice(0, 2), ['inspector/1', 'inspector/1/1'])
})

const drawsOf = async (app: TestApp, id: string): Promise<string[]> =>
  (await listActs(app.app.pg.pool, id))
    .filter(({ kind }) => kind === 'inspector_drawn')
    .flatMap(({ body }) => (JSON.parse(body) as InspectorBody).draws.map(({ purpose }) => purpose))
