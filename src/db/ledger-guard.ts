// Event triggers against DROP and ALTER of what is append-only (design D10). Only a superuser may make them, so they are no migration:
// the start makes them where it can, and says so where it cannot.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type pg from 'pg'
import { withLogin } from './connect.ts'
import { migrationsFolder } from './migrate.ts'

const file = new URL('ledger_guard.sql', migrationsFolder)
/** Several processes start at once: one makes them. */
const guardLock = 0x6775_6172

export type LedgerGuard = { guarded: boolean }

/**
 * Makes the event triggers where they are missing, switched off or those of an earlier version, and `url` logs in as a superuser.
 * @returns whether they are there now: without them the owner of the tables could drop and alter them
 */
export async function guardLedger(url: string): Promise<LedgerGuard> {
  const text = await readFile(file, 'utf8')
  const version = createHash('sha256').update(text).digest('hex').slice(0, 16)
  return withLogin(url, { name: 'tamga guard', settings: { search_path: 'pg_catalog' } }, async (client) => {
    const state = await readState(client)
    if (state.guarded && (state.version === version || !state.superuser)) return { guarded: true }
    if (!state.superuser) return { guarded: false }
    await client.query('begin')
    await client.query('select pg_advisory_xact_lock($1)', [guardLock])
    const now = await readState(client)
    if (!now.guarded || now.version !== version) {
      await client.query(text)
      await client.query(`comment on schema tamga_guard is '${version}'`)
    }
    await client.query('commit')
    return { guarded: true }
  })
}

/** What the start tells where they cannot be made. */
export const unguardedWarning =
  'The owner of the tables could drop or alter what was recorded, which only the verifier would notice: event triggers against that ' +
  'need a superuser. Let one run migrations/ledger_guard.sql on this database once.'

type State = { superuser: boolean; guarded: boolean; version: string | null }

async function readState(client: pg.Client): Promise<State> {
  const { rows } = await client.query<State>(
    `select (select rolsuper from pg_roles where rolname = current_user) as superuser,
            (select count(*) = 2 from pg_event_trigger
             where evtname in ('tamga_ledger_kept', 'tamga_ledger_not_rewritten') and evtenabled = 'A') as guarded,
            obj_description(to_regnamespace('tamga_guard'), 'pg_namespace') as version`,
  )
  const [state] = rows
  if (state === undefined) throw new Error('PostgreSQL did not say whether the ledger is guarded')
  return state
}
