import { verifyConsistency } from '../ledger/merkle-proof.ts'
import { fromBase64 } from './base64.ts'
import { type Checkpoint, originOf, parseCheckpoint, parseDecimal } from './checkpoint.ts'
import { nodePrimitives } from './node-primitives.ts'
import { formatSignature, NoteError, openNote, parseNote, type Verifier } from './note.ts'
import type { Cosigner } from './signer.ts'

/**
 * A witness (c2sp.org/tlog-witness): remembers of each log the last checkpoint that it saw, and cosigns the next one only where that
 * continues it. What a ministry, a court or a foreign office runs, so that the log cannot show them one history and others another.
 */

export type WitnessState = {
  /** The last checkpoint that was cosigned for an origin, as a note. */
  read(origin: string): Promise<string | undefined>
  /** Durable once it resolves. */
  write(origin: string, note: string): Promise<void>
}

export type WitnessAnswer = { status: 200 | 400 | 403 | 404 | 409 | 422; type: string; body: string }

export type Witness = {
  /** `POST /add-checkpoint`: the whole body in, the whole answer out. */
  addCheckpoint(body: string): Promise<WitnessAnswer>
}

export type WitnessOptions = {
  cosigner: Cosigner
  /** The logs that it watches: their verifier keys. */
  logs: readonly Verifier[]
  state: WitnessState
  now: () => Date
}

type Request = { old: number; proof: Uint8Array[]; note: string; text: string; checkpoint: Checkpoint }

const proofLinesMax = 63

export function createWitness({ cosigner, logs, state, now }: WitnessOptions): Witness {
  /** One request after the other for each log: what is compared must still be so when it is written. */
  const turns = new Map<string, Promise<unknown>>()

  async function judge({ old, proof, note, text, checkpoint }: Request): Promise<WitnessAnswer> {
    const stored = await state.read(checkpoint.origin)
    const last = stored === undefined ? undefined : parseCheckpoint(parseNote(stored).text)
    const lastSize = last?.size ?? 0
    const lastRoot = last?.root ?? nodePrimitives.empty()
    if (old !== lastSize) return conflict(lastSize)
    const { size, root } = checkpoint
    if (last && size === last.size && !Buffer.from(root).equals(last.root)) return conflict(lastSize)
    const fromNothing = old === 0 && size > 0
    const holds = fromNothing ? proof.length === 0 : verifyConsistency(old, size, lastRoot, root, proof, nodePrimitives)
    if (!holds) return refusal(422, 'The consistency proof does not lead from what was seen before to this checkpoint.')
    // Written before it is said: after a crash it must not have cosigned what it does not remember.
    await state.write(checkpoint.origin, note)
    const signature = cosigner.cosign(text, BigInt(Math.floor(now().getTime() / 1000)))
    return { status: 200, type: 'text/plain; charset=utf-8', body: `${formatSignature(signature)}\n` }
  }

  return {
    addCheckpoint: async (body) => {
      const read = readRequest(body)
      if (typeof read === 'string') return refusal(400, read)
      const { origin, size } = read.checkpoint
      const trusted = logs.filter((log) => originOf(log) === origin)
      if (trusted.length === 0) return refusal(404, 'This log is not watched here.')
      try {
        await openNote(read.note, trusted, nodePrimitives)
      } catch (error) {
        if (!(error instanceof NoteError)) throw error
        return refusal(403, `${error.message}.`)
      }
      if (read.old > size) return refusal(400, 'The old size is larger than the checkpoint.')
      const turn = (turns.get(origin) ?? Promise.resolve()).catch(() => undefined).then(() => judge(read))
      turns.set(origin, turn)
      return turn
    },
  }
}

const refusal = (status: 400 | 403 | 404 | 422, sentence: string): WitnessAnswer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${sentence}\n`,
})

const conflict = (size: number): WitnessAnswer => ({ status: 409, type: 'text/x.tlog.size', body: `${size}\n` })

/** The parts of a request, or a sentence on what is wrong with it. */
function readRequest(body: string): Request | string {
  const blank = body.indexOf('\n\n')
  if (blank < 0) return 'There is no empty line before the checkpoint.'
  const [oldLine = '', ...proofLines] = body.slice(0, blank).split('\n')
  const old = oldLine.startsWith('old ') ? parseDecimal(oldLine.slice(4)) : undefined
  if (old === undefined) return 'The first line is not "old", a space and a size.'
  if (proofLines.length > proofLinesMax) return `There are more than ${proofLinesMax} lines of proof.`
  const proof: Uint8Array[] = []
  for (const line of proofLines) {
    const hash = fromBase64(line)
    if (hash?.length !== 32) return 'A line of the proof is not 32 bytes in base64.'
    proof.push(hash)
  }
  const note = body.slice(blank + 2)
  try {
    const { text } = parseNote(note)
    return { old, proof, note, text, checkpoint: parseCheckpoint(text) }
  } catch (error) {
    if (error instanceof NoteError) return `${error.message}.`
    throw error
  }
}
