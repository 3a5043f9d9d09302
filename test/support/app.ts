// The whole service on a database of its own, as tests talk to it: through inject, without a socket.
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { buildApp, type AppOptions } from '../../src/app.ts'
import { readConfig, type Config } from '../../src/config/config.ts'
import { appRole } from '../../src/db/connect.ts'
import { testDatabase, type TestDatabase } from './database.ts'
import { checkLedger } from './ledger.ts'

type Teardown = { teardown: (done: () => Promise<void>) => void }

export const operatorKey = 'operator-key-of-the-tests-0123456789'
export const masterKey = Buffer.alloc(32, 7)

/** A clock that stands until it is moved. */
export type TestClock = { now: () => Date; forward: (ms: number) => void }
export function testClock(start = Date.now()): TestClock {
  let time = start
  return { now: () => new Date(time), forward: (ms) => void (time += ms) }
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
export type Caller = {
  /** Sends a request with this caller's key; `body` as JSON. */
  call(method: Method, url: string, body?: unknown, headers?: Record<string, string>): Promise<LightMyRequestResponse>
  /** The same, and the answer must have this status; gives the parsed body. */
  expect<Body = Record<string, unknown>>(status: number, method: Method, url: string, body?: unknown): Promise<Body>
}

export type TestApp = {
  app: FastifyInstance
  database: TestDatabase
  config: Config
  /** What the service logged, a line each. */
  log: string[]
  operator: Caller
  anonymous: Caller
  /** A caller with this key, and perhaps more headers. */
  as(key: string, headers?: Record<string, string>): Caller
}

export type TestAppOptions = Partial<Omit<AppOptions, 'config'>> & {
  config?: Partial<Config>
  /** A second service on the same database. */
  database?: TestDatabase
  /** Adds to the app before it is ready. */
  extend?: (app: FastifyInstance) => void
}

export async function testApp(t: Teardown, overrides: TestAppOptions = {}): Promise<TestApp> {
  const { config: changes, database: given, extend, ...options } = overrides
  const database = given ?? (await testDatabase(t))
  // Runs once the app is closed and before the database is dropped: whatever a test did, the ledger must stand.
  t.teardown(async () => void (await checkLedger(database.adminUrl)))
  const config = { ...readConfig({ RATE_LIMIT: '0', LOG_LEVEL: 'info' }), ...changes }
  const log: string[] = []
  const app = await buildApp({
    config,
    access: { url: database.appUrl, role: appRole },
    masterKey,
    operatorKey,
    logStream: { write: (line) => void log.push(line) },
    ...options,
  })
  t.teardown(() => app.close())
  extend?.(app)
  await app.ready()
  const as = (key: string, headers: Record<string, string> = {}): Caller =>
    caller(app, { authorization: `Bearer ${key}`, ...headers })
  return { app, database, config, log, operator: as(operatorKey), anonymous: caller(app, {}), as }
}

function caller(app: FastifyInstance, own: Record<string, string>): Caller {
  const call: Caller['call'] = (method, url, body, headers) =>
    app.inject({
      method,
      url,
      headers: { ...own, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    })
  return {
    call,
    expect: async <Body>(status: number, method: Method, url: string, body?: unknown): Promise<Body> => {
      const answer = await call(method, url, body)
      if (answer.statusCode !== status) {
        throw new Error(`${method} ${url}: ${answer.statusCode} instead of ${status}: ${answer.body}`)
      }
      return (answer.body === '' ? undefined : answer.json<Body>()) as Body
    },
  }
}
