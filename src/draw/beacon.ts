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
  timeoutMs: number
  fetch?: typeof fetch
  sleep: (ms: number) => Promise<void>
  now: () => Date
}

/** Seconds since 1970 of a chain's first round, and between two. */
export type Chain = { genesis: number; period: number }

/** The first round of a drand chain that is published after a moment (rounds count from 1 at genesis). */
export const roundAfter = (moment: Date, { genesis, period }: Chain): number =>
  Math.max(1, Math.floor((moment.getTime() / 1000 - genesis) / period) + 2)

const late = { offline: 'the beacon did not answer in time' }

/** A chain as drand's HTTP interface has it: `/info` once, then `/public/<round>`. */
export function drandBeacon(options: DrandOptions): Beacon {
  const { url, timeoutMs, now, sleep } = options
  const ask = options.fetch ?? fetch
  let known: Chain | undefined
  return {
    async after(moment) {
      const deadline = now().getTime() + timeoutMs
      known ??= await fetchChain(ask, url, timeoutMs)
      if (!known) return late
      const { genesis, period } = known
      const round = roundAfter(moment, known)
      const due = (genesis + (round - 1) * period) * 1000
      for (;;) {
        const waitMs = Math.max(due - now().getTime(), 0)
        if (now().getTime() + waitMs > deadline) return late
        if (waitMs > 0) await sleep(waitMs)
        const leftMs = Math.max(deadline - now().getTime(), 1)
        const randomness = await fetchRound(ask, url, round, leftMs)
        if (randomness !== undefined) return { source: url, round, randomness }
        if (now().getTime() + retryMs > deadline) return late
        await sleep(retryMs)
      }
    },
  }
}

const retryMs = 300

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined

async function askJson(ask: typeof fetch, url: string, timeoutMs: number): Promise<unknown> {
  try {
    const answer = await ask(url, { signal: AbortSignal.timeout(timeoutMs) })
    return answer.ok ? await answer.json() : undefined
  } catch {
    return undefined
  }
}

/** When the rounds of a chain are; undefined where it does not say. */
export async function fetchChain(ask: typeof fetch, url: string, timeoutMs: number): Promise<Chain | undefined> {
  const body = await askJson(ask, `${url}/info`, timeoutMs)
  const [genesis, period] = [memberOf(body, 'genesis_time'), memberOf(body, 'period')]
  if (typeof genesis !== 'number' || typeof period !== 'number' || !(genesis > 0 && period > 0)) return undefined
  return { genesis, period }
}

/** The randomness of a round as hexadecimal digits; undefined where it cannot be had. */
export async function fetchRound(
  ask: typeof fetch,
  url: string,
  round: number,
  timeoutMs: number,
): Promise<string | undefined> {
  const body = await askJson(ask, `${url}/public/${round}`, timeoutMs)
  const randomness = memberOf(body, 'randomness')
  const fits = memberOf(body, 'round') === round && typeof randomness === 'string' && /^[0-9a-f]{64}$/.test(randomness)
  return fits ? randomness : undefined
}
