// The process itself, from the outside: every way in which a start or an end can go, and the sentence for each. What comes after a kill
// is in test/ledger/kill.test.ts.
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { findRunning, freePort, untilFree } from '../../src/db/postmaster.ts'
import { dataFolder, startService, type Ended } from '../support/process.ts'

async function ready(url: string): Promise<number> {
  const answer = await fetch(`${url}/ready`)
  await answer.arrayBuffer()
  return answer.status
}
const running = (dataDir: string) => findRunning(join(dataDir, 'pg18'))

function refused(t: Test, ended: Ended, says: RegExp): void {
  t.equal(ended.status, 1, 'exit status')
  t.match(ended.stderr, says)
  t.notMatch(ended.stderr, /\n {4}at /, 'a sentence, not a stack')
}

t.test('an empty folder, then a used one, and one in use', async (t) => {
  const DATA_DIR = await dataFolder(t)
  for (const what of ['empty', 'used']) {
    const from = Date.now()
    const service = startService(t, { DATA_DIR })
    t.equal(await ready(await service.url), 200)
    const ms = Date.now() - from
    // 10 s and 3 s are the promise on a machine of one's own; here tests run beside each other on few cores.
    t.comment(`${what} folder: first answer after ${ms} ms`)
    t.ok(ms < 60_000, `${what}: in time`)
    const key = (await readFile(join(DATA_DIR, 'operator.key'), 'utf8')).trim()
    if (what === 'used') {
      refused(t, await startService(t, { DATA_DIR }).ended, /Another service is running on the data folder .*DATA_DIR/)
      t.equal(await ready(await service.url), 200, 'the first one does not notice')
    }
    const me = await fetch(`${await service.url}/participants/me`, { headers: { authorization: `Bearer ${key}` } })
    t.equal(me.status, 200, "the operator's key opens the door")
    t.notMatch(service.output(), key, 'and stands in no log')
    t.match(service.output(), /\/docs.*\/health.*operator\.key/)
    const pid = (await running(DATA_DIR))?.pid
    t.type(pid, 'number')
    service.child.kill('SIGTERM')
    t.match(await service.ended, { status: 0 }, 'SIGTERM is a clean end')
    t.equal(await running(DATA_DIR), undefined, 'of the database too')
  }
  for (const file of ['master.key', 'operator.key', 'pg18/tamga.json']) {
    t.equal((await stat(join(DATA_DIR, file))).mode & 0o777, 0o600, `${file} is ours alone`)
  }
  t.equal((await stat(join(DATA_DIR, 'pg18'))).mode & 0o777, 0o700)
})

t.test('two starts at once on an empty folder: one serves, the other says why not', async (t) => {
  const DATA_DIR = await dataFolder(t)
  const both = [startService(t, { DATA_DIR }), startService(t, { DATA_DIR })]
  const winner = await Promise.any(both.map(async (service) => service.url.then(() => service)))
  const loser = both.find((service) => service !== winner)
  refused(t, (await loser?.ended) as Ended, /DATA_DIR/)
  t.equal(await ready(await winner.url), 200)
})

t.test('a taken port', async (t) => {
  const DATA_DIR = await dataFolder(t)
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(async () => void server.close())
  const { port } = server.address() as AddressInfo
  const service = startService(t, { DATA_DIR, PORT: String(port) })
  refused(t, await service.ended, new RegExp(`listens on 127.0.0.1:${port} already.*PORT`))
  t.equal(await running(DATA_DIR), undefined, 'the database was ended again')
})

t.test('the port of the database is none of those that outgoing connections take, and is waited for', async (t) => {
  const port = await freePort(undefined)
  t.ok(port >= 20_000 && port < 32_768, `${port}`)
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  t.not(await freePort(port), port, 'another one while it is taken')
  t.equal(await untilFree(port, 1), false)
  const free = untilFree(port, 30_000)
  server.close()
  t.equal(await free, true)
})

t.test('folders and settings that cannot be', async (t) => {
  const DATA_DIR = await dataFolder(t)
  await mkdir(join(DATA_DIR, 'pg18'), { recursive: true })
  await writeFile(join(DATA_DIR, 'pg18', 'PG_VERSION'), '19\n')
  refused(t, await startService(t, { DATA_DIR }).ended, /made by PostgreSQL 19; this Tamga carries 18.*DATA_DIR/)
  await rm(DATA_DIR, { recursive: true })
  await mkdir(join(DATA_DIR, 'pg17'), { recursive: true })
  refused(t, await startService(t, { DATA_DIR }).ended, /made by PostgreSQL 17/)
  await rm(DATA_DIR, { recursive: true })
  await writeFile(DATA_DIR, 'not a folder')
  refused(t, await startService(t, { DATA_DIR }).ended, /is not a folder. Set DATA_DIR/)
  refused(t, await startService(t, { DATA_DIR: '/proc/nowhere' }).ended, /Set DATA_DIR/)
  refused(t, await startService(t, { DATA_DIR, PORT: 'x' }).ended, /PORT must be a whole number/)
  refused(
    t,
    await startService(t, { DATA_DIR, DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c' }).ended,
    /DATABASE_URL: .*Check the host and the port/,
  )
})

t.test('another master key than the one that the database knows', async (t) => {
  const DATA_DIR = await dataFolder(t)
  const first = startService(t, { DATA_DIR })
  await first.url
  first.child.kill('SIGTERM')
  await first.ended
  refused(t, await startService(t, { DATA_DIR, MASTER_KEY: 'm'.repeat(40) }).ended, /MASTER_KEY is not the master key/)
  await rm(join(DATA_DIR, 'master.key'))
  refused(t, await startService(t, { DATA_DIR }).ended, /master\.key is missing/)
})

t.test('asked to end while it starts', async (t) => {
  const DATA_DIR = await dataFolder(t)
  const service = startService(t, { DATA_DIR })
  await new Promise<void>((resolve) => service.child.stdout?.once('data', () => resolve()))
  service.child.kill('SIGTERM')
  t.match(await service.ended, { status: 0 })
  t.equal(await running(DATA_DIR), undefined, 'nothing is left running')
})
