import type { ClientBase } from 'pg'

type Queryable = Pick<ClientBase, 'query'>

export type SymbolKeyRow = { no: number; publicKey: Buffer; secret: Buffer; createdAt: Date }

/** The keys of the bar codes, the newest first. */
export async function listSymbolKeys(client: Queryable): Promise<SymbolKeyRow[]> {
  const { rows } = await client.query<{ no: number; public_key: Buffer; secret: Buffer; created_at: Date }>(
    'select no, public_key, secret, created_at from border_key order by no desc',
  )
  return rows.map(({ no, public_key: publicKey, secret, created_at: createdAt }) => ({
    no,
    publicKey,
    secret,
    createdAt,
  }))
}

/** The first key; whoever comes second leaves that of the first. */
export const insertSymbolKey = (client: Queryable, publicKey: Buffer, secret: Buffer): Promise<unknown> =>
  client.query({
    name: 'border_insert_key',
    text: `insert into border_key (public_key, secret) select $1, $2 where not exists (select from border_key)`,
    values: [publicKey, secret],
  })
