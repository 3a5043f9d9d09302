import type { ClientBase } from 'pg'
import { columns, stepOf, type StepRow } from '../custody/store.ts'
import type { Step } from '../custody/object.ts'
import { formatRanges, parseRanges, type Ranges } from './ranges.ts'

// What the ledger says of declared goods below a position: everything here can be asked again later with the same answer.

type Queryable = Pick<ClientBase, 'query'>

/** How many entries each of these logs has now. */
export async function readPositions(
  client: Queryable,
  logs: readonly string[],
): Promise<Map<string, { no: number; size: number }>> {
  const { rows } = await client.query<{ id: number; name: string; size: bigint | null }>({
    name: 'border_positions',
    text: `select l.id, l.name, h.size from log l left join lateral
             (select size from head where log_id = l.id order by size desc limit 1) as h on true
           where l.name = any ($1::text[])`,
    values: [`{${logs.join(',')}}`],
  })
  return new Map(rows.map((row) => [row.name, { no: row.id, size: Number(row.size ?? 0n) }]))
}

export type Inside = { root: bigint; units: Ranges; containers: bigint[] }

/** Everything that is in these objects through all levels: what contains nothing, and what contains something. */
export async function openUp(
  client: Queryable,
  log: number,
  roots: readonly bigint[],
  before: number,
  nestingMax: number,
): Promise<Inside[]> {
  if (roots.length === 0) return []
  const { rows } = await client.query<{ root: bigint; units: string; containers: bigint[] | null }>({
    name: 'border_open_up',
    text: `with recursive inside as (
             select w.id as root, s.object_id, s.opened, 0 as depth
             from unnest($2::bigint[]) as w (id) cross join lateral
               (select object_id, opened from step where log_id = $1 and object_id = w.id and position < $3
                order by position desc limit 1) as s
             union all
             select i.root, s.object_id, s.opened, i.depth + 1
             from inside i
             cross join lateral (select distinct object_id from step
                                 where log_id = $1 and parent = i.object_id and position >= i.opened and position < $3) as packed
             cross join lateral (select object_id, opened, parent from step
                                 where log_id = $1 and object_id = packed.object_id and position < $3
                                 order by position desc limit 1) as s
             where i.opened is not null and s.parent = i.object_id and i.depth < $4
           )
           select root,
                  coalesce(range_agg(int8range(object_id, object_id + 1)) filter (where opened is null and object_id > 0), '{}') as units,
                  array_agg(object_id order by object_id) filter (where opened is not null) as containers
           from inside group by root order by root`,
    values: [log, `{${roots.join(',')}}`, before, nestingMax],
  })
  return rows.map((row) => ({ root: row.root, units: parseRanges(row.units), containers: row.containers ?? [] }))
}

/** Counts of earlier questions that still hold: nothing was packed into these containers or taken out of them since. */
export async function findSummaries(
  client: Queryable,
  log: number,
  roots: readonly bigint[],
  before: number,
): Promise<Inside[]> {
  if (roots.length === 0) return []
  const { rows } = await client.query<{ object_id: bigint; units: string; inner_ids: bigint[] }>({
    name: 'border_summaries',
    text: `select c.object_id, c.units, c.inner_ids
           from unnest($2::bigint[]) as w (id) cross join lateral
             (select * from container_summary where log_id = $1 and object_id = w.id and position <= $3
              order by position desc limit 1) as c
           where not exists (
             select from unnest(c.inner_ids) as inner_id
             join step s on s.log_id = $1 and s.object_id = inner_id and s.position >= c.position and s.position < $3
             where s.contents is distinct from (select contents from step
                     where log_id = $1 and object_id = inner_id and position < s.position order by position desc limit 1))`,
    values: [log, `{${roots.join(',')}}`, before],
  })
  return rows.map((row) => ({ root: row.object_id, units: parseRanges(row.units), containers: row.inner_ids }))
}

export const insertSummaries = (
  client: Queryable,
  log: number,
  before: number,
  found: readonly Inside[],
): Promise<unknown> =>
  client.query({
    name: 'border_insert_summaries',
    text: `insert into container_summary (log_id, position, object_id, units, inner_ids)
           select $1, $2, s.* from jsonb_to_recordset($3::jsonb) as s (object_id bigint, units int8multirange, inner_ids bigint[])
           on conflict do nothing`,
    values: [
      log,
      before,
      JSON.stringify(
        found.map(({ root, units, containers }) => ({
          object_id: String(root),
          units: formatRanges(units),
          inner_ids: containers.map(String),
        })),
      ),
    ],
  })

/** Units that stand alike: their last step says the same. */
export type Group = {
  count: number
  /** The first of them, at most ten. */
  examples: bigint[]
  /** The last step of the first of them. */
  step: Step
  /** The entry that began their life. */
  born: number
  /** Whether anything else than one beginning is recorded under the last step: how many entries touched the first of them. */
  newest: number
}

/** The units of a set that anything happened to, grouped by where they stand. */
export async function findGroups(client: Queryable, log: number, units: Ranges, before: number): Promise<Group[]> {
  if (units.length === 0) return []
  const { rows } = await client.query<StepRow & { count: number; examples: bigint[]; born: bigint; newest: bigint }>({
    name: 'border_groups',
    text: `select count(*)::int as count, (array_agg(s.object_id order by s.object_id))[1:10] as examples, s.born,
                  max(s.position) as newest, min(s.object_id) as object_id, max(s.position) as position,
                  s.state, s.flags, s.owner, s.owner_at, s.holder, s.addressee, s.sender, s.parent,
                  null::bigint as opened, null::integer as contents
           from (select distinct on (s.object_id) s.object_id, s.position, s.state, s.flags, s.owner,
                        coalesce(s.owner_at, s.position) as owner_at, s.holder, s.addressee, s.sender, s.parent,
                        min(s.position) over (partition by s.object_id) as born
                 from unnest($2::int8multirange) as r (ids)
                 join step s on s.log_id = $1 and s.object_id >= lower(r.ids) and s.object_id < upper(r.ids) and s.position < $3
                 order by s.object_id, s.position desc) as s
           group by s.state, s.flags, s.owner, s.owner_at, s.holder, s.addressee, s.sender, s.parent, s.born
           order by min(s.object_id)`,
    values: [log, formatRanges(units), before],
  })
  return rows.map((row) => ({
    count: row.count,
    examples: row.examples,
    step: stepOf(row),
    born: Number(row.born),
    newest: Number(row.newest),
  }))
}

/** The last steps of containers, and of those that they are in, below a position. */
export async function findContainerSteps(
  client: Queryable,
  log: number,
  ids: readonly bigint[],
  before: number,
): Promise<Map<bigint, Step>> {
  const found = new Map<bigint, Step>()
  for (let fresh = [...new Set(ids)]; fresh.length > 0;) {
    const { rows } = await client.query<StepRow>({
      name: 'border_container_steps',
      text: `select ${columns} from unnest($2::bigint[]) as w (id) cross join lateral
               (select * from step where log_id = $1 and object_id = w.id and position < $3 order by position desc limit 1) as s`,
      values: [log, `{${fresh.join(',')}}`, before],
    })
    for (const row of rows) found.set(row.object_id, stepOf(row))
    fresh = [...new Set(rows.flatMap((row) => row.parent ?? []))].filter((id) => !found.has(id))
  }
  return found
}

export type BornEntry = {
  position: number
  eventTime: Date
  recordTime: Date
  participant: number
  place: number | null
  key: number | null
  bytes: Buffer
}

/** Entries, whole. */
export async function findEntries(client: Queryable, log: number, positions: readonly number[]): Promise<BornEntry[]> {
  const { rows } = await client.query<{
    position: bigint
    event_time: Date
    record_time: Date
    participant: number
    principal: number | null
    place: number | null
    key_no: number | null
    bytes: Buffer
  }>({
    name: 'border_entries',
    text: `select position, event_time, record_time, participant, principal, place, key_no, bytes
           from entry where log_id = $1 and position = any ($2::bigint[]) order by position`,
    values: [log, `{${positions.join(',')}}`],
  })
  return rows.map((row) => ({
    position: Number(row.position),
    eventTime: row.event_time,
    recordTime: row.record_time,
    participant: row.principal ?? row.participant,
    place: row.place,
    key: row.key_no,
    bytes: row.bytes,
  }))
}
