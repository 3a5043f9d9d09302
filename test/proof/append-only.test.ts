// Append-only below the service (design D10), put to the proof: every way of changing the past, tried as the serving role, as the owner
// of the tables and as a superuser, and what stops it. What stops nobody, the verifier detects: test/proof/tampering.test.ts.
import type pg from 'pg'
import t from 'tap'
import { guardLedger } from '../../src/db/ledger-guard.ts'
import { client, failure } from '../support/connect.ts'
import { testDatabase } from '../support/database.ts'

const who = ['application', 'owner', 'superuser'] as const
type Who = (typeof who)[number]

/**
 * What each is answered: `right` (the role may not), `trigger` (the row and statement triggers), `event` (the event triggers),
 * `done` (nothing stops it, and only the verifier tells).
 */
const table = `
  way                                                                            | application | owner   | superuser
  update entry set participant = 2                                               | right       | trigger | trigger
  update entry_0 set participant = 2                                             | right       | trigger | trigger
  update step set state = 1                                                      | right       | trigger | trigger
  update head set size = 7                                                       | right       | trigger | trigger
  update tile set level = 1                                                      | right       | trigger | trigger
  update checkpoint set size = 7                                                 | right       | trigger | trigger
  update finding set code = 'x'                                                  | right       | trigger | trigger
  delete from entry                                                              | right       | trigger | trigger
  delete from entry_0                                                            | right       | trigger | trigger
  delete from finding_response                                                   | right       | trigger | trigger
  truncate entry                                                                 | right       | trigger | trigger
  truncate entry_0                                                               | right       | trigger | trigger
  truncate step, head, tile, checkpoint                                          | right       | trigger | trigger
  merge into entry e using (values (0)) v (p) on e.position = v.p when matched then delete | right       | trigger | trigger
  merge into entry e using (values (0)) v (p) on e.position = v.p when matched then update set participant = 2 | right | trigger | trigger
  insert into head select * from head on conflict (log_id, size) do update set root = excluded.root | right | trigger | trigger
  select from entry for update                                                   | right       | done    | done
  drop table entry cascade                                                       | right       | event   | event
  drop table entry_0                                                             | right       | event   | event
  drop table code_list                                                           | right       | event   | event
  alter table entry detach partition entry_0                                     | right       | event   | event
  alter table entry disable trigger append_only                                  | right       | event   | event
  alter table entry disable trigger all                                          | right       | event   | event
  alter table entry_0 disable trigger append_only_truncate                       | right       | event   | event
  alter table head enable trigger append_only                                    | right       | event   | event
  drop trigger append_only on entry                                              | right       | event   | event
  drop trigger append_only_truncate on step_0                                    | right       | event   | event
  alter trigger append_only on head rename to mine                               | right       | event   | event
  alter table entry drop column bytes                                            | right       | event   | event
  alter table entry rename column bytes to kept                                  | right       | event   | event
  alter table entry alter column bytes type bytea using 'x'                      | right       | event   | event
  alter table entry rename to kept                                               | right       | event   | event
  alter table head drop constraint head_pkey                                     | right       | event   | event
  alter table head set schema public                                             | right       | right   | event
  alter table head set unlogged                                                  | right       | event   | event
  alter table entry enable row level security                                    | right       | event   | event
  create rule never as on delete to head do instead nothing                      | right       | event   | event
  create or replace function refuse_change() returns trigger language plpgsql as 'begin return new; end' | right | event | event
  drop function refuse_change() cascade                                          | right       | event   | event
  drop schema tamga cascade                                                      | right       | event   | event
  drop owned by tamga_owner cascade                                              | right       | event   | event
  alter schema tamga rename to other                                             | right       | right   | event
  alter event trigger tamga_ledger_kept disable                                  | right       | right   | done
  drop event trigger tamga_ledger_kept                                           | right       | right   | done
  drop schema tamga_guard cascade                                                | right       | right   | done
  delete from tamga_guard.kept                                                   | right       | right   | done
  set event_triggers = off                                                       | right       | right   | done
  set session_replication_role = replica                                         | right       | right   | done
  set session_replication_role = replica; delete from entry                      | right       | right   | trigger
  set role tamga_owner                                                           | right       | done    | done
  create table tamga.mine (a int)                                                | right       | done    | done
  alter table entry add column remark text                                       | right       | done    | done
  set event_triggers = off; alter table entry disable trigger all; update entry set participant = 2 | right | right | done
`

const rows = table
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split('|').map((cell) => cell.trim()))

/** What an error comes from, by what it says. */
function stoppedBy(said: string): string {
  if (/this table is append-only/.test(said)) return 'trigger'
  if (/would change or unguard|would write every row/.test(said)) return 'event'
  if (/permission denied|must be owner|must be able to SET ROLE/.test(said)) return 'right'
  return said
}

async function attempt(connection: pg.Client, statement: string): Promise<string> {
  await connection.query('begin')
  try {
    await connection.query(statement)
    return 'done'
  } catch (error) {
    return stoppedBy(String(error))
  } finally {
    await connection.query('rollback')
    await connection.query('reset session_replication_role; reset event_triggers').catch(() => undefined)
  }
}

t.test('each way of changing the past, as each of three', async (t) => {
  const { adminUrl, appUrl } = await testDatabase(t)
  const superuser = await client(t, adminUrl)
  await superuser.query(
    `insert into entry (log_id, position, record_time, event_time, participant, bytes) values (1, 0, now(), now(), 1, 'x');
     insert into head (log_id, size, root, edge, record_time) values (1, 1, sha256('x'), sha256('x'), now());
     insert into step (log_id, object_id, position, state) values (1, 1, 0, 1);
     insert into tile (log_id, level, no, root, hashes) values (1, 0, 0, sha256('x'), decode(repeat('00', 8192), 'hex'));
     insert into checkpoint (log_id, key_no, size, root, note) values (1, 1, 1, sha256('x'), 'note');
     insert into finding (id, opened_at, kind, code, participant, log_id, object_count, detail)
       values ('f', now(), 'refused', 'already_sold', 1, 1, 1, '{}');
     insert into finding_response (finding_no, at, participant, text) values (1, now(), 1, 'text')`,
  )
  // The owner is nobody's login: one that may become it, and nothing else.
  const login = `owner_${Math.random().toString(36).slice(2)}`
  await superuser.query(`create role ${login} login password 'owner' in role tamga_owner`)
  t.teardown(async () => {
    const admin = await client(t, adminUrl)
    await admin.query(`drop role ${login}`)
  })
  const ownerUrl = Object.assign(new URL(adminUrl), { username: login, password: 'owner' }).toString()
  const owner = await client(t, ownerUrl)
  await owner.query('set role tamga_owner')
  const connections: Record<Who, pg.Client> = { application: await client(t, appUrl), owner, superuser }
  const lines: string[] = []
  for (const [way = '', ...expected] of rows) {
    const found: string[] = []
    for (const name of who) found.push(await attempt(connections[name], way))
    lines.push([way.slice(0, 78).padEnd(78), ...found.map((text) => text.padEnd(9))].join(' | '))
    t.same(found, expected, way)
  }
  const { rows: left } = await superuser.query('select participant, bytes from entry')
  t.same(left, [{ participant: 1, bytes: Buffer.from('x') }], 'nothing came of it')
  t.comment(`\n${lines.join('\n')}`)
  await owner.end()
})

t.test('what the service and its migrations do goes on', async (t) => {
  const { adminUrl, appUrl } = await testDatabase(t)
  const admin = await client(t, adminUrl)
  const app = await client(t, appUrl)
  await app.query('select make_partitions(3::bigint << 26, 7 << 15)')
  t.equal(await failure(admin, 'drop table entry_4'), '42501', 'a partition is guarded as soon as it is there')
  await admin.query('set role tamga_owner')
  await admin.query('alter table entry add column remark text')
  t.equal(await failure(admin, 'alter table entry drop column remark'), '42501', 'a new column as well')
  await admin.query(
    `create table later (no bigint primary key); select guard_append_only('later'); create index later_no on later (no)`,
  )
  t.equal(await failure(admin, 'drop table later'), '42501')
  t.equal(await failure(admin, 'create table free (a int); drop table free'), undefined, 'others are free')
})

t.test('a start makes them again, and says where it cannot', async (t) => {
  const { adminUrl, name } = await testDatabase(t)
  const admin = await client(t, adminUrl)
  await admin.query('alter event trigger tamga_ledger_kept disable')
  t.same(await guardLedger(adminUrl), { guarded: true })
  t.equal(await failure(admin, 'drop table entry cascade'), '42501')
  const login = `migrator_${name.slice(-8)}`
  await admin.query(`create role ${login} login password 'm' in role tamga_owner`)
  const url = Object.assign(new URL(adminUrl), { username: login, password: 'm' }).toString()
  t.same(await guardLedger(url), { guarded: true }, 'made by another')
  await admin.query('drop event trigger tamga_ledger_not_rewritten')
  t.same(await guardLedger(url), { guarded: false })
  await admin.query(`drop role ${login}`)
})
