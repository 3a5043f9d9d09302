import { readFile } from 'node:fs/promises'
import t from 'tap'
import { testDatabase } from '../support/database.ts'
import { generated, schemaFile, tablesFile } from '../support/renew.ts'

t.test('what the migrations make is what the files say; `npm run schema` renews them', async (t) => {
  const { adminUrl } = await testDatabase(t)
  const { schema, tables } = await generated(adminUrl)
  t.equal(schema, await readFile(schemaFile, 'utf8'), 'test/schema.sql: run `npm run schema` and read the diff')
  t.equal(tables, await readFile(tablesFile, 'utf8'), 'src/db/tables.ts: run `npm run schema`')
})
