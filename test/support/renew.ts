// `npm run schema`: renews test/schema.sql and src/db/tables.ts from the migrations. Run it after changing one.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { format, resolveConfig } from 'prettier'
import { schemaText, tablesText } from './schema.ts'
import { testDatabase } from './database.ts'
import { repository } from './repository.ts'

export const schemaFile = join(repository, 'test/schema.sql')
export const tablesFile = join(repository, 'src/db/tables.ts')

/** Both texts as they belong into the files, from a database made by the migrations as they are now. */
export async function generated(adminUrl: string): Promise<{ schema: string; tables: string }> {
  const client = new pg.Client({ connectionString: adminUrl, options: '-c search_path=tamga' })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const style = await resolveConfig(tablesFile)
    const tables = await format(await tablesText(client), { ...style, filepath: tablesFile })
    return { schema: await schemaText(client), tables }
  } finally {
    await client.end()
  }
}

if (process.argv[1] === import.meta.filename) {
  const teardowns: (() => Promise<void>)[] = []
  const { adminUrl } = await testDatabase({ teardown: (done) => teardowns.push(done) })
  const { schema, tables } = await generated(adminUrl)
  await writeFile(schemaFile, schema)
  await writeFile(tablesFile, tables)
  for (const done of teardowns) await done()
  process.stdout.write('Renewed test/schema.sql and src/db/tables.ts\n')
}
