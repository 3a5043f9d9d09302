// A minute of faults from a seed that is always the same, a minute from one that never was, and a full disk, all at the same time.
// SEED=… plays a minute again; `npm run simulate` takes as long as one likes.
import { randomInt } from 'node:crypto'
import t, { type Test } from 'tap'
import { random } from '../support/orders.ts'
import type { FaultKind } from './faults.ts'
import { fillDisks } from './full-disk.ts'
import type { Report } from './report.ts'
import { run } from './run.ts'
import { whyNoSmallDisk } from './small-disk.ts'

const fixedSeed = 2026
const randomSeed = Number(process.env['SEED'] ?? randomInt(2 ** 31))
const seconds = Number(process.env['SECONDS'] ?? 60)

// Between the two every kind comes once, however slow the machine: a minute is enough for the half.
const some: FaultKind[] = ['kill-service', 'kill-backend', 'cut-commit', 'slow-disk', 'pool', 'sigterm', 'hang']
const others: FaultKind[] = [
  'kill-database',
  'kill-both',
  'terminate',
  'held-lock',
  'connections',
  'clock',
  'migration',
]

// A machine that does nothing else must keep 10 s; tests run beside each other on few cores.
const servesWithinMs = 45_000

t.setTimeout(280_000)
t.jobs = 3

function stands(t: Test, report: Report): void {
  t.comment(report.table())
  t.same(report.wrong, [], "each verdict is the model's, and everything stands")
  t.equal(report.lost, 0, 'nothing that was acknowledged is lost')
  t.equal(report.doubled, 0, 'nothing is there twice, or unasked')
  t.ok(report.acknowledged >= 30, `${report.acknowledged} events`)
  t.ok(report.slowestMs() < servesWithinMs, `it serves again by itself, after ${report.slowestMs()} ms at the latest`)
}

t.test(`a minute from the seed ${fixedSeed}`, { buffered: true }, async (t) => {
  stands(t, await run(t, { seed: fixedSeed, seconds, kinds: some }))
})
t.test(`a minute from the seed ${randomSeed} (SEED=${randomSeed})`, { buffered: true }, async (t) => {
  stands(t, await run(t, { seed: randomSeed, seconds, kinds: others }))
})
const why = whyNoSmallDisk()
t.test('a full disk', { buffered: true, skip: why ?? false }, async (t) => {
  stands(t, await fillDisks(t, randomSeed, random(randomSeed)))
})
