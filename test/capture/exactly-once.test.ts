// Every event is recorded once, however often, by whichever process and in whichever words it is sent (design D8).
import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { testApp, type TestApp } from '../support/app.ts'
import { client } from '../support/connect.ts'
import * as given from '../support/given.ts'
import { type Stage, stage } from '../support/story.ts'

type Home = Stage & {
  app: TestApp
  second: TestApp
  maker: given.GivenParticipant
  rival: given.GivenParticipant
  shop: given.GivenParticipant
}

async function home(t: Test): Promise<Home> {
  const app = await testApp(t)
  const second = await testApp(t, { database: app.database })
  const stood = await stage(app, { units: 400 })
  const who = (name: string): given.GivenParticipant => {
    const found = stood.actors.get(name)
    if (!found) throw new Error(name)
    return found
  }
  return { ...stood, app, second, maker: who('maker'), rival: who('rival'), shop: who('shop') }
}

const id = (): string => `urn:uuid:${randomUUID()}`
const minuteAgo = (): string => new Date(Date.now() - 60_000).toISOString()

const commissioning = (codes: readonly string[], more: Record<string, unknown> = {}) => ({
  type: 'ObjectEvent',
  eventTime: '2026-05-01T10:00:00.000+06:00',
  eventTimeZoneOffset: '+06:00',
  action: 'ADD',
  bizStep: 'commissioning',
  epcList: codes,
  ...more,
})

type Problem = {
  code: string
  detail: string
  errors?: { path: string; code: string; value?: string }[]
  errorCount?: number
}

t.test('exactly once', async (t) => {
  const { app, second, code, gtin, maker, rival, shop, play } = await home(t)
  const database = await client(t, app.database.adminUrl)
  const size = async (): Promise<number> =>
    (await database.query<{ n: number }>('select count(*)::int as n from entry where log_id = 1')).rows[0]?.n ?? 0
  let next = 0
  const fresh = (count = 1): string[] => Array.from({ length: count }, () => code(`U${++next}`))
  const elsewhere = second.as(maker.key)

  await t.test('an event with an id', async (t) => {
    const eventID = id()
    const event = commissioning(fresh(), { eventID })
    const before = await size()
    const first = await maker.call('POST', '/events', event)
    t.equal(first.statusCode, 201)
    t.match(first.json(), { eventID, entries: [{ log: 'main', position: before }] })
    for (const caller of [maker, elsewhere, maker]) {
      const again = await caller.call('POST', '/events', event)
      t.equal(again.statusCode, 200)
      t.equal(again.body, first.body, 'the same body')
    }
    t.equal(await size(), before + 1)
  })

  await t.test(
    'in other words: the same codes in other forms and another order, another time zone, another spelling',
    async (t) => {
      const [a = '', b = ''] = fresh(2)
      const eventID = id()
      const link = (text: string) => `https://id.gs1.org/01/${gtin}/21/${text.slice(18, 33)}`
      const first = await maker.call('POST', '/events', commissioning([a, b], { eventID }))
      t.equal(first.statusCode, 201)
      for (const [what, event] of Object.entries({
        order: commissioning([b, a], { eventID }),
        form: commissioning([link(a), `(01)${gtin}(21)${b.slice(18, 33)}`], { eventID }),
        zone: commissioning([a, b], { eventID, eventTime: '2026-05-01T04:00:00Z' }),
        spelling: commissioning([a, b], {
          eventID: eventID.toUpperCase().replace('URN:UUID', 'urn:uuid'),
          bizStep: 'https://ref.gs1.org/cbv/BizStep-commissioning',
        }),
        recordTime: commissioning([a, b], { eventID, recordTime: '2026-05-01T10:00:05Z' }),
      })) {
        const again = await maker.call('POST', '/events', event)
        t.equal(again.statusCode, 200, what)
        t.equal(again.body, first.body, what)
      }
    },
  )

  await t.test('an event without an id: the hash of its content is one', async (t) => {
    const [a = ''] = fresh()
    const before = await size()
    const first = await maker.call('POST', '/events', commissioning([a]))
    t.equal(first.statusCode, 201)
    t.match(first.json<{ eventID: string }>().eventID, /^ni:\/\/\/sha-256;[0-9a-f]{64}\?ver=CBV2\.0$/)
    const again = await elsewhere.call('POST', '/events', commissioning([a]))
    t.equal(again.statusCode, 200)
    t.equal(again.body, first.body)
    t.equal(await size(), before + 1)
    const byHash = await maker.call(
      'POST',
      '/events',
      commissioning([a], { eventID: first.json<{ eventID: string }>().eventID }),
    )
    t.equal(byHash.statusCode, 200, 'and with the id that was answered')
    const later = await maker.call(
      'POST',
      '/events',
      commissioning([a], { eventTime: '2026-05-01T10:00:01.000+06:00' }),
    )
    t.equal(later.json<Problem>().code, 'wrong_state', 'a second later it is another event')
  })

  await t.test('what another participant says in the same words is not his', async (t) => {
    const [a = ''] = fresh()
    const before = await size()
    const [named, nameless] = [commissioning([a], { eventID: id() }), commissioning([a])]
    for (const event of [named, { ...nameless, bizStep: 'inspecting', action: 'OBSERVE' }]) {
      await maker.expect(201, 'POST', '/events', event)
      const problem = await rival.expect<Problem>(409, 'POST', '/events', event)
      t.equal(problem.code, 'event_id_taken')
      t.match(problem.detail, /another participant/i)
      t.equal((await maker.call('POST', '/events', event)).statusCode, 200)
    }
    t.equal(await size(), before + 2)
    const agent = await given.agent(app, maker, shop, ['commission'])
    t.equal((await agent.call('POST', '/events', named)).statusCode, 200, 'who acts for him is he')
  })

  await t.test('scans: with an id, with a time, with neither', async (t) => {
    const [a = ''] = fresh()
    const eventID = id()
    const scan = { step: 'commissioning', codes: [a], eventID, time: minuteAgo() }
    const first = await maker.call('POST', '/scans', scan)
    t.equal(first.statusCode, 201)
    const again = await elsewhere.call('POST', '/scans', scan)
    t.equal(again.statusCode, 200)
    t.equal(again.body, first.body)
    const loud = await maker.call('POST', '/scans', { ...scan, eventID: `urn:uuid:${eventID.slice(9).toUpperCase()}` })
    t.equal(loud.statusCode, 200, 'an id is the same in capitals')

    const timed = { step: 'inspecting', codes: [a], time: minuteAgo() }
    const [one, two] = [await maker.call('POST', '/scans', timed), await elsewhere.call('POST', '/scans', timed)]
    t.same([one.statusCode, two.statusCode], [201, 200])
    t.equal(two.body, one.body)

    const bare = { step: 'inspecting', codes: [a] }
    const [three, four] = [await maker.call('POST', '/scans', bare), await maker.call('POST', '/scans', bare)]
    t.same([three.statusCode, four.statusCode], [201, 201], 'without id and time every try is new')
    t.not(three.json<{ eventID: string }>().eventID, four.json<{ eventID: string }>().eventID)
  })

  await t.test('an array of scans twice', async (t) => {
    const scans = fresh(3).map((each) => ({ step: 'commissioning', codes: [each], eventID: id(), time: minuteAgo() }))
    type Verdict = { status: number; eventID: string }
    const first = await maker.expect<Verdict[]>(200, 'POST', '/scans', scans)
    const again = await elsewhere.expect<Verdict[]>(200, 'POST', '/scans', scans)
    t.same(
      first.map(({ status }) => status),
      [201, 201, 201],
    )
    t.same(
      again,
      first.map((verdict) => ({ ...verdict, status: 200 })),
    )
  })

  await t.test('twenty times at once: once new, the others again, all with the same body', async (t) => {
    const event = commissioning(fresh(), { eventID: id() })
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? maker : elsewhere).call('POST', '/events', event)),
    )
    t.equal(answers.filter(({ statusCode }) => statusCode === 201).length, 1)
    t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 19)
    t.equal(new Set(answers.map(({ body }) => body)).size, 1)
  })

  await t.test('the same id with other content', async (t) => {
    const [a = '', b = ''] = fresh(2)
    const eventID = id()
    await maker.expect(201, 'POST', '/events', commissioning([a], { eventID }))
    const before = await size()
    for (const [field, change] of [
      ['epcList', { epcList: [a, b] }],
      ['disposition', { disposition: 'encoded' }],
      ['eventTime', { eventTime: '2026-05-01T10:00:01.000+06:00' }],
      ['eventTimeZoneOffset', { eventTimeZoneOffset: '+05:00' }],
    ] as const) {
      const problem = await maker.expect<Problem>(409, 'POST', '/events', commissioning([a], { eventID, ...change }))
      t.equal(problem.code, 'event_id_taken')
      t.match(problem.detail, `It differs in ${field}.`, 'its recorder is told where')
      const stranger = await rival.expect<Problem>(409, 'POST', '/events', commissioning([a], { eventID, ...change }))
      t.equal(stranger.code, 'event_id_taken')
      t.notMatch(stranger.detail, field, 'a stranger is not')
    }
    const scan = await maker.expect<Problem>(409, 'POST', '/scans', { step: 'inspecting', codes: [a], eventID })
    t.equal(scan.code, 'event_id_taken', 'whichever door it comes through')
    t.equal(await size(), before)
  })

  await t.test('of a long list too', async (t) => {
    const codes = fresh(150)
    const eventID = id()
    const first = await maker.call('POST', '/events', commissioning(codes, { eventID }))
    t.equal(first.statusCode, 201)
    t.equal((await maker.call('POST', '/events', commissioning([...codes].reverse(), { eventID }))).body, first.body)
    const problem = await maker.expect<Problem>(409, 'POST', '/events', commissioning(codes.slice(1), { eventID }))
    t.match(problem.detail, 'It differs in epcList.')
  })

  await t.test('a refused event is judged anew, and its id is free', async (t) => {
    const [a = '', b = ''] = fresh(2)
    const eventID = id()
    const ship = { step: 'shipping', codes: [a], to: shop.id, eventID, time: minuteAgo() }
    t.equal((await maker.expect<Problem>(409, 'POST', '/scans', ship)).code, 'wrong_state')
    t.equal((await maker.expect<Problem>(409, 'POST', '/scans', ship)).code, 'wrong_state')
    await maker.expect(201, 'POST', '/scans', { step: 'commissioning', codes: [a, b] })
    const done = await maker.call('POST', '/scans', ship)
    t.equal(done.statusCode, 201)
    t.equal((await maker.call('POST', '/scans', ship)).body, done.body, 'what was refused before is forgotten')

    const other = id()
    await shop.expect(409, 'POST', '/scans', { step: 'receiving', codes: [b], eventID: other, time: minuteAgo() })
    await maker.expect(201, 'POST', '/scans', { step: 'inspecting', codes: [b], eventID: other, time: minuteAgo() })
  })

  await t.test('partly recorded: 207, and the same again', async (t) => {
    const [a = '', b = '', c = ''] = fresh(3)
    await maker.expect(201, 'POST', '/scans', { step: 'commissioning', codes: [a, c] })
    const scan = { step: 'shipping', codes: [a, b, c], to: shop.id, eventID: id(), time: minuteAgo(), partial: true }
    const before = await size()
    const first = await maker.call('POST', '/scans', scan)
    t.equal(first.statusCode, 207)
    t.match(first.json(), { errorCount: 1, errors: [{ path: '/codes/1', code: 'wrong_state' }] })
    for (const caller of [maker, elsewhere]) {
      const again = await caller.call('POST', '/scans', scan)
      t.equal(again.statusCode, 207)
      t.equal(again.body, first.body)
    }
    t.equal(await size(), before + 1)
    await play('shop receive U1 = not_addressed')
    await shop.expect(201, 'POST', '/scans', { step: 'receiving', codes: [a, c] })
    // What is marked meanwhile does not slip in with the same request: it was answered.
    await maker.expect(201, 'POST', '/scans', { step: 'commissioning', codes: [b] })
    t.equal((await maker.call('POST', '/scans', scan)).body, first.body)
  })

  await t.test('partly recorded after it had been refused whole: only what the recording refused', async (t) => {
    const [a = '', b = '', c = ''] = fresh(3)
    await maker.expect(201, 'POST', '/scans', { step: 'commissioning', codes: [a] })
    const scan = { step: 'shipping', codes: [a, b, c], to: shop.id, eventID: id(), time: minuteAgo() }
    const refused = await maker.expect<Problem>(409, 'POST', '/scans', scan)
    t.equal(refused.errorCount, 2, 'b and c are not marked yet')
    await maker.expect(201, 'POST', '/scans', { step: 'commissioning', codes: [b] })
    const first = await maker.call('POST', '/scans', { ...scan, partial: true })
    t.equal(first.statusCode, 207)
    t.match(first.json(), { errorCount: 1, errors: [{ path: '/codes/2' }] })
    const again = await maker.call('POST', '/scans', { ...scan, partial: true })
    t.equal(again.body, first.body)
  })

  await t.test('partly recorded with more refused than are named', async (t) => {
    const good = fresh(2)
    const bad = fresh(120)
    await maker.expect(201, 'POST', '/scans', { step: 'commissioning', codes: good })
    const scan = {
      step: 'shipping',
      codes: [...bad, ...good],
      to: shop.id,
      eventID: id(),
      time: minuteAgo(),
      partial: true,
    }
    const first = await maker.call('POST', '/scans', scan)
    t.equal(first.statusCode, 207)
    const { errors = [], errorCount } = first.json<Problem>()
    t.equal(errors.length, 100)
    t.equal(errorCount, 120)
    t.equal((await maker.call('POST', '/scans', scan)).body, first.body)
  })

  await t.test('all or nothing of a partial scan', async (t) => {
    const [a = '', b = ''] = fresh(2)
    const scan = { step: 'shipping', codes: [a, b], to: shop.id, eventID: id(), time: minuteAgo(), partial: true }
    t.equal((await maker.expect<Problem>(409, 'POST', '/scans', scan)).errorCount, 2, 'nothing good is in it')
    await maker.expect(201, 'POST', '/scans', { step: 'commissioning', codes: [a, b] })
    await maker.expect(201, 'POST', '/scans', scan)
    await maker.expect(200, 'POST', '/scans', scan)
  })
})
