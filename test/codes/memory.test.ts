import t from 'tap'
import { createGate } from '../../src/codes/gate.ts'
import { createLru } from '../../src/codes/lru.ts'

t.test('an LRU forgets what was not asked for longest, by weight', async (t) => {
  const lru = createLru<string, { weight: number }>(10, (value) => value.weight)
  const keys = () => ['a', 'b', 'c', 'd'].filter((key) => lru.get(key) !== undefined)
  lru.set('a', { weight: 4 })
  lru.set('b', { weight: 4 })
  t.ok(lru.get('a'))
  lru.set('c', { weight: 4 })
  t.same(keys(), ['a', 'c'], 'b was older than a')
  lru.set('c', { weight: 6 })
  t.same(keys(), ['a', 'c'], 'what is set again counts once')
  lru.set('d', { weight: 50 })
  t.same(keys(), ['d'], 'one that is too large stays alone')
  t.equal(lru.size, 1)
})

t.test('a gate lets so many in, in order, and turns away who would wait too long', async (t) => {
  const gate = createGate(2, 2)
  const log: string[] = []
  const doors: (() => void)[] = []
  const visit = (name: string) =>
    gate(async () => {
      log.push(name)
      await new Promise<void>((leave) => doors.push(leave))
      if (name === 'b') throw new Error('failed inside')
      return name
    })
  const visits = ['a', 'b', 'c', 'd', 'e'].map(visit)
  const results = Promise.allSettled(visits)
  await t.rejects(() => visits[4] ?? Promise.resolve(''), { code: 'busy' })
  t.same(log, ['a', 'b'])
  for (let left = 0; left < 4; left++) {
    doors[left]?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.same(log, ['a', 'b', 'c', 'd'], 'a failure frees its place too')
  t.same(
    (await results).map((result) => result.status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'rejected'],
  )
  const last = visit('f')
  doors.at(-1)?.()
  t.equal(await last, 'f')
})
