import type { ClientBase, Pool } from 'pg'
import type { CloneCode, Pair } from './clone.ts'

type Queryable = Pick<ClientBase, 'query'>

/** Logs with entries that were not compared yet. A log that is read for the first time is read from its beginning. */
export async function findBehind(pool: Pool): Promise<number[]> {
  await pool.query(
    'insert into clone_cursor (log_id, position) select id, 0 from log where id not in (select log_id from clone_cursor) on conflict do nothing',
  )
  const { rows } = await pool.query<{ log_id: number }>(
    `select c.log_id from clone_cursor c cross join lateral
       (select size from head where log_id = c.log_id order by size desc limit 1) as h
     where h.size > c.position order by c.log_id`,
  )
  return rows.map((row) => row.log_id)
}

/** Runs `work` with the log's cursor in hand, in a transaction; undefined where another process has it. */
export async function withCursor<T>(
  pool: Pool,
  log: number,
  work: (client: ClientBase, position: number) => Promise<T>,
): Promise<T | undefined> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const { rows } = await client.query<{ position: bigint }>(
      'select position from clone_cursor where log_id = $1 for update skip locked',
      [log],
    )
    const done = rows[0] && (await work(client, Number(rows[0].position)))
    await client.query('commit')
    client.release()
    return done
  } catch (error) {
    client.release(true)
    throw error
  }
}

export const moveCursor = (client: Queryable, log: number, position: number): Promise<unknown> =>
  client.query('update clone_cursor set position = $2 where log_id = $1', [log, position])

export type Entry = {
  position: number
  eventTime: Date
  recordTime: Date
  participant: number
  principal: number | null
  person: number | null
  key: number | null
  place: number | null
  bytes: Buffer
}

/** A time as milliseconds since 1970: as text it costs more to write and to read than all the rest of its row. */
const msOf = (column: string): string => `(extract(epoch from ${column}) * 1000)::bigint`

/** Entries from a position on, in order. */
export async function findEntries(client: Queryable, log: number, from: number, max: number): Promise<Entry[]> {
  const { rows } = await client.query<{
    position: bigint
    event_ms: bigint
    record_ms: bigint
    participant: number
    principal: number | null
    person: number | null
    key_no: number | null
    place: number | null
    bytes: Buffer
  }>({
    name: 'clones_entries',
    text: `select position, ${msOf('event_time')} as event_ms, ${msOf('record_time')} as record_ms,
                  participant, principal, person, key_no, place, bytes
           from entry where log_id = $1 and position >= $2 order by position limit $3`,
    values: [log, from, max],
  })
  return rows.map((row) => ({
    position: Number(row.position),
    eventTime: new Date(Number(row.event_ms)),
    recordTime: new Date(Number(row.record_ms)),
    participant: row.participant,
    principal: row.principal,
    person: row.person,
    key: row.key_no,
    place: row.place,
    bytes: row.bytes,
  }))
}

/** One step of an object with what its entry says of when, where and who. */
export type PastStep = {
  id: bigint
  position: number
  parent: bigint | null
  holder: number | null
  flags: number
  eventTime: Date
  participant: number
  principal: number | null
  key: number | null
  place: number | null
}

/** The newest steps of each object before `before`, newest first, at most `max` of each. */
export async function findPast(
  client: Queryable,
  log: number,
  ids: readonly bigint[],
  before: number,
  max: number,
): Promise<PastStep[]> {
  if (ids.length === 0) return []
  const { rows } = await client.query<{
    object_id: bigint
    position: bigint
    parent: bigint | null
    holder: number | null
    flags: number
    event_ms: bigint
    participant: number
    principal: number | null
    key_no: number | null
    place: number | null
  }>({
    name: 'clones_past',
    text: `select s.object_id, s.position, s.parent, s.holder, s.flags, ${msOf('e.event_time')} as event_ms,
                  e.participant, e.principal, e.key_no, e.place
           from unnest($2::bigint[]) as wanted (id) cross join lateral
             (select * from step where log_id = $1 and object_id = wanted.id and position < $3 order by position desc limit $4) as s
           join entry e on e.log_id = $1 and e.position = s.position
           where not exists (select from taken_back b where b.log_id = $1 and b.position = s.position)
             and not exists (select from taken_back b where b.log_id = $1 and b.taken_back_at = s.position)
           order by s.object_id, s.position desc`,
    values: [log, `{${ids.join(',')}}`, before, max],
  })
  return rows.map((row) => ({
    id: row.object_id,
    position: Number(row.position),
    parent: row.parent,
    holder: row.holder,
    flags: row.flags,
    eventTime: new Date(Number(row.event_ms)),
    participant: row.participant,
    principal: row.principal,
    key: row.key_no,
    place: row.place,
  }))
}

export type Suspicion = Pair & { id: bigint; position: number; otherPosition: number; code: CloneCode }

export const insertSuspicions = (client: Queryable, log: number, found: readonly Suspicion[]): Promise<unknown> =>
  client.query(
    `insert into clone_suspicion (log_id, object_id, position, other_position, code, source, other_source)
     select $1, * from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[]) on conflict do nothing`,
    [
      log,
      `{${found.map(({ id }) => id).join(',')}}`,
      `{${found.map(({ position }) => position).join(',')}}`,
      `{${found.map(({ otherPosition }) => otherPosition).join(',')}}`,
      `{${found.map(({ code }) => code).join(',')}}`,
      `{${found.map(({ source }) => source).join(',')}}`,
      `{${found.map(({ otherSource }) => otherSource).join(',')}}`,
    ],
  )

/** All that was ever suspected of these objects. */
export async function findSuspicions(
  client: Queryable,
  log: number,
  ids: readonly bigint[],
): Promise<Map<bigint, Pair[]>> {
  const { rows } = await client.query<{ object_id: bigint; source: string; other_source: string }>(
    `select object_id, source, other_source from clone_suspicion where log_id = $1 and object_id = any ($2::bigint[])
     order by object_id, position`,
    [log, `{${ids.join(',')}}`],
  )
  const pairs = new Map<bigint, Pair[]>()
  for (const { object_id: id, source, other_source: otherSource } of rows) {
    pairs.set(id, [...(pairs.get(id) ?? []), { source, otherSource }])
  }
  return pairs
}
