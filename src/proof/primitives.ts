import type { TreeHasher } from '../ledger/merkle-proof.ts'

/**
 * What the verifier needs of cryptography, so that it runs wherever JavaScript does: node-primitives.ts has it from Node, and
 * browser-primitives.ts from nothing but what every browser has.
 */
export type Primitives = TreeHasher & {
  sha256(bytes: Uint8Array): Uint8Array
  /** RFC 8032, pure Ed25519. False for keys and signatures of the wrong length too. */
  verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean>
}
