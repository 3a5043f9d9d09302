import type { Queryable } from '../../custody/store.ts'
import { type Step, stateOf } from '../../custody/object.ts'

/**
 * The past as it stood before a position. The judge reads tables by their names; views of the same names in the connection's own
 * temporary schema come first and show only what is older. So he can be asked again about every entry, with the question of that
 * time, and custody need not know that there is such a thing as a replay.
 */
/** Which entry wrote a row, where that is not the one at its `position`: the first of these columns that the table has. */
const writers = ['revived_at', 'settled_at', 'taken_back_at', 'position'] as const

/** Times do what positions cannot: what was said of goods outside the log. */
const moments: Readonly<Record<string, string>> = { recall: 'at', recall_end: 'at' }

export async function openPast(client: Queryable): Promise<void> {
  const { rows } = await client.query<{ name: string; columns: string[] }>(
    `select c.relname as name, array_agg(a.attname::text) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = 'tamga'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
     group by 1 having array_agg(a.attname::text) @> '{log_id,position}'`,
  )
  for (const { name, columns } of rows) {
    const writer = writers.find((column) => columns.includes(column)) ?? 'position'
    await client.query(
      `create temporary view ${name} as select * from tamga.${name} where ${writer} < current_setting('tamga.before')::bigint`,
    )
  }
  for (const [table, column] of Object.entries(moments)) {
    await client.query(
      `create temporary view ${table} as select * from tamga.${table} where ${column} < current_setting('tamga.moment')::timestamptz`,
    )
  }
  // After the views are made: nothing else is ever written.
  await client.query('begin isolation level repeatable read read only')
}

export const setPast = (client: Queryable, before: number, moment: Date): Promise<unknown> =>
  client.query(`select set_config('tamga.before', $1, true), set_config('tamga.moment', $2, true)`, [
    String(before),
    moment.toISOString(),
  ])

export type StoredEntry = {
  position: number
  recordTime: Date
  principal: number
  bytes: Buffer
}

/** Entries from a position on, in order. */
export async function readEntries(client: Queryable, log: number, from: number, count: number): Promise<StoredEntry[]> {
  const { rows } = await client.query<{ position: bigint; record_time: Date; principal: number; bytes: Buffer }>({
    name: 'replay_entries',
    text: `select position, record_time, coalesce(principal, participant) as principal, bytes
           from tamga.entry where log_id = $1 and position >= $2 and position < $3 order by position`,
    values: [log, from, from + count],
  })
  return rows.map((row) => ({
    position: Number(row.position),
    recordTime: row.record_time,
    principal: row.principal,
    bytes: row.bytes,
  }))
}

/** Which of these entries were recorded without a line, and whether nothing in them may be refused: what no entry says of itself. */
export async function findFacts(
  client: Queryable,
  log: number,
  from: number,
  to: number,
): Promise<Map<number, { neverRefused: boolean }>> {
  const { rows } = await client.query<{ position: bigint; never_refused: boolean | null }>({
    name: 'replay_facts',
    text: `select position, (claim -> 'claim' ->> 'neverRefused')::boolean as never_refused
           from tamga.waiting where log_id = $1 and position >= $2 and position < $3`,
    values: [log, from, to],
  })
  return new Map(rows.map((row) => [Number(row.position), { neverRefused: row.never_refused === true }]))
}

/** The sizes of the heads behind `from`: where what was recorded together ends. One beyond `count` entries too, if there is. */
export async function findHeads(client: Queryable, log: number, from: number, count: number): Promise<number[]> {
  const { rows } = await client.query<{ size: bigint }>({
    name: 'replay_heads',
    text: `(select size from tamga.head where log_id = $1 and size > $2 and size <= $3)
           union all (select size from tamga.head where log_id = $1 and size > $3 order by size limit 1) order by size`,
    values: [log, from, from + count],
  })
  return rows.map((row) => Number(row.size) - from)
}

/** Where the entry of an event stands. */
export async function findPositionOf(client: Queryable, log: number, key: string): Promise<number | undefined> {
  const { rows } = await client.query<{ position: bigint }>({
    name: 'replay_position',
    text: 'select position from event_directory where log_id = $1 and event_key = $2',
    values: [log, key],
  })
  return rows[0] && Number(rows[0].position)
}

type StepRow = {
  object_id: bigint
  position: bigint
  state: number
  flags: number
  owner: number | null
  owner_at: bigint | null
  holder: number | null
  addressee: number | null
  sender: number | null
  parent: bigint | null
  opened: bigint | null
  contents: number | null
}

/** The stored steps of some objects within a range of positions. */
export async function readSteps(
  client: Queryable,
  log: number,
  ids: readonly bigint[],
  from: number,
  to: number,
): Promise<Step[]> {
  const { rows } = await client.query<StepRow>({
    name: 'replay_steps',
    text: `select s.* from unnest($2::bigint[]) as wanted (id)
           join tamga.step s on s.log_id = $1 and s.object_id = wanted.id and s.position >= $3 and s.position < $4`,
    values: [log, `{${ids.join(',')}}`, from, to],
  })
  return rows.map((row) => ({
    id: row.object_id,
    position: Number(row.position),
    state: stateOf(row.state),
    flags: row.flags,
    owner: row.owner,
    ownerAt: Number(row.owner_at ?? row.position),
    holder: row.holder,
    addressee: row.addressee,
    sender: row.sender,
    parent: row.parent,
    opened: row.opened === null ? null : Number(row.opened),
    contents: row.contents,
  }))
}

/** The first step of a log that the replay did not make, given how many it made at each position. */
export async function findSurplus(
  client: Queryable,
  log: number,
  made: ReadonlyMap<number, number>,
): Promise<{ position: number; stored: number } | undefined> {
  const total = await client.query<{ count: bigint }>('select count(*) as count from tamga.step where log_id = $1', [
    log,
  ])
  let expected = 0
  for (const count of made.values()) expected += count
  if (Number(total.rows[0]?.count ?? 0n) === expected) return undefined
  const { rows } = await client.query<{ position: bigint; count: bigint }>(
    'select position, count(*) as count from tamga.step where log_id = $1 group by 1 order by 1',
    [log],
  )
  const found = rows.find((row) => Number(row.count) !== (made.get(Number(row.position)) ?? 0))
  return found && { position: Number(found.position), stored: Number(found.count) }
}

/** An order by its public id. */
export async function findOrder(
  client: Queryable,
  id: string,
): Promise<{ no: number; participantNo: number } | undefined> {
  const { rows } = await client.query<{ no: number; participant_no: number }>({
    name: 'replay_order',
    text: 'select no, participant_no from code_order where id = $1',
    values: [id],
  })
  return rows[0] && { no: rows[0].no, participantNo: rows[0].participant_no }
}

export type ReplayLog = { id: number; name: string; size: number }

export async function listLogs(client: Queryable): Promise<ReplayLog[]> {
  const { rows } = await client.query<{ id: number; name: string; size: bigint }>(
    `select l.id, l.name, coalesce((select max(position) + 1 from tamga.entry where log_id = l.id), 0)::bigint as size
     from log l order by l.id`,
  )
  return rows.map((row) => ({ id: row.id, name: row.name, size: Number(row.size) }))
}
