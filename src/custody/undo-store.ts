import { stepOf, type Queryable } from './store.ts'
import type { Step } from './object.ts'

// The SQL of taking back. Rare beside everything else, so it is plain rather than fast; each question is one statement.

type StepRow = Parameters<typeof stepOf>[0]

const list = (values: readonly (bigint | number)[]): string => `{${values.join(',')}}`

/** The entries that settled parts of the waiting fact at a position; none where it did not wait. */
export async function findSettlements(client: Queryable, log: number, position: number): Promise<number[]> {
  const { rows } = await client.query<{ settled_at: bigint }>({
    name: 'custody_settlements',
    text: 'select distinct settled_at from waiting_settled where log_id = $1 and position = $2 order by settled_at',
    values: [log, position],
  })
  return rows.map((row) => Number(row.settled_at))
}

/** Which of these entries were taken back, and where that is declared. */
export async function findTakenBack(
  client: Queryable,
  log: number,
  positions: readonly number[],
): Promise<Map<number, number>> {
  const { rows } = await client.query<{ position: bigint; taken_back_at: bigint }>({
    name: 'custody_taken_back',
    text: 'select position, taken_back_at from taken_back where log_id = $1 and position = any ($2::bigint[])',
    values: [log, list(positions)],
  })
  return new Map(rows.map((row) => [Number(row.position), Number(row.taken_back_at)]))
}

export const insertTakenBack = (
  client: Queryable,
  log: number,
  rows: readonly { position: number; at: number }[],
): Promise<unknown> =>
  client.query({
    name: 'custody_insert_taken_back',
    text: `insert into taken_back (log_id, position, taken_back_at)
           select $1, * from unnest($2::bigint[], $3::bigint[])`,
    values: [log, list(rows.map((row) => row.position)), list(rows.map((row) => row.at))],
  })

/**
 * Of each object its steps at `positions` (one event's, ascending) and the one before the first of them; where it has none there,
 * its last step up to the last of the positions.
 */
export async function findAround(
  client: Queryable,
  log: number,
  ids: readonly bigint[],
  positions: readonly number[],
): Promise<Step[]> {
  const { rows } = await client.query<StepRow>({
    name: 'custody_around',
    text: `select s.* from unnest($2::bigint[]) as wanted (id)
           cross join lateral (select min(position) as position from step
                               where log_id = $1 and object_id = wanted.id and position = any ($3::bigint[])) as touched
           cross join lateral (
             (select * from step where log_id = $1 and object_id = wanted.id and position = any ($3::bigint[]))
             union all
             (select * from step where log_id = $1 and object_id = wanted.id
                                   and position < coalesce(touched.position, $4::bigint + 1)
              order by position desc limit 1)
           ) as s
           order by s.object_id, s.position`,
    values: [log, list(ids), list(positions), positions.at(-1)],
  })
  return rows.map(stepOf)
}

/** What was in these containers, through all levels, once the entry at `position` had been recorded. */
export async function findInside(
  client: Queryable,
  log: number,
  containers: readonly { id: bigint; opened: number }[],
  position: number,
): Promise<bigint[]> {
  const { rows } = await client.query<{ object_id: bigint }>({
    name: 'custody_inside',
    text: `with recursive inside as (
             select c.id as object_id, c.opened from unnest($2::bigint[], $3::bigint[]) as c (id, opened)
             union
             select packed.object_id, s.opened
             from inside i
             cross join lateral (select distinct object_id from step
                                 where log_id = $1 and parent = i.object_id and position between i.opened and $4) as packed
             cross join lateral (select parent, opened from step
                                 where log_id = $1 and object_id = packed.object_id and position <= $4
                                 order by position desc limit 1) as s
             where i.opened is not null and s.parent = i.object_id
           )
           select object_id from inside`,
    values: [log, list(containers.map(({ id }) => id)), list(containers.map(({ opened }) => opened)), position],
  })
  return rows.map((row) => row.object_id)
}

/** Something that happened to an object and counts. */
export type LaterStep = { id: bigint; position: number; by: number }

/** What counts of the steps of each object behind a position: neither taken back nor itself a taking back. Newest first. */
export async function findLater(
  client: Queryable,
  log: number,
  watched: ReadonlyMap<bigint, number>,
  except: readonly number[],
): Promise<LaterStep[]> {
  const { rows } = await client.query<{ object_id: bigint; position: bigint; by: number }>({
    name: 'custody_later',
    text: `select s.object_id, s.position, coalesce(e.principal, e.participant) as by
           from unnest($2::bigint[], $3::bigint[]) as w (id, after)
           join step s on s.log_id = $1 and s.object_id = w.id and s.position > w.after
           join entry e on e.log_id = $1 and e.position = s.position
           where s.position <> all ($4::bigint[])
             and not exists (select from taken_back t where t.log_id = $1 and t.position = s.position)
             and not exists (select from taken_back t where t.log_id = $1 and t.taken_back_at = s.position)
           order by s.position desc, s.object_id`,
    values: [log, list([...watched.keys()]), list([...watched.values()]), list(except)],
  })
  return rows.map((row) => ({ id: row.object_id, position: Number(row.position), by: row.by }))
}

/** What waited for an object and came to nothing (no step) behind a position. */
export type Idle = { position: number; id: bigint; settledAt: number }

/** Waiting facts that each object may have woken behind its position, and that came to nothing; not those that were taken back. */
export async function findIdle(
  client: Queryable,
  log: number,
  after: ReadonlyMap<bigint, number>,
  except: readonly number[],
): Promise<Idle[]> {
  const { rows } = await client.query<{ position: bigint; object_id: bigint; settled_at: bigint }>({
    name: 'custody_idle',
    text: `select distinct d.position, d.object_id, d.settled_at
           from unnest($2::bigint[], $3::bigint[]) as w (id, after)
           join waiting_object o on o.log_id = $1 and o.object_id = w.id
           join waiting_settled d on d.log_id = $1 and d.position = o.position and d.settled_at > w.after
           where d.position <> all ($4::bigint[])
             and not exists (select from step s where s.log_id = $1 and s.object_id = d.object_id and s.position = d.settled_at)
             and not exists (select from taken_back t where t.log_id = $1 and t.position in (d.position, d.settled_at))
             and not exists (select from waiting_revived r where r.log_id = $1 and r.position = d.position
                                                             and r.object_id = d.object_id and r.settled_at = d.settled_at)`,
    values: [log, list([...after.keys()]), list([...after.values()]), list(except)],
  })
  return rows.map((row) => ({
    position: Number(row.position),
    id: row.object_id,
    settledAt: Number(row.settled_at),
  }))
}

export const insertRevived = (
  client: Queryable,
  log: number,
  rows: readonly (Idle & { at: number })[],
): Promise<unknown> =>
  client.query({
    name: 'custody_insert_revived',
    text: `insert into waiting_revived (log_id, position, object_id, settled_at, revived_at)
           select $1, * from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) on conflict do nothing`,
    values: [
      log,
      list(rows.map((row) => row.position)),
      list(rows.map((row) => row.id)),
      list(rows.map((row) => row.settledAt)),
      list(rows.map((row) => row.at)),
    ],
  })

export const insertReplacements = (
  client: Queryable,
  log: number,
  rows: readonly { id: bigint; replaces: bigint; position: number }[],
): Promise<unknown> =>
  client.query({
    name: 'custody_insert_replacements',
    text: `insert into replacement (log_id, object_id, replaces, position)
           select $1, * from unnest($2::bigint[], $3::bigint[], $4::bigint[])`,
    values: [
      log,
      list(rows.map((row) => row.id)),
      list(rows.map((row) => row.replaces)),
      list(rows.map((row) => row.position)),
    ],
  })
