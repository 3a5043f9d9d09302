// Asks witnesses to cosign our checkpoints (c2sp.org/tlog-witness). A witness never sees an entry, only that each tree it is shown
// begins with the one that it was shown before; whoever trusts one of them need not trust us.
import type { Pool } from 'pg'
import { proveConsistency } from '../ledger/merkle-proof.ts'
import { toBase64 } from './base64.ts'
import { parseDecimal } from './checkpoint.ts'
import { nodeHasher, nodePrimitives } from './node-primitives.ts'
import { formatSignature, NoteError, openNote, parseVerifier, type Verifier } from './note.ts'
import { readSubtrees } from './publish.ts'
import * as store from './store.ts'

/** `url`: its submission prefix. */
export type WitnessAddress = { url: string; verifier: Verifier }

/** What a witness saw last of a log; `refused`: and it says that ours does not continue that. */
export type WitnessSeen = { witness: string; size: number; refused: boolean }

export type WitnessClient = {
  address: WitnessAddress
  /**
   * Shows it a committed checkpoint. A cosignature is stored beside it; a refusal is reported, for it is either a fork or a thief.
   * @throws what the network throws
   */
  show(log: number, checkpoint: ShownCheckpoint): Promise<{ cosigned: boolean } & WitnessSeen>
}

export type ShownCheckpoint = { keyNo: number; size: number; note: string }

// It answers within milliseconds or is away; nobody's request waits for it.
const answerWithinMs = 10_000
const answerCharactersMax = 100_000

/** @param fetcher tests pass another one */
export function createWitnessClient(pool: Pool, address: WitnessAddress, fetcher: typeof fetch = fetch): WitnessClient {
  /** What it saw last, by log; unknown until it was asked. */
  const seen = new Map<number, number>()
  const witness = address.verifier.name

  async function ask(log: number, old: number, { size, note }: ShownCheckpoint): Promise<Response> {
    const proof =
      old > 0 && old < size ? await proveConsistency(old, size, readSubtrees(pool, log, size), nodeHasher) : []
    const body = [`old ${old}`, ...proof.map(toBase64), '', note].join('\n')
    return fetcher(`${address.url.replace(/\/$/, '')}/add-checkpoint`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body,
      signal: AbortSignal.timeout(answerWithinMs),
      redirect: 'error',
    })
  }

  return {
    address,
    show: async (log, checkpoint) => {
      let old = Math.min(seen.get(log) ?? 0, checkpoint.size)
      // Its answer to a wrong old size is the right one; once more is enough, unless others show it ours at the same moment.
      for (let attempt = 0; attempt < 4; attempt++) {
        const answer = await ask(log, old, checkpoint)
        const text = (await answer.text()).slice(0, answerCharactersMax)
        if (answer.status === 200) {
          seen.set(log, checkpoint.size)
          const cosigned = await keep(pool, log, checkpoint, address.verifier, text)
          return { witness, size: checkpoint.size, refused: false, cosigned }
        }
        const its = answer.status === 409 ? parseDecimal(text.trimEnd()) : undefined
        if (its === undefined) {
          if (answer.status === 422) return { witness, size: old, refused: true, cosigned: false }
          throw new Error(`the witness ${witness} answered ${answer.status}: ${text.slice(0, 200)}`)
        }
        seen.set(log, its)
        if (its > checkpoint.size) return { witness, size: its, refused: false, cosigned: false }
        // The same size again: it saw another root.
        if (its === old) return { witness, size: its, refused: true, cosigned: false }
        old = its
      }
      throw new Error(`the witness ${witness} keeps changing its mind about what it saw`)
    },
  }
}

/** Stores the cosignatures of the witness that we know; others are ignored, as the text demands. */
async function keep(
  pool: Pool,
  log: number,
  { keyNo, size, note }: ShownCheckpoint,
  verifier: Verifier,
  lines: string,
): Promise<boolean> {
  const text = note.slice(0, note.lastIndexOf('\n\n') + 2)
  try {
    const { verified } = await openNote(text + lines, [verifier], nodePrimitives)
    for (const { signature } of verified) {
      const witness = `${signature.name}+${signature.keyId}`
      await store.insertCosignature(pool, log, keyNo, size, witness, formatSignature(signature))
    }
    return true
  } catch (error) {
    if (error instanceof NoteError) return false
    throw error
  }
}

/** `<url> <verifier key>`, several with commas between them (setting WITNESSES). @throws NoteError */
export function parseWitnesses(text: string): WitnessAddress[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map((item) => {
      const [url = '', key = '', more] = item.split(/\s+/)
      if (!/^https?:\/\//.test(url) || !URL.canParse(url) || more !== undefined) {
        throw new NoteError(`${JSON.stringify(item)} is not an address and a verifier key with a space between them`)
      }
      return { url, verifier: parseVerifier(key, nodePrimitives) }
    })
}
