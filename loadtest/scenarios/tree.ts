import { load } from '../bench/load.ts'
import type { Scenario } from '../bench/scenario.ts'
import { median, spreadOf } from '../bench/table.ts'

/** How much of the process's CPU time goes into leaves, nodes and the edge while it records scans: by the profiler. */
export const tree: Scenario = async ({ stage, rounds, tell }) => {
  const amount = stage.quick ? 3_000 : 10_000
  const { codes } = await stage.order(rounds * (amount + 500))
  await stage.commission(codes)
  let next = 0
  const shares: number[] = []
  for (let round = 1; round <= rounds; round++) {
    tell(`round ${round} of ${rounds}`)
    await stage.service.ask('profile')
    const body = () => ({ codes: [codes[next++ % codes.length]], step: 'inspecting' })
    await load({ on: stage.service, path: '/scans', key: stage.maker.key, connections: 500, amount, body })
    shares.push(Number(await stage.service.ask('share')))
  }
  const share = median(shares)
  const unit = 'of the CPU time'
  return [
    {
      name: 'tree',
      ours: share,
      yardstick: null,
      ratio: share,
      spread: spreadOf(shares),
      unit,
      must: 0.1,
      aim: 0.05,
      less: true,
    },
  ]
}
