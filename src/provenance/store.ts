import type { Pool } from 'pg'
import { type Step } from '../custody/object.ts'
import { stepOf } from '../custody/store.ts'
import type { ReadSpans, Span } from './history.ts'

type StepRow = Parameters<typeof stepOf>[0]

const columns =
  's.object_id, s.position, s.state, s.flags, s.owner, s.owner_at, s.holder, s.addressee, s.sender, s.parent, s.opened, s.contents'

/** The steps of each span and the one before it, in one statement for all. */
export const readSpans =
  (pool: Pool, log: number): ReadSpans =>
  async (spans: readonly Span[]) => {
    const { rows } = await pool.query<StepRow & { n: number }>({
      name: 'provenance_spans',
      text: `select w.n::int, ${columns}
             from unnest($2::bigint[], $3::bigint[], $4::bigint[]) with ordinality as w (id, after, before, n)
             cross join lateral (
               (select * from step where log_id = $1 and object_id = w.id and position <= w.after
                order by position desc limit 1)
               union all
               (select * from step where log_id = $1 and object_id = w.id and position > w.after and position < w.before)
             ) as s
             order by w.n, s.position`,
      values: [
        log,
        `{${spans.map((span) => span.id).join(',')}}`,
        `{${spans.map((span) => span.from).join(',')}}`,
        `{${spans.map((span) => span.to).join(',')}}`,
      ],
    })
    const found: Step[][] = spans.map(() => [])
    for (const row of rows) found[row.n - 1]?.push(stepOf(row))
    return found
  }

export type EntryRow = {
  position: number
  recordTime: Date
  eventTime: Date
  participant: number
  principal: number | null
  place: number | null
  bytes: Buffer
}

export async function findEntries(
  pool: Pool,
  log: number,
  positions: readonly number[],
): Promise<Map<number, EntryRow>> {
  const { rows } = await pool.query<{
    position: bigint
    record_time: Date
    event_time: Date
    participant: number
    principal: number | null
    place: number | null
    bytes: Buffer
  }>({
    name: 'provenance_entries',
    text: `select position, record_time, event_time, participant, principal, place, bytes
           from entry where log_id = $1 and position = any ($2::bigint[])`,
    values: [log, `{${positions.join(',')}}`],
  })
  return new Map(
    rows.map((row) => [
      Number(row.position),
      {
        position: Number(row.position),
        recordTime: row.record_time,
        eventTime: row.event_time,
        participant: row.participant,
        principal: row.principal,
        place: row.place,
        bytes: row.bytes,
      },
    ]),
  )
}

/** Where the event with this key stands. */
export async function findPosition(
  pool: Pool,
  key: string,
): Promise<{ log: number; logName: string; position: number } | undefined> {
  const { rows } = await pool.query<{ log_id: number; name: string; position: bigint }>({
    name: 'provenance_position',
    text: `select d.log_id, l.name, d.position from event_directory d join log l on l.id = d.log_id where d.event_key = $1`,
    values: [key],
  })
  const row = rows[0]
  return row && { log: row.log_id, logName: row.name, position: Number(row.position) }
}

/** Whether the entry did something to an object that this participant then owned, held, sent or was addressed for, or had before. */
export async function isInvolved(
  pool: Pool,
  log: number,
  position: number,
  codes: readonly bigint[],
  participant: number,
) {
  const { rows } = await pool.query<{ found: boolean }>({
    name: 'provenance_involved',
    text: `select exists (
             select from unnest($3::bigint[]) as o (id) cross join lateral
               (select * from step where log_id = $1 and object_id = o.id and position <= $2 order by position desc limit 2) as s
             where $4::integer in (s.owner, s.holder, s.addressee, s.sender)
           ) as found`,
    values: [log, position, `{${codes.join(',')}}`, participant],
  })
  return rows[0]?.found === true
}

/** The objects that are directly in a container, by id, after `after`. */
export async function listContents(
  pool: Pool,
  log: number,
  container: bigint,
  opened: number,
  after: bigint,
  count: number,
): Promise<Step[]> {
  const { rows } = await pool.query<StepRow>({
    name: 'provenance_contents',
    text: `select ${columns}
           from (select distinct object_id from step
                 where log_id = $1 and parent = $2 and position >= $3 and object_id > $4) as packed
           cross join lateral (select * from step where log_id = $1 and object_id = packed.object_id
                               order by position desc limit 1) as s
           where s.parent = $2
           order by s.object_id limit $5`,
    values: [log, container, opened, after, count],
  })
  return rows.map(stepOf)
}

/** How much is in a container and everything inside it: units by the order that their codes came from. */
export async function countContents(pool: Pool, log: number, container: bigint, nestingMax: number) {
  const { rows } = await pool.query<{ example: bigint; count: number }>({
    name: 'provenance_count_contents',
    text: `with recursive inside as (
             select s.object_id, s.opened, 0 as depth
             from (select * from step where log_id = $1 and object_id = $2 order by position desc limit 1) as s
             union all
             select s.object_id, s.opened, i.depth + 1
             from inside i
             cross join lateral (select distinct object_id from step
                                 where log_id = $1 and parent = i.object_id and position >= i.opened) as packed
             cross join lateral (select * from step where log_id = $1 and object_id = packed.object_id
                                 order by position desc limit 1) as s
             where i.opened is not null and s.parent = i.object_id and i.depth < $3
           )
           select min(object_id) as example, count(*)::int as count
           from inside where depth > 0 group by object_id >> 21 order by 1`,
    values: [log, container, nestingMax],
  })
  return rows
}

/** Which of these entries were taken back, and where that is declared; declarations among them come with what they take back. */
export async function findTakenBack(
  pool: Pool,
  log: number,
  positions: readonly number[],
): Promise<Map<number, number>> {
  const { rows } = await pool.query<{ position: bigint; taken_back_at: bigint }>({
    name: 'provenance_taken_back',
    text: `select position, taken_back_at from taken_back
           where log_id = $1 and (position = any ($2::bigint[]) or taken_back_at = any ($2::bigint[]))`,
    values: [log, `{${positions.join(',')}}`],
  })
  return new Map(rows.map((row) => [Number(row.position), Number(row.taken_back_at)]))
}

/** Which of these entries were judged again later, in the order of event time, and are told by the entries that did it. */
export async function findJudgedAgain(pool: Pool, log: number, positions: readonly number[]): Promise<Set<number>> {
  const { rows } = await pool.query<{ settled_at: bigint }>({
    name: 'provenance_judged_again',
    text: `select d.settled_at from waiting_settled d left join waiting_revived r using (log_id, position, object_id, settled_at)
           where d.log_id = $1 and d.settled_at = any ($2::bigint[])
           group by d.settled_at having count(*) = count(r.revived_at)`,
    values: [log, `{${positions.join(',')}}`],
  })
  return new Set(rows.map((row) => Number(row.settled_at)))
}

/** The code in whose place this one came, and by which entry; the newest before `before`. */
export async function findReplaced(
  pool: Pool,
  log: number,
  id: bigint,
  before = Number.MAX_SAFE_INTEGER,
): Promise<{ id: bigint; position: number } | undefined> {
  const { rows } = await pool.query<{ replaces: bigint; position: bigint }>({
    name: 'provenance_replaced',
    text: `select replaces, position from replacement r
           where log_id = $1 and object_id = $2 and position < $3
             and not exists (select from taken_back b where b.log_id = $1 and b.position = r.position)
           order by position desc limit 1`,
    values: [log, id, before],
  })
  const row = rows[0]
  return row && { id: row.replaces, position: Number(row.position) }
}

/** The code that came in the place of this one. */
export async function findSuccessor(pool: Pool, log: number, id: bigint): Promise<bigint | undefined> {
  const { rows } = await pool.query<{ object_id: bigint }>({
    name: 'provenance_successor',
    text: `select object_id from replacement r
           where log_id = $1 and replaces = $2
             and not exists (select from taken_back b where b.log_id = $1 and b.position = r.position)
           order by position desc limit 1`,
    values: [log, id],
  })
  return rows[0]?.object_id
}
