// The PostgreSQL that comes with the service (design D13): a real server over DATA_DIR/pg18, on the loopback, with
// passwords of its own. Whoever holds one advisory lock in it owns it: starts it, restarts it when it dies, ends it.
//
//   ABSENT --launch--> RUNNING --lock--> OWNED --connection lost--> (RUNNING or ABSENT, and again)
//      |                  ^ an orphan of a killed service starts here     |
//      '--initdb first where there is no folder                           '--stop--> ABSENT
//
// The lock belongs to a connection, so a kill -9 of the service lets go of it at once, and nothing stale remains.
import { spawn } from 'node:child_process'
import { chown, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { ConfigError } from '../config/config.ts'
import { findBinaries, type Binaries } from './binaries.ts'
import { appRole } from './connect.ts'
import { sqlState, tolerant } from './bootstrap.ts'
import {
  credentialsFile,
  exists,
  logFile,
  makingFolder,
  newPassword,
  openDataFolder,
  pgFolder,
  readCredentials,
  removeLeftovers,
  writeCredentials,
  type Credentials,
} from './data-folder.ts'
import { findRunning, freePort, launch, runIn, stop, untilFree, untilReady, type Running } from './postmaster.ts'
import { serverSettings, settingsId } from './server-settings.ts'
import { serverUser, type SystemUser } from './system-user.ts'

export type EmbeddedOptions = {
  dataDir: string
  tell: (text: string) => void
  /** What an operator has to do something about. */
  warn?: (text: string) => void
  /** Called when the server could not be brought back; the service cannot go on. */
  onLost: (error: Error) => void
  /** Additional or other server settings; tests switch the flushing off. */
  settings?: Readonly<Record<string, string>>
}

export type Embedded = {
  /** Logs in as the cluster's superuser; for migrations. */
  readonly adminUrl: string
  /** Logs in as tamga_app; for serving. */
  readonly appUrl: string
  readonly pid: () => number
  stop(): Promise<void>
  /** For the last moment of a dying process: asks the server to end and does not wait. */
  stopNow(): void
}

export const databaseName = 'tamga'
/** "Tamga owns this cluster"; any number that nobody else uses. */
const ownerLock = 0x7461_6d67
/** Long enough for a service that is just ending to let go. */
const lockWithinMs = 3_000
const launchTries = 5
/** How long a server that does not start is left alone, and how soon an end that was asked for is noticed meanwhile. */
const restoreAgainMs = 1_000
const stopPollMs = 100
/** Somebody's connection may have the port meanwhile: how long it is waited for. */
const portWithinMs = 60_000

/** The server ends as it starts; the sentence says what it said. */
class NotStarted extends ConfigError {}

type Place = { dataDir: string; folder: string; binaries: Binaries; user: SystemUser | undefined }
type Owned = { running: Running; lock: pg.Client }

/**
 * Starts the server, or takes over the one that a killed service left running.
 * @throws ConfigError with a sentence where the folder is in use, another version's, or cannot be used
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { dataDir, tell } = options
  await openDataFolder(dataDir)
  const folder = pgFolder(dataDir)
  const user = await serverUser(folder, tell)
  const place: Place = { dataDir, folder, user, binaries: await findBinaries(user, dataDir) }
  const settings = { ...serverSettings(), ...options.settings }
  if (!(await exists(folder))) await create(place, tell)
  let owned = await own(place, settings, tell)
  let stopping = false
  let restoring = Promise.resolve()

  /** A full disk keeps it from starting until somebody made room: the service stays, says so, and tries. Undefined: it is to end. */
  const ownPatiently = async (): Promise<Owned | undefined> => {
    const giveUpAt = Date.now() + portWithinMs
    for (;;) {
      try {
        // Everybody who is connected knows the old address.
        const { port } = owned.running
        const ours = (await findRunning(folder)) !== undefined || (await untilFree(port, stopPollMs))
        // Who has it for good keeps us from it for good: the next start takes another one.
        if (ours || Date.now() > giveUpAt) return await own(place, settings, tell)
        if (stopping) return undefined
        continue
      } catch (error) {
        if (stopping) return undefined
        if (!(error instanceof NotStarted)) throw error
        options.warn?.(error.message)
      }
      for (const until = Date.now() + restoreAgainMs; Date.now() < until && !stopping;) await delay(stopPollMs)
    }
  }
  const restore = async (): Promise<void> => {
    if (stopping) return
    tell('The embedded PostgreSQL went away; bringing it back')
    const { port } = owned.running
    const back = await ownPatiently()
    if (back === undefined) return
    owned = back
    if (owned.running.port !== port) throw new Error(`port ${port} of the embedded PostgreSQL was taken by another`)
    tell('The embedded PostgreSQL is back')
    watch()
  }
  const watch = (): void => {
    owned.lock.once('end', () => {
      restoring = restore().catch((error: unknown) => {
        if (!stopping) options.onLost(error instanceof Error ? error : new Error(String(error)))
      })
    })
  }
  watch()
  await removeLeftovers(dataDir)
  const credentials = await requireCredentials(place)
  await prepareDatabase(owned.lock, credentials)
  return {
    adminUrl: address(adminRole, credentials.adminPassword, owned.running.port, databaseName),
    appUrl: address(appRole, credentials.appPassword, owned.running.port, databaseName),
    pid: () => owned.running.pid,
    async stop() {
      stopping = true
      // One that is just being brought back is ours to end too.
      await restoring
      await stop(folder, owned.running.pid)
    },
    stopNow() {
      stopping = true
      try {
        process.kill(owned.running.pid, 'SIGINT')
      } catch {
        // It is gone already, which is what was wanted.
      }
    },
  }
}

/**
 * Where the server of a data folder answers now, for who only reads beside the service that owns it.
 * @returns undefined where none runs. @throws ConfigError where the folder has no database at all
 */
export async function findEmbedded(dataDir: string): Promise<string | undefined> {
  const folder = pgFolder(dataDir)
  if (!(await exists(folder)))
    throw new ConfigError(`There is no database in ${dataDir}. Set DATA_DIR to the service's.`)
  const [running, credentials] = [await findRunning(folder), await readCredentials(folder)]
  if (running === undefined || credentials === undefined) return undefined
  return address(adminRole, credentials.adminPassword, running.port, databaseName)
}

const adminRole = 'postgres'

const address = (user: string, password: string, port: number, database: string): string =>
  `postgres://${user}:${password}@127.0.0.1:${port}/${database}`

async function create(place: Place, tell: (text: string) => void): Promise<void> {
  tell(`Making a database in ${place.folder}`)
  const credentials: Credentials = {
    port: await freePort(undefined),
    adminPassword: newPassword(),
    appPassword: newPassword(),
  }
  const making = await makingFolder(place.dataDir)
  try {
    await make(place, making, credentials)
  } catch (error) {
    // Another start was first, and removes what others are still making. Its database is as good as ours; the lock decides who serves.
    if (!(await exists(place.folder))) throw error
  } finally {
    await rm(making, { recursive: true, force: true })
  }
}

async function make(place: Place, making: string, credentials: Credentials): Promise<void> {
  const made = join(making, 'data')
  await writeFile(join(making, 'password'), `${credentials.adminPassword}\n`, { mode: 0o600 })
  await mkdir(made, { mode: 0o700 })
  if (place.user !== undefined) {
    for (const part of ['', 'password', 'data']) await chown(join(making, part), place.user.uid, place.user.gid)
  }
  await initdb(place, making)
  await writeCredentials(made, credentials, place.user)
  await rename(made, place.folder)
}

async function initdb(place: Place, making: string): Promise<void> {
  const { path, options } = runIn(join(making, 'data'), place.user)
  const flags = [
    `--pgdata=${path}`,
    `--username=${adminRole}`,
    `--pwfile=${path}/../password`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C', // The one locale that is the same on every machine; what people see is sorted elsewhere.
    '--data-checksums',
    '--no-instructions',
  ]
  const child = spawn(place.binaries.initdb, flags, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (status === 0) return
  throw new ConfigError(
    `PostgreSQL could not make its folder in ${place.dataDir}: ${said.trim().split('\n').slice(-3).join(' ')}`,
  )
}

/** Finds or launches the server and takes its lock. */
async function own(
  place: Place,
  settings: Readonly<Record<string, string>>,
  tell: (text: string) => void,
): Promise<Owned> {
  const id = settingsId({ ...settings, binaries: place.binaries.folder })
  let failed = ''
  for (let attempt = 1; attempt <= launchTries; attempt++) {
    let running = (await findRunning(place.folder)) === undefined ? undefined : await untilReady(place.folder)
    const credentials = await requireCredentials(place)
    if (running === undefined) {
      const port = await freePort(credentials.port)
      const all = { ...settings, 'tamga.settings': id }
      const launched = await launch({ ...place, port, settings: all, logFile: logFile(place.dataDir) })
      if (launched.running === undefined) {
        failed = launched.failed
        // Processes of a killed server need a moment to notice; another start may have been quicker than ours.
        await delay(200 * attempt)
        continue
      }
      running = launched.running
    }
    const lock = await takeLock(running, credentials, place)
    if (lock === 'recovering') {
      attempt--
      await delay(stopPollMs)
      continue
    }
    if (lock === undefined) {
      failed = 'it ended as we came'
      await delay(200 * attempt)
      continue
    }
    if (running.port !== credentials.port)
      await writeCredentials(place.folder, { ...credentials, port: running.port }, place.user)
    const { rows } = await lock.query<{ id: string | null }>(`select current_setting('tamga.settings', true) as id`)
    if (rows[0]?.id === id) return { running, lock }
    tell('Found the database of an earlier version of this service running; starting it anew')
    await stop(place.folder, running.pid)
  }
  const full = /No space left on device/.test(failed) ? ` Make room on the disk of ${place.folder}.` : ''
  throw new NotStarted(`The embedded PostgreSQL did not start: ${failed}${full}\nSee ${logFile(place.dataDir)}.`)
}

/** SQLSTATE of a server that reads its log back after one of its processes fell: it lets nobody in, for seconds or minutes. */
const recovering = '57P03'

/** @returns undefined where the server went away meanwhile: its owner ended it, or it fell */
async function takeLock(
  running: Running,
  credentials: Credentials,
  place: Place,
): Promise<pg.Client | 'recovering' | undefined> {
  const client = new pg.Client({
    connectionString: address(adminRole, credentials.adminPassword, running.port, 'postgres'),
    application_name: 'tamga owner',
    keepAlive: true,
  })
  // Losing it is told by 'end', which follows.
  client.on('error', () => undefined)
  try {
    await client.connect()
    for (const deadline = Date.now() + lockWithinMs; ; await delay(50)) {
      const { rows } = await client.query<{ ours: boolean }>('select pg_try_advisory_lock($1) as ours', [ownerLock])
      if (rows[0]?.ours === true) return client
      if (Date.now() > deadline) break
    }
  } catch (error) {
    await client.end().catch(() => undefined)
    // Wrong password: the folder was put together from two.
    const refused = sqlState(error)?.startsWith('28') === true
    if (!refused) return sqlState(error) === recovering ? 'recovering' : undefined
    throw new ConfigError(
      `The database in ${place.folder} does not know the password in ${credentialsFile(place.folder)}. ` +
        'Put the right file back from a backup, or set DATA_DIR to an empty folder.',
    )
  }
  await client.end()
  throw new ConfigError(
    `Another service is running on the data folder ${place.dataDir}. ` +
      'Stop that one first, or set DATA_DIR to another folder.',
  )
}

async function requireCredentials(place: Place): Promise<Credentials> {
  const credentials = await readCredentials(place.folder)
  if (credentials !== undefined) return credentials
  throw new ConfigError(
    `${credentialsFile(place.folder)} is missing; it holds the passwords of the database. ` +
      'Put it back from a backup, or set DATA_DIR to an empty folder.',
  )
}

/** Our database and the login of the serving role; each start sets the password anew, so that the file is right. */
async function prepareDatabase(client: pg.Client, credentials: Credentials): Promise<void> {
  await tolerant(client, `create role ${appRole} nologin`)
  await client.query(`alter role ${appRole} login password ${client.escapeLiteral(credentials.appPassword)}`)
  const { rowCount } = await client.query('select from pg_database where datname = $1', [databaseName])
  if (rowCount === 0) await client.query(`create database ${databaseName}`)
}
