import { type TreeHash, verifyInclusion } from '../ledger/merkle-proof.ts'
import { fromBase64, toBase64 } from './base64.ts'
import { openCheckpoint, type OpenedCheckpoint, parseDecimal } from './checkpoint.ts'
import { NoteError, type Verifier } from './note.ts'
import type { Primitives } from './primitives.ts'

/** That an entry is in a log, for whoever holds the entry and the log's verifier key (c2sp.org/tlog-proof). No line needs the service. */
export type TlogProof = {
  index: number
  /** From the leaf's sibling up to the root's child. */
  hashes: readonly TreeHash[]
  /** The signed checkpoint, verbatim. */
  checkpoint: string
  /** Whatever an application adds; nothing vouches for it. */
  extra?: Uint8Array
}

const head = 'c2sp.org/tlog-proof@v1'
// A path of a tree below 2^63 leaves is never longer.
const hashesMax = 63

export function formatTlogProof({ index, hashes, checkpoint, extra }: TlogProof): string {
  const lines = [
    head,
    ...(extra === undefined ? [] : [`extra ${toBase64(extra)}`]),
    `index ${index}`,
    ...hashes.map(toBase64),
    '',
  ]
  return `${lines.join('\n')}\n${checkpoint}`
}

/** @throws NoteError naming the line that is wrong */
export function parseTlogProof(text: string): TlogProof {
  const blank = text.indexOf('\n\n')
  if (blank < 0) throw new NoteError('The proof has no blank line before its checkpoint')
  const lines = text.slice(0, blank).split('\n')
  const checkpoint = text.slice(blank + 2)
  if (lines.shift() !== head) throw new NoteError(`The first line of a proof is ${head}`)
  const extraText = lines[0]?.startsWith('extra ') === true ? lines.shift()?.slice('extra '.length) : undefined
  const extra = extraText === undefined ? undefined : fromBase64(extraText)
  if (extraText !== undefined && extra === undefined) throw new NoteError('The line "extra" is not base64')
  const [, indexText = ''] = /^index (\S+)$/.exec(lines.shift() ?? '') ?? []
  const index = parseDecimal(indexText)
  if (index === undefined) throw new NoteError('The proof does not say the index of its entry')
  if (lines.length > hashesMax) throw new NoteError(`The proof has more than ${hashesMax} hashes`)
  const hashes = lines.map((line, i) => {
    const hash = fromBase64(line)
    if (hash?.length !== 32) throw new NoteError(`Hash ${i + 1} of the proof is not 32 bytes in base64`)
    return hash
  })
  return { index, hashes, checkpoint, ...(extra === undefined ? {} : { extra }) }
}

/**
 * Verifies a proof offline: the log signed the checkpoint, and the entry is at that index below its root.
 * @param entry the bytes as the log hashed them
 * @param witnesses whose cosignatures are looked at; a policy of how many are wanted is the caller's
 * @throws NoteError saying what is not as it should be
 */
export async function verifyTlogProof(
  text: string,
  entry: Uint8Array,
  verifier: Verifier,
  primitives: Primitives,
  witnesses: readonly Verifier[] = [],
): Promise<{ index: number; checkpoint: OpenedCheckpoint }> {
  const proof = parseTlogProof(text)
  const checkpoint = await openCheckpoint(proof.checkpoint, verifier, primitives, witnesses)
  const { size, root } = checkpoint
  if (!verifyInclusion(proof.index, size, primitives.leaf(entry), proof.hashes, root, primitives)) {
    throw new NoteError(
      `The entry is not number ${proof.index} of the ${size} that ${checkpoint.origin} signed: entry or proof was changed`,
    )
  }
  return { index: proof.index, checkpoint }
}
