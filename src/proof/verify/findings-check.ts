import { createHash } from 'node:crypto'
import * as store from './database-store.ts'
import type { Fault } from './source.ts'

/**
 * The findings against their digests (design D14). What pins them are entries of the log `audit`, whose hashes are verified with the
 * log: the digests are taken from there and computed again over what is stored, each finding a line of canonical JSON.
 */
export type FindingsReport = { digests: number; findings: number; faults: readonly Fault[] }

type Digest = { position: number; from: bigint; to: bigint; count: number; sha256: string }

export async function checkFindings(client: store.Client): Promise<FindingsReport> {
  const faults: Fault[] = []
  const digests = await readDigests(client)
  let next = 1n
  let findings = 0
  for (const digest of digests) {
    // Ranges follow each other: a digest that was left out would leave a hole.
    if (digest.from !== next) {
      const text = `entry ${digest.position} of audit pins findings from ${digest.from} on, where ${next} was expected`
      faults.push({ position: digest.position, text })
    }
    next = digest.to + 1n
    const rows = await store.readFindings(client, digest.from, digest.to)
    const hash = createHash('sha256')
    for (const row of rows) hash.update(`${canonical(row)}\n`)
    findings += rows.length
    if (rows.length === digest.count && hash.digest('hex') === digest.sha256) continue
    const text =
      `the findings ${digest.from} to ${digest.to} are not those that entry ${digest.position} of audit pins: ` +
      (rows.length === digest.count
        ? 'at least one was changed'
        : `${rows.length} are there instead of ${digest.count}`)
    faults.push({ position: digest.position, text })
  }
  return { digests: digests.length, findings, faults }
}

async function readDigests(client: store.Client): Promise<Digest[]> {
  const digests: Digest[] = []
  for (const { position, bytes } of await store.readDigestEntries(client)) {
    const entry: unknown = JSON.parse(bytes.toString('utf8'))
    const subject = memberOf(memberOf(entry, 'act'), 'subject')
    const text = (name: string): string => String(memberOf(subject, name))
    if (memberOf(memberOf(entry, 'act'), 'kind') !== 'findings_digest') continue
    digests.push({
      position,
      from: BigInt(text('from')),
      to: BigInt(text('to')),
      count: Number(text('count')),
      sha256: text('sha256'),
    })
  }
  return digests
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined

/** Keys in order, no spaces, times in UTC with milliseconds; whole numbers of any size as digits. */
function canonical(value: unknown): string {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Date) return `"${value.toISOString()}"`
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const keys = Object.keys(value).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(memberOf(value, key))}`).join(',')}}`
}
