import type { Scenario } from '../bench/scenario.ts'
import { rowOf } from '../bench/table.ts'

const limitSeconds = 2

/** How long it takes from the call that recalls a lot until the list of who has its units is there, against two seconds. */
export const recall: Scenario = async ({ stage, rounds, tell }) => {
  const { maker, quick } = stage
  const units = quick ? 100_000 : 1_000_000
  const shops = [await stage.firm('retailer'), await stage.firm('retailer'), await stage.firm('distributor')]
  tell(`marking ${units.toLocaleString('en')} units of a lot`)
  const { gtin, codes } = await stage.order(units)
  const scan = (scanned: object, key: string) => stage.call('POST', '/scans', scanned, key)
  for (let from = 0; from < units; from += 10_000) {
    const part = codes.slice(from, from + 10_000)
    await scan({ codes: part, step: 'commissioning', lot: 'L-1' }, maker.key)
    const shop = shops[from / 10_000]
    if (!shop) continue
    await scan({ codes: part, step: 'shipping', to: shop.id }, maker.key)
    await scan({ codes: part, step: 'receiving' }, shop.key)
  }
  const played = []
  for (let round = 1; round <= rounds; round++) {
    tell(`round ${round} of ${rounds}`)
    const startedMs = performance.now()
    const body = { gtin, lot: 'L-1', reason: 'Glass in the bottle' }
    const { id } = await stage.call<{ id: string }>('POST', '/recalls', body, maker.key)
    const list = await stage.call<{ units: number; holders: { count: number }[] }>(
      'GET',
      `/recalls/${id}/holders`,
      undefined,
      maker.key,
    )
    const ours = (performance.now() - startedMs) / 1_000
    const found = list.holders.reduce((sum, { count }) => sum + count, 0)
    if (list.units !== units || found !== units) throw new Error(`of ${units} units ${found} were found`)
    played.push({ ours, yardstick: limitSeconds })
    await stage.call('POST', `/recalls/${id}/ends`, { reason: 'Another round' }, maker.key)
  }
  const note = `${units.toLocaleString('en')} units of a lot, against a limit of ${limitSeconds} s`
  return [rowOf({ name: 'recall', unit: 's', must: 1, aim: 0.5, less: true, note }, played)]
}
