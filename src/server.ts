// The process: settings, database, migrations, rights, application, port; and the way back, in the opposite order.
// What goes wrong before it serves is a sentence for whoever starts it, and exit status 1.
import { isIPv6 } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { pino, type Logger } from 'pino'
import type { buildApp } from './app.ts'
import { ConfigError, readConfig, type Config } from './config/config.ts'
import { connectFault, createPool } from './db/connect.ts'
import { openDatabase, type ServiceDatabase } from './db/database.ts'
import { openInstallation, type Installation } from './db/installation.ts'
import { guardLedger, unguardedWarning } from './db/ledger-guard.ts'
import { migrate } from './db/migrate.ts'
import { checkRoles } from './db/roles.ts'
import { openWaitingRoom } from './http/waiting-room.ts'
import { fileAnchors } from './proof/anchor.ts'
import type { Started } from './proof/told-starts.ts'

type App = Awaited<ReturnType<typeof buildApp>>

/** How soon the service notices that `npm start` around it is gone. */
const parentPollMs = 200

/** npm passes a Ctrl-C on that the terminal sent already: what comes this soon is the same key press. */
const sameSignalMs = 1_000

let opening: Promise<ServiceDatabase> | undefined
let database: ServiceDatabase | undefined
let ending = false
let app: App | undefined
let log: Logger | undefined

async function main(): Promise<void> {
  const config = readConfig(process.env)
  log = pino({ level: config.logLevel })
  listenToSignals(config)
  // Loading the application takes about as long as starting the database; they do not need each other yet.
  const application = import('./app.ts')
  opening = openDatabase(config, tellerOf(log), die)
  database = await opening
  const migrated = await migrateInView(config, database.adminUrl)
  if (migrated.length > 0) log.info({ migrated }, `The database is at ${migrated.at(-1)}`)
  if (!(await guardLedger(database.adminUrl)).guarded) log.warn(unguardedWarning)
  const installation = await checkDatabase(config, database)
  app = await (
    await application
  ).buildApp({
    config,
    access: database.access,
    masterKey: installation.masterKey,
    operatorKey: installation.operatorKey,
    anchors: fileAnchors(config.anchorDir),
    started: startOf(config, migrated),
    onFatal: die,
  })
  await listen(app, config)
  announce(app, config, installation, database)
}

/** What others may know of the settings: neither secrets nor addresses that hold passwords. */
function startOf(config: Config, migrated: readonly string[]): Started {
  const { host, port, rateLimit, issuingState, logOrigin, witnesses, beacon, trustedProxies } = config
  const database = config.databaseUrl === undefined ? 'embedded' : 'external'
  const ownLogin = String(config.databaseUrl === undefined || config.appDatabaseUrl !== undefined)
  const known = { host, port, rateLimit, issuingState, logOrigin, witnesses, beacon, trustedProxies }
  return { ...known, database, ownLogin, migrated, node: process.version }
}

/** A port that the system chooses is nobody's to ask at. */
async function migrateInView({ host, port }: Config, adminUrl: string): Promise<string[]> {
  const room = port === 0 ? undefined : await openWaitingRoom(host, port)
  try {
    return await migrate(adminUrl)
  } finally {
    await room?.close()
  }
}

/** On connections of their own, before there is anything that could serve. */
async function checkDatabase(config: Config, opened: ServiceDatabase): Promise<Installation> {
  const pool = createPool(opened.access, () => undefined, { name: 'tamga start', max: 2 })
  try {
    await pool.query('select').catch((error: unknown) => {
      throw connectFault(config.appDatabaseUrl === undefined ? 'DATABASE_URL' : 'APP_DATABASE_URL', error)
    })
    await checkRoles(pool, opened.ownLogin)
    return await openInstallation(pool, config)
  } finally {
    await pool.end()
  }
}

async function listen(built: App, config: Config): Promise<void> {
  try {
    const { host, port, limits } = config
    await built.listen({ host, port, backlog: limits.connectionsWaitingMax })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const at = `${config.host}:${config.port}`
    if (code === 'EADDRINUSE') {
      throw new ConfigError(`Something else listens on ${at} already. Stop it, or set PORT to a free port.`)
    }
    if (code === 'EACCES') throw new ConfigError(`This user may not listen on ${at}. Set PORT to 1024 or above.`)
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
      throw new ConfigError(
        `${config.host} is not an address of this machine. Set HOST to 127.0.0.1, or 0.0.0.0 for all.`,
      )
    }
    throw error
  }
}

function announce(built: App, config: Config, installation: Installation, opened: ServiceDatabase): void {
  const address = built.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : config.port
  const everywhere = config.host === '0.0.0.0' || config.host === '::'
  const host = everywhere ? '127.0.0.1' : isIPv6(config.host) ? `[${config.host}]` : config.host
  const url = `http://${host}:${port}`
  const lines = [
    `Tamga serves on ${url}`,
    `Pages: ${url}/app`,
    `API reference: ${url}/docs`,
    `Health check: ${url}/health`,
    `Operator's key: ${installation.operatorKeyPlace}`,
    `Database: ${opened.name}`,
  ]
  // A person reads lines, a collector of logs reads one entry.
  if (process.stdout.isTTY) process.stdout.write(`\n${lines.map((line) => `  ${line}`).join('\n')}\n\n`)
  else log?.info({ url, operatorKeyPlace: installation.operatorKeyPlace }, lines.join('; '))
}

function listenToSignals(config: Config): void {
  let askedAt: number | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    if (askedAt === undefined) {
      askedAt = Date.now()
      ending = true
      log?.info(`${signal}: answering who is waiting, then ending`)
      end(config, 0).catch(die)
    } else if (Date.now() - askedAt > sameSignalMs) {
      database?.stopNow()
      process.exit(1)
    }
  }
  endWithNpm(() => onSignal('SIGTERM'))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  process.on('uncaughtException', die)
  process.on('unhandledRejection', die)
}

// kill -9 of `npm start` reaches npm alone. Without this the service would serve on with nobody to end it, and the next
// start would find its port and its folder taken.
function endWithNpm(onGone: () => void): void {
  if (process.env['npm_lifecycle_event'] !== 'start') return
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    onGone()
  }, parentPollMs)
  watch.unref()
}

async function end(config: Config, status: number): Promise<void> {
  // Asked to end while still starting: a database that is being made or found is ended once it is there.
  await opening?.catch(() => undefined)
  // A client that reads its answer slowly must not keep the database from a clean end.
  const patience = delay(config.limits.shutdownMaxMs, undefined, { ref: false })
  await Promise.race([app?.close(), patience])
  await database?.stop()
  process.exit(status)
}

// Nothing is known about the state of the process any more: the database keeps what is committed, a start finds it.
function die(error: unknown): void {
  try {
    if (log === undefined) process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    else log.fatal({ err: error }, 'Ended by an error that nobody expected')
    database?.stopNow()
  } finally {
    // Whatever else goes wrong on the way out, a broken pipe for one, must not start this anew.
    process.exit(1)
  }
}

function tellerOf(logger: Logger): { info: (text: string) => void; warn: (text: string) => void } {
  return { info: (text) => logger.info(text), warn: (text) => logger.warn(text) }
}

try {
  await main()
} catch (error) {
  // Steps of a start fail when what they stand on is ended beneath them; `end` sees to the rest.
  if (ending) await new Promise(() => undefined)
  if (!(error instanceof ConfigError)) die(error)
  process.stderr.write(`Tamga cannot start.\n${error instanceof Error ? error.message : String(error)}\n`)
  await app?.close()
  await database?.stop()
  process.exit(1)
}
