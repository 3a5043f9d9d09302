import type { ClientBase } from 'pg'
import { columns, stepOf, type StepRow } from '../custody/store.ts'
import type { Step } from '../custody/object.ts'
import { formatRanges, parseRanges, type Ranges, union } from './ranges.ts'

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
  const found = new Map<bigint, Inside>()
  const rootOf = new Map<bigint, bigint>()
  let open: Container[] = []
  for (const { object_id: id, opened } of await findOpened(client, log, roots, before)) {
    found.set(id, {
      root: id,
      units: opened === null && id > 0n ? [[id, id + 1n]] : [],
      containers: opened === null ? [] : [id],
    })
    rootOf.set(id, id)
    if (opened !== null) open.push({ id, opened: Number(opened) })
  }
  for (let depth = 0; depth < nestingMax && open.length > 0; depth++) {
    const inner: Container[] = []
    for (const { parent, units, containers } of await findInside(client, log, open, before)) {
      const root = rootOf.get(parent) ?? parent
      const inside = found.get(root)
      if (!inside) continue
      inside.units = union([...inside.units, ...units])
      for (const container of containers) {
        inside.containers.push(container.id)
        rootOf.set(container.id, root)
        inner.push(container)
      }
    }
    open = inner
  }
  return [...found.values()]
}

type Container = { id: bigint; opened: number }

async function findOpened(client: Queryable, log: number, ids: readonly bigint[], before: number) {
  if (ids.length === 0) return []
  const { rows } = await client.query<{ object_id: bigint; opened: bigint | null }>({
    name: 'border_opened',
    text: `select s.object_id, s.opened from unnest($2::bigint[]) as w (id) cross join lateral
             (select object_id, opened from step where log_id = $1 and object_id = w.id and position < $3
              order by position desc limit 1) as s`,
    values: [log, `{${ids.join(',')}}`, before],
  })
  return rows
}

/**
 * What is directly in containers. Whatever was packed in them is read as stretches of the step index: one descent a unit would take
 * four times as long.
 */
async function findInside(client: Queryable, log: number, open: readonly Container[], before: number) {
  const { rows } = await client.query<{
    parent: bigint
    units: string
    containers: bigint[] | null
    opened: bigint[] | null
  }>({
    name: 'border_inside',
    text: `with packed as materialized (
             select range_agg(int8range(s.object_id, s.object_id + 1)) as ids
             from unnest($2::bigint[], $3::bigint[]) as w (id, opened) cross join lateral
               (select object_id from step where log_id = $1 and parent = w.id and position >= w.opened and position < $4) as s
           )
           select l.parent,
                  coalesce(range_agg(int8range(l.object_id, l.object_id + 1)) filter (where l.opened is null and l.object_id > 0), '{}') as units,
                  array_agg(l.object_id order by l.object_id) filter (where l.opened is not null) as containers,
                  array_agg(l.opened order by l.object_id) filter (where l.opened is not null) as opened
           from packed, unnest(packed.ids) as r (ids) cross join lateral (
             select t.object_id, t.parent, t.opened
             from (select s.object_id, s.parent, s.opened, lead(s.position) over (partition by s.object_id order by s.position) as later
                   from step s
                   where s.log_id = $1 and s.object_id >= lower(r.ids) and s.object_id < upper(r.ids) and s.position < $4) as t
             where t.later is null) as l
           where l.parent = any ($2::bigint[])
           group by l.parent order by l.parent`,
    values: [log, `{${open.map(({ id }) => id).join(',')}}`, `{${open.map(({ opened }) => opened).join(',')}}`, before],
  })
  return rows.map((row) => ({
    parent: row.parent,
    units: parseRanges(row.units),
    containers: (row.containers ?? []).map((id, i) => ({ id, opened: Number(row.opened?.[i] ?? 0n) })),
  }))
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
           from unnest($2::int8multirange) as r (ids) cross join lateral (
             select t.* from (
               select s.object_id, s.position, s.state, s.flags, s.owner, coalesce(s.owner_at, s.position) as owner_at, s.holder,
                      s.addressee, s.sender, s.parent, first_value(s.position) over w as born, lead(s.position) over w as later
               from step s
               where s.log_id = $1 and s.object_id >= lower(r.ids) and s.object_id < upper(r.ids) and s.position < $3
               window w as (partition by s.object_id order by s.position)) as t
             where t.later is null) as s
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
