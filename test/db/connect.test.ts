import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { sql } from 'kysely'
import t from 'tap'
import { connectClient, createPool, kyselyOn, withLogin } from '../../src/db/connect.ts'
import { isOutage } from '../../src/ledger/ledger.ts'
import { pool } from '../support/connect.ts'
import { lineTo } from '../support/cut.ts'
import { testDatabase } from '../support/database.ts'

t.test('columns arrive as what they are', async (t) => {
  const { appUrl } = await testDatabase(t)
  const { rows } = await pool(t, appUrl).query(
    `select 9007199254740993::int8 as big, '{1,-2}'::int8[] as bigs, '{}'::int8[] as none, 0.10::numeric as money,
            date '2026-02-03' as day, current_user::text as who, current_schema()::text as schema`,
  )
  t.same(rows, [
    {
      big: 9007199254740993n,
      bigs: [1n, -2n],
      none: [],
      money: '0.10',
      day: '2026-02-03',
      who: 'tamga_app',
      schema: 'tamga',
    },
  ])
})

t.test('each connection is set before its first statement, and RESET does not undo it', async (t) => {
  const { adminUrl } = await testDatabase(t)
  const one = await pool(t, adminUrl, 'tamga_app').connect()
  await one.query('reset role')
  await one.query('reset all')
  const { rows } = await one.query(
    `select current_user::text as who, current_setting('statement_timeout') as statement,
            current_setting('lock_timeout') as lock, current_setting('search_path') as path`,
  )
  one.release()
  t.same(rows, [{ who: 'tamga_app', statement: '30s', lock: '10s', path: 'tamga' }])
})

t.test('options of the address are kept', async (t) => {
  const { appUrl } = await testDatabase(t)
  const { rows } = await pool(t, `${appUrl}?options=-c%20work_mem%3D7MB`).query(
    `select current_setting('work_mem') as memory, current_setting('search_path') as path`,
  )
  t.same(rows, [{ memory: '7MB', path: 'tamga' }])
})

t.test('a server that stands still is waited for so long, and then its connection is given up', async (t) => {
  const { appUrl } = await testDatabase(t)
  const line = await lineTo(t, appUrl)
  const connections = createPool({ url: line.url, role: undefined }, () => undefined, { max: 1, silentMaxMs: 300 })
  t.teardown(() => connections.end())
  await connections.query('select')
  line.deafen()
  const error: unknown = await connections.query('select').catch((error: unknown) => error)
  t.match(error, /Query read timeout/)
  t.ok(isOutage(error), 'who recorded tries again')
  t.equal((await connections.query('select')).rowCount, 1, 'the next one has another connection')
})

t.test('Kysely works over the pool and leaves it alone', async (t) => {
  const { appUrl } = await testDatabase(t)
  const connections = pool(t, appUrl)
  const db = kyselyOn(connections)
  const { rows } = await sql<{ n: bigint }>`select 1::int8 as n`.execute(db)
  t.same(rows, [{ n: 1n }])
  await db.destroy()
  t.equal((await connections.query('select')).rowCount, 1)
})

t.test('the pipelined client sends without waiting, in order, and a failed statement fails alone', async (t) => {
  const { appUrl } = await testDatabase(t)
  const client = await connectClient({ url: appUrl, role: 'tamga_app' }, () => undefined)
  t.teardown(() => client.end())
  const results = await Promise.allSettled([
    client.query('begin'),
    client.query("select set_config('tamga.step', '1', true)"),
    client.query("select current_setting('tamga.step') as step, current_setting('plan_cache_mode') as plans"),
    client.query('commit'),
    client.query('select nonsense'),
    client.query('select 7 as after'),
  ])
  const [, , seen, , failed, after] = results
  t.match(seen, { value: { rows: [{ step: '1', plans: 'force_generic_plan' }] } })
  t.match(failed, { status: 'rejected', reason: { code: '42703' } })
  t.match(after, { value: { rows: [{ after: 7 }] } })
})

t.test('the error of a broken connection does not carry the connection into a log', async (t) => {
  const { appUrl } = await testDatabase(t)
  const idle = createPool({ url: appUrl, role: 'tamga_app' }, () => undefined)
  t.teardown(() => idle.end())
  // The pool's own word, which comes after the connection's.
  const broken = new Promise<Error>((resolve) => idle.on('error', resolve))
  const { rows } = await idle.query<{ pid: number }>('select pg_backend_pid() as pid')
  await pool(t, appUrl).query('select pg_terminate_backend($1)', [rows[0]?.pid])
  const error = await broken
  t.match(error, { code: '57P01' })
  t.notOk(Object.keys(error).includes('client'))
})

t.test('a server that is just recovering is waited for, and one that refuses is not', async (t) => {
  const { adminUrl } = await testDatabase(t)
  const behind = new URL(adminUrl)
  let turnedAway = 0
  // What PostgreSQL says while it reads its log back after a crash.
  const starting = 'SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0'
  const server = createServer((near) => {
    near.on('error', () => undefined)
    if (turnedAway < 2) {
      turnedAway++
      const length = Buffer.alloc(4)
      length.writeInt32BE(starting.length + 4)
      near.once('data', () => near.end(Buffer.concat([Buffer.from('E'), length, Buffer.from(starting)])))
      return
    }
    const far = connect(Number(behind.port), behind.hostname)
    far.on('error', () => near.destroy())
    near.pipe(far).pipe(near)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  const door = new URL(adminUrl)
  door.port = String((server.address() as AddressInfo).port)
  const answer = await withLogin(door.toString(), {}, async (client) => (await client.query('select 1 as one')).rows)
  t.same(answer, [{ one: 1 }])
  t.equal(turnedAway, 2)
  door.password = 'wrong'
  await t.rejects(
    withLogin(door.toString(), {}, async () => undefined),
    /password/,
  )
})
