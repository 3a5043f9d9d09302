// The secret that all others hang on: what is sealed in the database (tail keys, log keys) opens with it, and API keys
// are hashed under it. From MASTER_KEY, or from a file that the first start makes.
import { createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** 32 bytes from any text: one rule for hex, base64 and pass phrases, so that nobody has to guess which was meant. */
export const deriveMasterKey = (text: string): Buffer =>
  Buffer.from(hkdfSync('sha256', text.trim(), 'tamga', 'master key v1', 32))

/** Says whether two master keys are the same one; says nothing else about them. */
export const masterKeyCheck = (masterKey: Uint8Array): Buffer =>
  createHmac('sha256', masterKey).update('tamga master key check v1').digest()

export const newSecret = (): string => randomBytes(32).toString('hex')
