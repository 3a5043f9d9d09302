import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { ConfigError } from '../../src/config/config.ts'
import { limits } from '../../src/config/limits.ts'
import { migrate, migrationsFolder } from '../../src/db/migrate.ts'
import { client } from '../support/connect.ts'
import { testDatabase } from '../support/database.ts'

/** A folder of migrations for one test. */
async function migrations(t: Test, files: Record<string, string>): Promise<URL> {
  const folder = await mkdtemp(join(tmpdir(), 'tamga-migrations-'))
  t.teardown(() => rm(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return pathToFileURL(`${folder}/`)
}

const first = { '0001_first.sql': 'create table first (a int);' }
const second = { ...first, '0002_second.sql': 'create table second (a int); insert into first values (1);' }

t.test('each file runs once, in order, as the owner', async (t) => {
  const { adminUrl } = await testDatabase(t, { migrated: false })
  t.same(await migrate(adminUrl, await migrations(t, first)), ['0001_first'])
  const folder = await migrations(t, { ...second, 'notes.txt': 'no migration' })
  t.same(await migrate(adminUrl, folder), ['0002_second'])
  t.same(await migrate(adminUrl, folder), [])
  const admin = await client(t, adminUrl)
  const { rows } = await admin.query(`select tableowner from pg_tables where schemaname = 'tamga' group by 1`)
  t.same(rows, [{ tableowner: 'tamga_owner' }])
})

t.test('several processes may start at once', async (t) => {
  const { adminUrl } = await testDatabase(t, { migrated: false })
  const folder = await migrations(t, second)
  const results = await Promise.all([1, 2, 3, 4].map(() => migrate(adminUrl, folder)))
  t.same(results.flat().sort(), ['0001_first', '0002_second'], 'one of them did the work')
  const { rows } = await (await client(t, adminUrl)).query('select count(*)::int as n from first')
  t.same(rows, [{ n: 1 }])
})

t.test('one that fails leaves nothing behind and says where and why', async (t) => {
  const { adminUrl } = await testDatabase(t, { migrated: false })
  const broken = await migrations(t, { ...first, '0002_broken.sql': 'create table half (a int); select nonsense;' })
  const found = await migrate(adminUrl, broken).catch((error: unknown) => error)
  t.ok(found instanceof ConfigError)
  t.match(String(found), /Migration 0002_broken failed and nothing was changed.*nonsense.*42703/)
  const { rows } = await (await client(t, adminUrl)).query(`select to_regclass('first') as a, to_regclass('half') as b`)
  t.same(rows, [{ a: null, b: null }])
  t.same(await migrate(adminUrl, await migrations(t, second)), ['0001_first', '0002_second'], 'and can be repeated')
})

t.test('a database of a newer version is not touched', async (t) => {
  const { adminUrl } = await testDatabase(t, { migrated: false })
  await migrate(adminUrl, await migrations(t, second))
  await t.rejects(migrate(adminUrl, await migrations(t, first)), /made by a newer Tamga.*0002_second/)
})

t.test('a login that may not make roles or schema is told what an administrator must run', async (t) => {
  const { adminUrl, name } = await testDatabase(t, { migrated: false })
  const admin = await client(t, adminUrl)
  const login = `plain_${name}`
  await admin.query(`create role ${login} login password 'pw'`)
  t.teardown(async () => void (await admin.query(`drop owned by ${login}; drop role ${login}`)))
  const url = new URL(adminUrl)
  url.username = login
  url.password = 'pw'
  const found = String(await migrate(url.toString(), await migrations(t, first)).catch((error: unknown) => error))
  t.match(found, /may not prepare the database/)
  // The sentence is a recipe: follow it, but for what is there already, and the same login migrates.
  const recipe = found.split('\n').filter((line) => /^(GRANT|CREATE SCHEMA)/.test(line))
  await admin.query(recipe.join('\n'))
  t.same(await migrate(url.toString(), await migrations(t, first)), ['0001_first'])
})

t.test('an address that leads nowhere', async (t) => {
  const { adminUrl } = await testDatabase(t, { migrated: false })
  const wrong = (change: (url: URL) => void): string => {
    const url = new URL(adminUrl)
    change(url)
    return url.toString()
  }
  await t.rejects(migrate(wrong((url) => (url.password = 'x'))), /Check the user and the password/)
  await t.rejects(migrate(wrong((url) => (url.pathname = '/nowhere'))), /Create that database first/)
  await t.rejects(migrate(wrong((url) => (url.port = '1'))), /Check the host and the port/)
})

t.test('on a used database nobody waits long behind a migration', async (t) => {
  const { adminUrl } = await testDatabase(t, { migrated: false })
  await migrate(adminUrl, await migrations(t, first))
  const [holder, waiter, watcher] = [await client(t, adminUrl), await client(t, adminUrl), await client(t, adminUrl)]
  await holder.query('begin')
  await holder.query('insert into first values (1)')
  const folder = await migrations(t, {
    ...first,
    '0002_column.sql': 'alter table first add b int;',
    '0003_index.sql': '-- outside a transaction: first has grown\ncreate index concurrently first_b on first (b);\n',
    '0004_last.sql': 'create table last (a int);',
  })
  const migrating = migrate(adminUrl, folder)
  // Until it stands in the queue for the lock that the holder has.
  for (let waiting = 0; waiting === 0;) {
    const { rows } = await watcher.query<{ n: number }>(
      `select count(*)::int as n from pg_locks where not granted and relation = 'first'::regclass`,
    )
    waiting = rows[0]?.n ?? 0
  }
  const from = performance.now()
  await waiter.query('insert into first (a) values (2)')
  const ms = Math.round(performance.now() - from)
  t.ok(ms < limits.migrationLockMs + 2_000, `who came after it waited ${ms} ms`)
  await holder.query('commit')
  t.same(await migrating, ['0002_column', '0003_index', '0004_last'], 'it goes on once it may')
  const { rows } = await watcher.query(
    `select indisvalid as valid from pg_index where indexrelid = 'first_b'::regclass`,
  )
  t.same(rows, [{ valid: true }])
  const fresh = await testDatabase(t, { migrated: false })
  t.equal((await migrate(fresh.adminUrl, folder)).length, 4, 'a new database takes the same files')
})

t.test('an index that a killed migration left half made is made anew', async (t) => {
  const { adminUrl } = await testDatabase(t, { migrated: false })
  await migrate(adminUrl, await migrations(t, first))
  const admin = await client(t, adminUrl)
  await admin.query('insert into first values (1), (1)')
  const unique = 'create unique index concurrently first_a on first (a);'
  const folder = await migrations(t, {
    ...first,
    '0002_index.sql': `-- outside a transaction: first has grown\n${unique}`,
  })
  await t.rejects(migrate(adminUrl, folder), /Migration 0002_index failed/)
  await admin.query('set role tamga_owner; delete from first; reset role')
  t.same(await migrate(adminUrl, folder), ['0002_index'])
  const { rows } = await admin.query(`select indisvalid as valid from pg_index where indexrelid = 'first_a'::regclass`)
  t.same(rows, [{ valid: true }])
})

/** The newest migration from before there was a rule. What 0011 and 0022 did to tables that had grown, nobody may do again. */
const lastWithoutRule = 22

t.test('migrations take no lock for long, and leave what the version before needs', async (t) => {
  const found: string[] = []
  for (const name of (await readdir(migrationsFolder)).filter((file) => /^\d{4}_/.test(file)).sort()) {
    if (Number(name.slice(0, 4)) <= lastWithoutRule) continue
    const text = await readFile(new URL(name, migrationsFolder), 'utf8')
    found.push(...longLocks(text).map((fault) => `${name}: ${fault}`))
  }
  t.same(found, [])

  const bad = [
    'create index a on step (position);',
    'create unique index a on entry (position);',
    'alter table step add column x int not null;',
    'alter table step add column x int default random();',
    'alter table step add constraint c check (x > 0);',
    'alter table step alter column x type bigint;',
    'alter table step alter column x set not null;',
    'alter table step add primary key (x);',
    'alter table participant rename column name to title;',
    'alter table participant drop column name;',
    'drop table recall;',
    'update participant set name = upper(name);',
    'lock table step;',
    'reindex table step;',
    'create index concurrently a on step (position);',
    '-- outside a transaction: grown\ncreate index concurrently a on lot (x);\ncreate table b (x int);',
    'alter table step add column x int; alter table waiting_settled add column x int;',
    'create table a (x int); create trigger t after insert on step for each row execute function f(); insert into a select 1 from step;',
  ]
  for (const text of bad) t.equal(longLocks(text).length, 1, text)
  const good = [
    'create table a (x int); create index b on a (x); alter table a add primary key (x); insert into a values (1);',
    'alter table step add column x int;',
    "alter table step add column x text not null default '';",
    'alter table step add constraint c check (x > 0) not valid;',
    'alter table step validate constraint c;',
    '-- outside a transaction: grown\ncreate index concurrently a on step (position);',
    '-- small: a handful of rows of a register\ncreate index a on product_group (id);',
    'create trigger t after insert on step for each row execute function f();',
    'create function f() returns void language plpgsql as $$ begin update step set x = 1; end $$;',
    "comment on column step.x is 'drop table step; update nothing set x = 1';",
  ]
  for (const text of good) t.same(longLocks(text), [], text)
})

/**
 * What in a migration would keep others waiting, or break the version before, which may serve on while it runs. Of tables that the file
 * makes itself nobody knows yet. A statement after `-- small: <reason>` is somebody's word that its table does not grow.
 */
function longLocks(text: string): string[] {
  const isOutside = /^-- outside a transaction:/.test(text)
  const plain = text.replaceAll(/\$(\w*)\$[\s\S]*?\$\1\$/g, "''").replaceAll(/'(?:[^']|'')*'/g, "''")
  const statements = plain.split(';').map((part) => ({
    small: /^\s*-- small: \S/m.test(part),
    sql: part.replaceAll(/--.*$/gm, ' ').replaceAll(/\s+/g, ' ').trim().toLowerCase(),
  }))
  const known = statements.filter(({ sql }) => sql !== '')
  const own = new Set(known.flatMap(({ sql }) => /^create table (?:if not exists )?(\w+)/.exec(sql)?.[1] ?? []))
  if (isOutside) {
    const one = known.length === 1 && /^create (unique )?index concurrently /.test(known[0]?.sql ?? '')
    return one ? [] : ['outside a transaction there is one `create index concurrently` a file']
  }
  const others = known.filter(({ sql, small }) => !small && !own.has(tableOf(sql) ?? ''))
  const altered = new Set(others.flatMap(({ sql }) => (sql.startsWith('alter table') ? [tableOf(sql) ?? ''] : [])))
  // Whoever writes to both holds the one and waits for the other: under load there is no moment for it (0011 found none).
  const several =
    altered.size > 1 ? [`locks several tables that others write (${[...altered].join(', ')}): a file each`] : []
  // A trigger keeps writers out until the migration is over: what reads a grown table comes in a file of its own.
  const triggered = others.find(({ sql }) => /^create (or replace )?(constraint )?trigger /.test(sql))
  const filled = known.find(({ sql }) => /^insert into .* (select|with) /.test(sql))
  const long = triggered && filled ? [`holds its table while it fills another: ${triggered.sql.slice(0, 80)}`] : []
  const faults = others.flatMap(({ sql }) => {
    const rule = rules.find(([pattern]) => pattern.test(sql))
    return rule ? [`${rule[1]}: ${sql.slice(0, 80)}`] : []
  })
  return [...several, ...long, ...faults]
}

const tableOf = (sql: string): string | undefined =>
  /^(?:create (?:unique )?index .*? on|alter table (?:only )?(?:if exists )?|update|delete from|truncate(?: table)?|lock(?: table)?|drop table(?: if exists)?) ?(\w+)/.exec(
    sql,
  )?.[1]

const rules: readonly (readonly [RegExp, string])[] = [
  [/^create (unique )?index concurrently/, 'needs a file that begins with `-- outside a transaction: <reason>`'],
  [/^create (unique )?index/, 'keeps every writer out while it is built'],
  [
    /^alter table .* add (column )?(?!constraint|primary|unique|check|foreign|exclude).* default (?!'|[\d.+-]|true|false|null)/,
    'writes every row anew',
  ],
  [
    /^alter table .* add (column )?(?!constraint|primary|unique|check|foreign|exclude)(?!.* default ).* not null/,
    'breaks who writes without it',
  ],
  [
    /^alter table (?!.*not valid).* add (constraint|check|foreign|primary|unique|exclude)/,
    'reads every row under a lock; add it `not valid`',
  ],
  [/^alter table .* alter (column )?\w+ (set data )?type /, 'writes every row anew'],
  [/^alter table .* set not null/, 'reads every row under a lock'],
  [/^alter table .* (rename|drop) /, 'breaks the version before'],
  [/^drop (table|view|function|type|schema)/, 'breaks the version before'],
  [/^(update|delete from|truncate|lock|cluster|reindex|vacuum)\b/, 'holds locks on rows or tables that others write'],
]
