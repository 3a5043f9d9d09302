// What may happen to the service and its database under load. Each is over when it resolves, and says since when.
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { withClient } from '../support/connect.ts'
import { signal, signalAll } from '../support/kill.ts'
import type { Random } from '../support/orders.ts'
import { cutAtStatement } from './commit-cuts.ts'
import type { Journal, Served } from './journal.ts'
import { killMigration } from './migration.ts'
import type { Gate, World } from './world.ts'

export type Scene = {
  world: World
  journal: Journal
  rng: Random
  /** From this moment on nothing stands in the way any more: by `performance.now`, and who records something new since. */
  over: () => Over
}
export type Over = { overMs: number; served: Served }
export type Fault = (scene: Scene) => Promise<{ note: string } & Over>

/** From half to one and a half of it. */
const about = (ms: number, { below }: Random): number => Math.floor(ms / 2) + below(ms)

/** It serves again as soon as whoever watches over it has started it. */
async function killServices(gates: readonly Gate[], over: Scene['over']): Promise<Over> {
  for (const gate of gates) gate.service().child.kill('SIGKILL')
  const since = over()
  await Promise.all(
    gates.map(async (gate) => {
      await gate.service().ended
      await gate.start()
    }),
  )
  return since
}

const killService: Fault = async ({ world, rng, over }) => {
  const gate = rng.of(world.gates)
  return { note: `kill -9 of ${gate.name}`, ...(await killServices([gate], over)) }
}

const killServiceAndDatabase: Fault = async ({ world, over }) => {
  signalAll(world.databasePid(), 'SIGKILL')
  return { note: 'kill -9 of everything at once', ...(await killServices(world.gates, over)) }
}

const killDatabase: Fault = async ({ world, over }) => {
  signalAll(world.databasePid(), 'SIGKILL')
  return { note: 'kill -9 of every process of PostgreSQL', ...over() }
}

/** One process that dies by a signal makes PostgreSQL begin anew: nobody knows what it did to the shared memory. */
const killBackend: Fault = async ({ world, rng, over }) => {
  const pids = await withClient(world.adminUrl, (client) => backends(client))
  signal(rng.of(pids), 'SIGKILL')
  return { note: 'kill -9 of one backend', ...over() }
}

const terminateBackends: Fault = async ({ world, over }) =>
  withClient(world.adminUrl, async (client) => {
    const pids = await backends(client)
    const since = over()
    await client.query('select pg_terminate_backend(pid) from unnest($1::int[]) as pid', [pids])
    return { note: `${pids.length} connections ended by an administrator`, ...since }
  })

async function backends(client: pg.Client): Promise<number[]> {
  const { rows } = await client.query<{ pid: number }>(
    `select pid from pg_stat_activity where backend_type = 'client backend' and usename = 'tamga_app'`,
  )
  return rows.map(({ pid }) => pid)
}

const sigterm: Fault = async ({ world, journal, rng, over }) => {
  const gate = rng.of(world.gates)
  const since = over()
  gate.service().child.kill('SIGTERM')
  const ended = await gate.service().ended
  const tookMs = Math.round(performance.now() - since.overMs)
  if (ended.status !== 0)
    journal.wrong.push(`SIGTERM: ${gate.name} ended with ${ended.status ?? ended.signal}: ${ended.stderr}`)
  await gate.start()
  return { note: `${gate.name} ended cleanly within ${tookMs} ms`, ...since }
}

/** Nothing can be recorded while somebody else holds the head's lock; questions can be answered. */
const heldLock: Fault = (scene) => holdLock(scene, about(4_000, scene.rng))

/** Longer than the service waits for a lock, and longer than it tries for a caller. */
const longLock: Fault = (scene) => holdLock(scene, 20_000 + about(4_000, scene.rng))

async function holdLock({ world, over }: Scene, ms: number): Promise<{ note: string } & Over> {
  return withClient(world.adminUrl, async (client) => {
    await client.query('begin')
    await client.query('select from log_lock where log_id = 1 for update')
    await delay(ms)
    await client.query('rollback')
    return { note: `the lock of the log held for ${ms} ms`, ...over() }
  })
}

/** Every connection of the pools waits for a lock that somebody holds on the codes. */
const exhaustedPool: Fault = async ({ world, rng, over }) => {
  const ms = about(4_000, rng)
  return withClient(world.adminUrl, async (client) => {
    await client.query('begin')
    await client.query('lock table code_block, code_order in access exclusive mode')
    await delay(ms)
    await client.query('rollback')
    return { note: `every connection of the pools waits for ${ms} ms`, ...over() }
  })
}

/** The server refuses new connections, and the service's own have just been cut. */
const noConnections: Fault = async ({ world, rng, over }) => {
  const ms = about(3_000, rng)
  return withClient(world.adminUrl, async (client) => {
    await client.query('alter role tamga_app connection limit 0')
    await client.query('select pg_terminate_backend(pid) from unnest($1::int[]) as pid', [await backends(client)])
    await delay(ms)
    await client.query('alter role tamga_app connection limit -1')
    return { note: `no connection to be had for ${ms} ms`, ...over() }
  })
}

/** Storage that does not answer: every process of PostgreSQL stands still. */
const hungDatabase: Fault = async ({ world, rng, over }) => {
  const ms = about(3_000, rng)
  const pid = world.databasePid()
  signalAll(pid, 'SIGSTOP')
  await delay(ms)
  signalAll(pid, 'SIGCONT')
  return { note: `PostgreSQL stood still for ${ms} ms`, ...over() }
}

/** As a disk that takes long for each flush. */
const slowDisk: Fault = async ({ world, rng, over }) => {
  const [lateMs, ms] = [20 + rng.below(200), about(3_000, rng)]
  for (const { line } of world.gates) line.slow(lateMs)
  await delay(ms)
  for (const { line } of world.gates) line.slow(0)
  return { note: `every answer of the database ${lateMs} ms late, for ${ms} ms`, ...over() }
}

/** The clock of one process, and what it is told of the database's, jump by an hour and back. */
const clockJumps: Fault = async ({ world, rng, over }) => {
  const [gate, hours, ms] = [rng.of(world.gates), rng.of([-1, 1] as const), about(3_000, rng)]
  await gate.setClock(hours)
  await delay(ms)
  await gate.setClock(0)
  return { note: `the clocks of ${gate.name} ${hours} h off for ${ms} ms`, ...over() }
}

export const faults = {
  'kill-service': killService,
  'kill-database': killDatabase,
  'kill-both': killServiceAndDatabase,
  'kill-backend': killBackend,
  terminate: terminateBackends,
  'cut-commit': cutAtStatement,
  'held-lock': heldLock,
  'long-lock': longLock,
  pool: exhaustedPool,
  connections: noConnections,
  hang: hungDatabase,
  'slow-disk': slowDisk,
  clock: clockJumps,
  migration: killMigration,
  sigterm,
} satisfies Record<string, Fault>

export type FaultKind = keyof typeof faults
