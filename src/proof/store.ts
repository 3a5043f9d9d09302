import type { ClientBase, Pool } from 'pg'
import { hashBytes, type Tile, tileWidth } from './tile.ts'

// The SQL of proofs. Leaves are hashed where the entries lie: a tile leaves the database as 8 kB instead of 256 entries.

export type Queryable = Pick<ClientBase | Pool, 'query'>

export type LogRow = { id: number; name: string }
export type LogKeyRow = { no: number; origin: string; publicKey: Buffer; secret: Buffer }
export type CheckpointRow = { keyNo: number; size: number; root: Buffer; note: string }
export type HeadRow = { size: number; root: Buffer; edge: Buffer }

export async function inTransaction<Result>(
  pool: Pool,
  work: (client: ClientBase) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const result = await work(client)
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw error
  } finally {
    client.release()
  }
}

// Any number that nothing else in the database locks: "tlog" in ASCII.
const lockSpace = 0x746c6f67

/** One publisher a log at a time, across processes. Not the ledger's own lock: signing must not make writers wait. */
export const lockPublishing = (client: Queryable, log: number): Promise<unknown> =>
  client.query('select pg_advisory_xact_lock($1, $2)', [lockSpace, log])

export async function listLogs(client: Queryable): Promise<LogRow[]> {
  return (await client.query<LogRow>('select id, name from log order by id')).rows
}

/** Logs that have more entries than their newest checkpoint says, or no checkpoint yet. */
export async function findUnpublished(client: Queryable): Promise<number[]> {
  const { rows } = await client.query<{ id: number }>({
    name: 'proof_unpublished',
    text: `select l.id from log l
           left join lateral (select no from log_key where log_id = l.id order by no desc limit 1) k on true
           left join lateral (select size from head where log_id = l.id order by size desc limit 1) h on true
           left join lateral (select size from checkpoint where log_id = l.id and key_no = k.no order by size desc limit 1) c on true
           where c.size is null or coalesce(h.size, 0) > c.size`,
  })
  return rows.map((row) => row.id)
}

/** The key that signs now. */
export async function newestKey(client: Queryable, log: number): Promise<LogKeyRow | undefined> {
  const { rows } = await client.query<{ no: number; origin: string; public_key: Buffer; secret: Buffer }>({
    name: 'proof_key',
    text: 'select no, origin, public_key, secret from log_key where log_id = $1 order by no desc limit 1',
    values: [log],
  })
  const row = rows[0]
  return row && { no: row.no, origin: row.origin, publicKey: row.public_key, secret: row.secret }
}

/** Every origin that a log ever signed under, with its number. */
export async function listOrigins(client: Queryable, log: number): Promise<Map<string, number>> {
  const { rows } = await client.query<{ no: number; origin: string }>(
    'select no, origin from log_key where log_id = $1',
    [log],
  )
  return new Map(rows.map((row) => [row.origin, row.no]))
}

export type NewIdentity = { id: string; at: Date; log: string; origin: string; fromSize: number; reason: string }

/** Every key that took over from an earlier one, oldest first, with an id of its own. */
export async function listNewIdentities(client: Queryable): Promise<NewIdentity[]> {
  const { rows } = await client.query<{
    log: string
    origin: string
    from_size: bigint
    reason: string
    created_at: Date
  }>(
    `select log.name as log, origin, from_size, reason, created_at from log_key join log on log.id = log_id
     where no > 1 order by created_at, log_id, no`,
  )
  return rows.map(({ log, origin, from_size, reason, created_at }) => ({
    id: `urn:tamga:log-key:${origin}`,
    at: created_at,
    log,
    origin,
    fromSize: Number(from_size),
    reason,
  }))
}

export const insertKey = (
  client: Queryable,
  log: number,
  key: LogKeyRow & { fromSize: number; reason: string },
): Promise<unknown> =>
  client.query(
    `insert into log_key (log_id, no, origin, public_key, secret, from_size, reason) values ($1, $2, $3, $4, $5, $6, $7)`,
    [log, key.no, key.origin, key.publicKey, key.secret, key.fromSize, key.reason],
  )

/** The newest head; undefined for an empty log. */
export async function newestHead(client: Queryable, log: number): Promise<HeadRow | undefined> {
  const { rows } = await client.query<{ size: bigint; root: Buffer; edge: Buffer }>({
    name: 'proof_head',
    text: 'select size, root, edge from head where log_id = $1 order by size desc limit 1',
    values: [log],
  })
  const row = rows[0]
  return row && { size: Number(row.size), root: row.root, edge: row.edge }
}

/** How many positions are taken, by the entries themselves. */
export async function countPositions(client: Queryable, log: number): Promise<number> {
  const { rows } = await client.query<{ size: bigint }>(
    'select coalesce(max(position) + 1, 0)::bigint as size from entry where log_id = $1',
    [log],
  )
  return Number(rows[0]?.size ?? 0n)
}

/** The newest checkpoint under a key, as the log signed it. */
export async function newestCheckpoint(
  client: Queryable,
  log: number,
  keyNo: number,
): Promise<CheckpointRow | undefined> {
  const { rows } = await client.query<{ key_no: number; size: bigint; root: Buffer; note: string }>({
    name: 'proof_checkpoint',
    text: `select key_no, size, root, note from checkpoint where log_id = $1 and key_no = $2 order by size desc limit 1`,
    values: [log, keyNo],
  })
  const row = rows[0]
  return row && { keyNo: row.key_no, size: Number(row.size), root: row.root, note: row.note }
}

export const insertCheckpoint = (client: Queryable, log: number, row: CheckpointRow): Promise<unknown> =>
  client.query('insert into checkpoint (log_id, key_no, size, root, note) values ($1, $2, $3, $4, $5)', [
    log,
    row.keyNo,
    row.size,
    row.root,
    row.note,
  ])

/** The newest checkpoint under the newest key, and the cosignatures that arrived for it since. */
export async function findServed(
  client: Queryable,
  log: number,
): Promise<{ keyNo: number; size: number; note: string; lines: string[] } | undefined> {
  const { rows } = await client.query<{ key_no: number; size: bigint; note: string; lines: string[] }>({
    name: 'proof_served',
    text: `select c.key_no, c.size, c.note, array(
             select line from cosignature o
             where o.log_id = $1 and o.key_no = c.key_no and o.size = c.size order by o.witness) as lines
           from (select no from log_key where log_id = $1 order by no desc limit 1) as k
           cross join lateral (
             select key_no, size, note from checkpoint where log_id = $1 and key_no = k.no order by size desc limit 1) as c`,
    values: [log],
  })
  const row = rows[0]
  return row && { keyNo: row.key_no, size: Number(row.size), note: row.note, lines: row.lines }
}

export const insertCosignature = (
  client: Queryable,
  log: number,
  keyNo: number,
  size: number,
  witness: string,
  line: string,
): Promise<unknown> =>
  client.query(
    `insert into cosignature (log_id, key_no, size, witness, line) values ($1, $2, $3, $4, $5) on conflict do nothing`,
    [log, keyNo, size, witness, line],
  )

/** How many full tiles of the lowest level are written; those above are written together with them. */
export async function countTiles(client: Queryable, log: number): Promise<number> {
  const { rows } = await client.query<{ count: bigint }>({
    name: 'proof_count_tiles',
    text: 'select coalesce(max(no) + 1, 0)::bigint as count from tile where log_id = $1 and level = 0',
    values: [log],
  })
  return Number(rows[0]?.count ?? 0n)
}

export async function insertTiles(
  client: Queryable,
  log: number,
  level: number,
  first: number,
  tiles: readonly { hashes: Uint8Array; root: Uint8Array }[],
): Promise<void> {
  await client.query({
    name: 'proof_insert_tiles',
    text: `insert into tile (log_id, level, no, root, hashes)
           select $1, $2, $3::bigint + n, substring($4::bytea from n * 32 + 1 for 32), substring($5::bytea from n * 8192 + 1 for 8192)
           from generate_series(0, $6::integer - 1) as n`,
    values: [
      log,
      level,
      first,
      Buffer.concat(tiles.map((tile) => tile.root)),
      Buffer.concat(tiles.map((tile) => tile.hashes)),
      tiles.length,
    ],
  })
}

/** The hashes of neighbouring tiles' worth, made from what lies below them: entries, or the roots of the tiles one level down. */
export async function makeHashes(
  client: Queryable,
  log: number,
  level: number,
  from: number,
  to: number,
): Promise<Buffer> {
  const { rows } = await client.query<{ hashes: Buffer | null; count: bigint }>(
    level === 0
      ? {
          name: 'proof_leaf_hashes',
          text: `select string_agg(sha256('\\x00'::bytea || bytes), ''::bytea order by position) as hashes, count(*) as count
                 from entry where log_id = $1 and position >= $2 and position < $3`,
          values: [log, from, to],
        }
      : {
          name: 'proof_node_hashes',
          text: `select string_agg(root, ''::bytea order by no) as hashes, count(*) as count
                 from tile where log_id = $1 and level = $4 and no >= $2 and no < $3`,
          values: [log, from, to, level - 1],
        },
  )
  const row = rows[0]
  if (!row || Number(row.count) !== to - from) {
    const what = level === 0 ? 'entries' : `tiles of level ${level - 1}`
    throw new MissingError(`of the ${what} from ${from} to ${to - 1} of log ${log} only ${row?.count ?? 0n} are there`)
  }
  return row.hashes ?? Buffer.alloc(0)
}

/** What the ledger must hold is not there. */
export class MissingError extends Error {
  override readonly name = 'MissingError'
}

/** One tile's bytes, as wide as is asked. A full one as it was written; a partial one made anew. */
export async function readTile(client: Queryable, log: number, { level, index, width }: Tile): Promise<Buffer> {
  if (width === tileWidth) {
    const { rows } = await client.query<{ hashes: Buffer }>({
      name: 'proof_tile',
      text: 'select hashes from tile where log_id = $1 and level = $2 and no = $3',
      values: [log, level, index],
    })
    if (!rows[0]) throw new MissingError(`the tile ${level}/${index} of log ${log} is not there`)
    return rows[0].hashes
  }
  const hashes = await makeHashes(client, log, level, index * tileWidth, index * tileWidth + width)
  if (hashes.length !== width * hashBytes) throw new Error('bad math: a tile of another width')
  return hashes
}

/** Entries from `first`, each behind its length in two bytes, big end first (tlog-tiles, "Log entries"). */
export async function readBundle(client: Queryable, log: number, first: number, count: number): Promise<Buffer> {
  const { rows } = await client.query<{ bundle: Buffer | null; count: bigint }>({
    name: 'proof_bundle',
    text: `select string_agg(substring(int4send(octet_length(bytes)) from 3 for 2) || bytes, ''::bytea order by position) as bundle,
                  count(*) as count
           from entry where log_id = $1 and position >= $2 and position < $3`,
    values: [log, first, first + count],
  })
  const row = rows[0]
  if (!row?.bundle || Number(row.count) !== count) {
    throw new MissingError(
      `of the entries from ${first} to ${first + count - 1} of log ${log} only ${row?.count ?? 0n} are there`,
    )
  }
  return row.bundle
}

export async function findEntryBytes(client: Queryable, log: number, position: number): Promise<Buffer | undefined> {
  const { rows } = await client.query<{ bytes: Buffer }>({
    name: 'proof_entry',
    text: 'select bytes from entry where log_id = $1 and position = $2',
    values: [log, position],
  })
  return rows[0]?.bytes
}

/** The deflated text of a code list that an entry of this log names, and the events' recorders. */
export async function findCodeList(
  client: Queryable,
  log: number,
  digest: Buffer,
): Promise<{ bytes: Buffer; recorders: number[]; positions: number[] } | undefined> {
  const { rows } = await client.query<{ bytes: Buffer; recorders: number[]; positions: bigint[] }>({
    name: 'proof_code_list',
    text: `select c.bytes, array_agg(distinct p.no) as recorders, array_agg(distinct u.position) as positions
           from code_list c join code_list_use u using (digest) join entry e using (log_id, position)
           cross join lateral (values (e.participant), (e.principal)) as p (no)
           where c.digest = $2 and u.log_id = $1 and p.no is not null
           group by c.digest`,
    values: [log, digest],
  })
  const row = rows[0]
  return row && { bytes: row.bytes, recorders: row.recorders, positions: row.positions.map(Number) }
}
