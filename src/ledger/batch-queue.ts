/**
 * Group commit without a timer (D2): while one batch is being flushed, what arrives waits and becomes the next batch. One caller
 * alone waits for nobody. The queue has never heard of its cargo; it counts work, not only items.
 */

export type Work = { events: number; codes: number; bytes: number }

export type QueueLimits = {
  /** One batch. */
  batchEventsMax: number
  batchCodesMax: number
  /** What may wait behind it; past any of these `add` refuses. */
  waitingEventsMax: number
  waitingBytesMax: number
  /** Estimated from what the last batches took. */
  waitingWorkMaxMs: number
}

export type BatchQueue<Item, Result> = {
  /**
   * Undefined when too much is waiting: the caller answers 503 with Retry-After.
   * @param alone the item is a batch of its own: nothing travels with it
   */
  add(item: Item, work: Work, alone?: boolean): Promise<Result> | undefined
  /** How much waits now, for metrics. */
  waiting(): Work
  /** Resolves when everything that was accepted has been answered. */
  drained(): Promise<void>
}

type Waiting<Item, Result> = {
  item: Item
  work: Work
  alone: boolean
  resolve: (result: Result) => void
  reject: (error: unknown) => void
}

// How much the newest batch counts in the running estimate of what an event and a code cost.
const estimateWeight = 0.2

// Smaller batches cost what a commit costs, whatever is in them: counted by the piece they would make a queue of 200 scans look
// like seconds of work, and honest callers would be refused.
const estimateUnitsMin = 500

/**
 * `flush` MUST answer each item, in order, and only once the answer is durable. If it throws, that batch fails and the next goes on.
 */
export function createBatchQueue<Item, Result>(
  flush: (items: Item[]) => Promise<Result[]>,
  limits: QueueLimits,
  clockMs: () => number = () => performance.now(),
): BatchQueue<Item, Result> {
  let line: Waiting<Item, Result>[] = []
  let queued: Work = { events: 0, codes: 0, bytes: 0 }
  let running: Promise<void> | undefined
  let msPerUnit = 0 // A unit of work: one event or one code.

  function takeBatch(): Waiting<Item, Result>[] {
    let events = 0
    let codes = 0
    let count = 0
    for (const { work, alone } of line) {
      // The first is always taken, however large: the door has bounded single documents.
      if (count > 0 && alone) break
      if (count > 0 && (events + work.events > limits.batchEventsMax || codes + work.codes > limits.batchCodesMax))
        break
      events += work.events
      codes += work.codes
      count++
      if (alone) break
    }
    const batch = line.slice(0, count)
    line = line.slice(count)
    for (const { work } of batch) {
      queued.events -= work.events
      queued.codes -= work.codes
      queued.bytes -= work.bytes
    }
    return batch
  }

  async function run(): Promise<void> {
    while (line.length > 0) {
      const batch = takeBatch()
      const startedMs = clockMs()
      try {
        const results = await flush(batch.map((waiting) => waiting.item))
        if (results.length !== batch.length) throw new Error('bad math: a batch was answered in part')
        batch.forEach((waiting, i) => waiting.resolve(results[i] as Result))
      } catch (error) {
        for (const waiting of batch) waiting.reject(error)
      }
      const units = batch.reduce((sum, { work }) => sum + work.events + work.codes, 0)
      if (units >= estimateUnitsMin) msPerUnit += estimateWeight * ((clockMs() - startedMs) / units - msPerUnit)
    }
    running = undefined
  }

  function full(work: Work): boolean {
    if (line.length === 0) return false // A document of the largest size must have a chance.
    return (
      queued.events + work.events > limits.waitingEventsMax ||
      queued.bytes + work.bytes > limits.waitingBytesMax ||
      (queued.events + queued.codes) * msPerUnit > limits.waitingWorkMaxMs
    )
  }

  return {
    add(item, work, alone = false) {
      if (full(work)) return undefined
      queued = {
        events: queued.events + work.events,
        codes: queued.codes + work.codes,
        bytes: queued.bytes + work.bytes,
      }
      return new Promise<Result>((resolve, reject) => {
        line.push({ item, work, alone, resolve, reject })
        // In a microtask, so that what one tick of the event loop brings travels together.
        running ??= Promise.resolve().then(run)
      })
    },
    waiting: () => ({ ...queued }),
    drained: async () => {
      while (running !== undefined) await running
    },
  }
}
