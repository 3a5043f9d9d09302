import { load, type Measured } from '../bench/load.ts'
import type { Scenario } from '../bench/scenario.ts'
import { rowOf } from '../bench/table.ts'

/** `POST /scans` of one unit each: durable, judged, hashed. Each request is the inspection of another unit. */
export const scans: Scenario = async ({ stage, rounds, tell }) => {
  const { service, bare, maker, quick } = stage
  const amount = quick ? 4_000 : 20_000
  const slow = quick ? 1_500 : 5_000
  const connections = 500
  const { codes } = await stage.order((rounds + 1) * (amount + connections))
  await stage.commission(codes)
  let next = 0
  const scan = () => ({ codes: [codes[next++ % codes.length]], step: 'inspecting' })
  const play = (on: typeof service, path: string, count = amount) =>
    load({ on, path, key: maker.key, connections, amount: count, body: scan })

  await play(service, '/yardstick/nothing')
  await play(bare, '/scans')
  await play(service, '/yardstick/naive', slow)
  next = 0
  await play(service, '/scans')
  const played: Record<'ours' | 'nothing' | 'plain' | 'naive', Measured>[] = []
  for (let round = 1; round <= rounds; round++) {
    tell(`round ${round} of ${rounds}`)
    const ours = await play(service, '/scans')
    const at = next // What does nothing uses no units up.
    const nothing = await play(service, '/yardstick/nothing')
    const plain = await play(bare, '/scans')
    const naive = await play(service, '/yardstick/naive', slow)
    next = at
    played.push({ ours, nothing, plain, naive })
  }
  const unit = 'scans/s'
  const note = (of: 'nothing' | 'plain' | 'naive') => {
    const cpu = rowOf(
      { name: '', unit: '', must: 0, aim: 0 },
      played.map((round) => ({ ours: round.ours.cpuUs, yardstick: round[of].cpuUs })),
    )
    return `CPU of the process: ${cpu.ours.toFixed(0)} µs against ${cpu.yardstick?.toFixed(0) ?? ''} µs`
  }
  const row = (name: string, of: 'nothing' | 'plain' | 'naive', must: number, aim: number) =>
    rowOf(
      { name, unit, must, aim, note: note(of) },
      played.map((round) => ({ ours: round.ours.perSecond, yardstick: round[of].perSecond })),
    )
  return [row('scans', 'nothing', 0.4, 0.6), row('scans-bare', 'plain', 0.3, 0.5), row('scans-naive', 'naive', 5, 10)]
}
