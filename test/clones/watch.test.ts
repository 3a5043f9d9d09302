import t from 'tap'
import { limits } from '../../src/config/limits.ts'
import { testApp, type TestApp } from '../support/app.ts'
import * as given from '../support/given.ts'
import { stage } from '../support/story.ts'

type Finding = {
  code: string
  kind: string
  severity?: string
  text: string
  innocentCauses?: string[]
  clearedBy?: string
  objects: { code: string }[]
  objectCount: number
}

const list = (app: TestApp) => app.operator.expect<Finding[]>(200, 'GET', '/findings')

/** Everything that is recorded was compared. */
async function compared(app: TestApp): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
    const { rows } = await app.app.pg.query<{ behind: number }>(
      `select count(*)::int as behind from log l
       where coalesce((select max(size) from head where log_id = l.id), 0)
           > coalesce((select position from clone_cursor where log_id = l.id), 0)`,
    )
    if (rows[0]?.behind === 0) return
  }
  throw new Error('the follower did not catch up')
}

async function scene(t: Parameters<typeof testApp>[0], group?: string) {
  const app = await testApp(t, { config: { limits: { ...limits, clonePollMs: 20 } } })
  if (group !== undefined) {
    await app.operator.expect(201, 'POST', '/product-groups', {
      id: group,
      name: group,
      enforcement: 'observe',
      tail: 'mac',
    })
  }
  const set = await stage(app, { units: 200, ...(group === undefined ? {} : { group }) })
  const firm = (name: string) => {
    const found = set.actors.get(name)
    if (!found) throw new Error(`nobody is called ${name}`)
    return found
  }
  const at = async (name: string, lat: number, lon: number) => (await given.place(firm(name), { lat, lon })).id
  return { app, ...set, firm, at }
}

t.test('a mark in two towns within the hour, and a second pair that nobody of the first has seen', async (t) => {
  const { app, play, at } = await scene(t)
  const bishkek = await at('maker', 42.87, 74.57)
  const osh = await at('shop', 40.53, 72.8)
  await play(`
    maker  commission U1,U2 : time=-600m place=${bishkek} = ok
    maker  ship  U1,U2 to shop : time=-500m place=${bishkek} = ok
    shop   receive U1 : time=-200m place=${osh} = ok
    shop   receive U2 : time=-470m place=${osh} = ok
  `)
  await compared(app)
  const [finding, ...more] = await list(app)
  t.same(more, [], 'U1 had five hours')
  t.match(finding, { code: 'impossible_travel', kind: 'doubted', severity: 'yellow', objectCount: 1 })
  t.match(finding?.text, /km apart within 30 minutes/)
  t.equal(finding?.innocentCauses?.length, 3)
  t.match(finding?.clearedBy, /place or clock/)

  // The shop's device was set to a wrong place: everything that follows contradicts it alone.
  const trader = await at('trader', 42.87, 74.57)
  await play(`shop ship U2 to trader : time=-460m place=${osh} = ok
              trader receive U2 : time=-450m place=${trader} = ok`)
  await compared(app)
  t.same(
    (await list(app)).filter(({ severity }) => severity === 'red'),
    [],
    'one device may be wrong about all of it',
  )
  const rival = await at('rival', 55.75, 37.6)
  await play(`trader ship U2 to rival : time=-440m place=${trader} = ok
              rival receive U2 : time=-430m place=${rival} = ok`)
  await compared(app)
  const serious = (await list(app)).filter(({ severity }) => severity === 'red')
  t.equal(serious.length, 1)
  t.match(serious[0], { code: 'clone_suspected', kind: 'doubted' })
})

t.test('a mark apart from the pallet in which it is sealed', async (t) => {
  const { app, play, at } = await scene(t)
  const bishkek = await at('maker', 42.87, 74.57)
  const osh = await at('shop', 40.53, 72.8)
  const karakol = await at('shop', 42.49, 78.39)
  await play(`
    maker  commission U1,U2 : time=-900m place=${bishkek} = ok
    maker  pack U1,U2 in P1 : time=-890m place=${bishkek} = ok
    maker  ship P1 to shop : time=-880m place=${bishkek} = ok
    shop   receive P1 : time=-600m place=${osh} = ok
    shop   sell U1 : time=-100m place=${osh} = ok
    shop   sell U2 : time=-90m place=${karakol} = ok
  `)
  await compared(app)
  const found = await list(app)
  t.same(
    found.map(({ code, severity }) => [code, severity]),
    [['sealed_elsewhere', 'yellow']],
  )
  t.match(found[0]?.innocentCauses?.[0], /late upload/)
})

t.test('two custodians at once, where a group only observes', async (t) => {
  const { app, play } = await scene(t, 'juice')
  await play(`
    maker  commission U1 : time=-100m = ok
    rival  destroy U1 : time=-50m = ok
  `)
  await compared(app)
  const codes = (await list(app)).map(({ code }) => code).sort()
  t.same(codes, ['not_holder', 'two_custodians'])
})

t.test('goods that travel like goods leave no finding; a stop is caught up with, once', async (t) => {
  const { app, play, at, code, firm } = await scene(t)
  const bishkek = await at('maker', 42.87, 74.57)
  const osh = await at('shop', 40.53, 72.8)
  const all = Array.from({ length: 150 }, (_, i) => `U${i + 1}`).join(',')
  await play(`
    maker  commission ${all} : time=-900m place=${bishkek} = ok
    maker  ship ${all} to shop : time=-880m place=${bishkek} = ok
    shop   receive ${all} : time=-600m place=${osh} = ok
  `)
  const scans = Array.from({ length: 150 }, (_, i) => ({ codes: [code(`U${i + 1}`)], step: 'inspecting', place: osh }))
  await firm('shop').expect(200, 'POST', '/scans', scans)
  await compared(app)
  t.same(await list(app), [])
  // Another process begins where this one is.
  const again = await testApp(t, { database: app.database, config: { limits: { ...limits, clonePollMs: 20 } } })
  await firm('shop').expect(201, 'POST', '/scans', { codes: [code('U1')], step: 'inspecting', place: osh })
  await compared(again)
  t.same(await list(app), [])
})
