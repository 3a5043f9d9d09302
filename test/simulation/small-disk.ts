// The service with a database of its own on disks that are small: two file systems in memory, one for the data and one for the
// write-ahead log, that only its own processes see.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pgFolder, readCredentials } from '../../src/db/data-folder.ts'
import { signalAll } from '../support/kill.ts'
import { serverCommand, type Service, startService } from '../support/process.ts'
import { type Doors, operatorKey, ownFolder, register, type Teardown } from './world.ts'

export type Disk = 'data' | 'wal'
export type SmallWorld = Doors & {
  service(): Service
  start(): Promise<void>
  adminUrl: string
  /** Not a byte is left on it. */
  fill(disk: Disk): Promise<void>
  free(disk: Disk): Promise<void>
}

const sizes: Record<Disk, string> = { data: '640m', wal: '96m' }

/** Why it cannot be done here; undefined: it can. A name space of mounts needs root, or one's own name space of users. */
export function whyNoSmallDisk(): string | undefined {
  if (process.platform !== 'linux') return 'file systems of one process only are a matter of Linux'
  const tried = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tamga', '/mnt'], { encoding: 'utf8' })
  if (tried.status === 0) return undefined
  return `no file system in memory can be mounted here: ${tried.error?.message ?? tried.stderr.trim()}`
}

export async function openSmallWorld(t: Teardown): Promise<SmallWorld> {
  const folder = await ownFolder(t)
  const [data, template] = [join(folder, 'data'), join(folder, 'template')]
  const env = { OPERATOR_KEY: operatorKey, RATE_LIMIT: '0' }
  // Made on the usual disk, for what is mounted is gone with the last process that sees it.
  const first = startService(t, { ...env, DATA_DIR: template })
  await first.url
  first.child.kill('SIGTERM')
  await first.ended
  const holder = await mountDisks(t, folder)
  const inside = (path: string) => `/proc/${holder}/root${path}`
  // A service that fell leaves its database, in a folder that nobody else sees.
  t.teardown(async () => {
    const note = await readFile(join(pgFolder(inside(data)), 'postmaster.pid'), 'utf8').catch(() => '')
    if (Number(note.split('\n')[0]) > 0) signalAll(Number(note.split('\n')[0]), 'SIGKILL')
  })
  let service: Service | undefined
  let url = ''
  const start = async (): Promise<void> => {
    service = startService(t, { ...env, DATA_DIR: data }, [
      'nsenter',
      '--mount',
      '--target',
      String(holder),
      '--wd=.',
      ...serverCommand,
    ])
    url = await service.url
  }
  await start()
  const credentials = await readCredentials(pgFolder(inside(data)))
  if (!credentials) throw new Error('there is no database')
  const ballast = (disk: Disk): string => inside(join(data, ...(disk === 'wal' ? ['pg18', 'pg_wal'] : []), 'ballast'))
  return {
    gates: [{ name: 'A', url: () => url }],
    actors: await register(() => url),
    service: () => {
      if (!service) throw new Error('not started')
      return service
    },
    start,
    adminUrl: `postgres://postgres:${credentials.adminPassword}@127.0.0.1:${credentials.port}/tamga`,
    fill: (disk) => fill(ballast(disk)),
    free: (disk) => rm(ballast(disk)),
  }
}

/** @returns the process whose mounts these are; they go when nobody sees them any more */
async function mountDisks(t: Teardown, folder: string): Promise<number> {
  const script = `set -e
    mkdir "$1/data"
    mount -t tmpfs -o size=${sizes.data} tamga "$1/data"
    cp -a "$1/template/." "$1/data/"
    cd "$1/data/pg18"
    mkdir "$1/wal"
    cp -a pg_wal/. "$1/wal/"
    mount -t tmpfs -o size=${sizes.wal},mode=0700 tamga pg_wal
    chown --reference=PG_VERSION pg_wal
    cp -a "$1/wal/." pg_wal/
    echo ready
    read -r _ || true`
  const holder = spawn('unshare', ['--mount', 'sh', '-c', script, 'sh', folder], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(holder, 'exit')
  t.teardown(async () => {
    holder.stdin.end()
    await ended
  })
  await Promise.race([once(holder.stdout, 'data'), ended])
  if (holder.exitCode !== null) throw new Error('the disks could not be made')
  return holder.pid ?? 0
}

async function fill(path: string): Promise<void> {
  const file = await open(path, 'w')
  try {
    // Large pieces first, then what is left.
    for (let bytes = 2 ** 20; bytes >= 1;) {
      const written = await file.write(Buffer.alloc(bytes)).then(
        ({ bytesWritten }) => bytesWritten,
        () => 0,
      )
      if (written < bytes) bytes = Math.floor(bytes / 16)
    }
  } finally {
    await file.close()
  }
}
