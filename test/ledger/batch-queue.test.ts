import t from 'tap'
import { createBatchQueue, type QueueLimits } from '../../src/ledger/batch-queue.ts'
import { taken } from './toy.ts'

const limits: QueueLimits = {
  batchEventsMax: 10,
  batchCodesMax: 100,
  waitingEventsMax: 30,
  waitingBytesMax: 1_000,
  waitingWorkMaxMs: 1_000,
}
const work = (events = 1, codes = 1, bytes = 1) => ({ events, codes, bytes })

/** A flush that waits until it is told to go on, and remembers what it was given. */
function gate() {
  const batches: number[][] = []
  const waiting: (() => void)[] = []
  let open = false
  const flush = async (items: number[]): Promise<string[]> => {
    batches.push(items)
    if (!open) await new Promise<void>((resolve) => waiting.push(resolve))
    return items.map((item) => `did ${item}`)
  }
  return {
    flush,
    batches,
    release: () => {
      open = true
      waiting.splice(0).forEach((go) => go())
    },
  }
}

t.test('what one turn brings travels together, in order; what comes meanwhile is the next batch', async (t) => {
  const { flush, batches, release } = gate()
  const queue = createBatchQueue(flush, limits)
  const first = [1, 2, 3].map((item) => taken(queue.add(item, work())))
  await Promise.resolve()
  const second = [4, 5].map((item) => taken(queue.add(item, work())))
  t.same(batches, [[1, 2, 3]])
  t.same(queue.waiting(), { events: 2, codes: 2, bytes: 2 })
  release()
  t.same(await Promise.all([...first, ...second]), ['did 1', 'did 2', 'did 3', 'did 4', 'did 5'])
  t.same(batches, [
    [1, 2, 3],
    [4, 5],
  ])
  t.same(queue.waiting(), { events: 0, codes: 0, bytes: 0 })
})

t.test('a batch is bounded by events and by codes; the first is taken however large', async (t) => {
  for (const [what, works, sizes] of [
    ['events', Array.from({ length: 25 }, () => work()), [10, 10, 5]],
    ['codes', [work(1, 60), work(1, 40), work(1, 1), work(1, 99), work(1, 1)], [2, 2, 1]],
    ['a large one', [work(1, 5), work(1, 400), work(1, 5)], [1, 1, 1]],
    ['a document of many events', [work(9), work(2), work(8), work(1)], [1, 2, 1]],
  ] as const) {
    const { flush, batches, release } = gate()
    const queue = createBatchQueue(flush, limits)
    const answers = works.map((each, i) => taken(queue.add(i, each)))
    release()
    await Promise.all(answers)
    t.same(
      batches.map((batch) => batch.length),
      sizes,
      what,
    )
    t.same(
      batches.flat(),
      works.map((_, i) => i),
      `${what}: in order`,
    )
  }
})

t.test('too much waiting is refused at once: by events, bytes and estimated work', async (t) => {
  const { flush, release } = gate()
  const queue = createBatchQueue(flush, limits)
  const running = taken(queue.add(0, work()))
  await Promise.resolve()
  const accepted = [taken(queue.add(1, work(29)))]
  accepted.push(taken(queue.add(2, work(1))))
  t.equal(queue.add(3, work(1)), undefined, 'the 31st event')
  release()
  await Promise.all([running, ...accepted])

  const bytes = gate()
  const byBytes = createBatchQueue(bytes.flush, limits)
  const answers = [taken(byBytes.add(0, work()))]
  await Promise.resolve()
  answers.push(taken(byBytes.add(1, work(1, 1, 5_000))))
  // One document larger than the bound has a chance when nobody waits.
  t.equal(byBytes.add(2, work(1, 1, 1)), undefined, 'and nothing more behind it')
  bytes.release()
  await Promise.all(answers)
  t.ok(byBytes.add(3, work()), 'afterwards there is room again')

  let time = 0
  const slow = createBatchQueue(
    async (items: number[]) => {
      time += 1_000 * items.length // A second for each document of 999 codes: 1 ms a unit of work.
      return items
    },
    limits,
    () => time,
  )
  for (let i = 0; i < 20; i++) await slow.add(i, work(1, 999))
  const burst = Array.from({ length: 10 }, (_, i) => slow.add(i, work(1, 499)))
  const refused = burst.filter((answer) => answer === undefined).length
  t.equal(refused, 7, 'half a second each: what would begin after more than a second is refused')
  await Promise.all(burst.filter((answer) => answer !== undefined))
})

t.test('a flush that throws fails its batch and no other', async (t) => {
  let calls = 0
  const queue = createBatchQueue(
    async (items: number[]) => {
      calls++
      if (items.includes(13)) throw new Error('bad luck')
      return items
    },
    { ...limits, batchEventsMax: 2 },
  )
  const answers = [1, 2, 13, 4, 5, 6].map((item) => taken(queue.add(item, work())))
  const settled = await Promise.allSettled(answers)
  t.same(
    settled.map((each) => each.status),
    ['fulfilled', 'fulfilled', 'rejected', 'rejected', 'fulfilled', 'fulfilled'],
  )
  t.equal(calls, 3)
  t.equal(await queue.add(7, work()), 7, 'and the queue goes on')
})

t.test('a batch that is answered in part fails as a whole', async (t) => {
  const queue = createBatchQueue(async (items: number[]) => items.slice(1), limits)
  const settled = await Promise.allSettled([taken(queue.add(1, work())), taken(queue.add(2, work()))])
  t.same(
    settled.map((each) => each.status),
    ['rejected', 'rejected'],
  )
})

t.test('drained waits for everything that was accepted', async (t) => {
  const { flush, batches, release } = gate()
  const queue = createBatchQueue(flush, { ...limits, batchEventsMax: 1 })
  await queue.drained()
  const answers = [1, 2, 3].map((item) => taken(queue.add(item, work())))
  let drained = false
  const end = queue.drained().then(() => (drained = true))
  await Promise.resolve()
  t.equal(drained, false)
  release()
  await end
  t.equal(batches.length, 3)
  t.same(await Promise.all(answers), ['did 1', 'did 2', 'did 3'])
})
