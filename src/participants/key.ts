// API keys: made here, shown once, stored as a keyed hash. A fast hash is right for 256 random bits (nobody can search
// them), and keyed, so that a stolen table alone does not even confirm a guess.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { customAlphabet } from 'nanoid'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 44 letters of 62: 261 bits. */
const secret = customAlphabet(alphabet, 44)

/** A new key. The prefix lets people and scanners for leaked secrets see what it is. */
export const newKey = (): string => `tamga_${secret()}`

/** What a bearer header may hold: OPERATOR_KEY may be any 32 to 200 printable ASCII characters. */
export const keyLengthMax = 200

export type KeyHasher = {
  hash(key: string): Buffer
  equal(a: Buffer, b: Buffer): boolean
}

/** @param masterKey secret bytes, at least 32; the hash key is derived from it */
export function createKeyHasher(masterKey: Uint8Array): KeyHasher {
  const hashKey = Buffer.from(hkdfSync('sha256', masterKey, '', 'tamga api keys v1', 32))
  return {
    hash: (key) => createHmac('sha256', hashKey).update(key, 'utf8').digest(),
    equal: (a, b) => a.length === b.length && timingSafeEqual(a, b),
  }
}
