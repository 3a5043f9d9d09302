// The verifier for pages: nothing of Node in it or in what it imports, and nothing is asked of the service but what it publishes.
import { browserPrimitives } from '../browser-primitives.ts'
import { fromBase64 } from '../base64.ts'
import { openCheckpoint } from '../checkpoint.ts'
import { NoteError, parseVerifier } from '../note.ts'
import { verifyTlogProof } from '../tlog-proof.ts'
import { httpSource } from './http-source.ts'
import { type LogReport, verifyLog } from './verify-log.ts'

export { NoteError }

/**
 * A proof with its entry, as GET /events/{eventID}/proof gives them as JSON.
 * @param verifierKey of the log, from elsewhere than the service that gave the proof
 * @throws NoteError saying what is not as it should be
 */
export async function verifyProof(
  { entry, proof }: { entry: string; proof: string },
  verifierKey: string,
): Promise<{ index: number; origin: string; size: number }> {
  const bytes = fromBase64(entry)
  if (!bytes) throw new NoteError('The entry is not base64')
  const { index, checkpoint } = await verifyTlogProof(
    proof,
    bytes,
    parseVerifier(verifierKey, browserPrimitives),
    browserPrimitives,
  )
  return { index, origin: checkpoint.origin, size: checkpoint.size }
}

/** A whole log by its address. @param key an auditor's API key; without it only hashes are looked at */
export async function verifyLogAt(
  url: string,
  verifierKey: string,
  key?: string,
  onProgress?: (entries: number, of: number) => void,
): Promise<LogReport> {
  const source = httpSource(url, key === undefined ? {} : { key })
  const verifier = parseVerifier(verifierKey, browserPrimitives)
  const { size, root } = await openCheckpoint(await source.checkpoint(), verifier, browserPrimitives)
  return verifyLog({
    source,
    hasher: browserPrimitives,
    claims: [{ size, root, who: 'the signed checkpoint' }],
    onProgress: (entries) => onProgress?.(entries, size),
  })
}
