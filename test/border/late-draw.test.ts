// What is drawn when the goods are there rests on the seed of that day: the one of the lodgement is public by then.
import t from 'tap'
import { listActs } from '../../src/declarations/act-store.ts'
import type { DecidedBody, InspectedBody, InspectorBody } from '../../src/declarations/bodies.ts'
import { testApp, testClock } from '../support/app.ts'
import { declaration, load, post, type Told } from './load.ts'

t.test('lodged on one day, presented on the next', async (t) => {
  const clock = testClock()
  const app = await testApp(t, { now: clock.now })
  const border = await post(app)
  const [first, second] = border.officers
  const day = () => clock.now().toISOString().slice(0, 10)
  const lodgedOn = day()
  const { sscc } = await load(border, 480)
  const { id } = await border.maker.expect<Told>(201, 'POST', '/declarations', declaration([sscc], 479))
  clock.forward(86_400_000)
  const until = new Date(clock.now().getTime() + 3_600_000).toISOString()
  for (const officer of [first, second]) await officer.expect(201, 'POST', '/border/duty', { office: 'KG-OSH', until })
  const path = `/declarations/${id}`
  await border.maker.expect(201, 'POST', `${path}/presentations`, { office: 'KG-OSH', vehicle: 'X' })

  const acts = await listActs(app.app.pg.pool, id)
  const bodies = <Body>(kind: string) =>
    acts.filter((act) => act.kind === kind).map(({ body }) => JSON.parse(body) as Body)
  const decisions = bodies<DecidedBody>('decided')
  t.same(
    decisions.map(({ chance, sampleShift }) => [chance.shift, sampleShift]),
    [
      [lodgedOn, lodgedOn],
      [lodgedOn, day()],
    ],
    'one chance, and another sample',
  )
  t.not(decisions[0]?.sample.join(), decisions[1]?.sample.join())
  const [drawn] = bodies<InspectorBody>('inspector_drawn')
  t.match(drawn, { of: 2, chance: { shift: day() }, draws: [{ purpose: 'inspector/1', of: 2 }] })

  const inspector = [first, second].find(({ person }) => person === drawn?.person)
  const { checks = [] } = await first.expect<Told>(200, 'GET', path)
  const scanned = [...new Set(checks.flatMap(({ units }) => units ?? []))].map((code) => ({ code, found: 'found' }))
  await inspector?.expect(201, 'POST', `${path}/inspections`, { result: 'conforms', scanned, notes: '' })
  const inspected = (await listActs(app.app.pg.pool, id)).find(({ kind }) => kind === 'inspected')
  const body = JSON.parse(inspected?.body ?? '{}') as InspectedBody
  t.match(body, { chance: { shift: day() }, draws: [{ purpose: 'second', rate: 0.015 }] })
})
