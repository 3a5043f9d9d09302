import autocannon from 'autocannon'
import type { Player } from './stage.ts'

export type Load = {
  on: Player
  path: string
  key?: string
  connections: number
  amount: number
  /** The body of the n-th request. A few more than `amount` are asked for: each connection prepares its next one. */
  body: (n: number) => unknown
}

/** Requests a second once all connections are at work, and microseconds of the process's CPU time for each. */
export type Measured = { perSecond: number; cpuUs: number }

type CpuUsage = { user: number; system: number }
const isUsage = (value: unknown): value is CpuUsage => typeof value === 'object' && value !== null && 'user' in value

async function cpuOf(player: Player): Promise<number> {
  const usage = await player.ask('cpu')
  return isUsage(usage) ? usage.user + usage.system : Number.NaN
}

/** Sends `amount` requests over as many connections as said, the next on each as soon as the last was answered. */
export async function load({ on, path, key, connections, amount, body }: Load): Promise<Measured> {
  let sent = 0
  let answered = 0
  let fromMs = 0
  let untilMs = 0
  const refused: string[] = []
  const before = await cpuOf(on)
  const headers = {
    'content-type': 'application/json',
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  }
  const request = (given: autocannon.Request) => ({ ...given, body: JSON.stringify(body(sent++)) })
  const { errors } = await new Promise<autocannon.Result>((resolve, reject) => {
    const onResponse = (status: number, answer: string) => {
      if (status >= 300) refused.push(`${status} ${answer.slice(0, 300)}`)
    }
    const requests = [{ method: 'POST' as const, path, headers, setupRequest: request, onResponse }]
    const instance = autocannon(
      { url: on.url, connections, amount, timeout: 60, requests },
      (error: unknown, result) =>
        error ? reject(error instanceof Error ? error : new Error(String(error))) : resolve(result),
    )
    instance.on('response', () => {
      untilMs = performance.now()
      if (++answered === connections) fromMs = untilMs
    })
  })
  if (refused.length > 0 || errors > 0) {
    throw new Error(`${path}: ${refused.length} refused (${refused[0] ?? '-'}), ${errors} without an answer`)
  }
  return {
    perSecond: (1000 * (answered - connections)) / (untilMs - fromMs),
    cpuUs: ((await cpuOf(on)) - before) / answered,
  }
}
