import type { ClientBase } from 'pg'
import { formatRanges, type Ranges } from '../declarations/ranges.ts'

type Queryable = Pick<ClientBase, 'query'>

/** As it was known: entries of the log below a position, findings and recalls before a moment. */
export type AsOf = { log: number; before: number; at: Date }

export type Doubt = {
  code: string
  objects: number
  examples: bigint[]
  positions: number[]
  /** By how many different firms. */
  participants: number
}

/** Findings about units of a set that were recorded, and not explained since. */
export async function findDoubts(
  client: Queryable,
  units: Ranges,
  asOf: AsOf,
  codes: readonly string[],
): Promise<Doubt[]> {
  if (units.length === 0) return []
  const { rows } = await client.query<Omit<Doubt, 'positions'> & { positions: bigint[] }>({
    name: 'risk_doubts',
    text: `select f.code, count(distinct o.object_id)::int as objects,
                  (array_agg(distinct o.object_id))[1:10] as examples,
                  (array_agg(distinct f.position) filter (where f.position is not null))[1:10] as positions,
                  count(distinct f.participant)::int as participants
           from unnest($1::int8multirange) as r (ids)
           join finding_object o on o.object_id >= lower(r.ids) and o.object_id < upper(r.ids)
           join finding f on f.no = o.finding_no
           where f.kind <> 'refused' and f.code = any ($2::text[]) and f.opened_at <= $3
             and (f.position is null or (f.log_id = $4 and f.position < $5))
             and not exists (select from finding_resolution n where n.finding_no = f.no and n.at <= $3 and n.resolved_as <> 'confirmed')
           group by f.code order by f.code`,
    values: [formatRanges(units), `{${codes.join(',')}}`, asOf.at, asOf.log, asOf.before],
  })
  return rows.map((row) => ({ ...row, positions: (row.positions ?? []).map(Number) }))
}

export type SuspicionRow = { id: bigint; code: string; position: number; source: string; otherSource: string }

/** Pairs of sightings of units of a set that exclude each other. */
export async function findSuspicionsIn(client: Queryable, units: Ranges, asOf: AsOf): Promise<SuspicionRow[]> {
  if (units.length === 0) return []
  const { rows } = await client.query<{
    object_id: bigint
    code: string
    position: bigint
    source: string
    other_source: string
  }>({
    name: 'risk_suspicions',
    text: `select c.object_id, c.code, c.position, c.source, c.other_source
           from unnest($2::int8multirange) as r (ids)
           join clone_suspicion c on c.log_id = $1 and c.object_id >= lower(r.ids) and c.object_id < upper(r.ids)
           where c.position < $3
             and not exists (select from taken_back b where b.log_id = $1 and b.position in (c.position, c.other_position))
           order by c.object_id, c.position limit 10000`,
    values: [asOf.log, formatRanges(units), asOf.before],
  })
  return rows.map((row) => ({
    id: row.object_id,
    code: row.code,
    position: Number(row.position),
    source: row.source,
    otherSource: row.other_source,
  }))
}

/** How far the look for copies has come in a log. */
export async function readCloneCursor(client: Queryable, log: number): Promise<number> {
  const { rows } = await client.query<{ position: bigint }>({
    name: 'risk_clone_cursor',
    text: 'select position from clone_cursor where log_id = $1',
    values: [log],
  })
  return Number(rows[0]?.position ?? 0n)
}

/** Units that ended more than once without coming back in between. */
export async function findDoubleEnds(
  client: Queryable,
  units: Ranges,
  asOf: AsOf,
  finals: readonly number[],
): Promise<{ objects: number; examples: bigint[]; positions: number[]; participants: number }> {
  if (units.length === 0) return { objects: 0, examples: [], positions: [], participants: 0 }
  const { rows } = await client.query<{
    objects: number
    examples: bigint[] | null
    positions: bigint[] | null
    participants: number
  }>({
    name: 'risk_double_ends',
    text: `with ends as (
             select s.object_id, s.position, e.event_time, coalesce(e.principal, e.participant) as who,
                    lag(s.state) over w as before_state, lag(e.event_time) over w as before_time,
                    lag(coalesce(e.principal, e.participant)) over w as before_who
             from unnest($2::int8multirange) as r (ids)
             join step s on s.log_id = $1 and s.object_id >= lower(r.ids) and s.object_id < upper(r.ids) and s.position < $3
             join entry e on e.log_id = $1 and e.position = s.position
             where s.state = any ($4::smallint[])
             window w as (partition by s.object_id order by s.position)
           ), twice as (
             select d.* from ends d
             where d.before_state is not null
               and (d.who <> d.before_who or abs(extract(epoch from d.event_time - d.before_time)) > 600)
               and not exists (select from step s where s.log_id = $1 and s.object_id = d.object_id and s.position < d.position
                                 and s.state <> all ($4::smallint[])
                                 and s.position > (select max(p.position) from ends p where p.object_id = d.object_id and p.position < d.position))
           )
           select count(distinct object_id)::int as objects, (array_agg(distinct object_id))[1:10] as examples,
                  (array_agg(distinct position))[1:10] as positions,
                  count(distinct who)::int + count(distinct before_who) filter (where before_who <> who)::int as participants
           from twice`,
    values: [asOf.log, formatRanges(units), asOf.before, `{${finals.join(',')}}`],
  })
  const row = rows[0]
  return {
    objects: row?.objects ?? 0,
    examples: row?.examples ?? [],
    positions: (row?.positions ?? []).map(Number),
    participants: row?.participants ?? 0,
  }
}

/** The first units of a set to which nothing has happened. */
export async function findUnborn(client: Queryable, units: Ranges, asOf: AsOf, max: number): Promise<bigint[]> {
  const { rows } = await client.query<{ id: bigint }>({
    name: 'risk_unborn',
    text: `select id from unnest($2::int8multirange) as r (ids), generate_series(lower(r.ids), upper(r.ids) - 1) as id
           where not exists (select from step where log_id = $1 and object_id = id and position < $3) order by id limit $4`,
    values: [asOf.log, formatRanges(units), asOf.before, max],
  })
  return rows.map(({ id }) => id)
}

/** Lot and expiry that entries gave to what they commissioned. */
export async function findIlmd(
  client: Queryable,
  log: number,
  positions: readonly number[],
): Promise<Map<number, { lot: string | null; expiry: string | null }>> {
  const { rows } = await client.query<{ position: bigint; lot: string | null; expiry: string | null }>({
    name: 'risk_ilmd',
    text: 'select position, lot, expiry from ilmd where log_id = $1 and position = any ($2::bigint[])',
    values: [log, `{${positions.join(',')}}`],
  })
  return new Map(rows.map(({ position, ...row }) => [Number(position), row]))
}

export type RecallRow = { id: string; gtin: string | null; lot: string | null; objectId: bigint | null }

/** Recalls and blocks in force at the moment that could concern these goods. */
export async function findRecallsOf(
  client: Queryable,
  gtins: readonly string[],
  units: Ranges,
  at: Date,
): Promise<RecallRow[]> {
  const { rows } = await client.query<{
    id: string
    gtin: string | null
    lot: string | null
    object_id: bigint | null
  }>({
    name: 'risk_recalls',
    text: `select r.id, r.gtin, r.lot, r.object_id from recall r
           where r.at <= $3
             and (r.gtin = any ($1::text[])
                  or exists (select from unnest($2::int8multirange) as u (ids) where u.ids @> r.object_id))
             and not exists (select from recall_end e where e.recall_no = r.no and e.at <= $3)
           order by r.no`,
    values: [`{${gtins.join(',')}}`, formatRanges(units), at],
  })
  return rows.map((row) => ({ id: row.id, gtin: row.gtin, lot: row.lot, objectId: row.object_id }))
}

/** Units that were packed in these containers and are recorded as destroyed. */
export async function findBreakage(
  client: Queryable,
  containers: readonly bigint[],
  asOf: AsOf,
  destroyed: number,
): Promise<{ count: number; positions: number[] }> {
  if (containers.length === 0) return { count: 0, positions: [] }
  const { rows } = await client.query<{ count: number; positions: bigint[] | null }>({
    name: 'risk_breakage',
    text: `select count(*)::int as count, (array_agg(distinct s.position))[1:10] as positions
           from (select distinct object_id from step
                 where log_id = $1 and parent = any ($2::bigint[]) and position < $3) as packed
           cross join lateral (select state, position from step where log_id = $1 and object_id = packed.object_id and position < $3
                               order by position desc limit 1) as s
           where s.state = $4`,
    values: [asOf.log, `{${containers.join(',')}}`, asOf.before, destroyed],
  })
  return { count: rows[0]?.count ?? 0, positions: (rows[0]?.positions ?? []).map(Number) }
}

/** How many codes of an order are in use. */
export async function countUsed(client: Queryable, asOf: AsOf, first: bigint, quantity: number): Promise<number> {
  const { rows } = await client.query<{ count: number }>({
    name: 'risk_used',
    text: `select count(distinct object_id)::int as count from step
           where log_id = $1 and object_id >= $2 and object_id < $2 + $3::bigint and position < $4`,
    values: [asOf.log, first, quantity, asOf.before],
  })
  return rows[0]?.count ?? 0
}

export type ResultRow = { at: Date; differs: boolean }

/**
 * What inspections of a party's declarations found, oldest first. One that was explained since, or was ours, counts as a clean one.
 */
export async function findResults(
  client: Queryable,
  participant: number,
  before: number,
  at: Date,
): Promise<ResultRow[]> {
  const { rows } = await client.query<ResultRow>({
    name: 'risk_results',
    text: `select a.at, (a.body::jsonb ->> 'result' = 'differs'
                         and not exists (select from finding f join finding_resolution r on r.finding_no = f.no
                                         where f.id = 'inspection-' || a.position and r.at <= $3 and r.resolved_as <> 'confirmed')) as differs
           from declaration d join border_act a on a.subject = d.id and a.kind = 'inspected'
           where d.participant = $1 and a.position < $2 order by a.position`,
    values: [participant, before, at],
  })
  return rows
}

/** How many declarations of an office were decided since a moment, and how many of them were selected for a look. */
export async function countDecided(
  client: Queryable,
  office: string,
  since: Date,
  before: number,
): Promise<{ decided: number; selected: number }> {
  const { rows } = await client.query<{ decided: number; selected: number }>({
    name: 'risk_decided',
    text: `select count(distinct d.no)::int as decided,
                  count(distinct d.no) filter (where a.body::jsonb ->> 'lane' in ('yellow', 'red'))::int as selected
           from declaration d join border_act a on a.subject = d.id and a.kind = 'decided'
           where d.office = $1 and a.at >= $2 and a.position < $3`,
    values: [office, since, before],
  })
  return rows[0] ?? { decided: 0, selected: 0 }
}
