import type { Pool } from 'pg'
import { flag } from '../custody/object.ts'

export type EntryRow = {
  position: number
  recordTime: Date
  eventTime: Date
  participant: number
  principal: number | null
  place: number | null
  bytes: Buffer
}

/** The entry at a position. @throws when there is none: positions come from the ledger itself */
export async function findEntry(pool: Pool, log: number, position: number): Promise<EntryRow> {
  const { rows } = await pool.query<{
    record_time: Date
    event_time: Date
    participant: number
    principal: number | null
    place: number | null
    bytes: Buffer
  }>({
    name: 'capture_entry',
    text: 'select record_time, event_time, participant, principal, place, bytes from entry where log_id = $1 and position = $2',
    values: [log, position],
  })
  const row = rows[0]
  if (!row) throw new Error(`there is no entry ${position} in log ${log}`)
  return {
    position,
    recordTime: row.record_time,
    eventTime: row.event_time,
    participant: row.participant,
    principal: row.principal,
    place: row.place,
    bytes: row.bytes,
  }
}

export type RecordedEntry = EntryRow & { log: number; logName: string }

/** The entry of the event with this key; undefined where none is recorded. */
export async function findRecorded(pool: Pool, key: string): Promise<RecordedEntry | undefined> {
  const { rows } = await pool.query<{ log_id: number; name: string; position: bigint }>({
    name: 'capture_recorded',
    text: 'select d.log_id, l.name, d.position from event_directory d join log l on l.id = d.log_id where d.event_key = $1',
    values: [key],
  })
  const row = rows[0]
  return row && { ...(await findEntry(pool, row.log_id, Number(row.position))), log: row.log_id, logName: row.name }
}

/** Where the hold was set under which an object stands, be it on the object or on what it is in; the innermost counts. */
export async function findHold(pool: Pool, log: number, id: bigint): Promise<number | undefined> {
  const { rows } = await pool.query<{ position: bigint }>({
    name: 'capture_hold',
    text: `with recursive around as (
             (select 0 as level, object_id, parent, flags from step
              where log_id = $1 and object_id = $2 order by position desc limit 1)
             union all
             select a.level + 1, s.object_id, s.parent, s.flags from around a
             cross join lateral (select object_id, parent, flags from step
                                 where log_id = $1 and object_id = a.parent order by position desc limit 1) s)
           select min(s.position) as position
           from (select object_id from around where flags & $3 <> 0 order by level limit 1) h
           join step s on s.log_id = $1 and s.object_id = h.object_id and s.flags & $3 <> 0
           where s.position > coalesce((select max(position) from step
                                        where log_id = $1 and object_id = h.object_id and flags & $3 = 0), -1)`,
    values: [log, id, flag.held],
  })
  const position: bigint | null | undefined = rows[0]?.position
  return position === null || position === undefined ? undefined : Number(position)
}

/** A reason in words. */
export async function findReason(pool: Pool, act: string, code: string): Promise<string | undefined> {
  const { rows } = await pool.query<{ text: string }>({
    name: 'capture_reason',
    text: 'select text from reason where act = $1 and code = $2',
    values: [act, code],
  })
  return rows[0]?.text
}

/** In which log each logistic unit lives, by the log's name; new ones are missing. */
export async function findLogsOf(pool: Pool, ids: readonly bigint[]): Promise<Map<bigint, string>> {
  if (ids.length === 0) return new Map()
  const { rows } = await pool.query<{ object_id: bigint; name: string }>({
    name: 'capture_logs_of',
    text: `select d.object_id, l.name from logistic_unit_directory d join log l on l.id = d.log_id
           where d.object_id = any ($1::bigint[])`,
    values: [`{${ids.join(',')}}`],
  })
  return new Map(rows.map((row) => [row.object_id, row.name]))
}

/** The deflated text of a code list. */
export async function findCodeList(pool: Pool, digest: Buffer): Promise<Buffer | undefined> {
  const { rows } = await pool.query<{ bytes: Buffer }>({
    name: 'capture_code_list',
    text: 'select bytes from code_list where digest = $1',
    values: [digest],
  })
  return rows[0]?.bytes
}

/** Shipping entries towards an addressee under a document, oldest first. */
export async function findTransits(
  pool: Pool,
  document: string,
  addressee: number,
): Promise<{ log: number; position: number }[]> {
  const { rows } = await pool.query<{ log_id: number; position: bigint }>({
    name: 'capture_transits',
    text: `select log_id, position from transit
           where documents @> array[$1::text] and addressee = $2
             and not exists (select from taken_back b where b.log_id = transit.log_id and b.position = transit.position)
           order by log_id, position`,
    values: [document, addressee],
  })
  return rows.map((row) => ({ log: row.log_id, position: Number(row.position) }))
}

/** The objects that waited when the entry at this position was recorded. */
export async function findWaitingAt(pool: Pool, log: number, position: number): Promise<bigint[]> {
  const { rows } = await pool.query<{ object_id: bigint }>({
    name: 'capture_waiting_at',
    text: `select o.object_id from waiting_object o
           where o.log_id = $1 and o.position = $2 and o.waits
             and not exists (select from waiting_settled d where d.log_id = $1 and d.position = $2 and d.object_id = o.object_id
                                                             and d.settled_at = $2)`,
    values: [log, position],
  })
  return rows.map((row) => row.object_id)
}
