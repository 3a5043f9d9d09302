import { load } from '../bench/load.ts'
import { standReady } from '../bench/open-loop.ts'
import type { Scenario } from '../bench/scenario.ts'
import { stockedShop } from '../bench/shop.ts'
import { median, type Row } from '../bench/table.ts'

const windowSeconds = 20
/** Windows that stand for the beginning, and for the end. */
const compared = 3

/**
 * Ten minutes of everything at once: scans at a fifth of what the service can take, sale checks, an event of a thousand codes every
 * second. What grows or slows down shows as a difference between the first minute and the last.
 */
export const soak =
  (minutes: number): Scenario =>
  async ({ stage, tell }) => {
    const { service, maker } = stage
    const { shop, codes: shelf } = await stockedShop(stage, 20_000)
    const { codes } = await stage.order(200_000)
    await stage.commission(codes)
    let scanned = 0
    let asked = 0
    let bulk = 0
    const some = (count: number, from: number) =>
      Array.from({ length: count }, (_, i) => codes[(from + i) % codes.length])
    const on = { on: service, seconds: windowSeconds }
    const scans = {
      ...on,
      path: '/scans',
      key: maker.key,
      body: () => ({ codes: some(1, scanned++), step: 'inspecting' }),
    }
    const checks = {
      ...on,
      path: '/sale-checks',
      key: shop.key,
      body: () => ({ codes: [shelf[asked++ % shelf.length]] }),
    }
    const large = {
      ...on,
      path: '/scans',
      key: maker.key,
      body: () => ({ codes: some(1_000, (bulk += 1_000)), step: 'inspecting' }),
    }
    const { perSecond } = await load({ ...scans, connections: 500, amount: 5_000 })
    const windows: { memory: number; lag: number; p99: number; bad: number }[] = []
    const count = Math.max(2 * compared, Math.round((minutes * 60) / windowSeconds))
    const callers = await Promise.all([
      standReady({ ...scans, perSecond: perSecond / 5 }),
      standReady({ ...checks, perSecond: 200 }),
      standReady({ ...large, perSecond: 1 }),
    ])
    for (let n = 1; n <= count; n++) {
      await service.ask('lag')
      const opened = await Promise.all(callers.map((each) => each.send()))
      const [scan] = opened
      if (!scan) throw new Error('nothing was asked')
      const bad = opened.reduce((sum, { refused, broken }) => sum + refused + broken, 0)
      const [memory, lag] = [Number(await service.ask('memory')), Number(await service.ask('lag'))]
      windows.push({ memory, lag, p99: scan.p99, bad })
      tell(
        `${n} of ${count}: ${memory.toFixed(0)} MB, loop late by ${lag.toFixed(0)} ms at most, p99 ${scan.p99.toFixed(0)} ms`,
      )
    }
    for (const each of callers) await each.leave()
    const bad = windows.reduce((sum, window) => sum + window.bad, 0)
    const row = (key: 'memory' | 'lag' | 'p99', unit: string, must: number): Row => {
      const [start, end] = [windows.slice(0, compared), windows.slice(-compared)].map((part) =>
        median(part.map((window) => window[key])),
      )
      const [ours = Number.NaN, yardstick = Number.NaN] = [end, start]
      const note = `the last minute against the first of ${minutes}; ${bad} requests refused or lost`
      return {
        name: `soak-${key}`,
        ours,
        yardstick,
        ratio: ours / yardstick,
        spread: 0,
        unit,
        must,
        aim: 1.1,
        less: true,
        note,
      }
    }
    return [row('memory', 'MB', 1.5), row('lag', 'ms', 2), row('p99', 'ms', 2)]
  }
