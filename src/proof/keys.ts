// The keys that logs sign with: made when a log is first published, sealed under the master key, never changed. A log that can no
// longer prove that it continues what it signed takes a new key under a new origin; see new-log.ts.
import type { Vault } from '../db/secret.ts'
import { nodePrimitives } from './node-primitives.ts'
import { makeVerifier, signatureType, type Verifier } from './note.ts'
import { createSigner, newSeed, type Signer } from './signer.ts'
import * as store from './store.ts'

export type LogKey = { no: number; origin: string; signer: Signer }

export type LogKeys = {
  /** The key that signs for a log now, made if there is none. Call it under the publishing lock. */
  current(client: store.Queryable, log: store.LogRow): Promise<LogKey>
  /** A new key under a new origin. Call it under the publishing lock. */
  begin(client: store.Queryable, log: store.LogRow, reason: string): Promise<LogKey>
}

/** @param base the origin of a log is this, a slash and its name (setting LOG_ORIGIN) */
export function createLogKeys(vault: Vault, base: string): LogKeys {
  const cache = new Map<string, LogKey>()

  const open = (row: store.LogKeyRow): LogKey => {
    const known = cache.get(row.origin)
    if (known) return known
    const key = {
      no: row.no,
      origin: row.origin,
      signer: createSigner(row.origin, vault.open(row.secret, purpose(row.origin))),
    }
    cache.set(row.origin, key)
    return key
  }

  const begin: LogKeys['begin'] = async (client, log, reason) => {
    const used = await store.listOrigins(client, log.id)
    const no = Math.max(0, ...used.values()) + 1
    const origin = nextOrigin(`${base}/${log.name}`, used)
    const seed = newSeed()
    const { verifier } = createSigner(origin, seed)
    const head = await store.newestHead(client, log.id)
    const row = { no, origin, publicKey: Buffer.from(verifier.publicKey), secret: vault.seal(seed, purpose(origin)) }
    await store.insertKey(client, log.id, { ...row, fromSize: head?.size ?? 0, reason })
    return open(row)
  }

  return {
    current: async (client, log) => {
      const row = await store.newestKey(client, log.id)
      return row ? open(row) : begin(client, log, 'the log begins')
    },
    begin,
  }
}

const purpose = (origin: string): string => `log-key:${origin}`

/** `<base>/<log>`, and `<base>/<log>.2` and so on once that was used: an origin names one history for ever. */
function nextOrigin(wanted: string, used: ReadonlyMap<string, number>): string {
  for (let n = 2, origin = wanted; ; origin = `${wanted}.${n++}`) if (!used.has(origin)) return origin
}

/** The public half, from what the database says. */
export const verifierOf = ({ origin, publicKey }: Pick<store.LogKeyRow, 'origin' | 'publicKey'>): Verifier =>
  makeVerifier(origin, signatureType.ed25519, publicKey, nodePrimitives)
