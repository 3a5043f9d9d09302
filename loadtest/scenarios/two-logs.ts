import { cpus } from 'node:os'
import { load } from '../bench/load.ts'
import type { Scenario } from '../bench/scenario.ts'
import type { Player } from '../bench/stage.ts'
import { rowOf } from '../bench/table.ts'

const coresMin = 4

/** Two processes that each record into a log of its own, against one process and one log. */
export const twoLogs: Scenario = async ({ stage, rounds, tell }) => {
  const cores = cpus().length
  if (cores < coresMin) {
    return [{ name: 'two-logs', skipped: `two processes side by side need ${coresMin} cores, here are ${cores}` }]
  }
  const { service, maker, quick } = stage
  const amount = quick ? 4_000 : 20_000
  await stage.group('second')
  const second = await stage.another()
  const goods = [await stage.order(40_000), await stage.order(40_000, 'second')].map(({ codes }) => codes)
  for (const codes of goods) await stage.commission(codes)
  const next = [0, 0]
  const play = (on: Player, which: 0 | 1) => {
    const codes = goods[which] ?? []
    const body = () => ({ codes: [codes[(next[which] = (next[which] ?? 0) + 1) % codes.length]], step: 'inspecting' })
    return load({ on, path: '/scans', key: maker.key, connections: 250, amount, body })
  }
  await play(service, 0)
  await play(second, 1)
  const played = []
  for (let round = 1; round <= rounds; round++) {
    tell(`round ${round} of ${rounds}`)
    const alone = await play(service, 0)
    const both = await Promise.all([play(service, 0), play(second, 1)])
    played.push({ ours: both.reduce((sum, { perSecond }) => sum + perSecond, 0), yardstick: alone.perSecond })
  }
  return [rowOf({ name: 'two-logs', unit: 'scans/s', must: 1.5, aim: 1.8 }, played)]
}
