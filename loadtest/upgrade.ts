// Measures what who serves on a grown database notices of the migrations of a newer version: statements of the commit path and of
// questions, at a modest rate, while the schema goes from an early migration to the newest. Prints the longest wait under each.
// `node --import tsx loadtest/upgrade.ts [steps] [first four digits of the migration to begin with]`
import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type pg from 'pg'
import { appRole, createPool } from '../src/db/connect.ts'
import { startEmbedded } from '../src/db/embedded.ts'
import { migrate, migrationsFolder } from '../src/db/migrate.ts'

const steps = Number(process.argv[2] ?? 5_000_000)
const from = process.argv[3] ?? '0011'
const perEntry = 10
const perSecond = { commit: 50, question: 100, key: 50 }

const say = (text: string): void => void process.stderr.write(`${text}\n`)
const folder = await mkdtemp(join(tmpdir(), 'tamga-upgrade-'))
const database = await startEmbedded({
  dataDir: join(folder, 'data'),
  tell: () => undefined,
  onLost: (error) => {
    throw error
  },
})
const settings = { statement_timeout: 0, lock_timeout: 0, jit: 'off' }
const admin = createPool({ url: database.adminUrl, role: undefined }, () => undefined, { max: 2, settings })
const serving = createPool({ url: database.appUrl, role: appRole }, () => undefined, { max: 10, settings })

/** The schema as an older version left it. */
async function makeOld(): Promise<void> {
  const old = join(folder, 'old')
  await mkdir(old)
  for (const name of await readdir(migrationsFolder)) {
    if (/^\d{4}_/.test(name) && name.slice(0, 4) <= from)
      await copyFile(new URL(name, migrationsFolder), join(old, name))
  }
  await migrate(database.adminUrl, pathToFileURL(`${old}/`))
}

/** Rows as years of service leave them, without their meaning. Positions go on where these end. */
async function fill(): Promise<void> {
  const entries = Math.floor(steps / perEntry)
  const tables: [what: string, statement: string][] = [
    [
      'entries',
      `insert into entry (log_id, position, record_time, event_time, participant, bytes)
       select 1, n, now(), now(), 1, convert_to(repeat(md5(n::text), 12), 'UTF8') from generate_series(0, ${entries - 1}) n`,
    ],
    [
      'event ids',
      `insert into event_directory (event_key, content_digest, position, log_id)
       select gen_random_uuid(), gen_random_uuid(), n, 1 from generate_series(0, ${entries - 1}) n`,
    ],
    [
      'heads',
      `insert into head (log_id, size, root, edge, record_time)
       select 1, n, sha256(n::text::bytea), sha256(n::text::bytea), now() from generate_series(10, ${entries}, 10) n`,
    ],
    [
      'steps',
      `insert into step (log_id, object_id, position, state, owner, holder)
       select 1, 2097152 * (1 + n / 1000000) + n % 1000000, n % ${entries}, 1, 1, 1 from generate_series(0, ${steps - 1}) n`,
    ],
    [
      'settled facts',
      `insert into waiting_settled (log_id, position, object_id, settled_at)
       select 1, n, n, n from generate_series(0, ${entries - 1}) n`,
    ],
    [
      'findings',
      `insert into finding (id, opened_at, kind, code, participant, log_id, object_count, detail)
       select lpad(n::text, 12, '0'), now(), 'refused', 'wrong_state', 1, 1, 1, '{}' from generate_series(1, ${Math.floor(entries / 5)}) n`,
    ],
  ]
  for (const [what, statement] of tables) {
    const startedMs = performance.now()
    const { rowCount } = await admin
      .query(`set search_path = tamga; ${statement}`)
      .then((done) => [done].flat().at(-1) ?? { rowCount: 0 })
    say(`${rowCount?.toLocaleString('en')} ${what} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
  }
  await admin.query('set search_path = tamga; analyze')
  await admin.query('checkpoint')
}

type Sample = { kind: string; dueAt: number; doneAt: number }
const samples: Sample[] = []
const broken = new Map<string, number>()

let position = Math.floor(steps / perEntry)

/** The statements of a commit, in the columns that the oldest schema has. */
async function commit(client: pg.ClientBase): Promise<void> {
  const at = position++
  await client.query('begin')
  await client.query('select 1 from log_lock where log_id = 1 for update')
  await client.query('select size from head where log_id = 1 order by size desc limit 1')
  const bytes = Buffer.alloc(400, 1)
  await client.query(
    'insert into entry (log_id, position, record_time, event_time, participant, bytes) values (1, $1, now(), now(), 1, $2)',
    [at, bytes],
  )
  await client.query(
    'insert into event_directory (event_key, content_digest, position, log_id) values (gen_random_uuid(), gen_random_uuid(), $1, 1)',
    [at],
  )
  await client.query(
    `insert into step (log_id, object_id, position, state, owner, holder) select 1, 2097152 + n, $1, 2, 1, 1 from generate_series(1, ${perEntry}) n`,
    [at],
  )
  // Facts without a line are few.
  if (at % 20 === 0) {
    await client.query('insert into waiting_settled (log_id, position, object_id, settled_at) values (1, $1, 1, $1)', [
      at,
    ])
  }
  await client.query('commit')
}

const question = (client: pg.ClientBase): Promise<unknown> =>
  client.query(
    `select state from (select 2097152 + floor(random() * 1000000)::bigint as id) o
     cross join lateral (select state from step where log_id = 1 and object_id = o.id order by position desc limit 1) s`,
  )
const key = (client: pg.ClientBase): Promise<unknown> =>
  client.query('select no from api_key where hash = $1', [Buffer.alloc(32)])

/** At a fixed rate, whoever waits: a wait is counted from when the request was due. */
async function load(
  kind: keyof typeof perSecond,
  work: (client: pg.ClientBase) => Promise<unknown>,
  stop: AbortSignal,
): Promise<void> {
  const begunAt = performance.now()
  for (let n = 0; !stop.aborted; n++) {
    const dueAt = begunAt + (n * 1000) / perSecond[kind]
    await delay(Math.max(0, dueAt - performance.now()))
    const client = await serving.connect()
    try {
      await work(client)
      client.release()
    } catch (error) {
      const text = `${kind}: ${error instanceof Error ? error.message : String(error)}`
      broken.set(text, (broken.get(text) ?? 0) + 1)
      client.release(true)
    }
    samples.push({ kind, dueAt, doneAt: performance.now() })
  }
}

const whole = (ms: number): string => Math.round(ms).toLocaleString('en')
const longest = (kind: string, begin: number, end: number): number =>
  Math.max(
    0,
    ...samples.filter((s) => s.kind === kind && s.dueAt < end && s.dueAt >= begin).map((s) => s.doneAt - s.dueAt),
  )

async function report(begin: number, migrated: readonly string[]): Promise<void> {
  const { rows } = await admin.query<{ name: string; timestamp: string }>(
    'select name, timestamp from tamga.migration order by name',
  )
  const lines = [['migration', 'took ms', 'longest wait ms: commit', 'question', 'key']]
  let since = begin
  for (const { name, timestamp } of rows) {
    if (!migrated.includes(name)) continue
    const end = Date.parse(timestamp) - performance.timeOrigin
    const waits = Object.keys(perSecond).map((kind) => whole(longest(kind, since, end)))
    lines.push([name, whole(end - since), ...waits])
    since = end
  }
  const before = Object.keys(perSecond).map((kind) => whole(longest(kind, -Infinity, begin)))
  lines.push(['(all)', '', ...Object.keys(perSecond).map((kind) => whole(longest(kind, begin, Infinity)))])
  lines.push(['(before)', '', ...before])
  for (const line of lines) process.stdout.write(`| ${line.join(' | ')} |\n`)
  for (const [text, count] of broken) process.stdout.write(`broken: ${count} × ${text}\n`)
}

try {
  await import('./machine.ts')
  await makeOld()
  await fill()
  const stop = new AbortController()
  const loads = [
    load('commit', commit, stop.signal),
    load('question', question, stop.signal),
    load('key', key, stop.signal),
  ]
  await delay(5_000)
  const begin = performance.now()
  const names = (await readdir(migrationsFolder))
    .map((name) => name.slice(0, -'.sql'.length))
    .filter((name) => /^\d{4}/.test(name) && name.slice(0, 4) > from)
  await migrate(database.adminUrl).catch((error: unknown) => say(String(error)))
  await delay(2_000)
  stop.abort()
  await Promise.all(loads)
  process.stdout.write(`${steps.toLocaleString('en')} steps, from ${from} to the newest\n`)
  await report(begin, names)
} finally {
  await serving.end()
  await admin.end()
  await database.stop()
  await rm(folder, { recursive: true, force: true })
}
