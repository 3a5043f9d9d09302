import { type ClientBase } from 'pg'
import type { CodeList, EntryColumns } from './commit.ts'
import { type Edge, type Hash, packEdge } from './merkle.ts'

// All SQL of the ledger. Statements are named, so that each connection parses and plans them once. Lists travel as array
// literals and packed bytes: bytea[] would go out as hexadecimal text, at twice the cost.

export type Head = { size: number; root: Buffer; edge: Buffer; recordTime: Date | null; now: Date }

export type KnownEvent = { key: string; digest: string; log: number; position: number; recordTime: Date }

export type NewEntry = {
  key: string
  digest: string
  bytes: Uint8Array
  columns: EntryColumns
  lists: readonly CodeList[]
}

export const begin = async (client: ClientBase): Promise<void> => void (await client.query('begin'))

/** What PostgreSQL made of it: COMMIT, or ROLLBACK where a statement had failed. */
export const commit = async (client: ClientBase): Promise<string> => (await client.query('commit')).command

export async function lockLog(client: ClientBase, log: number): Promise<void> {
  const { rowCount } = await client.query({
    name: 'ledger_lock',
    text: 'select 1 from log_lock where log_id = $1 for update',
    values: [log],
  })
  if (rowCount !== 1) throw new Error(`there is no log ${log}`)
}

/** The newest head; of an empty log a head of size 0. `now` is the database's clock, read after the lock was granted. */
export async function readHead(client: ClientBase, log: number): Promise<Head> {
  const { rows } = await client.query<{
    size: bigint | null
    root: Buffer
    edge: Buffer
    record_time: Date | null
    now: Date
  }>({
    name: 'ledger_head',
    text: `select h.size, h.root, h.edge, h.record_time, clock_timestamp() as now
           from (values (1)) as one left join lateral
                (select size, root, edge, record_time from head where log_id = $1 order by size desc limit 1) as h on true`,
    values: [log],
  })
  const row = rows[0]
  if (!row) throw new Error('bad math: a left join without a row')
  return { size: Number(row.size ?? 0n), root: row.root, edge: row.edge, recordTime: row.record_time, now: row.now }
}

/** The events among `keys` (32 hexadecimal digits each) that are recorded, in whichever log. */
export async function findEvents(client: ClientBase, keys: readonly string[]): Promise<KnownEvent[]> {
  const { rows } = await client.query<{
    event_key: string
    content_digest: string
    log_id: number
    position: bigint
    record_time: Date
  }>({
    name: 'ledger_events',
    text: `select d.event_key, d.content_digest, d.log_id, d.position, e.record_time
           from event_directory d join entry e using (log_id, position)
           where d.event_key = any ($1::uuid[])`,
    values: [`{${keys.join(',')}}`],
  })
  return rows.map((row) => ({
    key: row.event_key.replaceAll('-', ''),
    digest: row.content_digest.replaceAll('-', ''),
    log: row.log_id,
    position: Number(row.position),
    recordTime: row.record_time,
  }))
}

/** Entries at dense positions from `first`, the directory of their ids, and their code lists. */
export function insertEntries(
  client: ClientBase,
  log: number,
  first: number,
  recordTime: Date,
  entries: readonly NewEntry[],
): Promise<unknown>[] {
  const column = (read: (columns: EntryColumns) => number | null) =>
    `{${entries.map((entry) => read(entry.columns) ?? 'NULL').join(',')}}`
  const signatures = entries.map(({ columns }) =>
    columns.signature ? `"\\\\x${columns.signature.toString('hex')}"` : 'NULL',
  )
  const statements: Promise<unknown>[] = [
    client.query({
      name: 'ledger_entries',
      text: `insert into entry (log_id, position, record_time, event_time, participant, principal, person, key_no, place, mandate,
                                signature, bytes)
             select $1, $2::bigint + n - 1, $3, to_timestamp(event_ms / 1000.0), participant, principal, person, key_no, place,
                    mandate, signature,
                    substring($13::bytea from (sum(length) over (order by n) - length)::integer + 1 for length)
             from unnest($4::bigint[], $5::integer[], $6::integer[], $7::integer[], $8::integer[], $9::integer[], $10::integer[],
                         $11::bytea[], $12::integer[]) with ordinality
                  as e (event_ms, participant, principal, person, key_no, place, mandate, signature, length, n)`,
      values: [
        log,
        first,
        recordTime,
        column((columns) => columns.eventTime.getTime()),
        column((columns) => columns.participant),
        column((columns) => columns.principal),
        column((columns) => columns.person),
        column((columns) => columns.key),
        column((columns) => columns.place),
        column((columns) => columns.mandate),
        `{${signatures.join(',')}}`,
        `{${entries.map((entry) => entry.bytes.length).join(',')}}`,
        Buffer.concat(entries.map((entry) => entry.bytes)),
      ],
    }),
    client.query({
      name: 'ledger_directory',
      text: `insert into event_directory (event_key, content_digest, log_id, position)
             select event_key, content_digest, $1, $2::bigint + n - 1
             from unnest($3::uuid[], $4::uuid[]) with ordinality as e (event_key, content_digest, n)`,
      values: [
        log,
        first,
        `{${entries.map((entry) => entry.key).join(',')}}`,
        `{${entries.map((entry) => entry.digest).join(',')}}`,
      ],
    }),
  ]
  for (const [i, entry] of entries.entries()) {
    for (const list of entry.lists) {
      statements.push(
        client.query({
          name: 'ledger_code_list',
          text: 'insert into code_list (digest, count, bytes) values ($1, $2, $3) on conflict do nothing',
          values: [list.digest, list.count, list.deflated],
        }),
        // One event may name the same list twice (inputs and outputs).
        client.query({
          name: 'ledger_code_list_use',
          text: 'insert into code_list_use (digest, log_id, position) values ($1, $2, $3) on conflict do nothing',
          values: [list.digest, log, first + i],
        }),
      )
    }
  }
  return statements
}

/** Heads are inserted, never updated: an updated row under one long snapshot made each commit ten times slower. */
export const insertHead = (
  client: ClientBase,
  log: number,
  edge: Edge,
  root: Hash,
  recordTime: Date,
): Promise<unknown> =>
  client.query({
    name: 'ledger_insert_head',
    text: 'insert into head (log_id, size, root, edge, record_time) values ($1, $2, $3, $4, $5)',
    values: [log, edge.size, root, packEdge(edge), recordTime],
  })

/** The logs by name; a log that is named for the first time is made. */
export async function listLogs(client: ClientBase): Promise<Map<string, number>> {
  const { rows } = await client.query<{ id: number; name: string }>('select id, name from log order by id')
  return new Map(rows.map((row) => [row.name, row.id]))
}

/** Makes the log unless it is there; safe when two processes do it at once. */
export async function makeLog(client: ClientBase, name: string): Promise<number> {
  const { rows } = await client.query<{ id: number }>('select make_log($1) as id', [name])
  if (!rows[0]) throw new Error('make_log answered nothing')
  return rows[0].id
}

/** Makes the partitions in use and the next ones; takes a lock only when one is missing. */
export async function makePartitions(client: ClientBase): Promise<void> {
  await client.query(
    `select make_partitions(coalesce((select max(size) from head), 0), coalesce((select max(no) from code_order), 0)::integer)`,
  )
}
