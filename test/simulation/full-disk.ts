// A full disk, under the data and under the write-ahead log: what is lost, what is said, and how soon it goes on once there is room.
import { setTimeout as delay } from 'node:timers/promises'
import { withClient } from '../support/connect.ts'
import type { Random } from '../support/orders.ts'
import { check } from './checks.ts'
import { type Clients, startClients } from './clients.ts'
import { inTime } from './in-time.ts'
import { Journal } from './journal.ts'
import { type Blow, Report } from './report.ts'
import { type Disk, openSmallWorld, type SmallWorld } from './small-disk.ts'
import type { Teardown } from './world.ts'

/** How long nothing can be written. */
const fullMs = 3_000
const pollMs = 50
const patienceMs = 30_000

/** The data first, then the log: after a full log PostgreSQL itself is down. */
export async function fillDisks(t: Teardown, seed: number, rng: Random): Promise<Report> {
  const world = await openSmallWorld(t)
  const journal = new Journal()
  const crowd = await startClients({ seed, clients: 4, thinkMs: 4, journal, world })
  const report = new Report()
  await inTime(journal.served(['A']).all, 'it serves after the start')
  for (const disk of ['data', 'wal'] as const) {
    report.blows.push(await fillOne(world, disk, journal, rng))
    await look(world, crowd, journal, report)
  }
  await inTime(crowd.stop(), 'the last verdicts')
  await look(world, crowd, journal, report)
  report.heard(journal)
  return report
}

async function fillOne(world: SmallWorld, disk: Disk, journal: Journal, rng: Random): Promise<Blow> {
  await delay(rng.below(1_000))
  await world.fill(disk)
  // The log grows by files of 16 MB: the next one is wanted now.
  if (disk === 'wal')
    await withClient(world.adminUrl, (client) => client.query('select pg_switch_wal()')).catch(() => undefined)
  const before = journal.of('told to come again')
  await until(() => journal.of('told to come again') > before, `nobody was told of the full disk (${disk})`, journal)
  await delay(fullMs)
  const said = disk === 'data' ? /disk of the database is full/ : /No space left on device.*Make room on the disk of/
  await until(
    () => said.test(world.service().output()),
    `the log does not say that the disk is full (${disk})`,
    journal,
  )
  if (world.service().child.exitCode !== null) journal.wrong.push('the service ended because of a full disk')
  await world.free(disk)
  const overMs = performance.now()
  const ms = Math.round((await inTime(journal.served(['A']).all, `it serves once there is room (${disk})`)) - overMs)
  const note = disk === 'data' ? 'no room for the data' : 'no room for the write-ahead log: PostgreSQL went down'
  return { kind: disk === 'data' ? 'full-data' : 'full-wal', note, anyMs: ms, allMs: ms }
}

async function until(holds: () => boolean, otherwise: string, journal: Journal): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (!holds() && performance.now() < deadline) await delay(pollMs)
  if (!holds()) journal.wrong.push(otherwise)
}

async function look(world: SmallWorld, crowd: Clients, journal: Journal, report: Report): Promise<void> {
  await inTime(crowd.pause(), 'a verdict for everybody')
  report.looked(
    await check({
      url: world.adminUrl,
      told: journal.told,
      lives: crowd.lives,
      actors: world.actors,
      shown: new Map(),
    }),
  )
  crowd.resume()
}
