// Connections for tests: closed when the test ends, before its database is dropped.
import pg from 'pg'
import { createPool } from '../../src/db/connect.ts'

type Teardown = { teardown: (done: () => Promise<void>) => void }

/** A plain connection, as psql would have it; `search_path` is the service's. */
export async function client(t: Teardown, url: string): Promise<pg.Client> {
  const connection = new pg.Client({ connectionString: url, options: '-c search_path=tamga' })
  // The database is dropped with force at the end; that its connections break then is no news.
  connection.on('error', () => undefined)
  await connection.connect()
  t.teardown(() => connection.end())
  return connection
}

/** The same for a moment. */
export async function withClient<T>(url: string, work: (connection: pg.Client) => Promise<T>): Promise<T> {
  const connection = new pg.Client({ connectionString: url, options: '-c search_path=tamga' })
  connection.on('error', () => undefined)
  await connection.connect()
  try {
    return await work(connection)
  } finally {
    await connection.end()
  }
}

/** A pool as the service has it. */
export function pool(t: Teardown, url: string, role?: string): pg.Pool {
  const connections = createPool({ url, role }, () => undefined, { max: 4 })
  t.teardown(() => connections.end())
  return connections
}

/** The SQLSTATE that a statement fails with; undefined if it does not fail. Leaves no transaction behind. */
export async function failure(connection: pg.ClientBase, statement: string): Promise<string | undefined> {
  await connection.query('begin')
  try {
    await connection.query(statement)
    return undefined
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  } finally {
    await connection.query('rollback')
  }
}
