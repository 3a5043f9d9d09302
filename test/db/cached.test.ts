import t from 'tap'
import { cachedAgeMaxMs, createCached } from '../../src/db/cached.ts'

function setup(entriesMax = 10) {
  const clock = { at: 1_000 }
  const loads: string[] = []
  const source = new Map<string, number>([['a', 1]])
  const broken = { is: false }
  const cached = createCached<string, number>({
    load: async (key) => {
      loads.push(key)
      if (broken.is) throw new Error('away')
      return source.get(key)
    },
    now: () => new Date(clock.at),
    entriesMax,
  })
  return { clock, loads, source, broken, cached }
}

t.test('a value is at most half a second old, also one that is missing', async (t) => {
  const { clock, loads, source, cached } = setup()
  t.equal(await cached.get('a'), 1)
  t.equal(await cached.get('b'), undefined)
  source.set('a', 2).set('b', 3)
  clock.at += cachedAgeMaxMs - 1
  t.same([await cached.get('a'), await cached.get('b')], [1, undefined])
  clock.at += 1
  t.same([await cached.get('a'), await cached.get('b')], [2, 3])
  t.same(loads, ['a', 'b', 'a', 'b'])
})

t.test('callers at the same moment share one query', async (t) => {
  const { loads, cached } = setup()
  t.same(await Promise.all(Array.from({ length: 50 }, () => cached.get('a'))), Array(50).fill(1))
  t.equal(loads.length, 1)
})

t.test('a failure is told and not remembered', async (t) => {
  const { broken, cached } = setup()
  broken.is = true
  await t.rejects(cached.get('a'), { message: 'away' })
  broken.is = false
  t.equal(await cached.get('a'), 1)
})

t.test('forgetting, a clock set back, a bound on what is remembered', async (t) => {
  const { clock, loads, source, cached } = setup(2)
  await cached.get('a')
  source.set('a', 2)
  cached.forget('a')
  t.equal(await cached.get('a'), 2)
  source.set('a', 3)
  clock.at -= 10_000
  t.equal(await cached.get('a'), 3)
  cached.forget()
  loads.length = 0
  for (const key of ['x', 'y', 'z', 'y', 'x']) await cached.get(key)
  t.same(loads, ['x', 'y', 'z', 'x'], 'the oldest was forgotten')
})

t.test('what is known is there without waiting, and no longer than that', async (t) => {
  const { clock, source, cached } = setup()
  t.equal(cached.warm('a'), undefined, 'never asked')
  const asked = cached.get('a')
  t.equal(cached.warm('a'), undefined, 'on its way')
  await asked
  t.same(cached.warm('a'), { value: 1 })
  await cached.get('b')
  t.same(cached.warm('b'), { value: undefined }, 'known to be missing')
  source.set('a', 2)
  clock.at += cachedAgeMaxMs
  t.equal(cached.warm('a'), undefined, 'too old')
  await cached.get('a')
  cached.forget('a')
  t.equal(cached.warm('a'), undefined, 'forgotten')
})
