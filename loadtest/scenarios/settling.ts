import type { Scenario } from '../bench/scenario.ts'
import { median, rowOf } from '../bench/table.ts'

const pairsPerRound = 20

/** How long a shipment takes for which a receipt waits already (D11), against the same shipment of a unit that nobody waits for. */
export const settling: Scenario = async ({ stage, rounds, tell }) => {
  const { maker } = stage
  const times = rounds * pairsPerRound
  const shop = await stage.firm('retailer')
  const { codes } = await stage.order(2 * times)
  await stage.commission(codes)
  const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
  const scan = (scanned: object, key: string) => stage.call('POST', '/scans', scanned, key)
  const timed = async (code: string | undefined) => {
    const startedMs = performance.now()
    await scan({ codes: [code], step: 'shipping', to: shop.id, time: ago(20) }, maker.key)
    return performance.now() - startedMs
  }
  /** Once with a receipt that waits, once without; the first of the two warms the caches for the other, so they take turns. */
  const pair = async (time: number) => {
    const [waited, alone] = [codes[2 * time], codes[2 * time + 1]]
    await scan({ codes: [waited], step: 'receiving', time: ago(10), offline: true }, shop.key)
    const first = time % 2 === 0 ? await timed(waited) : undefined
    const yardstick = await timed(alone)
    const ours = first ?? (await timed(waited))
    const unit = await stage.call<{ holder: string }>('GET', pathOf(waited), undefined, shop.key)
    if (unit.holder !== shop.id) throw new Error('the receipt that waited was not settled')
    return { ours, yardstick }
  }
  const played = []
  for (let round = 0; round < rounds; round++) {
    tell(`round ${round + 1} of ${rounds}`)
    const pairs: Awaited<ReturnType<typeof pair>>[] = []
    for (let i = 0; i < pairsPerRound; i++) pairs.push(await pair(round * pairsPerRound + i))
    const [ours, yardstick] = (['ours', 'yardstick'] as const).map((key) => median(pairs.map((each) => each[key])))
    played.push({ ours: ours ?? Number.NaN, yardstick: yardstick ?? Number.NaN })
  }
  const note = 'with an entry of its own for what waited'
  return [rowOf({ name: 'settling', unit: 'ms', must: 3, aim: 2, less: true, note }, played)]
}

const pathOf = (code = ''): string => `/units/${encodeURIComponent(code)}`
