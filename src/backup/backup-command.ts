// `npm run backup [-- --to <folder>] [--max-rate <MB/s>]`: copies the database of the settings while the service runs on it.
import { parseArgs } from 'node:util'
import { ConfigError, readConfig } from '../config/config.ts'
import { megabytes } from '../config/disk.ts'
import { openUrl } from '../proof/replay/open-url.ts'
import { backup, besideData } from './backup.ts'
import { createProgress, type Output } from './tell.ts'

export type Streams = {
  out: Output
  err: Output
  env: Readonly<Record<string, string | undefined>>
  signal?: AbortSignal
}

const usage = `npm run backup [-- --to <folder>] [--max-rate <megabytes a second>]
`

/** @returns the exit status */
export async function runBackup(args: readonly string[], { out, err, env, signal }: Streams): Promise<number> {
  const options = {
    to: { type: 'string' },
    'max-rate': { type: 'string', default: '0' },
    help: { type: 'boolean' },
  } as const
  const { values } = parseArgs({ args: [...args], options })
  if (values.help === true) {
    out.write(usage)
    return 0
  }
  const maxRateMb = Number(values['max-rate'])
  if (!Number.isInteger(maxRateMb) || maxRateMb < 0)
    throw new ConfigError(`--max-rate must be a whole number.\n${usage}`)
  const config = readConfig(env)
  const database = await openUrl(undefined, config)
  const bar = createProgress(err, 'backup')
  try {
    const to = values.to ?? besideData(config.dataDir)
    const now = () => new Date()
    const made = await backup({
      url: database.url,
      to,
      maxRateMb,
      now,
      onProgress: (bytes, of) => bar.update(bytes, of),
      ...(signal ? { signal } : {}),
    }).finally(() => bar.stop())
    const { manifest } = made
    out.write(`${made.folder}: ${megabytes(made.bytes)} in ${manifest.files.length} files\n`)
    for (const { name, entries, recordTime } of manifest.logs) {
      out.write(
        `  ${name}: at least ${entries.toLocaleString('en')} entries${recordTime === null ? '' : `, the last of ${recordTime}`}\n`,
      )
    }
    out.write(
      `  manifest ${made.sha256}\n` +
        'The master key is not in it: without MASTER_KEY, or master.key of DATA_DIR, kept elsewhere, the backup is of no use.\n',
    )
    return 0
  } finally {
    await database.close()
  }
}

if (process.argv[1] === import.meta.filename) {
  const ended = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => ended.abort(new ConfigError('Interrupted: nothing was kept.')))
  }
  try {
    const { stdout: out, stderr: err, env } = process
    process.exitCode = await runBackup(process.argv.slice(2), { out, err, env, signal: ended.signal })
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
