import type { Chance } from '../declarations/bodies.ts'

/** Public randomness that nobody could know at the moment of lodgement. */
export type Beacon = {
  /** The first round after a moment; waits for it, and says why where there is none. */
  after(moment: Date): Promise<Chance['beacon']>
}

/** Without a line to the outside: the draw rests on the committed seed alone, and says so. */
export const offlineBeacon = (why: string): Beacon => ({ after: () => Promise.resolve({ offline: why }) })

export type DrandOptions = {
  /** The address of a chain: https://api.drand.sh/<chain hash> */
  url: string
  /** Seconds since 1970 of the first round, and between two. */
  genesis: number
  period: number
  timeoutMs: number
  fetch?: typeof fetch
  sleep: (ms: number) => Promise<void>
  now: () => Date
}

/** The first round of a drand chain that is published after a moment (rounds count from 1 at genesis). */
export const roundAfter = (moment: Date, { genesis, period }: Pick<DrandOptions, 'genesis' | 'period'>): number =>
  Math.max(1, Math.floor((moment.getTime() / 1000 - genesis) / period) + 2)

export function drandBeacon(options: DrandOptions): Beacon {
  const { url, genesis, period, timeoutMs, now } = options
  const ask = options.fetch ?? fetch
  return {
    async after(moment) {
      const round = roundAfter(moment, options)
      const due = (genesis + (round - 1) * period) * 1000
      const deadline = now().getTime() + timeoutMs
      for (;;) {
        const waitMs = Math.max(due - now().getTime(), 0)
        if (now().getTime() + waitMs > deadline) return { offline: 'the beacon did not answer in time' }
        if (waitMs > 0) await options.sleep(waitMs)
        const randomness = await fetchRound(ask, `${url}/public/${round}`, round, timeoutMs)
        if (randomness !== undefined) return { source: url, round, randomness }
        if (now().getTime() + 300 > deadline) return { offline: 'the beacon did not answer in time' }
        await options.sleep(300)
      }
    },
  }
}

async function fetchRound(
  ask: typeof fetch,
  url: string,
  round: number,
  timeoutMs: number,
): Promise<string | undefined> {
  try {
    const answer = await ask(url, { signal: AbortSignal.timeout(timeoutMs) })
    if (!answer.ok) return undefined
    const body: unknown = await answer.json()
    if (typeof body !== 'object' || body === null || !('randomness' in body) || !('round' in body)) return undefined
    const { randomness } = body
    return body.round === round && typeof randomness === 'string' && /^[0-9a-f]{64}$/.test(randomness)
      ? randomness
      : undefined
  } catch {
    return undefined
  }
}
