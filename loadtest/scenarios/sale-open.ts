import { load } from '../bench/load.ts'
import { standReady } from '../bench/open-loop.ts'
import type { Scenario } from '../bench/scenario.ts'
import { stockedShop } from '../bench/shop.ts'
import { median, spreadOf } from '../bench/table.ts'

const checksPerSecond = 1_000

/** What a till waits: 1,000 sale checks a second, come what may, while others record scans at half of what the service can take. */
export const saleOpen: Scenario = async ({ stage, rounds, tell }) => {
  const { service, maker, quick } = stage
  const seconds = quick ? 4 : 20
  const { shop, codes: shelf } = await stockedShop(stage, quick ? 10_000 : 50_000)
  const { codes } = await stage.order(quick ? 60_000 : 250_000)
  await stage.commission(codes)
  let scanned = 0
  let asked = 0
  const scans = {
    on: service,
    path: '/scans',
    key: maker.key,
    body: () => ({ codes: [codes[scanned++ % codes.length]], step: 'inspecting' }),
  }
  const checks = {
    on: service,
    path: '/sale-checks',
    key: shop.key,
    body: () => ({ codes: [shelf[asked++ % shelf.length]] }),
  }
  const peak = await load({ ...scans, connections: 500, amount: quick ? 5_000 : 20_000 })
  const callers = await Promise.all([
    standReady({ ...checks, perSecond: checksPerSecond, seconds }),
    standReady({ ...scans, perSecond: peak.perSecond / 2, seconds }),
  ])
  const times: number[] = []
  const medians: number[] = []
  let refused = 0
  for (let round = 1; round <= rounds; round++) {
    tell(`round ${round} of ${rounds}`)
    const [sales] = await Promise.all(callers.map((each) => each.send()))
    if (!sales) throw new Error('nothing was asked')
    if (sales.broken > 0) throw new Error(`${sales.broken} checks lost`)
    refused += sales.refused
    times.push(sales.p99)
    medians.push(sales.p50)
  }
  for (const each of callers) await each.leave()
  const p99 = median(times)
  const note = `beside ${Math.round(peak.perSecond / 2)} scans/s; p50 ${median(medians).toFixed(1)} ms; ${refused} of ${checksPerSecond * seconds * rounds} refused`
  return [
    {
      name: 'sale-open',
      ours: p99,
      yardstick: null,
      ratio: p99,
      spread: spreadOf(times),
      unit: 'ms (p99)',
      must: 25,
      aim: 10,
      less: true,
      note,
    },
  ]
}
