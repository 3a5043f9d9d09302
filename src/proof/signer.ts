import { randomBytes } from 'node:crypto'
import { fromBase64, toBase64 } from './base64.ts'
import { ed25519Key, nodePrimitives } from './node-primitives.ts'
import { cosignedMessage, makeVerifier, NoteError, type Signature, signatureType, type Verifier } from './note.ts'

/** What signs notes. Its secret stays inside. */
export type Signer = { verifier: Verifier; sign(text: string): Signature }
export type Cosigner = { verifier: Verifier; cosign(text: string, time: bigint): Signature }

export const newSeed = (): Buffer => randomBytes(32)

/** @param seed 32 secret bytes */
export function createSigner(name: string, seed: Uint8Array): Signer {
  const key = ed25519Key(seed)
  const verifier = makeVerifier(name, signatureType.ed25519, key.publicKey, nodePrimitives)
  return {
    verifier,
    sign: (text) => ({ name, keyId: verifier.keyId, bytes: key.sign(Buffer.from(text)) }),
  }
}

/** A witness's (tlog-cosignature): each signature carries its time, in seconds since 1970. */
export function createCosigner(name: string, seed: Uint8Array): Cosigner {
  const key = ed25519Key(seed)
  const verifier = makeVerifier(name, signatureType.cosignature, key.publicKey, nodePrimitives)
  return {
    verifier,
    cosign: (text, time) => {
      const stamp = Buffer.alloc(8)
      stamp.writeBigUInt64BE(time)
      const bytes = Buffer.concat([stamp, key.sign(cosignedMessage(text, time))])
      return { name, keyId: verifier.keyId, bytes }
    },
  }
}

/** `PRIVATE+KEY+<name>+<key id>+<base64(1, seed)>`, as golang.org/x/mod/sumdb/note writes the secret half of a verifier key. */
export const formatSecret = ({ name, keyId, type }: Verifier, seed: Uint8Array): string =>
  `PRIVATE+KEY+${name}+${keyId}+${toBase64(Uint8Array.of(type, ...seed))}`

/** @throws NoteError */
export function parseSecret(text: string): { name: string; seed: Uint8Array; type: number } {
  const [, name = '', keyId = '', encoded = ''] =
    /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(text.trim()) ?? []
  const data = fromBase64(encoded)
  const type = data?.[0]
  if (data === undefined || data.length !== 33 || (type !== 1 && type !== 4))
    throw new NoteError('This is not a signing key')
  const seed = data.subarray(1)
  const { verifier } = type === 1 ? createSigner(name, seed) : createCosigner(name, seed)
  if (verifier.keyId !== keyId)
    throw new NoteError(`The signing key of ${name} is damaged: its id does not belong to it`)
  return { name, seed, type }
}
