// HMAC-SHA-256 of short texts, many a second. Node's createHmac makes an object outside of the heap for each call, which costs
// twice the hashing itself and keeps the garbage collector busy; RFC 2104 over the one-call hash makes none.
import { hash, type KeyObject } from 'node:crypto'

const blockBytes = 64 // SHA-256 works on blocks of this size (RFC 2104 calls it B).
const digestBytes = 32
const messageMax = 192 // A tail's message has at most 62 characters.

/** Where the two hashes of RFC 2104, section 2 read from: key XOR ipad, message; key XOR opad, inner digest. */
type Pads = { inner: Buffer; outer: Buffer }

const padsOf = new WeakMap<KeyObject, Pads>()

function makePads(secret: KeyObject): Pads {
  const key = secret.export()
  if (key.length > blockBytes) throw new Error('a longer key would have to be hashed first; ours have 32 bytes')
  const inner = Buffer.alloc(blockBytes + messageMax, 0x36)
  const outer = Buffer.alloc(blockBytes + digestBytes, 0x5c)
  for (const [i, byte] of key.entries()) {
    inner[i] = byte ^ 0x36
    outer[i] = byte ^ 0x5c
  }
  return { inner, outer }
}

/**
 * HMAC-SHA-256 (RFC 2104) in base64url, 43 characters.
 * @param secret a secret key of at most 64 bytes
 * @param message at most 192 characters of Latin-1; the buffers are reused, for nothing here waits
 */
export function mac(secret: KeyObject, message: string): string {
  if (message.length > messageMax) throw new Error(`a message of ${message.length} characters does not fit`)
  let pads = padsOf.get(secret)
  if (!pads) padsOf.set(secret, (pads = makePads(secret)))
  const { inner, outer } = pads
  inner.write(message, blockBytes, 'latin1')
  // As text of one byte a character: half the price of a Buffer.
  outer.write(hash('sha256', inner.subarray(0, blockBytes + message.length), 'binary'), blockBytes, 'latin1')
  return hash('sha256', outer, 'base64url')
}
