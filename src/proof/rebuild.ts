// `npm run rebuild [-- --database <postgres://…>] [--log main]`: judges every entry again and compares with the steps that are stored.
// Exit status 0 where they are equal, 1 where not; the first difference is named. Without --database the service's own settings say
// which one, whether the service runs or not.
import { parseArgs } from 'node:util'
import { readConfig } from '../config/config.ts'
import { openUrl } from './replay/open-url.ts'
import { openReplay } from './replay/open.ts'
import { createBar, type Output, rate } from './verify/tell.ts'

/** @returns the exit status */
export async function rebuild(
  args: readonly string[],
  { out, err, env }: { out: Output; err: Output; env: Readonly<Record<string, string | undefined>> },
): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { database: { type: 'string' }, log: { type: 'string' } } })
  const config = readConfig(env)
  const database = await openUrl(values.database, config)
  const replay = await openReplay(database.url, {
    issuingState: config.issuingState,
    nestingMax: config.limits.nestingMax,
  })
  try {
    let status = 0
    for (const log of await replay.listLogs()) {
      if (values.log !== undefined && values.log !== log.name) continue
      const bar = createBar(err, log.name)
      const startedMs = performance.now()
      const { entries, steps, difference } = await replay.replay(log, (done) => bar.update(done, log.size))
      bar.stop()
      out.write(`${log.name}: ${steps.toLocaleString('en')} steps of ${rate(entries, performance.now() - startedMs)}\n`)
      if (!difference) continue
      out.write(`  DIFFERENT: ${difference.text}.\n`)
      status = 1
    }
    out.write(
      status === 0
        ? 'EQUAL: the steps are what the entries make of them.\n'
        : 'The steps are not what the entries make of them.\n',
    )
    return status
  } finally {
    await replay.close()
    await database.close()
  }
}

if (process.argv[1] === import.meta.filename) {
  try {
    process.exitCode = await rebuild(process.argv.slice(2), {
      out: process.stdout,
      err: process.stderr,
      env: process.env,
    })
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 2
  }
}
