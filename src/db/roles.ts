// The start-up check of design D10: the role that serves can add to the ledger and cannot change it, and every
// append-only table stands behind its triggers. A service that could rewrite history does not start.
import type pg from 'pg'
import { ConfigError } from '../config/config.ts'
import { appRole, schemaName } from './connect.ts'

type Finding = { table: string; right: string }

/**
 * Asks as the serving role, on one of its own connections, about every append-only table and partition.
 * @param strict the role that logged in is looked at too: it is what SET ROLE NONE leads back to
 * @throws ConfigError naming tables and rights
 */
export async function checkRoles(pool: pg.Pool, strict: boolean): Promise<void> {
  const { rows } = await pool.query<{ serving: string; login: string; migrated: boolean }>(
    `select current_user::text as serving, session_user::text as login,
            to_regclass('append_only_table') is not null as migrated`,
  )
  const [who] = rows
  if (who === undefined) throw new Error('PostgreSQL did not say who we are')
  if (!who.migrated) throw new ConfigError('APP_DATABASE_URL must name the same database as DATABASE_URL.')
  for (const role of strict ? new Set([who.serving, who.login]) : [who.serving]) {
    await checkPowers(pool, role)
    const held = await heldRights(pool, role)
    if (held.length > 0) {
      throw new ConfigError(
        `The serving role ${role} could change what was recorded: ${summary(held)}. As the owner run:\n` +
          held.map(({ table, right }) => `REVOKE ${right} ON ${schemaName}.${table} FROM ${role};`).join('\n'),
      )
    }
  }
  const unguarded = await missingGuards(pool)
  if (unguarded.length > 0) {
    throw new ConfigError(
      `Append-only tables without their guard: ${summary(unguarded)}. Find out who removed it; then, as the owner, run:\n` +
        [
          ...new Set(unguarded.map(({ table }) => `SELECT ${schemaName}.guard_append_only('${schemaName}.${table}');`)),
        ].join('\n'),
    )
  }
}

const summary = (findings: readonly Finding[]): string =>
  findings.map(({ table, right }) => `${right} on ${table}`).join(', ')

async function checkPowers(pool: pg.Pool, role: string): Promise<void> {
  const { rows } = await pool.query<{ power: string }>(
    `select power
     from pg_roles join pg_namespace on nspname = $2
     cross join lateral (values
       (rolsuper, 'is a superuser'),
       (rolbypassrls, 'passes row security by'),
       (rolcreaterole, 'may make roles'),
       (rolreplication, 'may replicate'),
       (pg_has_role(rolname, nspowner, 'MEMBER'), 'can become the owner')
     ) as powers(held, power)
     where rolname = $1 and held`,
    [role, schemaName],
  )
  if (rows.length === 0) return
  throw new ConfigError(
    `The serving role ${role} ${rows.map((row) => row.power).join(', ')}. Let APP_DATABASE_URL log in as a role ` +
      `that may do nothing but what ${appRole} may: CREATE ROLE tamga_serving LOGIN PASSWORD '…' IN ROLE ${appRole};`,
  )
}

// Every table that ever asked for the guard, and all its partitions.
const guarded = `guarded as (
    select part.relid as oid, pg_class.relname::text as "table"
    from append_only_table named
    join pg_class root on root.relname = named.name and root.relnamespace = $1::regnamespace
    cross join lateral (select root.oid as relid union select relid from pg_partition_tree(root.oid)) part
    join pg_class on pg_class.oid = part.relid
  )`

async function heldRights(pool: pg.Pool, role: string): Promise<Finding[]> {
  const { rows } = await pool.query<Finding>(
    `with ${guarded}
     select "table", "right" from guarded cross join unnest(array['UPDATE', 'DELETE', 'TRUNCATE']) as "right"
     where has_table_privilege($2, oid, "right") or ("right" = 'UPDATE' and has_any_column_privilege($2, oid, 'UPDATE'))
     order by 1, 2`,
    [schemaName, role],
  )
  return rows
}

async function missingGuards(pool: pg.Pool): Promise<Finding[]> {
  const { rows } = await pool.query<Finding>(
    `with ${guarded}
     select "table", "right" from guarded
     cross join (values ('append_only', 'UPDATE and DELETE'), ('append_only_truncate', 'TRUNCATE')) as wanted(name, "right")
     where not exists (
       select from pg_trigger
       where tgrelid = guarded.oid and tgname = wanted.name and tgenabled = 'A' and tgfoid = ($1 || '.refuse_change')::regproc
     )
     order by 1, 2`,
    [schemaName],
  )
  return rows
}
