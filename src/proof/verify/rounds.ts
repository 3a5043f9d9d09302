// The beacon's rounds that draws rest on: signed by their chain, and the first after the lodgement.
import type { Chance } from '../../declarations/bodies.ts'
import { fetchChain, fetchRound, isProven, roundAfter } from '../../draw/beacon.ts'
import { type ChainInfo, hashOf, knownChains } from '../../draw/bls.ts'
import { NoteError } from '../note.ts'
import { read } from './draws.ts'

/**
 * Asks the beacon itself: the randomness is that of its round, and the round the first after the lodgement.
 * @throws NoteError where it says otherwise; Error where it cannot be asked
 */
export async function verifyBeacons(text: string, ask: typeof fetch = fetch, timeoutMs = 10_000): Promise<number> {
  const rounds = roundsIn(text)
  for (const { source, round, randomness, lodgedAt } of rounds.values()) {
    const chain = await fetchChain(ask, source, timeoutMs)
    const said = chain && (await fetchRound(ask, source, round, timeoutMs, chain))
    if (!chain || said === undefined) throw new Error(`${source} does not answer, or with what it did not sign`)
    if (said.randomness !== randomness) throw new NoteError(`Round ${round} of ${source} is another one`)
    if (round !== roundAfter(new Date(lodgedAt), chain)) {
      throw new NoteError(`Round ${round} of ${source} is not the first after ${lodgedAt}`)
    }
  }
  return rounds.size
}

type DrawnRound = Extract<Chance['beacon'], { source: string }> & { lodgedAt: string }

function roundsIn(text: string): Map<string, DrawnRound> {
  const rounds = new Map<string, DrawnRound>()
  for (const { beacon, lodgedAt } of read(text).lists.flatMap(({ drawn }) => drawn)) {
    if ('source' in beacon) rounds.set(`${beacon.source} ${beacon.round} ${lodgedAt}`, { ...beacon, lodgedAt })
  }
  return rounds
}

/**
 * Rounds whose signatures can be checked without asking anybody: those of chains whose key is known here, or is given.
 * @returns how many were, of how many
 * @throws NoteError where a round is not signed by its chain, or is not the first after the lodgement
 */
export function verifySignatures(
  text: string,
  chains: Readonly<Record<string, ChainInfo>> = knownChains,
): { signed: number; rounds: number } {
  const rounds = roundsIn(text)
  const proven = new Map<string, boolean>()
  let signed = 0
  for (const each of rounds.values()) {
    const { source, round, lodgedAt } = each
    const chain = chains[hashOf(source) ?? '']
    if (!chain || each.signature === undefined) continue
    const key = `${source} ${round} ${each.signature} ${each.randomness}`
    const good = proven.get(key) ?? isProven(chain, each)
    proven.set(key, good)
    if (!good) throw new NoteError(`Round ${round} of ${source} is not signed by it`)
    if (round !== roundAfter(new Date(lodgedAt), chain)) {
      throw new NoteError(`Round ${round} of ${source} is not the first after ${lodgedAt}`)
    }
    signed++
  }
  return { signed, rounds: rounds.size }
}
