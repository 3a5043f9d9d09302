import { createHash } from 'node:crypto'
import * as store from './database-store.ts'
import type { Fault } from './source.ts'

/**
 * The findings, and what was said and decided about them, against their digests (design D14). What pins them are entries of the log
 * `audit`, whose hashes are verified with the log: the digests are taken from there and computed again over what is stored, each row a
 * line of canonical JSON.
 */
export type FindingsReport = { digests: number; findings: number; answers: number; faults: readonly Fault[] }

type Digest = { position: number; from: bigint; to: bigint; count: number; sha256: string }
type Pin = { position: number; no: bigint; sha256: string }

export async function checkFindings(client: store.Client): Promise<FindingsReport> {
  const acts = await readActs(client)
  const digests = acts.flatMap(({ position, kind, subject }) =>
    kind === 'findings_digest' ? [digestOf(position, subject)] : [],
  )
  const faults: Fault[] = []
  const findings = await checkRanges(client, digests, faults)
  let answers = 0
  for (const [name, table] of [
    ['responses', 'finding_response'],
    ['resolutions', 'finding_resolution'],
  ] as const) {
    const pins = acts.flatMap(({ position, kind, subject }) =>
      kind === 'answers_digest' ? pinsOf(position, memberOf(subject, name)) : [],
    )
    answers += await checkPins(client, table, pins, faults)
  }
  return { digests: digests.length, findings, answers, faults }
}

async function checkRanges(client: store.Client, digests: readonly Digest[], faults: Fault[]): Promise<number> {
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
  return findings
}

const wordOf = { finding_response: 'the response', finding_resolution: 'the resolution of finding' } as const

/** Each pinned row must be there as it was pinned. What is not pinned yet is younger than a digest's minute. */
async function checkPins(
  client: store.Client,
  table: keyof typeof wordOf,
  pins: readonly Pin[],
  faults: Fault[],
): Promise<number> {
  const rows = await store.readAnswers(client, table)
  for (const { position, no, sha256 } of pins) {
    const row = rows.get(no)
    if (row && createHash('sha256').update(canonical(row)).digest('hex') === sha256) continue
    const what = row ? 'is not what it was' : 'is gone'
    faults.push({ position, text: `${wordOf[table]} ${no} ${what} when entry ${position} of audit pinned it` })
  }
  return pins.length
}

type Act = { position: number; kind: unknown; subject: unknown }

async function readActs(client: store.Client): Promise<Act[]> {
  const entries = await store.readDigestEntries(client)
  return entries.map(({ position, bytes }) => {
    const act = memberOf(JSON.parse(bytes.toString('utf8')), 'act')
    return { position, kind: memberOf(act, 'kind'), subject: memberOf(act, 'subject') }
  })
}

function digestOf(position: number, subject: unknown): Digest {
  const text = (name: string): string => String(memberOf(subject, name))
  const [from, to] = [BigInt(text('from')), BigInt(text('to'))]
  return { position, from, to, count: Number(text('count')), sha256: text('sha256') }
}

const pinsOf = (position: number, list: unknown): Pin[] =>
  (Array.isArray(list) ? list : []).map((item) => {
    const [no = '', sha256 = ''] = String(item).split(':')
    return { position, no: BigInt(no), sha256 }
  })

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
