// What must be there before the first migration can run as the owner: the roles, which belong to the whole cluster,
// and the schema. Done by whoever DATABASE_URL logs in as; where that one may not, a sentence says what to run.
import type pg from 'pg'
import { ConfigError } from '../config/config.ts'
import { appRole, schemaName } from './connect.ts'

export const ownerRole = 'tamga_owner'
export const migratorRole = 'tamga_migrator'
export const auditorRole = 'tamga_auditor'
const roles = [ownerRole, migratorRole, appRole, auditorRole]

/** What we run on, oldest and newest: older lacks NULLS NOT DISTINCT and MERGE privileges, newer is untried. */
export const serverMajors = { min: 15, max: 18 } as const

type State = { login: string; database: string; known: string[]; schema: boolean; number: number }

/** What an administrator runs once where the service may not: only what is missing. */
const recipe = (state: State): string =>
  [
    ...roles.filter((role) => !state.known.includes(role)).map((role) => `CREATE ROLE ${role} NOLOGIN;`),
    `GRANT ${ownerRole} TO ${migratorRole};`,
    `GRANT ${migratorRole}, ${ownerRole}, ${appRole} TO "${state.login}";`,
    ...(state.schema
      ? []
      : [`\\connect "${state.database}"`, `CREATE SCHEMA ${schemaName} AUTHORIZATION ${ownerRole};`]),
  ].join('\n')

/**
 * Makes roles and schema if they are missing. Several databases of a cluster, and several processes, may do it at once.
 * @throws ConfigError where the server is too old, too new or not UTF8, or the login lacks a right
 */
export async function bootstrap(client: pg.ClientBase): Promise<void> {
  await checkServer(client)
  const { rows } = await client.query<State>(
    `select current_user as login, current_database() as database, to_regnamespace($2) is not null as schema,
            current_setting('server_version_num')::int as number,
            array(select rolname::text from pg_roles where rolname = any($1)) as known`,
    [roles, schemaName],
  )
  const [state] = rows
  if (state === undefined) throw new Error('PostgreSQL answered nothing about its roles')
  try {
    for (const role of roles) if (!state.known.includes(role)) await tolerant(client, `create role ${role} nologin`)
    if (!state.known.includes(migratorRole)) await tolerant(client, `grant ${ownerRole} to ${migratorRole}`)
    for (const role of [ownerRole, appRole]) await ensureMember(client, role, state.number)
    if (!state.schema) await tolerant(client, `create schema ${schemaName} authorization ${ownerRole}`)
  } catch (error) {
    if (sqlState(error) !== '42501') throw error
    throw new ConfigError(
      `DATABASE_URL: "${state.login}" may not prepare the database. Let an administrator run this once, then start again:\n` +
        recipe(state),
    )
  }
}

async function checkServer(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ number: number; version: string; encoding: string }>(
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
            current_setting('server_encoding') as encoding`,
  )
  const [server] = rows
  if (server === undefined) throw new Error('PostgreSQL answered nothing about its version')
  const major = Math.floor(server.number / 10_000)
  if (major < serverMajors.min || major > serverMajors.max) {
    throw new ConfigError(
      `DATABASE_URL: this is PostgreSQL ${server.version}; use version ${serverMajors.min} to ${serverMajors.max}.`,
    )
  }
  if (server.encoding !== 'UTF8') {
    throw new ConfigError(
      `DATABASE_URL: this database is encoded in ${server.encoding}; create one with ENCODING 'UTF8' TEMPLATE template0.`,
    )
  }
}

// SET ROLE needs membership; a superuser needs none. From PostgreSQL 16 on, who creates a role may grant it but is not yet
// let into it, and the two are told apart by another word.
async function ensureMember(client: pg.ClientBase, role: string, serverVersion: number): Promise<void> {
  const { rows } = await client.query<{ member: boolean }>('select pg_has_role($1, $2) as member', [
    role,
    serverVersion >= 160_000 ? 'SET' : 'MEMBER',
  ])
  if (rows[0]?.member !== true) await tolerant(client, `grant ${role} to current_user`)
}

// Two at once: the loser of the race sees a unique violation in the catalogue, or "already exists".
export async function tolerant(client: pg.ClientBase, statement: string): Promise<void> {
  try {
    await client.query(statement)
  } catch (error) {
    const state = sqlState(error)
    const existsAlready = state === '42710' || state === '23505' || state === '42P06'
    const changedByAnother = state === 'XX000' && /tuple concurrently updated/.test(String(error))
    if (!existsAlready && !changedByAnother) throw error
  }
}

export const sqlState = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
