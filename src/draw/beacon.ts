import type { Chance } from '../declarations/bodies.ts'
import { type ChainInfo, chainHash, hashOf, isSigned, randomnessOf } from './bls.ts'

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

/** Seconds since 1970 of a chain's first round, and between two; who signs its rounds, where it says so. */
export type Chain = { genesis: number; period: number; info?: ChainInfo }

/** The first round of a drand chain that is published after a moment (rounds count from 1 at genesis). */
export const roundAfter = (moment: Date, { genesis, period }: Pick<Chain, 'genesis' | 'period'>): number =>
  Math.max(1, Math.floor((moment.getTime() / 1000 - genesis) / period) + 2)

const late = { offline: 'the beacon did not answer in time' }

/** A chain as drand's HTTP interface has it: `/info` once, then `/public/<round>`. */
export function drandBeacon(options: DrandOptions): Beacon {
  const { url, timeoutMs, now, sleep } = options
  const ask = options.fetch ?? fetch
  let known: Chain | undefined
  /** Declarations of the same seconds rest on one round, and its signature is looked at once. */
  let last: { round: number; told: Round } | undefined
  return {
    async after(moment) {
      const deadline = now().getTime() + timeoutMs
      known ??= await fetchChain(ask, url, timeoutMs)
      if (!known) return late
      const { genesis, period } = known
      const round = roundAfter(moment, known)
      if (last?.round === round) return { source: url, round, ...last.told }
      const due = (genesis + (round - 1) * period) * 1000
      for (;;) {
        const waitMs = Math.max(due - now().getTime(), 0)
        if (now().getTime() + waitMs > deadline) return late
        if (waitMs > 0) await sleep(waitMs)
        const leftMs = Math.max(deadline - now().getTime(), 1)
        const told = await fetchRound(ask, url, round, leftMs, known)
        if (told) {
          last = { round, told }
          return { source: url, round, ...told }
        }
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

/**
 * When the rounds of a chain are, and who signs them. An address that names a chain by its hash is held to it.
 * @returns undefined where it does not say, or is another chain
 */
export async function fetchChain(ask: typeof fetch, url: string, timeoutMs: number): Promise<Chain | undefined> {
  const body = await askJson(ask, `${url}/info`, timeoutMs)
  const [genesis, period] = [memberOf(body, 'genesis_time'), memberOf(body, 'period')]
  if (typeof genesis !== 'number' || typeof period !== 'number' || !(genesis > 0 && period > 0)) return undefined
  const text = (name: string): string => {
    const value = memberOf(body, name)
    return typeof value === 'string' ? value : ''
  }
  const hash = hashOf(url)
  const publicKey = text('public_key')
  if (publicKey === '') return hash === undefined ? { genesis, period } : undefined
  const groupHash = text('groupHash') === '' ? text('group_hash') : text('groupHash')
  const beaconId = textOf(memberOf(memberOf(body, 'metadata'), 'beaconID')) ?? text('beacon_id')
  const scheme = text('schemeID') === '' ? text('scheme') : text('schemeID')
  const info = { genesis, period, publicKey, groupHash, beaconId, scheme: scheme === '' ? oldest : scheme }
  return hash !== undefined && chainHash(info) !== hash ? undefined : { genesis, period, info }
}

/** Chains from before there were several schemes name none. */
const oldest = 'pedersen-bls-chained'

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

export type Round = { randomness: string; signature?: string; previous?: string }

/**
 * The randomness of a round as hexadecimal digits, with what proves it.
 * @returns undefined where it cannot be had, or the chain did not sign it
 */
export async function fetchRound(
  ask: typeof fetch,
  url: string,
  round: number,
  timeoutMs: number,
  chain: Pick<Chain, 'info'> = {},
): Promise<Round | undefined> {
  const body = await askJson(ask, `${url}/public/${round}`, timeoutMs)
  if (memberOf(body, 'round') !== round) return undefined
  const [signature, previous] = [textOf(memberOf(body, 'signature')), textOf(memberOf(body, 'previous_signature'))]
  const randomness = textOf(memberOf(body, 'randomness')) ?? (signature === undefined ? '' : randomnessOf(signature))
  if (!/^[0-9a-f]{64}$/.test(randomness)) return undefined
  const told = { randomness, ...proofOf(signature, previous) }
  return chain.info && !isProven(chain.info, { ...told, round }) ? undefined : told
}

const isHex = (text: string | undefined): text is string => text !== undefined && /^([0-9a-f]{2}){1,200}$/.test(text)

const proofOf = (signature: string | undefined, previous: string | undefined): Omit<Round, 'randomness'> => ({
  ...(isHex(signature) ? { signature } : {}),
  ...(isHex(signature) && isHex(previous) ? { previous } : {}),
})

/** Whether a round is the one that its chain signed, and its randomness what the signature makes of itself. */
export const isProven = (
  info: ChainInfo,
  { round, randomness, signature, previous }: Round & { round: number },
): boolean =>
  signature !== undefined &&
  randomnessOf(signature) === randomness &&
  isSigned(info, { round, signature, ...(previous === undefined ? {} : { previous }) })
