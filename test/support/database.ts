// A migrated database of its own for each test, cloned in milliseconds from a template, dropped when the test ends.
// The server behind it is shared by all test processes (see keeper.ts); only its databases are a test's own.
import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { guardLedger } from '../../src/db/ledger-guard.ts'
import { migrate, migrationsFolder } from '../../src/db/migrate.ts'
import { leaseName, type KeeperNote } from './keeper.ts'
import { programCommand, repository } from './repository.ts'

export type TestDatabase = {
  readonly name: string
  /** Logs in as the superuser of the test server; as DATABASE_URL. */
  readonly adminUrl: string
  /** Logs in as tamga_app; as APP_DATABASE_URL. */
  readonly appUrl: string
}

/** What a tap test has, as far as it is needed here. Teardowns run last first, so close what uses the database after. */
type Teardown = { teardown: (done: () => Promise<void>) => void }

export async function testDatabase(t: Teardown, options: { migrated?: boolean } = {}): Promise<TestDatabase> {
  const note = await server()
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const template = options.migrated === false ? 'template0' : await migratedTemplate(note)
  // The tables of an empty ledger are a few megabytes: copying files is quicker than logging every page.
  await admin(note, `create database ${name} template ${template} strategy file_copy`)
  t.teardown(() => admin(note, `drop database if exists ${name} with (force)`))
  return { name, adminUrl: at(note.adminUrl, name), appUrl: at(note.appUrl, name) }
}

let found: Promise<KeeperNote> | undefined

/** The server of this test run, started if nobody else did. */
function server(): Promise<KeeperNote> {
  found ??= findServer()
  return found
}

const key = createHash('sha256').update(`${repository} ${process.getuid?.()}`).digest('hex').slice(0, 10)
const noteFile = join(tmpdir(), `tamga-test-${key}.json`)
const startWithinMs = 60_000

async function findServer(): Promise<KeeperNote> {
  for (const deadline = Date.now() + startWithinMs; Date.now() < deadline; await delay(20)) {
    const note = readNote()
    if (note !== undefined && (await lease(note))) return note
    if (note === undefined || !existsProcess(note.keeper)) startKeeper()
  }
  throw new Error(`no test database within ${startWithinMs} ms`)
}

function readNote(): KeeperNote | undefined {
  try {
    return JSON.parse(readFileSync(noteFile, 'utf8')) as KeeperNote
  } catch {
    return undefined
  }
}

function existsProcess(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

// An open connection under a known name keeps the server; unref'd, so that it does not keep this process.
async function lease(note: KeeperNote): Promise<boolean> {
  const socket = new Socket()
  const connectionString = at(note.adminUrl, 'postgres')
  const client = new pg.Client({ connectionString, application_name: leaseName, stream: () => socket })
  client.on('error', () => undefined)
  try {
    await client.connect()
    socket.unref()
    return true
  } catch {
    return false
  }
}

let startedAt = 0

// Several test processes begin at once; a folder is made by one of them. One older than a start takes is a dead one's.
function startKeeper(): void {
  const lock = `${noteFile}.starting`
  if (Date.now() - startedAt < 15_000) return
  try {
    mkdirSync(lock)
  } catch {
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (age < 15_000) return
  }
  startedAt = Date.now()
  const [program, ...args] = programCommand('test/support/keeper.ts')
  const child = spawn(program, [...args, noteFile], {
    cwd: repository,
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env['PATH'] ?? '', TMPDIR: tmpdir() },
  })
  child.unref()
  const unlock = setInterval(() => {
    if (readNote()?.keeper !== child.pid && existsProcess(child.pid ?? 0)) return
    clearInterval(unlock)
    rmdirSync(lock)
  }, 50)
}

/** One template for each state of the migrations, made by whoever needs it first. */
async function migratedTemplate(note: KeeperNote): Promise<string> {
  const hash = createHash('sha256')
  for (const name of readdirSync(migrationsFolder).sort()) {
    hash.update(name).update(readFileSync(new URL(name, migrationsFolder)))
  }
  const template = `template_${hash.digest('hex').slice(0, 12)}`
  await withAdmin(note, async (client) => {
    const ready = async (): Promise<boolean> =>
      (await client.query('select from pg_database where datname = $1 and not datallowconn', [template])).rowCount === 1
    if (await ready()) return
    await client.query('select pg_advisory_lock(1)')
    if (await ready()) return
    await client.query(`drop database if exists ${template} with (force)`)
    await client.query(`create database ${template} template template0`)
    await migrate(at(note.adminUrl, template))
    await guardLedger(at(note.adminUrl, template))
    // Nobody may be connected to a database while it is copied.
    await client.query(`alter database ${template} allow_connections false`)
  })
  return template
}

const admin = (note: KeeperNote, statement: string): Promise<void> =>
  withAdmin(note, async (client) => {
    await client.query(statement)
  })

async function withAdmin(note: KeeperNote, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: at(note.adminUrl, 'postgres') })
  client.on('error', () => undefined)
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

function at(url: string, database: string): string {
  const changed = new URL(url)
  changed.pathname = `/${database}`
  return changed.toString()
}
