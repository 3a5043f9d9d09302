import t from 'tap'
import { limits } from '../../src/config/limits.ts'
import { createBatchQueue } from '../../src/ledger/batch-queue.ts'
import { createLedger } from '../../src/ledger/ledger.ts'
import { testDatabase } from '../support/database.ts'
import { checkLedger } from '../support/ledger.ts'
import { type Decision, draft, judge, type Order, serverClock, taken, work, writer } from './toy.ts'

const log = 1

t.test('a group is recorded whole or not at all', async (t) => {
  const database = await testDatabase(t)
  t.teardown(async () => void (await checkLedger(database.adminUrl)))
  const told: boolean[] = []
  const ledger = createLedger<Order, Decision, string>({
    connect: () => writer(database.appUrl),
    judge: {
      sit: async (...args) => {
        const sitting = await judge().sit(...args)
        return { ...sitting, write: (client, kept) => (told.push(kept), sitting.write(client, kept)) }
      },
    },
    limits,
    clock: serverClock,
    onFatal: (error) => t.fail(error.message),
  })
  t.teardown(() => ledger.stop())
  const send = (drafts: ReturnType<typeof draft>[], whole = true) => taken(ledger.submitAll(log, drafts, work, whole))
  const kinds = async (...args: Parameters<typeof send>) => {
    const { kept, outcomes } = await send(...args)
    return [kept, ...outcomes.map(({ kind }) => kind)]
  }

  const no = { refuse: true } as const
  t.same(await kinds([draft('a'), draft('b', 'content', no), draft('c')]), [false, 'recorded', 'refused', 'recorded'])
  t.same(await checkLedger(database.adminUrl).then(([main]) => main?.size), 0, 'nothing of it')
  t.same(told, [false], 'and the judge is told so')

  t.comment('several at once: each group keeps its order, and its fate is its own')
  const all = await Promise.all([
    kinds([draft('a'), draft('b'), draft('a')]),
    taken(ledger.submit(log, draft('d'), work)).then(({ kind }) => kind),
    kinds([draft('e'), draft('f', 'content', no)]),
    kinds([draft('g'), draft('h', 'content', no), draft('i')], false),
    kinds([draft('a'), draft('a', 'other')]),
  ])
  t.same(all, [
    [true, 'recorded', 'recorded', 'again'],
    'recorded',
    [false, 'recorded', 'refused'],
    [true, 'recorded', 'refused', 'recorded'],
    [false, 'again', 'taken'],
  ])
  const [main] = await checkLedger(database.adminUrl)
  t.equal(main?.size, 5, 'a, b, d, g and i')
  t.same(await kinds([draft('i'), draft('a')]), [true, 'again', 'again'], 'sent again it is known')
})

t.test('what is to be alone travels alone, in its turn', async (t) => {
  const batches: number[][] = []
  const flush = async (items: number[]): Promise<number[]> => {
    batches.push(items)
    return items
  }
  const queue = createBatchQueue(flush, limits)
  const answers = [1, 2, 30, 40, 5, 6].map((item) => taken(queue.add(item, work, item > 9)))
  t.same(await Promise.all(answers), [1, 2, 30, 40, 5, 6])
  t.same(batches, [[1, 2], [30], [40], [5, 6]])
})
