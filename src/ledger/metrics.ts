import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Work } from './batch-queue.ts'

export type Commit = { log: number; drafts: number; recorded: number; refused: readonly string[]; ms: number }

// A commit takes as long as the disk's fsync: from tens of microseconds to, on a bad day, seconds.
const commitBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const batchBuckets = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000]

/** What an operator watches of the commit path: how long, how many at once, how much waits. */
export function createLedgerMetrics(registry: Registry, waiting: () => Work): (commit: Commit) => void {
  const registers = [registry]
  const duration = new Histogram({
    name: 'tamga_commit_duration_seconds',
    help: 'Time from taking a batch to its durable commit',
    labelNames: ['log'],
    buckets: commitBuckets,
    registers,
  })
  const size = new Histogram({
    name: 'tamga_commit_events',
    help: 'Events in a batch, refused ones included',
    labelNames: ['log'],
    buckets: batchBuckets,
    registers,
  })
  const queue = new Gauge({
    name: 'tamga_waiting',
    help: 'What waits to be committed: events, codes, bytes',
    labelNames: ['what'],
    registers,
    collect: () => {
      for (const [what, amount] of Object.entries(waiting())) queue.set({ what }, amount)
    },
  })
  const refusals = new Counter({
    name: 'tamga_refused_events_total',
    help: 'Events that the judge refused, by the first code that is answered',
    labelNames: ['code'],
    registers,
  })
  return ({ log, drafts, refused, ms }) => {
    for (const code of refused) refusals.inc({ code })
    duration.observe({ log }, ms / 1000)
    size.observe({ log }, drafts)
  }
}
