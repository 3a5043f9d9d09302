// How the service talks to PostgreSQL: what each connection is set to before its first statement, and what comes
// out of a column. Everything is sent as start-up options, so that there is no moment without it.
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { Kysely, PostgresDialect, type Transaction } from 'kysely'
import { ConfigError } from '../config/config.ts'
import { limits } from '../config/limits.ts'
import { OneWrite } from './one-write.ts'
import type { Database } from './tables.ts'

export type Db = Kysely<Database>
export type Tx = Transaction<Database>

export const schemaName = 'tamga'
/** The serving role: INSERT and SELECT on ledger tables, never more (design D10). */
export const appRole = 'tamga_app'

/** One place to connect to. `role`: what to become after logging in; undefined stays who logged in. */
export type DatabaseAccess = { readonly url: string; readonly role: string | undefined }

// int8 is a bigint and never a rounded number; numeric stays the text it was (design D12); a date is a day without
// a zone, which a JavaScript Date cannot hold.
pg.types.setTypeParser(pg.types.builtins.INT8, BigInt)
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text)
// The type list of `pg` names no array types; 1016 is int8[] in every PostgreSQL (pg_type.dat).
const int8Array: number = 1016
pg.types.setTypeParser(int8Array as typeof pg.types.builtins.INT8, (text) =>
  text === '{}' ? [] : text.slice(1, -1).split(',').map(BigInt),
)

const serving = {
  search_path: schemaName,
  // Kysely and pg send times as text; the session's zone must not colour them.
  timezone: 'UTC',
  statement_timeout: limits.statementTimeoutMs,
  lock_timeout: limits.lockTimeoutMs,
  idle_in_transaction_session_timeout: limits.idleInTransactionTimeoutMs,
  // Compiling a query costs more than any of ours runs.
  jit: 'off',
} as const

export type ConnectOptions = {
  /** Shown in pg_stat_activity. */
  name?: string
  max?: number
  /** Plan named statements once: with partitions, planning anew costs more than running (design D4). */
  genericPlans?: boolean
  /** Statements are sent without waiting for the answers to earlier ones, in order. COPY and cursors are refused then. */
  pipeline?: boolean
  /** How long an answer may take before the connection counts as lost, in milliseconds; none where statements may take any time. */
  silentMaxMs?: number
  /** Overrides or additions to what each connection is set to. */
  settings?: Readonly<Record<string, string | number>>
}

/** What `pg` and @fastify/postgres take. The role is set by a start-up option, so RESET ROLE does not undo it. */
export function poolConfig(access: DatabaseAccess, options: ConnectOptions = {}): pg.PoolConfig {
  const settings = {
    ...serving,
    ...(access.role === undefined ? {} : { role: access.role }),
    ...(options.genericPlans === true ? { plan_cache_mode: 'force_generic_plan' } : {}),
    ...options.settings,
  }
  const url = withoutOptions(access.url)
  const ours = Object.entries(settings).map(([name, value]) => `-c ${name}=${escapeOption(String(value))}`)
  return {
    connectionString: url.text,
    options: [...(url.options === undefined ? [] : [url.options]), ...ours].join(' '),
    application_name: options.name ?? 'tamga',
    max: options.max ?? limits.poolConnectionsMax,
    ...(options.settings?.['statement_timeout'] === 0
      ? {}
      : { query_timeout: options.silentMaxMs ?? limits.databaseSilentMaxMs }),
    connectionTimeoutMillis: limits.connectTimeoutMs,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    ...(options.pipeline === true ? { pipeline: true, stream: () => new OneWrite() } : {}),
  }
}

// `pg` lets options of the address win over ours; both are wanted, ours last.
function withoutOptions(text: string): { text: string; options: string | undefined } {
  const url = new URL(text)
  const options = url.searchParams.get('options') ?? undefined
  url.searchParams.delete('options')
  return { text: url.toString(), options }
}

const escapeOption = (value: string): string => value.replaceAll(/[\\ ]/g, '\\$&')

/**
 * A pool of our own, for tests and commands; the service's is @fastify/postgres's, from the same `poolConfig`.
 * @param onError hears of idle connections that broke; without a listener Node would end the process
 */
export function createPool(
  access: DatabaseAccess,
  onError: (error: Error) => void,
  options: ConnectOptions = {},
): pg.Pool {
  return listen(new pg.Pool(poolConfig(access, options)), onError)
}

/** Attaches the error listeners that a pool and each of its connections need; returns the pool. */
export function listen(pool: pg.Pool, onError: (error: Error) => void): pg.Pool {
  // `pg` hangs the whole connection onto the error, and a log line would spell it out.
  pool.on('error', (error) => onError(Object.defineProperty(error, 'client', { enumerable: false })))
  // A connection that breaks while checked out tells its own emitter, not the pool's.
  pool.on('connect', (client) => client.on('error', onError))
  return pool
}

/** Kysely over a pool that somebody else owns: destroying it leaves the pool alone. */
export function kyselyOn(pool: pg.Pool): Db {
  return new Kysely<Database>({
    dialect: new PostgresDialect({ pool: { connect: () => pool.connect(), end: async () => undefined } }),
  })
}

/**
 * One connection of its own, pipelined: statements are sent without waiting for the answers to earlier ones, in order.
 * For the ledger's writer (design D2). COPY and cursors are refused on it. Connected when the promise resolves.
 */
export async function connectClient(
  access: DatabaseAccess,
  onError: (error: Error) => void,
  options: ConnectOptions = {},
): Promise<pg.Client> {
  const client = new pg.Client(poolConfig(access, { genericPlans: true, pipeline: true, ...options }))
  client.on('error', onError)
  await client.connect()
  return client
}

/**
 * Does something as whoever DATABASE_URL logs in as, on a connection of its own that ends with it.
 * A server that is just recovering is waited for.
 * @throws ConfigError where nobody can connect
 */
export async function withLogin<T>(
  url: string,
  options: ConnectOptions,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await logIn(url, options)
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** A server that recovers from a crash reads its log back, and lets nobody in until it has. */
const recoveryMaxMs = 60_000
const recoveryPollMs = 200

async function logIn(url: string, options: ConnectOptions): Promise<pg.Client> {
  for (const deadlineMs = performance.now() + recoveryMaxMs; ; await delay(recoveryPollMs)) {
    const client = new pg.Client(poolConfig({ url, role: undefined }, options))
    // What breaks the connection also fails the statement under way; the listener keeps Node from ending on top of it.
    client.on('error', () => undefined)
    try {
      await client.connect()
      return client
    } catch (error) {
      await client.end().catch(() => undefined)
      if (!isRecovering(error) || performance.now() > deadlineMs) throw connectFault('DATABASE_URL', error)
    }
  }
}

/** SQLSTATE 57P03: it is there, and starting up. */
const isRecovering = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === '57P03'

/** What went wrong with an address, in a sentence for whoever starts the service. */
export function connectFault(variable: string, error: unknown): ConfigError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const message = error instanceof Error ? error.message : String(error)
  const advice: Record<string, string> = {
    '28P01': 'Check the user and the password in it.',
    '28000': 'Check the user and the password in it.',
    '3D000': "Create that database first: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
    '42501': `Let an administrator run: GRANT ${appRole} TO its user.`,
    '53300': 'Close other connections, or raise max_connections.',
  }
  const elsewhere = 'Check the host and the port in it, and that PostgreSQL runs there.'
  const outage = /^E[A-Z]+$/.test(code) || /timeout|terminated/.test(message)
  const hint = advice[code] ?? (outage ? elsewhere : `Check ${variable}.`)
  return new ConfigError(`${variable}: PostgreSQL did not let us in: ${message || code}. ${hint}`)
}
