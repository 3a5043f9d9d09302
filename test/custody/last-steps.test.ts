// The last steps of ten thousand objects are sought otherwise than those of a few: both must find the same.
import { randomInt } from 'node:crypto'
import t from 'tap'
import { findLastSteps, insertSteps } from '../../src/custody/store.ts'
import { type Step, unborn } from '../../src/custody/object.ts'
import { client } from '../support/connect.ts'
import { testDatabase } from '../support/database.ts'
import { random } from '../support/orders.ts'

const log = 1
const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31))

const byId = (a: Step, b: Step): number => (a.id < b.id ? -1 : 1)

t.test(`as of one object after the other (SEED=${seed})`, async (t) => {
  const { adminUrl } = await testDatabase(t)
  const connection = await client(t, adminUrl)
  const { below, chance, of } = random(seed)
  const last = new Map<bigint, Step>()
  // Units of three orders, far from each other, some of them with a life; and pallets, whose ids are negative.
  const anyId = () => BigInt(of([1, 3, 900]) * 2_097_152 + below(3_000)) * (chance(0.05) ? -1n : 1n)
  for (let position = 0; position < 40; position++) {
    const ids = new Set(Array.from({ length: 50 }, anyId))
    const steps = [...ids].map((id): Step => ({
      ...unborn(id),
      state: 'active',
      position,
      owner: below(3),
    }))
    await insertSteps(connection, log, steps)
    for (const step of steps) last.set(step.id, step)
  }
  const firstOf = (order: number) => BigInt(order * 2_097_152)
  const run = (from: bigint, count: number) => Array.from({ length: count }, (_, i) => from + BigInt(i))
  const lists: Record<string, bigint[]> = {
    'a row': run(firstOf(1), 3_000),
    'a row of an order that nobody used, and its object': [firstOf(2) - 1n, ...run(firstOf(2), 500)],
    'two rows and a pallet between': [...run(firstOf(1), 900), -firstOf(1) - 5n, ...run(firstOf(3) + 200n, 700)],
    'a row backwards': run(firstOf(3), 800).reverse(),
    anyhow: [...new Set(Array.from({ length: 1_500 }, anyId))],
    'everything that has a step': [...last.keys()],
  }
  for (const [name, ids] of Object.entries(lists)) {
    const found = [...(await findLastSteps(connection, log, ids))].sort(byId)
    const wanted = [...new Set(ids)].flatMap((id) => last.get(id) ?? []).sort(byId)
    t.same(found, wanted, `${name}: ${wanted.length} of ${ids.length} have one`)
  }
})
