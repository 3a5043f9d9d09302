// What an operator stands on: readiness that says why, figures, alerts on figures that exist, addresses that nobody makes up.
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { settings } from '../../src/config/config.ts'
import { limits } from '../../src/config/limits.ts'
import { appRole } from '../../src/db/connect.ts'
import { freePort } from '../../src/db/postmaster.ts'
import { problems } from '../../src/http/problem.ts'
import { openWaitingRoom } from '../../src/http/waiting-room.ts'
import { operatorKey, testApp, testClock } from '../support/app.ts'
import { client } from '../support/connect.ts'
import { lineTo } from '../support/cut.ts'
import { testDatabase } from '../support/database.ts'
import { dataFolder, startService } from '../support/process.ts'
import { remote } from '../support/remote.ts'
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

t.test('the container is nobody, on a file system that it cannot write', async (t) => {
  const read = (name: string): Promise<string> => readFile(join(repository, 'docker', name), 'utf8')
  const [compose, dockerfile] = [await read('compose.yaml'), await read('Dockerfile')]
  const service = /^ {2}tamga:\n((?: {4}.*\n|\n)+)/m.exec(compose)?.[1] ?? ''
  for (const line of ['read_only: true', 'cap_drop: [ALL]', "security_opt: ['no-new-privileges:true']"]) {
    t.ok(service.includes(line), line)
  }
  t.match(dockerfile.split(/^FROM /m).at(-1), /^USER node$/m)
  // A setting that the container cannot be given is none.
  const given = [...service.matchAll(/^ {6}([A-Z_]+):/gm)].map(([, name]) => name)
  t.same(
    given.filter((name) => !settings.some((known) => known === name)),
    [],
  )
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

t.test(
  'a database that stands still: readiness says so in time, and who wrote is told that nobody knows',
  async (t) => {
    const database = await testDatabase(t)
    const line = await lineTo(t, database.appUrl)
    const app = await testApp(t, {
      database,
      access: { url: line.url, role: appRole },
      config: { limits: { ...limits, readyMaxMs: 300 } },
    })
    t.equal((await app.anonymous.call('GET', '/ready')).statusCode, 200)
    line.deafen(true)
    const written = app.operator.call('POST', '/participants', { name: 'X', country: 'KG', roles: ['carrier'] })
    // What was seen a moment ago still counts for a second.
    let answer = await app.anonymous.call('GET', '/ready')
    while (answer.statusCode === 200) answer = await app.anonymous.call('GET', '/ready')
    t.match(answer.json(), { code: 'busy', errors: [{ path: '/database' }] })
    // As when its time is over.
    line.cutAll()
    t.match((await written).json(), { status: 503, code: 'busy', detail: /not known/ })
    while (answer.statusCode !== 200) answer = await app.anonymous.call('GET', '/ready')
    t.same(answer.json(), { status: 'ready' })
  },
)

t.test('the address of a caller is that of his connection, unless a proxy of ours says another', async (t) => {
  const ask = async (trustedProxies: string[], remoteAddress: string, forwarded: string): Promise<number> => {
    const { app } = await testApp(t, { config: { rateLimit: 1_000, trustedProxies }, now: testClock().now })
    const statuses: number[] = []
    // One more than an address may ask without a key, each by the word of a header from elsewhere.
    for (let i = 0; i <= limits.requestsPerAddressPerSecond; i++) {
      const headers = { 'x-forwarded-for': forwarded.replace('#', String(i)) }
      statuses.push((await app.inject({ url: '/keys', remoteAddress, headers })).statusCode)
    }
    return statuses.filter((status) => status === 429).length
  }
  t.equal(await ask([], '203.0.113.9', '198.51.100.#'), 1, 'without the setting a header says nothing')
  t.equal(await ask(['10.0.0.0/8'], '203.0.113.9', '198.51.100.#'), 1, 'nor with it, from who is no proxy')
  t.equal(await ask(['10.0.0.0/8'], '10.0.0.7', '198.51.100.#'), 0, 'a proxy tells callers apart')
  t.equal(
    await ask(['10.0.0.0/8'], '10.0.0.7', '192.0.2.#, 198.51.100.1'),
    1,
    'and what the caller wrote before it does not count',
  )
})

t.test(
  'SIGTERM under load: who is under way is answered, who comes is sent on, the end is clean and soon',
  async (t) => {
    const database = await testDatabase(t)
    const DATA_DIR = await dataFolder(t)
    const service = startService(t, {
      DATA_DIR,
      DATABASE_URL: database.adminUrl,
      APP_DATABASE_URL: database.appUrl,
      OPERATOR_KEY: operatorKey,
      RATE_LIMIT: '0',
    })
    const url = await service.url
    const operator = remote(() => url, operatorKey)
    let endingAt = Infinity
    const under: number[] = []
    const after: string[] = []
    const lane = async (): Promise<void> => {
      for (let going = true; going;) {
        const startedAt = performance.now()
        const body = { name: 'Firm', country: 'KG', roles: ['producer'] }
        const told = await operator.send('POST', '/participants', body).then(
          ({ status, text }) =>
            status === 201 ? '201' : `${status} ${String((JSON.parse(text) as { code?: string }).code)}`,
          (error: NodeJS.ErrnoException) => error.code ?? 'broken',
        )
        // On its way for a moment at least: what leaves us as the socket is closed cannot be known.
        if (startedAt < endingAt - 20 && performance.now() > endingAt) under.push(Number.parseInt(told, 10))
        if (startedAt >= endingAt) after.push(told)
        going = /^201/.test(told)
      }
    }
    const { port } = new URL(url)
    // And one who sends half a request, and then nothing.
    const slow = connect(Number(port), '127.0.0.1').on('error', () => undefined)
    slow.write('POST /scans HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{')
    t.teardown(() => void slow.destroy())
    const lanes = Array.from({ length: 20 }, lane)
    await operator.expect(201, 'POST', '/participants', { name: 'Before', country: 'KG', roles: ['producer'] })
    const from = performance.now()
    endingAt = from
    service.child.kill('SIGTERM')
    await Promise.all(lanes)
    const ended = await service.ended
    const ms = Math.round(performance.now() - from)
    t.match(ended, { status: 0, signal: null })
    t.ok(ms < limits.shutdownMaxMs + 10_000, `within ${ms} ms, although one never finished`)
    t.same(
      under.filter((status) => status !== 201),
      [],
      'who was under way has his answer',
    )
    t.same(
      [...new Set(after)].filter((told) => !/^(201|503 busy|ECONNREFUSED|ECONNRESET|EPIPE)$/.test(told)),
      [],
      'who came later is sent on, in words or by a closed port',
    )
    t.comment(`${under.length} under way, then ${after.join(', ')}`)
  },
)

t.test('while the database is brought up to date', async (t) => {
  const free = await freePort(undefined)
  const room = await openWaitingRoom('127.0.0.1', free)
  const ready = await fetch(`http://127.0.0.1:${free}/ready`)
  t.match([ready.status, ready.headers.get('retry-after')], [503, '5'])
  t.match(await ready.json(), { code: 'busy', errors: [{ path: '/migration' }] })
  t.equal((await fetch(`http://127.0.0.1:${free}/health`)).status, 200)
  const second = await openWaitingRoom('127.0.0.1', free)
  await second.close()
  await room.close()
  await t.rejects(fetch(`http://127.0.0.1:${free}/ready`), 'the port is free for the service')
})
