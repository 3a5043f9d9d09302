import t from 'tap'
import { customAlphabet } from 'nanoid'
import { blockCount, drawRandomParts, lowerBound, packBlock, unpackBlock } from '../../src/codes/order.ts'
import { base36, writeBase36 } from '../../src/codes/serial.ts'

const random = customAlphabet(base36)

t.test('random parts are ascending and all different, whatever their number', async (t) => {
  for (const count of [1, 2, 999, 1_000, 1_001, 30_000]) {
    const sorted = await drawRandomParts(count, random)
    t.equal(sorted.length, count)
    t.ok(
      sorted.every((value, i) => i === 0 || value > (sorted[i - 1] ?? Infinity)),
      `${count} ascending`,
    )
    t.ok(sorted.every((value) => Number.isInteger(value) && value >= 0 && value < 36 ** 8))
  }
})

t.test('what is drawn twice is drawn again', async (t) => {
  // The same part five times, then its neighbours on both sides and itself once more.
  const script = [
    'MMMMMMMM',
    'MMMMMMMM',
    'MMMMMMMM',
    'MMMMMMMM',
    'MMMMMMMM',
    'MMMMMMMM',
    'ZZZZZZZZ',
    '00000000',
    'MMMMMMML',
    'MMMMMMMN',
  ]
  const scripted = (length: number) => script.splice(0, length / 8).join('')
  const sorted = await drawRandomParts(5, scripted)
  t.same(
    [...sorted].map((value) => writeBase36(value, 8)),
    ['00000000', 'MMMMMMML', 'MMMMMMMM', 'MMMMMMMN', 'ZZZZZZZZ'],
  )
})

t.test('blocks hold 1,000 codes each and the rest', async (t) => {
  t.same([1, 999, 1_000, 1_001, 1_500_000].map(blockCount), [1, 1, 1, 2, 1_500])
  const sorted = await drawRandomParts(1_001, random)
  const [first, last] = [packBlock(sorted, 0), packBlock(sorted, 1)]
  t.equal(first.length, 8_000)
  t.equal(last.length, 8)
  t.same([...unpackBlock(first), ...unpackBlock(last)], [...sorted])
  t.equal(packBlock(Float64Array.of(0, 36 ** 4 - 1, 36 ** 4, 36 ** 8 - 1), 0), '000000000000ZZZZ00010000ZZZZZZZZ')
})

t.test('the order of the numbers is the order of the texts', async (t) => {
  const sorted = await drawRandomParts(1_000, random)
  const texts = packBlock(sorted, 0).match(/.{8}/g) ?? []
  t.same([...texts].sort(), texts)
})

t.test('lower bound', async (t) => {
  const sorted = Float64Array.of(2, 4, 6)
  t.same(
    [1, 2, 3, 6, 7].map((value) => lowerBound(sorted, value)),
    [0, 0, 1, 2, 3],
  )
  t.equal(lowerBound(new Float64Array(0), 1), 0)
})

t.test('others get their turn while a large order is drawn', async (t) => {
  let pauses = 0
  await drawRandomParts(100_000, random, async () => pauses++)
  t.ok(pauses >= 40, `${pauses} pauses`)
})
