// kill -9 under load, of the service, which takes over the PostgreSQL that it left, and of every process of PostgreSQL, which the service
// brings back. What was acknowledged is there once, what was not is there whole or not at all. SEED=… plays the same moments again;
// test/simulation does it more often, and worse things.
import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { eventKey } from '../../src/capture/entry.ts'
import { pgFolder, readCredentials } from '../../src/db/data-folder.ts'
import { findRunning } from '../../src/db/postmaster.ts'
import { gtin } from '../support/given.ts'
import { client } from '../support/connect.ts'
import { checkLedger } from '../support/ledger.ts'
import { signalAll } from '../support/kill.ts'
import { dataFolder, type Service, startService } from '../support/process.ts'
import { freshCodes, registered, type Remote, remote } from '../support/remote.ts'
import { checkReplay } from '../support/replay.ts'
import { type Load, random, startLoad } from './load.ts'

const rounds = 2
const clients = 6
const seed = process.env['SEED'] ?? randomBytes(4).toString('hex')
const operatorKey = 'operator-key-of-the-tests-0123456789'

type House = { dataDir: string; service: () => Service; url: () => string; start: () => Promise<void>; maker: Remote }

async function house(t: Test): Promise<House> {
  const dataDir = await dataFolder(t)
  let service: Service | undefined
  let url = ''
  const start = async () => {
    service = startService(t, { DATA_DIR: dataDir, OPERATOR_KEY: operatorKey, RATE_LIMIT: '0', LOG_LEVEL: 'info' })
    url = await service.url
  }
  const now = () => url
  await start()
  const maker = await registered(remote(now, operatorKey), now, ['producer', 'retailer'], 'Maker')
  const running = (): Service => {
    if (!service) throw new Error('not started')
    return service
  }
  return { dataDir, service: running, url: now, start, maker }
}

/** Load, blows at moments that nobody chose, and the time until something new is acknowledged again. */
async function under(t: Test, home: House, blows: Readonly<Record<string, () => Promise<void>>>): Promise<Load> {
  const next = random(seed)
  const codes = await freshCodes(home.maker, gtin(), 30_000)
  const load = startLoad(() => home.maker, codes, clients)
  const times: number[] = []
  const said = new Set<number>()
  for (let round = 0; round < rounds; round++) {
    for (const [what, blow] of Object.entries(blows)) {
      await load.more(10 + Math.floor(next() * 60))
      const from = performance.now()
      await blow()
      let back = false
      const again = load.next().then(() => (back = true))
      while (!back) said.add(await ready(home.url()))
      await again
      times.push(Math.round(performance.now() - from))
      t.comment(`seed ${seed}: kill -9 of ${what}: serving again after ${times.at(-1)} ms`)
    }
  }
  await load.more(20)
  await load.stop()
  t.comment(
    `${load.told.length} events acknowledged; ${load.broken()} calls broken, of which ${load.brokenButRecorded()} had taken effect`,
  )
  t.same(load.wrong, [], 'no answer but done, or come again')
  const others = [...said].filter((status) => status !== 503 && status !== 200)
  t.same(others, [], 'and whoever asks whether it is ready hears yes or no')
  // A machine that does nothing else must keep 10 s; tests run beside each other on few cores.
  t.ok(Math.max(...times) < 30_000, 'it serves again by itself')
  return load
}

async function ready(url: string): Promise<number> {
  const answer = await fetch(`${url}/ready`)
  await answer.arrayBuffer()
  return answer.status
}

/** What must hold afterwards, whatever happened. */
async function everythingStands(t: Test, home: House, load: Load): Promise<void> {
  await t.test('every acknowledged event answers as it did', async (t) => {
    let different = 0
    const queue = [...load.told]
    const lane = async () => {
      for (let each = queue.pop(); each; each = queue.pop()) {
        const { status, text } = await home.maker.send('POST', '/scans', each.body)
        if (status !== 200 || text !== each.answer) different++
      }
    }
    await Promise.all(Array.from({ length: 8 }, lane))
    t.equal(different, 0)
  })
  const url = await adminUrl(home.dataDir)
  const database = await client(t, url)
  await t.test('and is there once, at the position that was told', async (t) => {
    const { rows } = await database.query<{ key: string; position: string }>(
      `select replace(event_key::text, '-', '') as key, d.position::text
       from event_directory d join log l on l.id = d.log_id where l.name = 'main'`,
    )
    const positions = new Map(rows.map((row) => [row.key, Number(row.position)]))
    const misplaced = load.told.filter(({ eventID, answer }) => {
      const { entries } = JSON.parse(answer) as { entries: { position: number }[] }
      return positions.get(eventKey(eventID, undefined)) !== entries[0]?.position
    })
    t.same(misplaced, [])
    t.equal(new Set(positions.values()).size, positions.size, 'no position has two events')
    t.equal(positions.size, load.told.length, 'and nothing else is there: each client came to an end with its event')
  })
  await t.test('nothing is half there', async (t) => {
    const { rows } = await database.query<Record<string, number>>(halves)
    t.same(rows[0], { unlisted: 0, unrecorded: 0, motionless: 0, causeless: 0, unregistered: 0 })
  })
  await t.test('positions are dense, every root is right, the steps are what the entries say', async (t) => {
    const [main] = await checkLedger(url)
    t.equal(main?.size, load.told.length)
    const { compared } = await checkReplay(url)
    t.ok(compared > 0)
    t.comment(`${main?.size} entries under ${main?.heads} heads; ${compared} objects replayed`)
  })
}

const halves = `
  select (select count(*)::int from entry e where e.log_id = 1 and not exists
           (select from event_directory d where (d.log_id, d.position) = (e.log_id, e.position))) as unlisted,
         (select count(*)::int from event_directory d where not exists
           (select from entry e where (e.log_id, e.position) = (d.log_id, d.position))) as unrecorded,
         (select count(*)::int from entry e where e.log_id = 1 and not exists
           (select from step s where (s.log_id, s.position) = (e.log_id, e.position))) as motionless,
         (select count(*)::int from step s where not exists
           (select from entry e where (e.log_id, e.position) = (s.log_id, s.position))) as causeless,
         (select count(distinct s.object_id)::int from step s where s.object_id < 0 and not exists
           (select from logistic_unit_directory d where (d.object_id, d.log_id) = (s.object_id, s.log_id))) as unregistered`

async function adminUrl(dataDir: string): Promise<string> {
  const credentials = await readCredentials(pgFolder(dataDir))
  if (!credentials) throw new Error('there is no database')
  return `postgres://postgres:${credentials.adminPassword}@127.0.0.1:${credentials.port}/tamga`
}

t.test('kill -9 of the service, and of every process of PostgreSQL', async (t) => {
  t.setTimeout(200_000)
  const home = await house(t)
  const running = async () => {
    const found = await findRunning(pgFolder(home.dataDir))
    if (!found) throw new Error('there is no server')
    return found
  }
  const load = await under(t, home, {
    'the service': async () => {
      const orphan = await running()
      home.service().child.kill('SIGKILL')
      await home.service().ended
      t.same(await running(), orphan, 'its database is still there')
      await home.start()
      t.equal((await running()).pid, orphan.pid, 'and is taken over')
    },
    PostgreSQL: async () => signalAll((await running()).pid, 'SIGKILL'),
  })
  t.equal(home.service().child.exitCode, null, 'the service itself went on')
  await everythingStands(t, home, load)
  // As npm passes Ctrl-C on that the terminal sent already.
  home.service().child.kill('SIGINT')
  home.service().child.kill('SIGINT')
  t.match(await home.service().ended, { status: 0 }, 'Ctrl-C, twice in a row, is a clean end')
  t.equal(await findRunning(pgFolder(home.dataDir)), undefined, 'of the database too')
})
