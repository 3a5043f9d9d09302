import t from 'tap'
import { createSalts } from '../../src/capture/salt.ts'

t.test('each salt is 16 bytes of its own and stays what it was', async (t) => {
  const salt = createSalts()
  const drawn = Array.from({ length: 1_000 }, () => salt())
  const texts = drawn.map((bytes) => bytes.toString('hex'))
  for (let i = 0; i < 1_000; i++) salt()
  t.ok(drawn.every((bytes) => bytes.length === 16))
  t.equal(new Set(texts).size, 1_000)
  t.same(
    drawn.map((bytes) => bytes.toString('hex')),
    texts,
    'later ones are written elsewhere',
  )
})
