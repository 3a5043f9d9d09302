// Who can change what was recorded: each layer of design D10 tried from the side that it is meant to stop.
import type pg from 'pg'
import t from 'tap'
import { ConfigError } from '../../src/config/config.ts'
import { checkRoles } from '../../src/db/roles.ts'
import { client, failure, pool } from '../support/connect.ts'
import { testDatabase } from '../support/database.ts'

const denied = '42501'

async function guardedTables(admin: pg.Client): Promise<string[]> {
  const { rows } = await admin.query<{ name: string }>(
    `select c.relname as name from append_only_table a join pg_class r on r.relname = a.name and r.relnamespace = 'tamga'::regnamespace
     cross join lateral (select r.oid as relid union select relid from pg_partition_tree(r.oid)) p
     join pg_class c on c.oid = p.relid order by 1`,
  )
  return rows.map((row) => row.name)
}

t.test('the serving role adds and reads, and nothing else', async (t) => {
  const { adminUrl, appUrl } = await testDatabase(t)
  const admin = await client(t, adminUrl)
  const app = await client(t, appUrl)
  const tables = await guardedTables(admin)
  t.ok(tables.includes('entry') && tables.includes('entry_0') && tables.includes('step_0'), 'partitions are among them')
  for (const table of tables) {
    const { rows } = await admin.query<{ column: string }>(
      `select quote_ident(attname) as column from pg_attribute
       where attrelid = $1::regclass and attnum > 0 and attidentity <> 'a' and not attisdropped limit 1`,
      [table],
    )
    const column = rows[0]?.column ?? ''
    for (const statement of [
      `update ${table} set ${column} = ${column}`,
      `delete from ${table}`,
      `truncate ${table}`,
      `drop table ${table} cascade`,
      `alter table ${table} disable trigger all`,
      `alter table ${table} disable trigger append_only`,
      `merge into ${table} using (values (1)) v on false when matched then delete`,
      `select from ${table} for update`,
    ]) {
      t.equal(await failure(app, statement), denied, statement)
    }
  }
  t.equal(await failure(app, 'set session_replication_role = replica'), denied)
  t.equal(await failure(app, 'set role tamga_owner'), denied)
  t.equal(await failure(app, 'create table tamga.mine (a int)'), denied)
  t.equal(await failure(app, 'select tamga.guard_append_only(0)'), denied, 'functions are not for everybody')
})

t.test('the triggers hold the owner and the superuser too', async (t) => {
  const { adminUrl } = await testDatabase(t)
  const admin = await client(t, adminUrl)
  await admin.query(
    `insert into entry (log_id, position, record_time, event_time, participant, bytes) values (1, 0, now(), now(), 1, 'x')`,
  )
  const attempts = ['update entry set participant = 2', 'delete from entry', 'truncate entry', 'truncate entry_0']
  for (const become of ['set local role tamga_owner', 'set local session_replication_role = replica']) {
    for (const attempt of [...attempts, 'update entry_0 set participant = 2', 'delete from entry_0']) {
      t.equal(await failure(admin, `${become}; ${attempt}`), denied, `${become}; ${attempt}`)
    }
  }
  const { rows } = await admin.query('select participant from entry')
  t.same(rows, [{ participant: 1 }])
})

t.test('a partition made later is guarded as its table is', async (t) => {
  const { adminUrl, appUrl } = await testDatabase(t)
  const admin = await client(t, adminUrl)
  await admin.query('set role tamga_owner; select make_entry_partition(5)')
  await admin.query('reset role')
  await admin.query(
    `insert into entry (log_id, position, record_time, event_time, participant, bytes)
     values (1, 5::bigint << 26, now(), now(), 1, 'x')`,
  )
  for (const attempt of ['truncate entry_5', 'delete from entry_5'])
    t.equal(await failure(admin, attempt), denied, attempt)
  await t.resolves(checkRoles(pool(t, appUrl), true))
})

t.test('the service starts where the rights are right', async (t) => {
  const { adminUrl, appUrl } = await testDatabase(t)
  await t.resolves(checkRoles(pool(t, appUrl), true), 'a login of its own')
  await t.resolves(checkRoles(pool(t, adminUrl, 'tamga_app'), false), 'one login for both')
})

// What was done to the database, and what the refusal to start must name.
const tampered: [what: string, sql: string, says: RegExp][] = [
  ['UPDATE on a table', 'grant update on entry to tamga_app', /UPDATE on entry/],
  ['UPDATE on one column', 'grant update (participant) on entry to tamga_app', /UPDATE on entry/],
  ['DELETE on a partition', 'grant delete on entry_0 to tamga_app', /DELETE on entry_0/],
  ['TRUNCATE for everybody', 'grant truncate on step to public', /TRUNCATE on step\b/],
  ['a trigger dropped', 'drop trigger append_only on head', /UPDATE and DELETE on head/],
  ['a trigger disabled', 'alter table entry disable trigger append_only', /UPDATE and DELETE on entry/],
  ['a trigger not always on', 'alter table head enable trigger append_only', /UPDATE and DELETE on head/],
  ['a partition unguarded', 'drop trigger append_only_truncate on step_0', /TRUNCATE on step_0/],
]
for (const [what, sql, says] of tampered) {
  t.test(`the service does not start: ${what}`, async (t) => {
    const { adminUrl, appUrl } = await testDatabase(t)
    const admin = await client(t, adminUrl)
    await admin.query('set event_triggers = off')
    await admin.query(sql)
    const found = await checkRoles(pool(t, appUrl), true).catch((error: unknown) => error)
    t.ok(found instanceof ConfigError)
    t.match(String(found), says)
    // The refusal says how to put it right, and that is right.
    const repair = String(found).split('\n').slice(1).join('\n')
    await admin.query(what.includes('everybody') ? repair.replaceAll('tamga_app', 'public') : repair)
    await t.resolves(checkRoles(pool(t, appUrl), true), repair)
  })
}

t.test('the service does not start as a superuser, nor as who can become the owner', async (t) => {
  const { adminUrl } = await testDatabase(t)
  await t.rejects(checkRoles(pool(t, adminUrl), true), /is a superuser/)
  await t.rejects(checkRoles(pool(t, adminUrl, 'tamga_app'), true), /is a superuser/, 'SET ROLE NONE leads back')
  await t.rejects(checkRoles(pool(t, adminUrl, 'tamga_owner'), false), /can become the owner/)
})
