// npm run simulate [-- --minutes 10] [--seed 1] [--faults kind,kind] [--clients 8]: what the service survives. It makes its own service
// and database and removes them; exit status 1 where anything was lost, doubled or wrong.
import { randomInt } from 'node:crypto'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { random } from '../support/orders.ts'
import type { FaultKind } from './faults.ts'
import { fillDisks } from './full-disk.ts'
import { Report } from './report.ts'
import { allKinds, run } from './run.ts'
import { whyNoSmallDisk } from './small-disk.ts'
import type { Teardown } from './world.ts'

/** A new world after so long: what everything is compared with only grows. */
const worldSeconds = 180

const { values: asked } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    faults: { type: 'string' },
    clients: { type: 'string', default: '8' },
  },
})
const seed = Number(asked.seed ?? randomInt(2 ** 31))
const kinds = (asked.faults?.split(',') ?? [...allKinds, 'full-disk']).map((kind) => {
  if (kind === 'full-disk' || kindOf(kind) !== undefined) return kind
  throw new Error(`there is no ${kind}; there are ${allKinds.join(', ')}, full-disk`)
})
const tell = (line: string) => void process.stderr.write(`${line}\n`)

function kindOf(text: string): FaultKind | undefined {
  return allKinds.find((kind) => kind === text)
}

let closing: (() => Promise<void>)[] = []
/** Opens something, works, and closes what was opened, last first. */
async function inWorld(work: (t: Teardown) => Promise<Report>): Promise<Report> {
  try {
    return await work({ teardown: (done) => void closing.push(done) })
  } finally {
    await close()
  }
}
async function close(): Promise<void> {
  const all = closing.reverse()
  closing = []
  for (const done of all) await done()
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => void close().finally(() => process.exit(130)))
}

tell(`Seed ${seed}. A service of two processes and a database of its own are started …`)
const startedMs = performance.now()
const endMs = startedMs + Number(asked.minutes) * 60_000
const total = new Report()
const underLoad = kinds.flatMap((kind) => kindOf(kind) ?? [])
const rng = random(seed)
if (kinds.includes('full-disk')) {
  const why = whyNoSmallDisk()
  if (why === undefined) total.add(await inWorld((t) => fillDisks(t, seed, rng)))
  else tell(`full-disk is skipped: ${why}`)
}
for (let world = 0; underLoad.length > 0 && performance.now() < endMs && total.wrong.length === 0; world++) {
  const seconds = Math.min(worldSeconds, (endMs - performance.now()) / 1_000)
  const options = { seed: seed + world, seconds, kinds: underLoad, clients: Number(asked.clients), tell }
  total.add(await inWorld((t) => run(t, options)))
}
const took = Math.round((performance.now() - startedMs) / 1_000)
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, load ${loadavg()
  .map((value) => value.toFixed(1))
  .join(' ')}`
process.stdout.write(`\n${total.table()}\n\nSeed ${seed}; ${machine}, ${took} s\n`)
for (const wrong of total.wrong) process.stdout.write(`\nWRONG: ${wrong}\n`)
process.exit(total.wrong.length === 0 && total.lost + total.doubled === 0 ? 0 : 1)
