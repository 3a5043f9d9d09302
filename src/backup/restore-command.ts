// `npm run restore -- --from <folder>`: makes a data folder of a backup, starts its database, verifies everything in it, and says how
// far it goes and whether the service may write to it.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type pg from 'pg'
import { ConfigError, readConfig, type Config } from '../config/config.ts'
import { megabytes } from '../config/disk.ts'
import { appRole, createPool, schemaName, withLogin } from '../db/connect.ts'
import { type Embedded, startEmbedded } from '../db/embedded.ts'
import { openInstallation } from '../db/installation.ts'
import { migrate } from '../db/migrate.ts'
import { fileAnchors } from '../proof/anchor.ts'
import { checkBeforeWriting } from '../proof/start-check.ts'
import { verifyDatabase } from '../proof/verify/command-database.ts'
import type { LogPosition, Manifest } from './manifest.ts'
import { checkBackup, newestBackup, sizeOf, unpack } from './restore.ts'
import { readPositions } from './store.ts'
import { createProgress } from './tell.ts'
import type { Streams } from './backup-command.ts'

const usage = `npm run restore -- --from <a backup, or the folder of several: then the newest> [--check]
  DATA_DIR names the folder to restore into. It must be empty, but for master.key, operator.key and anchors/.
  --check compares the backup with its manifest and restores nothing.
`

type Say = (text: string) => void

/** @returns the exit status: 1 where what was restored does not verify */
export async function runRestore(args: readonly string[], { out, err, env }: Streams): Promise<number> {
  const options = { from: { type: 'string' }, check: { type: 'boolean' }, help: { type: 'boolean' } } as const
  const { values } = parseArgs({ args: [...args], options })
  if (values.help === true || values.from === undefined) {
    out.write(usage)
    return values.help === true ? 0 : 2
  }
  const say: Say = (text) => void out.write(`${text}\n`)
  const from = await newestBackup(values.from)
  const bar = createProgress(err, 'restore')
  const onProgress = (bytes: number, of: number): void => bar.update(bytes, of)
  if (values.check === true) {
    const manifest = await checkBackup(from, onProgress).finally(() => bar.stop())
    say(
      `${from}: every byte of ${megabytes(sizeOf(manifest.files))} in ${manifest.files.length} files is what was backed up.`,
    )
    return 0
  }
  const config = readConfig(env)
  if (config.databaseUrl !== undefined) {
    throw new ConfigError(
      'DATABASE_URL is set, and this restores the embedded database. Unset it; see the README for a server of your own.',
    )
  }
  const manifest = await unpack(from, config.dataDir, onProgress, say).finally(() => bar.stop())
  say(`${from}: ${megabytes(sizeOf(manifest.files))} copied to ${config.dataDir}, every byte as it was backed up.`)
  const database = await startEmbedded({
    dataDir: config.dataDir,
    tell: () => undefined,
    onLost: (error) => {
      throw error
    },
  })
  try {
    return await examine(database, config, manifest, say, err)
  } finally {
    await database.stop()
  }
}

async function examine(
  { adminUrl, appUrl }: Embedded,
  config: Config,
  manifest: Manifest,
  say: Say,
  err: Streams['err'],
): Promise<number> {
  const migrated = await migrate(adminUrl)
  if (migrated.length > 0) say(`The database is brought from ${manifest.schema} to ${migrated.at(-1)}.`)
  const logs = await withLogin(adminUrl, { settings: { search_path: schemaName } }, readPositions)
  const { issuingState, limits } = config
  const steps = { issuingState, nestingMax: limits.nestingMax }
  const status = await verifyDatabase(adminUrl, [], steps, say, err)
  const lost = manifest.logs.filter(
    (before) => !logs.some(({ name, entries }) => name === before.name && entries >= before.entries),
  )
  for (const { name, entries } of lost) say(`NOT RESTORED: ${name} had ${entries} entries when the backup began.`)
  say(`Restored is what was recorded up to:\n${logs.map(told).join('\n')}`)
  const pool = createPool({ url: appUrl, role: appRole }, () => undefined, { name: 'tamga restore', max: 2 })
  try {
    for (const text of await whatIsMissing(pool, config)) say(text)
  } finally {
    await pool.end()
  }
  return status === 0 && lost.length === 0 ? 0 : 1
}

const told = ({ name, entries, recordTime }: LogPosition): string =>
  entries === 0
    ? `  ${name}: nothing`
    : `  ${name}: entry ${(entries - 1).toLocaleString('en')}, recorded ${recordTime}`

/** Whether the service would start on it, in the sentences with which it would refuse. */
async function whatIsMissing(pool: pg.Pool, config: Config): Promise<string[]> {
  const missing: string[] = []
  const note = (error: unknown): void => {
    if (!(error instanceof ConfigError)) throw error
    missing.push(error.message)
  }
  // Its own file is never made here: a new one beside old data would be of no use.
  await openInstallation(pool, config).catch(note)
  await checkBeforeWriting({ pool, anchors: fileAnchors(config.anchorDir) }).catch(note)
  if (missing.length > 0) return ['The service does not start on it as it is:', ...missing]
  return [
    'The service may start on it. No anchor that can be seen from here knows more; witnesses are asked at the start. What was recorded after the backup is lost. ' +
      `Where ${join(config.anchorDir, '*.checkpoint')} is not what the service wrote last, put that there first.`,
  ]
}

if (process.argv[1] === import.meta.filename) {
  try {
    const { stdout: out, stderr: err, env } = process
    process.exitCode = await runRestore(process.argv.slice(2), { out, err, env })
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
