// What an operator stands on: readiness that says why, figures, alerts on figures that exist, addresses that nobody makes up.
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { limits } from '../../src/config/limits.ts'
import { problems } from '../../src/http/problem.ts'
import { testApp, testClock } from '../support/app.ts'
import { client } from '../support/connect.ts'
import { repository } from '../support/repository.ts'
import { stage } from '../support/story.ts'

t.test('alerts name figures that exist', async (t) => {
  const app = await testApp(t, { config: { dataDir: tmpdir() } })
  const { play } = await stage(app)
  await play(`
    maker commission U1 = ok
    maker commission U1 = wrong_state
  `)
  const figures = (await app.app.inject('/metrics')).body
  const rules = await readFile(join(repository, 'docker/alerts.yml'), 'utf8')
  const expressions = [...rules.matchAll(/expr: (?:>-\n((?: {10}.*\n)+)|(.*))/g)].map(
    ([, long, short]) => long ?? short ?? '',
  )
  t.ok(expressions.length > 15)
  const named = new Set(expressions.flatMap((text) => text.match(/\b(?:tamga|nodejs|process)_[a-z0-9_]+/g) ?? []))
  t.ok(named.size > 10)
  const kinds = new Set([...figures.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name))
  const known = (name: string): boolean => kinds.has(name) || kinds.has(name.replace(/_(bucket|sum|count)$/, ''))
  t.same(
    [...named].filter((name) => !known(name)),
    [],
    'each is served',
  )
  const codes = expressions.flatMap((text) =>
    [...text.matchAll(/code=~?"([^"]+)"/g)].flatMap(([, list]) => list!.split('|')),
  )
  t.same(
    codes.filter((code) => !(code in problems)),
    [],
    'each code is one of ours',
  )
  for (const line of [
    'tamga_database_up 1',
    'tamga_waiting{what="events"} 0',
    'tamga_refused_events_total{code="wrong_state"} 1',
    'tamga_log_entries{log="main"} 1',
    'tamga_not_ready{reason="disk"} 0',
  ]) {
    t.ok(figures.includes(line), line)
  }
  t.match(figures, /tamga_disk_free_bytes \d{7,}/)
  t.match(figures, /tamga_follower_lag_entries\{log="main",follower="clones"\} [01]/)
})

t.test('readiness says why not', async (t) => {
  const clock = testClock()
  const app = await testApp(t, {
    now: clock.now,
    config: {
      dataDir: tmpdir(),
      limits: {
        ...limits,
        diskReserveBytes: Number.MAX_SAFE_INTEGER,
        // Nothing is signed in this test, and that is late at once.
        checkpointIntervalMs: 600_000,
        publishPollMs: 600_000,
        checkpointLateMaxMs: 0,
      },
    },
  })
  const reasons = async (): Promise<string[]> => {
    clock.forward(2_000)
    const answer = await app.anonymous.call('GET', '/ready')
    t.match([answer.statusCode, answer.headers['retry-after']], [503, '1'], answer.body)
    const { detail, errors } = answer.json<{ detail: string; errors: { path: string; detail: string }[] }>()
    for (const each of errors) t.ok(detail.includes(each.detail))
    return errors.map(({ path }) => path)
  }
  // The first checkpoint of a log is signed at once; what comes after waits.
  await app.operator.expect(201, 'POST', '/participants', { name: 'One', country: 'KG', roles: ['producer'] })
  await app.operator.expect(201, 'POST', '/participants', { name: 'Two', country: 'KG', roles: ['producer'] })
  const first = await reasons()
  t.same([...new Set(first)], ['/disk', '/checkpoint'])
  const figures = (await app.app.inject('/metrics')).body
  t.match(figures, /tamga_not_ready\{reason="disk"\} 1/)
  t.match(figures, /tamga_checkpoint_lag_seconds\{log="audit"\} 0\.\d*[1-9]/)

  const admin = await client(t, app.database.adminUrl)
  // Whoever is connected keeps his settings: let everybody come again.
  const setReadOnly = async (to: string): Promise<void> => {
    await admin.query(`alter database ${app.database.name} set default_transaction_read_only = ${to}`)
    await admin.query(
      'select pg_terminate_backend(pid, 1000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    )
    for (let found = ['/database']; found.includes('/database');) found = await reasons()
  }
  await setReadOnly('on')
  t.ok((await reasons()).includes('/read_only'))
  await setReadOnly('off')
  t.notOk((await reasons()).includes('/read_only'))

  const query = app.app.pg.pool.query
  app.app.pg.pool.query = () => Promise.reject(new Error('away'))
  t.same(await reasons(), ['/database', '/disk'])
  t.match((await app.app.inject('/metrics')).body, /tamga_database_up 0/, 'figures go on')
  app.app.pg.pool.query = query
})
