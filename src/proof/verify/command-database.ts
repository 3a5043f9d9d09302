import type { Verifier } from '../note.ts'
import { verdict } from './tell.ts'
import { openReplay } from '../replay/open.ts'
import * as store from './database-store.ts'
import { checkBorder } from './border-check.ts'
import { checkFindings } from './findings-check.ts'
import type { Fault } from './source.ts'
import { createBar, type Output, rate } from './tell.ts'
import { verifyStoredLog } from './verify-database.ts'

/** What the service's own judge needs to be asked again. */
export type StepSettings = { issuingState: string; nestingMax: number }

/** Every log of a database, and the findings against their digests. @returns the exit status */
export async function verifyDatabase(
  url: string,
  keys: readonly Verifier[],
  steps: StepSettings | undefined,
  say: (line: string) => void,
  err: Output,
): Promise<number> {
  const client = await store.openSnapshot(url)
  try {
    const faults: Fault[] = []
    const note = (log: string, found: readonly Fault[]): void => {
      for (const fault of found) say(`  ${log}: ${fault.text}`)
      faults.push(...found)
    }
    for (const log of await store.listLogs(client)) {
      const bar = createBar(err, log.name)
      const startedMs = performance.now()
      const trusted = await trustedKey(client, log, keys)
      const report = await verifyStoredLog(client, log, trusted, (entries, of) => bar.update(entries, of))
      bar.stop()
      say(`${log.name}: hashes, tiles, heads and checkpoints of ${rate(report.size, performance.now() - startedMs)}`)
      note(log.name, report.faults)
    }
    if (steps) note('steps', await checkSteps(url, steps, say, err))
    const findings = await checkFindings(client)
    say(
      `findings: ${findings.findings} against ${findings.digests} digests in audit, and ${findings.answers} answers and resolutions`,
    )
    note('findings', findings.faults)
    const border = await checkBorder(client)
    say(
      `border: ${border.acts} acts about ${border.declarations} declarations and more, against the entries of customs`,
    )
    note('border', border.faults)
    say(faults.length === 0 ? 'VERIFIED: everything that is stored is what was recorded and signed.' : verdict(faults))
    return faults.length === 0 ? 0 : 1
  } finally {
    await client.end()
  }
}

/** The one check that is not independent: the service's own law judges each entry once more (see replay.ts). */
async function checkSteps(
  url: string,
  settings: StepSettings,
  say: (line: string) => void,
  err: Output,
): Promise<Fault[]> {
  const replay = await openReplay(url, settings)
  const faults: Fault[] = []
  try {
    for (const log of await replay.listLogs()) {
      const bar = createBar(err, `${log.name}, steps`)
      const startedMs = performance.now()
      const { entries, steps, difference } = await replay.replay(log, (done) => bar.update(done, log.size))
      bar.stop()
      say(
        `${log.name}: ${steps.toLocaleString('en')} steps replayed from ${rate(entries, performance.now() - startedMs)}`,
      )
      if (difference) faults.push({ position: difference.position, text: `${log.name}: ${difference.text}` })
    }
    return faults
  } finally {
    await replay.close()
  }
}

async function trustedKey(
  client: store.Client,
  log: store.StoredLog,
  keys: readonly Verifier[],
): Promise<Verifier | undefined> {
  const origins = (await store.listKeys(client, log.id)).map(({ origin }) => origin)
  return keys.find(({ name }) => origins.includes(name))
}
