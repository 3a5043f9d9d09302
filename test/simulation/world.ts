// Two processes of the service over one PostgreSQL of their own, which comes with the service and is brought back by it; each process
// has a line of its own to the database, that can be cut.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Embedded, startEmbedded } from '../../src/db/embedded.ts'
import type { Role } from '../../src/participants/actor.ts'
import { lineTo, type Line } from '../support/cut.ts'
import { sweep } from '../support/keeper.ts'
import { signal } from '../support/kill.ts'
import { cast } from '../support/model-scene.ts'
import { serverCommand, type Service, startService } from '../support/process.ts'
import { remote, type Remote } from '../support/remote.ts'
import { programCommand } from '../support/repository.ts'
import type { Journal } from './journal.ts'

export type Teardown = { teardown: (done: () => Promise<void>) => void }

/** One process of the service, started again under the same name whenever it ended. */
export type Gate = {
  readonly name: string
  readonly line: Line
  url(): string
  service(): Service
  start(): Promise<void>
  /** Its own clock, and the database's as it is told, are off by so much: an hour or nothing. */
  setClock(hours: -1 | 0 | 1): Promise<void>
}

/** What a client knows. */
export type Doors = {
  readonly gates: readonly Pick<Gate, 'name' | 'url'>[]
  /** The id of each participant, and its key. */
  readonly actors: ReadonlyMap<string, { id: string; key: string }>
}

export type World = Doors & {
  readonly gates: readonly Gate[]
  readonly adminUrl: string
  /** Starts one more process of the service on another database of the same server. */
  startOn: (adminUrl: string, database: string) => Service
  /** Whatever is opened is closed with the world. */
  readonly t: Teardown
  readonly databasePid: () => number
}

export const operatorKey = 'operator-key-of-the-tests-0123456789'
const masterKey = 'master-key-of-the-simulation-0123456789'
const secrets = { MASTER_KEY: masterKey, OPERATOR_KEY: operatorKey, RATE_LIMIT: '0' }
const startsMax = 10
const folderPrefix = 'tamga-simulation-'

/** A folder that a killed run leaves behind is removed by the next one, with the database in it. */
export async function ownFolder(t: Teardown): Promise<string> {
  await sweep(folderPrefix)
  const folder = await mkdtemp(join(tmpdir(), folderPrefix))
  await writeFile(join(folder, 'keeper.pid'), String(process.pid))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export async function openWorld(t: Teardown, journal: Journal): Promise<World> {
  const folder = await ownFolder(t)
  const database = await startEmbedded({
    dataDir: folder,
    tell: () => undefined,
    onLost: (error) => void journal.wrong.push(`the database could not be brought back: ${error.message}`),
  })
  t.teardown(() => database.stop())
  const gates: Gate[] = []
  // One after the other: the first one migrates.
  for (const name of ['A', 'B']) {
    const gate = await openGate(t, name, folder, database, () => journal.count('starts that failed'))
    await gate.start()
    gates.push(gate)
  }
  const [first] = gates
  if (!first) throw new Error('there is no process')
  return {
    t,
    gates,
    adminUrl: database.adminUrl,
    databasePid: database.pid,
    actors: await register(first.url),
    startOn: (adminUrl, name) =>
      startService(t, {
        ...secrets,
        DATABASE_URL: adminUrl,
        APP_DATABASE_URL: databaseAt(database.appUrl, name),
        DATA_DIR: join(folder, name),
      }),
  }
}

async function openGate(
  t: Teardown,
  name: string,
  folder: string,
  database: Embedded,
  onFailedStart: () => void,
): Promise<Gate> {
  const line = await lineTo(t, database.appUrl)
  const clockFile = join(folder, `clock-${name}`)
  await writeFile(clockFile, '0')
  const [node, ...rest] = serverCommand
  const [, ...clock] = programCommand('test/simulation/clock.ts')
  const preload = ['--import', `./${clock.at(-1)}`]
  // tsx first, where there is one: the clock is TypeScript too.
  const command = [node, ...rest.slice(0, -1), ...preload, ...rest.slice(-1)]
  let service: Service | undefined
  let url = ''
  const running = (): Service => {
    if (!service) throw new Error('not started')
    return service
  }
  return {
    name,
    line,
    url: () => url,
    service: running,
    start: async () => {
      const env = {
        DATABASE_URL: database.adminUrl,
        APP_DATABASE_URL: line.url,
        DATA_DIR: join(folder, name),
        ANCHOR_DIR: join(folder, 'anchors'),
        ...secrets,
        CLOCK_FILE: clockFile,
      }
      // As whoever watches over a process: what does not start is started again. (PostgreSQL may have gone down with it.)
      for (let attempt = 1; ; attempt++) {
        service = startService(t, env, command)
        try {
          url = await service.url
          return
        } catch (error) {
          onFailedStart()
          if (attempt === startsMax) throw error
        }
      }
    },
    setClock: async (hours) => {
      await writeFile(clockFile, String(hours * 3_600_000))
      // Statements are parsed once on each connection: new connections hear the other time.
      line.say(hours === 0 ? undefined : { of: databaseClock, instead: otherClock(hours) })
      signal(running().child.pid ?? 0, 'SIGUSR2')
      line.cutAll()
    },
  }
}

/** The same server, another database. */
export function databaseAt(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.toString()
}

const databaseClock = 'clock_timestamp() as now'
const otherClock = (hours: -1 | 1): string => `now()+'${hours} h' as now`.padEnd(databaseClock.length)

/** Who takes part. Customs act by a person's key. */
export async function register(url: () => string): Promise<Map<string, { id: string; key: string }>> {
  const operator: Remote = remote(url, operatorKey)
  const actors = new Map<string, { id: string; key: string }>()
  for (const [name, { roles }] of Object.entries(cast)) {
    const firm = { name, country: 'KG', roles: roles satisfies Role[] }
    const { id } = await operator.expect<{ id: string }>(201, 'POST', '/participants', firm)
    let owner: object = {}
    if (roles.includes('customs')) {
      const person = await operator.expect<{ id: string }>(201, 'POST', `/participants/${id}/people`, {
        name: 'Officer',
      })
      owner = { kind: 'person', person: person.id }
    }
    const { key } = await operator.expect<{ key: string }>(201, 'POST', `/participants/${id}/keys`, owner)
    actors.set(name, { id, key })
  }
  return actors
}
