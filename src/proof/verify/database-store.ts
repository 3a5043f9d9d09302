import pg from 'pg'
import { copyRows } from './copy-rows.ts'
import type { TreeHasher } from '../../ledger/merkle-proof.ts'
import { foldHashes, hashBytes, splitBundle, splitTile, type Tile, tileWidth } from '../tile.ts'
import { type LogSource, SourceError } from './source.ts'

// What the verifier reads out of a database: its own statements, so that a mistake in the service's cannot hide in both.

export type Client = pg.Client

/** One snapshot for everything, which nothing that is written meanwhile disturbs; and nothing can be written by us. */
export async function openSnapshot(url: string): Promise<Client> {
  const client = new pg.Client({
    connectionString: url,
    // int8 as a whole number of any size, never as text or rounded: digests of findings are over the digits.
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === Number(pg.types.builtins.INT8) ? BigInt : pg.types.getTypeParser(oid, format),
    },
    application_name: 'tamga verify',
    options: '-c search_path=tamga -c timezone=UTC -c statement_timeout=0',
  })
  client.on('error', () => undefined)
  await client.connect()
  await client.query('begin isolation level repeatable read read only')
  return client
}

export type StoredLog = { id: number; name: string }

export const listLogs = async (client: Client): Promise<StoredLog[]> =>
  (await client.query<StoredLog>('select id, name from log order by id')).rows

export type StoredKey = { no: number; origin: string; publicKey: Buffer }

/** Every key that the log ever signed with, oldest first. */
export async function listKeys(client: Client, log: number): Promise<StoredKey[]> {
  const { rows } = await client.query<{ no: number; origin: string; public_key: Buffer }>(
    'select no, origin, public_key from log_key where log_id = $1 order by no',
    [log],
  )
  return rows.map((row) => ({ no: row.no, origin: row.origin, publicKey: row.public_key }))
}

export type StoredRoot = { size: number; root: Buffer; note?: string; keyNo?: number }

export async function listCheckpoints(client: Client, log: number): Promise<StoredRoot[]> {
  const { rows } = await client.query<{ size: bigint; root: Buffer; note: string; key_no: number }>(
    'select size, root, note, key_no from checkpoint where log_id = $1 order by size, key_no',
    [log],
  )
  return rows.map((row) => ({ size: Number(row.size), root: row.root, note: row.note, keyNo: row.key_no }))
}

export async function listHeads(client: Client, log: number): Promise<StoredRoot[]> {
  const { rows } = await client.query<{ size: bigint; root: Buffer }>(
    'select size, root from head where log_id = $1 order by size',
    [log],
  )
  return rows.map((row) => ({ size: Number(row.size), root: row.root }))
}

/** The first position that is missing although a later one is there, and how many there are up to it. */
export async function findGap(client: Client, log: number): Promise<{ positions: number; gap: number | undefined }> {
  const { rows } = await client.query<{ positions: bigint; gap: bigint | null }>(
    `select coalesce(max(position) + 1, 0)::bigint as positions,
            min(expected) filter (where expected <> position)::bigint as gap
     from (select position, row_number() over (order by position) - 1 as expected from entry where log_id = $1) as dense`,
    [log],
  )
  const gap = rows[0]?.gap ?? null
  return { positions: Number(rows[0]?.positions ?? 0n), gap: gap === null ? undefined : Number(gap) }
}

/** Entries that no event id leads to, or to which one leads that says another place: the first, and how many. */
export async function findUnlisted(client: Client, log: number): Promise<{ first: number; count: number } | undefined> {
  const { rows } = await client.query<{ first: bigint | null; count: bigint }>(
    `select min(position) as first, count(*) as count from entry e
     where log_id = $1 and not exists (select from event_directory d where d.log_id = $1 and d.position = e.position)`,
    [log],
  )
  const first = rows[0]?.first ?? null
  return first === null ? undefined : { first: Number(first), count: Number(rows[0]?.count ?? 0n) }
}

const bundlesAtOnce = 16

const empty = Buffer.alloc(0)

/**
 * A log in a database. Full tiles are those that were stored; partial ones, and those of what is not published yet, follow from the
 * entries and the stored roots below.
 */
export function databaseSource(client: Client, log: StoredLog, published: number, hasher: TreeHasher): LogSource {
  type Chunk = { bundles: readonly Buffer[]; tiles: ReadonlyMap<number, Buffer> }
  const chunks = new Map<number, Promise<Chunk>>()
  // A connection answers one question after the other; who asks for several at once waits here.
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(ask: () => Promise<T>): Promise<T> => {
    const answer = turn.then(ask)
    turn = answer.catch(() => undefined)
    return answer
  }

  async function readChunk(first: number): Promise<Chunk> {
    const [from, to] = [first * tileWidth, (first + bundlesAtOnce) * tileWidth]
    const entries = await copyRows(
      client,
      `select substring(int4send(octet_length(bytes)) from 3 for 2), bytes
       from entry where log_id = ${log.id} and position >= ${from} and position < ${to} order by position`,
    )
    const tiles = await copyRows(
      client,
      `select no, hashes from tile where log_id = ${log.id} and level = 0 and no >= ${first} and no < ${first + bundlesAtOnce}`,
    )
    const bundles: Buffer[] = []
    for (let at = 0; at < entries.length; at += tileWidth) {
      bundles.push(Buffer.concat(entries.slice(at, at + tileWidth).flat()))
    }
    return { bundles, tiles: new Map(tiles.map(([no, hashes]) => [Number(no?.readBigInt64BE()), hashes ?? empty])) }
  }

  /** Some bundles and their tiles; the next are read while these are looked at. */
  function chunkOf(index: number): Promise<Chunk> {
    const first = index - (index % bundlesAtOnce)
    for (const each of [first, first + bundlesAtOnce]) {
      if (chunks.has(each)) continue
      const chunk = inTurn(() => readChunk(each))
      chunk.catch(() => undefined) // Heard when its turn comes.
      chunks.set(each, chunk)
      chunks.delete(each - 3 * bundlesAtOnce)
    }
    return chunks.get(first) ?? inTurn(() => readChunk(first))
  }

  async function bundle(index: number): Promise<Uint8Array> {
    const found = (await chunkOf(index)).bundles[index % bundlesAtOnce]
    if (!found) throw new SourceError(`of the entries from ${index * tileWidth} on none are there`)
    return found
  }

  async function tile({ level, index, width }: Tile): Promise<Uint8Array> {
    if (width === tileWidth && (index + 1) * 256 ** (level + 1) <= published) {
      if (level === 0) {
        const found = (await chunkOf(index)).tiles.get(index)
        if (!found) throw new SourceError(`the tile 0/${index} is not there`)
        return found
      }
      const { rows } = await inTurn(() =>
        client.query<{ hashes: Buffer }>({
          name: 'verify_tile',
          text: 'select hashes from tile where log_id = $1 and level = $2 and no = $3',
          values: [log.id, level, index],
        }),
      )
      if (!rows[0]) throw new SourceError(`the tile ${level}/${index} is not there`)
      return rows[0].hashes
    }
    if (level === 0) return Buffer.concat((splitBundle(await bundle(index)) ?? []).slice(0, width).map(hasher.leaf))
    const { rows } = await inTurn(() =>
      client.query<{ roots: Buffer | null }>({
        text: `select string_agg(root, ''::bytea order by no) as roots from tile
               where log_id = $1 and level = $2 and no >= $3 and no < $4`,
        values: [log.id, level - 1, index * tileWidth, index * tileWidth + width],
      }),
    )
    const roots = rows[0]?.roots ?? Buffer.alloc(0)
    if (roots.length === width * hashBytes) return roots
    // What is not published yet has no tiles of its own: they follow from what lies below.
    const missing: Uint8Array[] = []
    for (let no = index * tileWidth + roots.length / hashBytes; no < index * tileWidth + width; no++) {
      if ((no + 1) * 256 ** level <= published) throw new SourceError(`the tile ${level - 1}/${no} is not there`)
      const below = await tile({ level: level - 1, index: no, width: tileWidth })
      missing.push(foldHashes(splitTile(below), hasher))
    }
    return Buffer.concat([roots, ...missing])
  }

  return {
    name: `log ${log.name} of the database`,
    checkpoint: async () => {
      const { rows } = await client.query<{ note: string }>(
        'select note from checkpoint where log_id = $1 order by key_no desc, size desc limit 1',
        [log.id],
      )
      if (!rows[0]) throw new SourceError(`the log ${log.name} was never published`)
      return rows[0].note
    },
    tile,
    bundle: async (index, width) => firstOf(await bundle(index), width),
  }
}

/** The first entries of a bundle: a log that is read up to some size may go on behind it. */
function firstOf(bundle: Uint8Array, width: number): Uint8Array {
  if (width === tileWidth) return bundle
  const bytes = (splitBundle(bundle) ?? []).slice(0, width).reduce((sum, entry) => sum + 2 + entry.length, 0)
  return bundle.subarray(0, bytes)
}

/** Entries of the log `audit` that pin findings and what was answered to them, in order. */
export async function readDigestEntries(client: Client): Promise<{ position: number; bytes: Buffer }[]> {
  const { rows } = await client.query<{ position: bigint; bytes: Buffer }>(
    `select position, bytes from entry where log_id = (select id from log where name = 'audit')
       and (position(convert_to('"kind":"findings_digest"', 'UTF8') in bytes) > 0
            or position(convert_to('"kind":"answers_digest"', 'UTF8') in bytes) > 0) order by position`,
  )
  return rows.map((row) => ({ position: Number(row.position), bytes: row.bytes }))
}

/** Findings of a range in order, all columns. */
export const readFindings = async (client: Client, from: bigint, to: bigint): Promise<Record<string, unknown>[]> =>
  (
    await client.query<Record<string, unknown>>('select * from finding where no between $1 and $2 order by no', [
      String(from),
      String(to),
    ])
  ).rows

const answerColumns = {
  finding_response: { key: 'no', columns: 'no, finding_no, at, participant, person, text, documents' },
  finding_resolution: {
    key: 'finding_no',
    columns: 'finding_no, at, participant, person, resolved_as, legal_basis, text',
  },
} as const

/** Responses by their number, resolutions by that of their finding: the columns that are pinned. */
export async function readAnswers(
  client: Client,
  table: keyof typeof answerColumns,
): Promise<Map<bigint, Record<string, unknown>>> {
  const { key, columns } = answerColumns[table]
  const { rows } = await client.query<Record<string, unknown>>(`select ${columns} from ${table}`)
  return new Map(rows.map((row) => [BigInt(String(row[key])), row]))
}
