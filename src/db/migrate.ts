// migrations/NNNN_name.sql, in order, forward only. Kysely's Migrator brings the order and the ledger of what ran; we bring the files,
// the sentences, and the patience: others may serve on this database meanwhile.
//
// A new database is made in one transaction. On a used one each file is a transaction of its own, so that no lock is held longer than
// its own file takes, and a lock that somebody holds is waited for only briefly: whoever came after us would wait behind us. Then we
// let everybody pass and try again.
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { sql, Migrator, type Kysely, type Migration, type MigrationProvider, type MigrationResult } from 'kysely'
import type pg from 'pg'
import { ConfigError } from '../config/config.ts'
import { limits } from '../config/limits.ts'
import { bootstrap, ownerRole, sqlState } from './bootstrap.ts'
import { createPool, kyselyOn, schemaName, withLogin } from './connect.ts'

export const migrationsFolder = new URL('../../migrations/', import.meta.url)
const migrationName = /^\d{4}_[a-z0-9_]+\.sql$/

type File = { readonly name: string; readonly text: string }

async function readFiles(folder: URL): Promise<File[]> {
  const names = (await readdir(folder)).filter((name) => migrationName.test(name)).sort()
  return Promise.all(
    names.map(async (name) => ({
      name: name.slice(0, -'.sql'.length),
      text: await readFile(new URL(name, folder), 'utf8'),
    })),
  )
}

/** The files as Kysely wants them, each one migration; there is no way back down. */
function providerOf(
  files: readonly File[],
  run: (db: Kysely<unknown>, text: string) => Promise<void>,
): MigrationProvider {
  const migrations = files.map(({ name, text }): [string, Migration] => [name, { up: (db) => run(db, text) }])
  return { getMigrations: async () => Object.fromEntries(migrations) }
}

/** The first line of a file that PostgreSQL does not take in a transaction: one `create index concurrently`. */
const outside = /^-- outside a transaction:/

/** Several processes start at once: one migrates. Held by a connection, so that a kill lets go of it. */
const migrateLock = 0x6d69_6772

/**
 * Brings the database at `url` to the newest schema and returns the names of the migrations that this took.
 * @param url logs in as who may become tamga_owner, or may make the roles
 * @throws ConfigError with a sentence for the operator
 */
export async function migrate(url: string, folder: URL = migrationsFolder): Promise<string[]> {
  await prepare(url)
  // A migration may take as long as it needs: building an index on a grown table is no hanging query.
  const settings = { statement_timeout: 0, lock_timeout: 0, idle_in_transaction_session_timeout: 0 }
  const pool = createPool({ url, role: ownerRole }, () => undefined, { name: 'tamga migrate', max: 3, settings })
  try {
    const alone = await pool.connect()
    try {
      await alone.query('select pg_advisory_lock($1)', [migrateLock])
      return await migrateAlone(pool, await readFiles(folder))
    } finally {
      alone.release(true)
    }
  } finally {
    await pool.end()
  }
}

async function migrateAlone(pool: pg.Pool, files: readonly File[]): Promise<string[]> {
  const { rows } = await pool.query<{ used: boolean }>(`select to_regclass('migration') is not null as used`)
  if (rows[0]?.used !== true) return runNew(pool, files)
  const done: string[] = []
  for (;;) {
    // Kysely compares what ran with what we have, and says which file is next.
    const next = await nextOf(pool, files)
    if (next === undefined) return done
    await (outside.test(next.text) ? runOutside(pool, files) : runPatiently(pool, files))
    done.push(next.name)
  }
}

const migratorOf = (pool: pg.Pool, provider: MigrationProvider, disableTransactions = false): Migrator =>
  new Migrator({
    db: kyselyOn(pool),
    provider,
    migrationTableSchema: schemaName,
    migrationTableName: 'migration',
    migrationLockTableName: 'migration_lock',
    disableTransactions,
  })

/** Nobody serves on it yet: all at once, and all or nothing. */
async function runNew(pool: pg.Pool, files: readonly File[]): Promise<string[]> {
  const provider = providerOf(files, async (db, text) => {
    await sql.raw(outside.test(text) ? text.replaceAll(/\bconcurrently\b/gi, '') : text).execute(db)
  })
  const { error, results = [] } = await migratorOf(pool, provider).migrateToLatest()
  if (error !== undefined) throw migrationFault(error, results)
  return results.map((result) => result.migrationName)
}

/** @throws ConfigError where the database has run what we do not have */
async function nextOf(pool: pg.Pool, files: readonly File[]): Promise<File | undefined> {
  const nothing = providerOf(files, async () => {
    throw new Next()
  })
  const { error, results = [] } = await migratorOf(pool, nothing).migrateUp()
  if (error === undefined) return undefined
  if (!(error instanceof Next)) throw migrationFault(error, results)
  return files.find(({ name }) => name === results[0]?.migrationName)
}

/** Thrown in place of a migration that is only asked for. */
class Next extends Error {}

async function runPatiently(pool: pg.Pool, files: readonly File[]): Promise<void> {
  const provider = providerOf(files, async (db, text) => {
    await sql.raw(`set local lock_timeout = ${limits.migrationLockMs}`).execute(db)
    await sql.raw(text).execute(db)
  })
  for (let attempt = 1; ; attempt++) {
    const { error, results = [] } = await migratorOf(pool, provider).migrateUp()
    if (error === undefined) return
    // 40P01: who writes held one table and waited for another that we had.
    if (!['55P03', '40P01'].includes(sqlState(error) ?? '') || attempt >= limits.migrationLockTries)
      throw migrationFault(error, results)
    await delay(limits.migrationLockPauseMs)
  }
}

/** Nobody waits for it, and it waits for everybody; what an earlier try left half made goes first. */
async function runOutside(pool: pg.Pool, files: readonly File[]): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    'select indexrelid::regclass::text as name from pg_index join pg_class on oid = indexrelid where not indisvalid and relnamespace = $1::regnamespace',
    [schemaName],
  )
  for (const { name } of rows) await pool.query(`drop index concurrently ${name}`)
  const provider = providerOf(files, async (db, text) => {
    await sql.raw(text).execute(db)
  })
  const { error, results = [] } = await migratorOf(pool, provider, true).migrateUp()
  if (error !== undefined) throw migrationFault(error, results)
}

const prepare = (url: string): Promise<void> =>
  withLogin(url, { name: 'tamga migrate', settings: { search_path: 'public' } }, bootstrap)

function migrationFault(error: unknown, results: readonly MigrationResult[]): ConfigError {
  const message = error instanceof Error ? error.message : String(error)
  if (/previously executed migration/.test(message)) {
    return new ConfigError(
      `This database was made by a newer Tamga (${message}). Start that version; there is no way back.`,
    )
  }
  const failed = results.find((result) => result.status === 'Error')?.migrationName
  if (['55P03', '40P01'].includes(sqlState(error) ?? '')) {
    return new ConfigError(
      `Migration ${failed ?? ''} found no moment without a lock that stands in its way; nothing of it was changed. ` +
        'Look for a long transaction (pg_stat_activity), or stop who serves, and start again.',
    )
  }
  const state = sqlState(error)
  const where = failed === undefined ? 'Preparing the migrations' : `Migration ${failed}`
  return new ConfigError(
    `${where} failed and nothing was changed: ${message}${state === undefined ? '' : ` (SQLSTATE ${state})`}.`,
  )
}
