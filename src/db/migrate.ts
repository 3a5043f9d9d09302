// migrations/NNNN_name.sql, in order, forward only, all in one transaction. Kysely's Migrator brings the order, the
// ledger of what ran and the lock, so that several processes may start at once; we bring the files and the sentences.
import { readdir, readFile } from 'node:fs/promises'
import { sql, Migrator, type Kysely, type Migration, type MigrationProvider, type MigrationResult } from 'kysely'
import { ConfigError } from '../config/config.ts'
import { bootstrap, ownerRole, sqlState } from './bootstrap.ts'
import { createPool, kyselyOn, schemaName, withLogin } from './connect.ts'

export const migrationsFolder = new URL('../../migrations/', import.meta.url)
const migrationName = /^\d{4}_[a-z0-9_]+\.sql$/

/** The files of a folder as Kysely wants them. Each name is one migration; there is no way back down. */
export function sqlFiles(folder: URL): MigrationProvider {
  return {
    async getMigrations(): Promise<Record<string, Migration>> {
      const names = (await readdir(folder)).filter((name) => migrationName.test(name)).sort()
      const read = async (name: string): Promise<[string, Migration]> => {
        const text = await readFile(new URL(name, folder), 'utf8')
        const up = async (db: Kysely<unknown>): Promise<void> => {
          await sql.raw(text).execute(db)
        }
        return [name.slice(0, -'.sql'.length), { up }]
      }
      return Object.fromEntries(await Promise.all(names.map(read)))
    },
  }
}

/**
 * Brings the database at `url` to the newest schema and returns the names of the migrations that this took.
 * @param url logs in as who may become tamga_owner, or may make the roles
 * @throws ConfigError with a sentence for the operator
 */
export async function migrate(url: string, folder: URL = migrationsFolder): Promise<string[]> {
  await prepare(url)
  // A migration may take as long as it needs: building an index on a grown table is no hanging query.
  const settings = { statement_timeout: 0, lock_timeout: 0, idle_in_transaction_session_timeout: 0 }
  const pool = createPool({ url, role: ownerRole }, () => undefined, { name: 'tamga migrate', max: 2, settings })
  try {
    const migrator = new Migrator({
      db: kyselyOn(pool),
      provider: sqlFiles(folder),
      migrationTableSchema: schemaName,
      migrationTableName: 'migration',
      migrationLockTableName: 'migration_lock',
    })
    const { error, results } = await migrator.migrateToLatest()
    if (error !== undefined) throw migrationFault(error, results ?? [])
    return (results ?? []).map((result) => result.migrationName)
  } finally {
    await pool.end()
  }
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
  const state = sqlState(error)
  const where = failed === undefined ? 'Preparing the migrations' : `Migration ${failed}`
  return new ConfigError(
    `${where} failed and nothing was changed: ${message}${state === undefined ? '' : ` (SQLSTATE ${state})`}.`,
  )
}
