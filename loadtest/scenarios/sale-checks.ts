import { load, type Measured } from '../bench/load.ts'
import type { Scenario } from '../bench/scenario.ts'
import { stockedShop } from '../bench/shop.ts'
import { rowOf } from '../bench/table.ts'

/** `POST /sale-checks` against bare Fastify with the one SELECT that any answer needs: the last steps. */
export const saleChecks: Scenario = async ({ stage, rounds, tell }) => {
  const { service, bare, admin, quick } = stage
  const { shop, codes } = await stockedShop(stage, quick ? 10_000 : 50_000)
  const { rows } = await admin.query<{ log_id: number; object_id: bigint }>(
    `select log_id, object_id from step where object_id > 0 and log_id = (select id from log where name = 'main')
     order by position desc limit 10000`,
  )
  const goods = { access: stage.access, log: rows[0]?.log_id, ids: rows.map((row) => String(row.object_id)) }
  await bare.ask(goods)

  const played: Record<number, { ours: Measured; yardstick: Measured }[]> = {}
  for (const size of [1, 50]) {
    const amount = (quick ? 4_000 : 20_000) / (size === 1 ? 1 : 5)
    let next = 0
    const body = () => ({ codes: Array.from({ length: size }, () => codes[next++ % codes.length]) })
    const play = (on: typeof service) =>
      load({ on, path: '/sale-checks', key: shop.key, connections: 500, amount, body })
    await play(service)
    await play(bare)
    const results = (played[size] = [] as { ours: Measured; yardstick: Measured }[])
    for (let round = 1; round <= rounds; round++) {
      tell(`${size} codes, round ${round} of ${rounds}`)
      results.push({ ours: await play(service), yardstick: await play(bare) })
    }
  }
  return [1, 50].map((size) => {
    const results = played[size] ?? []
    const cpu = rowOf(
      { name: '', unit: '', must: 0, aim: 0 },
      results.map(({ ours, yardstick }) => ({ ours: ours.cpuUs, yardstick: yardstick.cpuUs })),
    )
    const note = `CPU of the process: ${cpu.ours.toFixed(0)} µs against ${cpu.yardstick?.toFixed(0) ?? ''} µs`
    return rowOf(
      { name: `sale-${size}`, unit: 'checks/s', must: 0.5, aim: 0.8, note },
      results.map(({ ours, yardstick }) => ({ ours: ours.perSecond, yardstick: yardstick.perSecond })),
    )
  })
}
