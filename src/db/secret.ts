// Secrets at rest in the database: AES-256-GCM under a key that is not in it (design D10).
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { ConfigError } from '../config/config.ts'

/** `purpose` is bound to the secret: what was sealed as one thing does not open as another. */
export type Vault = {
  seal(secret: Buffer, purpose: string): Buffer
  /** @throws ConfigError where the master key is another, or the bytes were changed */
  open(sealed: Buffer, purpose: string): Buffer
}

const version = 1
const nonceBytes = 12
const tagBytes = 16

/** Sealed: version (1 byte), nonce (12), tag (16), ciphertext. */
export function createVault(masterKey: Uint8Array): Vault {
  const key = Buffer.from(hkdfSync('sha256', masterKey, '', 'tamga secrets v1', 32))
  return {
    seal(secret, purpose) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(purpose))
      const text = Buffer.concat([cipher.update(secret), cipher.final()])
      return Buffer.concat([Buffer.of(version), nonce, cipher.getAuthTag(), text])
    },
    open(sealed, purpose) {
      const nonce = sealed.subarray(1, 1 + nonceBytes)
      const tag = sealed.subarray(1 + nonceBytes, 1 + nonceBytes + tagBytes)
      try {
        if (sealed[0] !== version) throw new Error('another version')
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
        decipher.setAAD(Buffer.from(purpose)).setAuthTag(tag)
        return Buffer.concat([decipher.update(sealed.subarray(1 + nonceBytes + tagBytes)), decipher.final()])
      } catch {
        throw new ConfigError(
          `A secret in the database (${purpose}) does not open: MASTER_KEY, or master.key under DATA_DIR, is not the one ` +
            'that it was sealed with. Put the right one back.',
        )
      }
    },
  }
}
