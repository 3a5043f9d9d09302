import { checkDigit } from '../../src/gs1/identifiers.ts'
import type { Scenario } from '../bench/scenario.ts'
import { rowOf } from '../bench/table.ts'

/** How long it takes to ship a pallet of 10,000 units, against one unit that stands by itself: one caller, one event after the other. */
export const pallet: Scenario = async ({ stage, rounds, tell }) => {
  const { maker } = stage
  const times = rounds * 5
  const shop = await stage.firm('retailer')
  const { codes } = await stage.order(10_000 + times)
  await stage.commission(codes)
  const body = `0470111${'0'.repeat(10)}`
  const sscc = `(00)${body}${checkDigit(body)}`
  const scan = (scanned: object, key = maker.key) => stage.call('POST', '/scans', scanned, key)
  await scan({ codes: codes.slice(0, 10_000), step: 'packing', parent: sscc })
  const timed = async (code: string | undefined) => {
    const startedMs = performance.now()
    await scan({ codes: [code], step: 'shipping', to: shop.id, transfer: 'possession' })
    return performance.now() - startedMs
  }
  const played = []
  for (let time = 0; time < times; time++) {
    if (time % 5 === 0) tell(`round ${time / 5 + 1} of ${rounds}`)
    const ours = await timed(sscc)
    await scan({ codes: [sscc], step: 'void_shipping' })
    played.push({ ours, yardstick: await timed(codes[10_000 + time]) })
  }
  return [rowOf({ name: 'pallet', unit: 'ms', must: 2, aim: 1, less: true }, played)]
}
