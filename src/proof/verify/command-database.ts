import type { Verifier } from '../note.ts'
import { verdict } from './tell.ts'
import * as store from './database-store.ts'
import { checkFindings } from './findings-check.ts'
import type { Fault } from './source.ts'
import { createBar, type Output, rate } from './tell.ts'
import { verifyStoredLog } from './verify-database.ts'

/** Every log of a database, and the findings against their digests. @returns the exit status */
export async function verifyDatabase(
  url: string,
  keys: readonly Verifier[],
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
    const findings = await checkFindings(client)
    say(`findings: ${findings.findings} against ${findings.digests} digests in audit`)
    note('findings', findings.faults)
    say(faults.length === 0 ? 'VERIFIED: everything that is stored is what was recorded and signed.' : verdict(faults))
    return faults.length === 0 ? 0 : 1
  } finally {
    await client.end()
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
