import type { Primitives } from './primitives.ts'
import { sha256 } from './sha256.ts'

const joined = (prefix: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const bytes = new Uint8Array(1 + parts.reduce((sum, part) => sum + part.length, 0))
  bytes[0] = prefix
  let at = 1
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** For browsers: SHA-256 in JavaScript, Ed25519 from Web Cryptography (Chrome 137, Firefox 129, Safari 17 and later). */
export const browserPrimitives: Primitives = {
  sha256,
  leaf: (entry) => sha256(joined(0, entry)),
  node: (left, right) => sha256(joined(1, left, right)),
  empty: () => sha256(new Uint8Array(0)),
  verifyEd25519: async (publicKey, message, signature) => {
    try {
      const key = await crypto.subtle.importKey('raw', publicKey.slice(), 'Ed25519', false, ['verify'])
      return await crypto.subtle.verify('Ed25519', key, signature.slice(), message.slice())
    } catch {
      return false
    }
  },
}
