// The keys of verification tails: made at the first start, sealed under the master key, never changed. The newest of a kind is
// active; older ones go on verifying and go on making the tails of the orders that were placed under them.
import { createPrivateKey, createPublicKey, createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { customAlphabet } from 'nanoid'
import type { Pool, PoolClient } from 'pg'
import type { Vault } from '../db/secret.ts'
import { base36 } from './serial.ts'
import * as store from './store.ts'
import type { TailKey, TailKind } from './tail.ts'

/** What everybody may know of a key. `publicKey`: Ed25519 as PEM, of `signature` keys alone. */
export type PublishedKey = {
  id: string
  kind: TailKind
  state: 'active' | 'retired'
  createdAt: string
  publicKey?: string
}

export type TailKeys = {
  /** The key of an order, from memory where possible: keys never change. */
  get(no: number): Promise<TailKey>
  /** Like `get`, for a key that was loaded before. */
  loaded(no: number): TailKey | undefined
  /** The key for new orders, read anew: another process may have rotated it. */
  active(kind: TailKind): Promise<TailKey>
  /** All keys, oldest first. */
  published(): Promise<PublishedKey[]>
  /**
   * Makes a new active key of each of the kinds.
   * @param record called with the ids of the new keys inside the transaction; when it rejects, nothing was rotated
   */
  rotate(
    kinds: readonly TailKind[],
    createdBy: number,
    record: (ids: readonly string[]) => Promise<void>,
  ): Promise<PublishedKey[]>
}

const kinds: readonly TailKind[] = ['mac', 'signature']
const purpose = (kind: TailKind): string => `tail-key:${kind}`
const makeId = customAlphabet(base36, 4)

/** Reads the tail keys, after making those that a new installation lacks. Safe when two processes start at once. */
export async function openTailKeys(pool: Pool, vault: Vault): Promise<TailKeys> {
  const cache = new Map<number, TailKey>()

  const open = (row: store.TailKeyRow): TailKey => {
    const known = cache.get(row.no)
    if (known) return known
    const bytes = vault.open(row.secret, purpose(row.kind))
    const secret =
      row.kind === 'mac' ? createSecretKey(bytes) : createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })
    const key: TailKey = { no: row.no, id: row.id, kind: row.kind, secret }
    cache.set(row.no, key)
    return key
  }

  const get = async (no: number): Promise<TailKey> => {
    const known = cache.get(no)
    if (known) return known
    const [row] = await store.findTailKeys(pool, [no])
    if (!row) throw new Error(`There is no tail key ${no}`)
    return open(row)
  }

  const published = async () => publish(await store.listTailKeys(pool))

  await underLock(pool, async (client) => {
    const rows = await store.listTailKeys(client)
    for (const kind of kinds) {
      if (!rows.some((row) => row.kind === kind)) await insertKey(client, vault, rows, kind, null)
    }
  })
  for (const row of await store.listTailKeys(pool)) open(row)

  return {
    get,
    loaded: (no) => cache.get(no),
    async active(kind) {
      const no = await store.newestTailKey(pool, kind)
      if (no === undefined) throw new Error(`There is no ${kind} tail key`)
      return get(no)
    },
    published,
    async rotate(wanted, createdBy, record) {
      const made = await underLock(pool, async (client) => {
        const rows = await store.listTailKeys(client)
        const ids: string[] = []
        for (const kind of wanted) ids.push(await insertKey(client, vault, rows, kind, createdBy))
        await record(ids)
        return ids
      })
      return (await published()).filter((key) => made.includes(key.id))
    },
  }
}

async function underLock<Result>(pool: Pool, work: (client: PoolClient) => Promise<Result>): Promise<Result> {
  return store.inTransaction(pool, async (client) => {
    await store.lockTailKeys(client)
    return work(client)
  })
}

async function insertKey(
  client: PoolClient,
  vault: Vault,
  existing: store.TailKeyRow[],
  kind: TailKind,
  createdBy: number | null,
): Promise<string> {
  let id = makeId()
  while (existing.some((row) => row.id === id)) id = makeId()
  const { secret, publicKey } = kind === 'mac' ? { secret: randomBytes(32), publicKey: null } : makeSigningKey()
  const sealed = vault.seal(secret, purpose(kind))
  existing.push(await store.insertTailKey(client, { id, kind, secret: sealed, publicKey, createdBy }))
  return id
}

function makeSigningKey(): { secret: Buffer; publicKey: Buffer } {
  const pair = generateKeyPairSync('ed25519')
  const x = pair.publicKey.export({ format: 'jwk' }).x
  if (x === undefined) throw new Error('An Ed25519 key without its coordinate')
  return {
    secret: pair.privateKey.export({ format: 'der', type: 'pkcs8' }),
    publicKey: Buffer.from(x, 'base64url'),
  }
}

function publish(rows: readonly store.TailKeyRow[]): PublishedKey[] {
  const newest = new Map(rows.map((row) => [row.kind, row.no]))
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    state: newest.get(row.kind) === row.no ? 'active' : 'retired',
    createdAt: row.created_at.toISOString(),
    ...(row.public_key ? { publicKey: pem(row.public_key) } : {}),
  }))
}

/** What OpenSSL and every cryptographic library read: SubjectPublicKeyInfo (RFC 8410) as PEM. */
function pem(publicKey: Buffer): string {
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') },
    format: 'jwk',
  })
  return key.export({ format: 'pem', type: 'spki' }).toString()
}
