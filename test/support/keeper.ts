// A process of its own that holds the PostgreSQL of the tests: the first test starts it, all share it, and it ends,
// with everything it made, a minute after the last test let go. A test says "I am here" by an open connection,
// which a killed test cannot forget to close.
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { startEmbedded } from '../../src/db/embedded.ts'
import { alive, findRunning, stop } from '../../src/db/postmaster.ts'
import { pgFolder } from '../../src/db/data-folder.ts'

/** Nobody's data: what is lost in a power cut is made anew. */
const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  shared_buffers: '128MB',
  max_connections: '200',
}
// Some test files need no database for a while; a server that ends between two of them would be made anew under the next one's feet.
const idleMaxMs = 60_000
const pollMs = 500

/** What a test reads to find the server. */
export type KeeperNote = { keeper: number; adminUrl: string; appUrl: string }
/** The name under which tests connect to say that they are there. */
export const leaseName = 'tamga test'

async function keep(noteFile: string): Promise<void> {
  const prefix = `${basename(noteFile, '.json')}-`
  await sweep(prefix)
  const dataDir = await mkdtemp(join(tmpdir(), prefix))
  await writeFile(join(dataDir, 'keeper.pid'), String(process.pid))
  const embedded = await startEmbedded({ dataDir, tell: () => undefined, onLost: () => process.exit(1), settings })
  const note: KeeperNote = { keeper: process.pid, adminUrl: embedded.adminUrl, appUrl: embedded.appUrl }
  await writeFile(`${noteFile}.${process.pid}`, JSON.stringify(note), { mode: 0o600 })
  await rename(`${noteFile}.${process.pid}`, noteFile)

  let asked = false
  process.once('SIGTERM', () => (asked = true))
  const client = new pg.Client({ connectionString: embedded.adminUrl })
  client.on('error', () => (asked = true))
  await client.connect()
  const isUsed = async () => {
    const { rowCount } = await client.query('select from pg_stat_activity where application_name = $1', [leaseName])
    return rowCount !== 0
  }
  const isOurs = () => {
    try {
      return (JSON.parse(readFileSync(noteFile, 'utf8')) as KeeperNote).keeper === process.pid
    } catch {
      return false // Another keeper is just writing its own, or it is gone.
    }
  }
  for (let usedAt = Date.now(); !asked; await delay(pollMs)) {
    if (await isUsed()) usedAt = Date.now()
    if (Date.now() - usedAt < idleMaxMs) continue
    // Once the note is gone nobody new comes; whoever read it just before is seen by looking once more.
    if (isOurs()) await rm(noteFile, { force: true })
    await delay(pollMs)
    if (!(await isUsed())) break
    usedAt = Date.now()
    await writeFile(noteFile, JSON.stringify(note), { mode: 0o600, flag: 'wx' }).catch(() => undefined)
  }
  if (asked && isOurs()) await rm(noteFile, { force: true })
  await embedded.stop()
  await rm(dataDir, { recursive: true, force: true })
  process.exit(0)
}

/** Ends and removes what keepers that were killed left behind. */
export async function sweep(prefix: string): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(prefix))) {
    const folder = join(tmpdir(), name)
    let pid = 0
    try {
      pid = Number(readFileSync(join(folder, 'keeper.pid'), 'utf8'))
    } catch {
      // Made a moment ago, or never finished; without a process in it either way it can wait for the next sweep.
      continue
    }
    if (alive(pid)) continue
    const running = await findRunning(pgFolder(folder))
    if (running !== undefined) await stop(pgFolder(folder), running.pid)
    await rm(folder, { recursive: true, force: true })
  }
}

const [, script, noteFile] = process.argv
if (
  script !== undefined &&
  import.meta.filename === script &&
  noteFile !== undefined &&
  dirname(noteFile) === tmpdir()
) {
  await keep(noteFile)
}
