import { load } from '../bench/load.ts'
import { openLoad } from '../bench/open-loop.ts'
import type { Scenario } from '../bench/scenario.ts'
import { median, type Row, rowOf, spreadOf } from '../bench/table.ts'

const excess = 1.5
/** It counts as recovered with so much of the peak. */
const recovered = 0.8
/** What has not recovered by then does not by itself. */
const recoveryMaxMs = 30_000

/**
 * Half as many scans again as the service can take, in an open loop: what is too much is refused at once, what is taken is as much as
 * before, memory stays, and when the crowd has gone it is soon as quick as ever: what runs behind the commits has to catch up first.
 */
export const overload: Scenario = async ({ stage, rounds, tell }) => {
  const { service, maker, quick } = stage
  const seconds = quick ? 5 : 15
  const { codes } = await stage.order(quick ? 100_000 : 400_000)
  await stage.commission(codes)
  let next = 0
  const scans = {
    on: service,
    path: '/scans',
    key: maker.key,
    body: () => ({ codes: [codes[next++ % codes.length]], step: 'inspecting' }),
  }
  const closed = () => load({ ...scans, connections: 500, amount: quick ? 4_000 : 15_000 })
  await closed()
  const played: { ours: number; yardstick: number }[] = []
  const recoveries: number[] = []
  const firsts: number[] = []
  const refusals: number[] = []
  const memory: number[] = []
  let refused = 0
  for (let round = 1; round <= rounds; round++) {
    tell(`round ${round} of ${rounds}`)
    const peak = await closed()
    const crowd = await openLoad({ ...scans, perSecond: excess * peak.perSecond, seconds })
    if (crowd.impolite > 0) throw new Error(`${crowd.impolite} of 503 did not say when to come again`)
    if (crowd.broken > 0) throw new Error(`${crowd.broken} requests were lost or failed`)
    memory.push(Number(await service.ask('memory')))
    played.push({ ours: crowd.perSecond, yardstick: peak.perSecond })
    if (crowd.refused > 0) refusals.push(crowd.refusedP99)
    refused += crowd.refused
    const goneMs = performance.now()
    for (let first = true; ; first = false) {
      const { perSecond } = await closed()
      if (first) firsts.push(perSecond / peak.perSecond)
      if (perSecond >= recovered * peak.perSecond) {
        recoveries.push((performance.now() - goneMs) / 1_000)
        break
      }
      if (performance.now() - goneMs > recoveryMaxMs) throw new Error(`it did not recover within ${recoveryMaxMs} ms`)
    }
  }
  const single = (name: string, unit: string, values: readonly number[], must: number, aim: number): Row => {
    const ours = median(values)
    return { name, unit, must, aim, ours, yardstick: null, ratio: ours, spread: spreadOf(values), less: true }
  }
  const taken = { name: 'overload', unit: 'scans/s', must: 0.8, aim: 0.9, note: `${refused} refused in all` }
  return [
    rowOf(taken, played),
    refusals.length === 0
      ? { name: 'overload-503', skipped: 'nothing was refused: the load could not be brought about here' }
      : single('overload-503', 'ms (p99)', refusals, 100, 20),
    single('overload-memory', 'MB', memory, 1_000, 500),
    {
      ...single('overload-recovery', 's', recoveries, 5, 2),
      note: `until it has taken thousands at ${recovered * 100} % of the peak; at once it takes ${Math.round(100 * median(firsts))} %`,
    },
  ]
}
