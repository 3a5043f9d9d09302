// Measures proofs on a database of its own: how fast steps are replayed from entries, how fast the hashes of a log are verified, and how
// long a proof takes in a log of a million entries. Prints one table. `node --import tsx loadtest/proof.ts [entries] [units]`
import { performance } from 'node:perf_hooks'
import { createHash, randomUUID } from 'node:crypto'
import { connectClient, appRole } from '../src/db/connect.ts'
import { commitBatch, type Judge } from '../src/ledger/commit.ts'
import { makeLog } from '../src/ledger/store.ts'
import { openReplay } from '../src/proof/replay/open.ts'
import { openSnapshot, listLogs } from '../src/proof/verify/database-store.ts'
import { verifyStoredLog } from '../src/proof/verify/verify-database.ts'
import { testApp } from '../test/support/app.ts'
import { stage } from '../test/support/story.ts'

const entries = Number(process.argv[2] ?? 1_000_000)
const units = Number(process.argv[3] ?? 60_000)
const teardowns: (() => Promise<void>)[] = []
const rows: [what: string, figure: string][] = []
const app = await testApp({ teardown: (done) => void teardowns.push(done) })
const { adminUrl, appUrl } = app.database
const tell = (text: string) => void process.stderr.write(`${text}\n`)

/** Wall and CPU seconds: another process (PostgreSQL) works beside us, and a busy machine lets us wait. */
async function timed<T>(work: () => Promise<T>): Promise<{ result: T; seconds: number; cpu: number }> {
  const [startedMs, before] = [performance.now(), process.cpuUsage()]
  const result = await work()
  const { user, system } = process.cpuUsage(before)
  return { result, seconds: (performance.now() - startedMs) / 1000, cpu: (user + system) / 1e6 }
}
const whole = (value: number): string => Math.round(value).toLocaleString('en')
const rate = (count: number, { seconds, cpu }: { seconds: number; cpu: number }): string =>
  `${whole(count / seconds)}/s; per second of our CPU ${whole(count / cpu)}`

/** A life of everything: marked, packed, shipped by the case, received, unpacked, sold one by one. */
async function live(): Promise<void> {
  const { actors, code } = await stage(app, { units })
  const [maker, shop] = [actors.get('maker'), actors.get('shop')]
  if (!maker || !shop) throw new Error('bad math: no maker or shop')
  const all = Array.from({ length: units }, (_, i) => code(`U${i + 1}`))
  const perCase = 20
  const cases = Array.from({ length: units / 2 / perCase }, (_, i) => code(`P${i + 1}`))
  const scan = async (who: typeof maker, bodies: readonly object[]): Promise<void> => {
    for (let at = 0; at < bodies.length; at += 200) {
      await Promise.all(bodies.slice(at, at + 200).map((body) => who.expect(201, 'POST', '/scans', body)))
    }
  }
  const parts = <T>(list: readonly T[], size: number): T[][] =>
    Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size))
  tell('a life for each unit …')
  await scan(
    maker,
    parts(all, 100).map((codes) => ({ step: 'commissioning', codes })),
  )
  await scan(
    maker,
    cases.map((parent, i) => ({ step: 'packing', parent, codes: all.slice(i * perCase, (i + 1) * perCase) })),
  )
  await scan(
    maker,
    parts(cases, 50).map((codes) => ({ step: 'shipping', codes, to: shop.id })),
  )
  await scan(
    shop,
    parts(cases, 50).map((codes) => ({ step: 'receiving', codes })),
  )
  const single = all.slice(units / 2)
  await scan(
    maker,
    parts(single, 10).map((codes) => ({ step: 'shipping', codes, to: shop.id })),
  )
  await scan(
    shop,
    parts(single, 10).map((codes) => ({ step: 'receiving', codes })),
  )
  await scan(
    shop,
    single.map((one) => ({ step: 'retail_selling', codes: [one] })),
  )
}

/** So many entries in a log of their own, through the ledger's own commit; as long as those of single scans are. */
async function grow(name: string): Promise<{ log: number; ids: string[] }> {
  const client = await connectClient({ url: appUrl, role: appRole }, () => undefined, { name: 'tamga loadtest' })
  const judge: Judge<undefined, undefined, never> = {
    sit: async () => ({ decide: () => ({ decision: undefined }), followUp: () => undefined, write: () => [] }),
  }
  const columns = { eventTime: new Date(), participant: 1, principal: null, person: null, key: null }
  const log = await makeLog(client, name)
  const ids: string[] = []
  try {
    for (let made = 0; made < entries; made += 2_000) {
      const drafts = Array.from({ length: Math.min(2_000, entries - made) }, () => {
        const id = `urn:uuid:${randomUUID()}`
        ids.push(id)
        const key = createHash('sha256').update(id).digest('hex').slice(0, 32)
        const bytes = Buffer.from(`{"event":{"eventID":"${id}","filler":"${'x'.repeat(500)}"}}`)
        const more = { place: null, mandate: null, signature: null }
        return { key, digest: key, order: undefined, columns: { ...columns, ...more }, lists: [], entry: () => bytes }
      })
      await commitBatch(client, log, drafts, judge, (now) => now)
      if (made % 200_000 === 0) tell(`${whole(made)} of ${whole(entries)} entries …`)
    }
  } finally {
    await client.end()
  }
  return { log, ids }
}

async function measureReplay(): Promise<void> {
  await live()
  const replay = await openReplay(adminUrl, {
    issuingState: app.config.issuingState,
    nestingMax: app.config.limits.nestingMax,
  })
  const main = (await replay.listLogs()).find(({ name }) => name === 'main')
  if (!main) throw new Error('bad math: no main log')
  const run = await timed(() => replay.replay(main))
  await replay.close()
  if (run.result.difference) throw new Error(run.result.difference.text)
  rows.push([
    `steps replayed (${whole(run.result.steps)} of ${whole(run.result.entries)} entries)`,
    rate(run.result.steps, run),
  ])
  rows.push(['entries judged again', rate(run.result.entries, run)])
}

async function measureHashes(name: string): Promise<void> {
  const client = await openSnapshot(adminUrl)
  const log = (await listLogs(client)).find((row) => row.name === name)
  if (!log) throw new Error('bad math: no such log')
  const run = await timed(() => verifyStoredLog(client, log, undefined, () => undefined))
  await client.end()
  if (run.result.faults.length > 0) throw new Error(run.result.faults[0]?.text)
  rows.push([`hashes verified (${whole(run.result.size)} entries of a database)`, rate(run.result.size, run)])
}

async function measureProofs(ids: readonly string[]): Promise<void> {
  const times: number[] = []
  for (let i = 0; i < 2_000; i++) {
    const id = ids[Math.floor(Math.random() * ids.length)] ?? ''
    const startedMs = performance.now()
    await app.operator.call('GET', `/events/${encodeURIComponent(id)}/proof`)
    times.push(performance.now() - startedMs)
  }
  const first = times.slice(0, 200)
  const sorted = times.sort((a, b) => a - b)
  const at = (part: number): string => (sorted[Math.floor(part * (sorted.length - 1))] ?? NaN).toFixed(2)
  const firstMax = Math.max(...first).toFixed(2)
  rows.push([
    `a proof of ${whole(ids.length)} entries`,
    `median ${at(0.5)} ms, p99 ${at(0.99)} ms, slowest of the first 200 ${firstMax} ms`,
  ])
}

try {
  await import('./machine.ts')
  if (units > 0) await measureReplay()
  if (entries > 0) {
    const { log, ids } = await grow('bulk')
    tell('publishing …')
    const published = await timed(async () => {
      for (;;) {
        const { rows: found } = await app.app.pg.query<{ size: bigint }>(
          'select coalesce(max(size), 0) as size from checkpoint where log_id = $1',
          [log],
        )
        if (Number(found[0]?.size) >= entries) return
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    })
    rows.push(['published after the last of them', `${published.seconds.toFixed(1)} s`])
    await measureHashes('bulk')
    await measureProofs(ids)
  }
  const width = Math.max(...rows.map(([what]) => what.length))
  process.stdout.write(`${rows.map(([what, figure]) => `${what.padEnd(width)}  ${figure}`).join('\n')}\n`)
} finally {
  if (process.env['HOLD'] === undefined) for (const done of teardowns.reverse()) await done()
  else {
    await app.app.close()
    process.stdout.write(`${adminUrl}\n`)
    await new Promise((resolve) => setTimeout(resolve, Number(process.env['HOLD']) * 1000))
  }
}
