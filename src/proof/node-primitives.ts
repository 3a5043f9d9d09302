import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'
import { emptyRoot, leafHash, nodeHash } from '../ledger/merkle.ts'
import type { TreeHasher } from '../ledger/merkle-proof.ts'
import type { Primitives } from './primitives.ts'

/** The tree's hashes as the ledger makes them. */
export const nodeHasher: TreeHasher = {
  leaf: leafHash,
  node: (left, right) => nodeHash(left, right),
  empty: emptyRoot,
}

export const nodePrimitives: Primitives = {
  ...nodeHasher,
  sha256: (bytes) => hash('sha256', bytes, 'buffer'),
  verifyEd25519: async (publicKey, message, signature) => {
    if (publicKey.length !== 32 || signature.length !== 64) return false
    try {
      return verify(null, message, ed25519PublicKey(publicKey), signature)
    } catch {
      return false // Not a point of the curve.
    }
  },
}

const ed25519PublicKey = (publicKey: Uint8Array): KeyObject =>
  createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') },
    format: 'jwk',
  })

// The fixed beginning of a PKCS #8 Ed25519 key (RFC 8410 section 7); the seed follows.
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')

/** What signs with a 32-byte seed (RFC 8032 section 5.1.5), and its public key. */
export function ed25519Key(seed: Uint8Array): { publicKey: Buffer; sign: (message: Uint8Array) => Buffer } {
  if (seed.length !== 32) throw new Error('An Ed25519 seed has 32 bytes')
  const secret = createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' })
  const x = createPublicKey(secret).export({ format: 'jwk' }).x
  if (x === undefined) throw new Error('An Ed25519 key without its coordinate')
  return { publicKey: Buffer.from(x, 'base64url'), sign: (message) => sign(null, message, secret) }
}
