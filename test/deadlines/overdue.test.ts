import t from 'tap'
import { limits } from '../../src/config/limits.ts'
import { testApp, type TestApp, testClock } from '../support/app.ts'
import { stage } from '../support/story.ts'

type Party = { id?: string; country: string }
type Finding = { id: string; kind: string; code: string; claimant: Party; owes?: Party[]; objects: { code: string }[] }

const hour = 3_600_000

/** Looks at deadlines every few milliseconds, by a clock that the test moves. */
async function watched(t: Parameters<typeof testApp>[0]) {
  const clock = testClock()
  const app = await testApp(t, {
    now: clock.now,
    config: { limits: { ...limits, deadlineIntervalMs: 20 } },
  })
  const scene = await stage(app)
  const ids = (...names: string[]) => names.map((name) => scene.actors.get(name)?.id).sort()
  return { app, clock, ids, ...scene }
}

const list = (app: TestApp) => app.operator.expect<Finding[]>(200, 'GET', '/findings')

/** The findings, once there are so many. */
async function opened(app: TestApp, count: number): Promise<Finding[]> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
    const found = await list(app)
    if (found.length >= count) return found
  }
  throw new Error(`there are not ${count} findings`)
}

const count = async (app: TestApp, table: string): Promise<number> => {
  const { rows } = await app.app.pg.query<{ n: number }>(`select count(*)::int as n from ${table}`)
  return rows[0]?.n ?? -1
}

t.test('a fact that waits in vain: a finding names who owes the report', async (t) => {
  const { app, clock, ids, play, code } = await watched(t)
  await play(`
    maker    commission U1,U2          = ok
    shop     receive    U1 : offline=true = ok      # the maker never said that he sent it
    shop     receive    U2 : offline=true = ok
    maker    ship       U2 to shop     = ok         # settles it
  `)
  clock.forward(71 * hour)
  t.same(await list(app), [], 'not before its time')
  clock.forward(2 * hour)
  const [finding, ...more] = await opened(app, 1)
  t.same(more, [], 'what was settled owes nothing')
  t.match(finding, { kind: 'doubted', code: 'unsettled', claimant: { id: ids('shop')[0] } })
  t.same(
    finding?.owes?.map(({ id }) => id),
    ids('maker'),
  )
  t.equal(finding?.objects.length, 1)
  t.ok(code('U1').includes(finding?.objects[0]?.code.split('/21/')[1] ?? '?'))
  clock.forward(100 * hour)
  await play('maker ship U1 to shop = ok')
  t.equal((await list(app)).length, 1, 'it is told once')
  t.equal(await count(app, 'waiting_reported'), 2, 'and each is looked at once')
})

t.test('goods that stay under way: addressee, sender and carrier owe an answer', async (t) => {
  const { app, clock, ids, play } = await watched(t)
  await play(`
    maker    commission U1,U2,U3,U4    = ok
    maker    ship       U1,U2 to shop by carrier = ok
    shop     receive    U1             = ok
    maker    ship       U3 to shop     = ok
    shop     receive    U3             = ok
    maker    ship       U4 to shop     = ok
    maker    void       U4 to trader   = ok         # redirected: the trader owes it
  `)
  clock.forward(239 * hour)
  t.same(await list(app), [])
  clock.forward(2 * hour)
  const found = (await opened(app, 2)).reverse()
  t.same(
    found.map(({ code, kind, objects }) => [code, kind, objects.length]),
    [
      ['overdue', 'doubted', 1],
      ['overdue', 'doubted', 1],
    ],
  )
  t.same(found[0]?.owes?.map(({ id }) => id).sort(), ids('maker', 'shop', 'carrier'))
  t.same(found[1]?.owes?.map(({ id }) => id).sort(), ids('maker', 'trader'))
  t.equal(await count(app, 'transit_reported'), 4)
})

t.test('after a long stop everything is caught up with, each once, by two processes', async (t) => {
  const clock = testClock()
  const options = { now: clock.now, config: { limits: { ...limits, deadlineIntervalMs: 20 } } }
  const app = await testApp(t, options)
  const { actors, play, code } = await stage(app, { units: 130 })
  const all = Array.from({ length: 130 }, (_, i) => `U${i + 1}`)
  await play(`maker commission ${all.join(',')} = ok`)
  const shop = actors.get('shop')
  const scans = all.map((name) => ({ codes: [code(name)], step: 'receiving', offline: true }))
  const answers = await shop?.expect<{ status: number }[]>(200, 'POST', '/scans', scans)
  t.ok(answers?.every(({ status }) => status === 201))
  await testApp(t, { ...options, database: app.database })
  clock.forward(80 * hour)
  const found = await opened(app, 30)
  t.ok(found.length >= 30)
  while ((await count(app, 'waiting_reported')) < 130);
  t.equal(await count(app, 'finding'), 130)
})
