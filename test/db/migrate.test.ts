import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { ConfigError } from '../../src/config/config.ts'
import { migrate } from '../../src/db/migrate.ts'
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
