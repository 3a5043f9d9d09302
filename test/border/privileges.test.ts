// Who is given an easier way, by whom, and what it is worth: never immunity.
import t from 'tap'
import { testApp, testClock } from '../support/app.ts'
import { declaration, enforce, load, type Post, post, type Told } from './load.ts'

const dayMs = 86_400_000
type Decided = Told & {
  decisions: {
    lane: string
    facts: { decl: Record<string, { value: unknown }> }
    draws: { purpose: string; rate: number }[]
  }[]
}

/** The facts and rates of a load as it would be decided now. */
async function lodged(border: Post, pieces = 12, changes: Record<string, unknown> = {}, item = {}) {
  const { id } = await border.maker.expect<Told>(
    201,
    'POST',
    '/declarations',
    declaration([(await load(border)).sscc], pieces, changes, item),
  )
  const told = await border.officers[0].expect<Decided>(200, 'GET', `/declarations/${id}`)
  const [decision] = told.decisions
  return {
    checks: told.checks?.map((check) => check.id),
    lane: decision?.lane,
    authorised: decision?.facts.decl['authorised']?.value,
    combination: decision?.facts.decl['combinationApproved']?.value,
    rates: (decision?.draws ?? []).map(({ purpose, rate }) => `${purpose} ${rate}`),
  }
}

t.test('an authorised operator: two persons grant, one suspends, dates count', async (t) => {
  const clock = testClock()
  const app = await testApp(t, { now: clock.now })
  const border = await post(app)
  const [first, second] = border.officers
  await enforce(border, { random: { yellow: 1e-6 }, authorisedFactor: 0.25, authorisedDocuments: 'key' })
  const path = '/border/authorised-operators'
  const day = (n: number) => new Date(clock.now().getTime() + n * dayMs).toISOString()
  const body = { participant: border.maker.id, type: 'AEO-C', from: day(0), until: day(2), legalBasis: 'Code, 430' }
  await border.maker.expect(403, 'POST', path, body)
  await first.expect(400, 'POST', path, { ...body, participant: 'nobody' })
  await first.expect(400, 'POST', path, { ...body, until: body.from })
  const { id } = await first.expect<{ id: string }>(201, 'POST', path, body)
  t.match(await lodged(border), { authorised: false, rates: ['random:yellow 0.000001'] }, 'proposed is not granted')
  t.match((await first.call('POST', `${path}/${id}/approvals`)).json(), { code: 'second_person_needed' })
  await first.expect(404, 'POST', `/border/combinations/${id}/approvals`)
  t.match(await second.expect(201, 'POST', `${path}/${id}/approvals`), { id, state: 'granted', type: 'AEO-C' })
  t.match((await second.call('POST', `${path}/${id}/approvals`)).json(), { code: 'taken' })
  t.match(await lodged(border), { authorised: true, rates: ['random:yellow 2.5e-7'] })
  t.match(await lodged(border, 13), { authorised: true, lane: 'yellow', checks: ['documents'] }, 'never immunity')
  await enforce(border, { random: { yellow: 1 }, authorisedFactor: 1, authorisedDocuments: 'key' })
  t.match(await lodged(border), { lane: 'yellow', checks: ['key_documents'] }, 'fewer papers where it was only drawn')
  await enforce(border, { random: { yellow: 1e-6 }, authorisedFactor: 0.25 })
  t.equal((await border.maker.expect<unknown[]>(200, 'GET', path)).length, 1)
  t.equal((await border.rival.expect<unknown[]>(200, 'GET', path)).length, 0)
  await first.expect(201, 'POST', `${path}/${id}/suspensions`, { reason: 'an upheld finding' })
  t.match(await lodged(border), { authorised: false }, 'from the next declaration on')
  t.match(await border.maker.expect(200, 'GET', path), [{ state: 'ended', endedFor: 'an upheld finding' }])

  const again = await second.expect<{ id: string }>(201, 'POST', path, { ...body, from: day(1), until: day(2) })
  await first.expect(201, 'POST', `${path}/${again.id}/approvals`)
  for (const [forward, wanted] of [
    [0, false],
    [1, true],
    [1, false],
  ] as const) {
    clock.forward(forward * dayMs)
    t.match(await lodged(border), { authorised: wanted }, `after ${forward} day(s)`)
  }
})

t.test('a pre-approved combination covers what it names, and no load that a rule speaks against', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const [first, second] = border.officers
  const hint = { id: 'HINT', when: 'led.piecesShort > 0.0', score: 0.1 }
  const rules = [{ id: 'P10', when: 'led.piecesOver > 0.0', lane: 'red' }, hint]
  await enforce(border, { rules, random: { yellow: 1e-6 }, quota: { share: 1e-6, lane: 'yellow' } })
  const from = new Date(Date.now() - 1_000).toISOString()
  const until = new Date(Date.now() + dayMs).toISOString()
  const body = {
    consignor: 'Maker',
    importer: 'Buyer',
    filer: border.maker.id,
    hsCode: '2208',
    route: ['KG', 'KZ'],
    from,
    until,
  }
  const { id } = await first.expect<{ id: string }>(201, 'POST', '/border/combinations', body)
  await second.expect(201, 'POST', `/border/combinations/${id}/approvals`)

  const whole = ['quota 0.000001', 'random:yellow 0.000001']
  const table: [
    what: string,
    pieces: number,
    changes: Record<string, unknown>,
    combination: boolean,
    rates: string[],
    item?: Record<string, unknown>,
  ][] = [
    ['as it says', 12, {}, true, ['random:yellow 5e-7']],
    ['by its number', 12, { combination: id }, true, ['random:yellow 5e-7']],
    ['another consignee', 12, { consignee: { name: 'Other', country: 'KZ' } }, false, whole],
    ['another route', 12, { route: ['KG', 'UZ', 'KZ'] }, false, whole],
    ['a hint against this load', 13, {}, true, whole],
    ['another origin, of which no rule speaks', 12, {}, true, whole, { originCountry: 'KZ' }],
  ]
  for (const [what, pieces, changes, combination, rates, item] of table) {
    t.match(await lodged(border, pieces, changes, item), { lane: 'green', combination, rates }, what)
  }
  await second.expect(201, 'POST', `/border/combinations/${id}/ends`, { reason: 'over' })
  t.match(await lodged(border), { combination: false, rates: whole })
  t.match(await lodged(border, 11), { lane: 'red', rates: [] })
})

t.test('time release figures, by office and lane', async (t) => {
  const clock = testClock()
  const app = await testApp(t, { now: clock.now })
  const border = await post(app)
  const { maker, officers } = border
  const minutes = (n: number) => clock.forward(n * 60_000)
  const lodge = async (pieces: number) =>
    (await maker.expect<Told>(201, 'POST', '/declarations', declaration([(await load(border)).sscc], pieces))).id
  for (let i = 0; i < 3; i++) await lodge(12)
  const id = await lodge(13)
  const path = `/declarations/${id}`
  minutes(60)
  await officers[0].expect(201, 'POST', `${path}/presentations`, { office: 'KG-BISHKEK', vehicle: 'X' })
  minutes(10)
  const { checks } = await officers[0].expect<Told>(200, 'GET', path)
  const scanned = (checks ?? []).flatMap(({ units }) => units ?? []).map((code) => ({ code, found: 'found' }))
  await officers[0].expect(201, 'POST', `${path}/inspections`, { result: 'conforms', scanned, notes: '' })
  minutes(5)
  const released = await officers[1].call('POST', `${path}/release`)
  const spread = (seconds: number) => ({ count: 1, median: seconds, p90: seconds, p99: seconds })
  const done = released.statusCode === 200 // One in 67 is drawn for a second look.
  t.match(await officers[0].expect(200, 'GET', '/border/times'), [
    {
      office: 'KG-BISHKEK',
      lane: 'green',
      declarations: 3,
      released: { count: 3, median: 0 },
      inspected: { count: 0 },
      releasedAfterPresentation: { count: 0 },
    },
    {
      lane: 'yellow',
      declarations: 1,
      decided: spread(0),
      presented: spread(3_600),
      inspected: spread(600),
      ...(done ? { released: spread(4_500), releasedAfterPresentation: spread(900) } : {}),
    },
  ])
  t.same(await officers[0].expect(200, 'GET', '/border/times?to=2020-01-01T00:00:00Z'), [])
  await maker.expect(403, 'GET', '/border/times')
})
