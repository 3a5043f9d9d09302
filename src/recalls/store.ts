import type { Pool } from 'pg'
import { stateNo } from '../custody/object.ts'

export type RecallRow = {
  no: number
  id: string
  at: Date
  participant: number
  gtin: string | null
  lot: string | null
  object_id: bigint | null
  reason: string
  legal_basis: string | null
  ended_at: Date | null
}

const columns = `r.no, r.id, r.at, r.participant, r.gtin, r.lot, r.object_id, r.reason, r.legal_basis, e.at as ended_at`

export type NewRecall = {
  id: string
  at: Date
  participant: number
  person: number | null
  gtin: string | null
  lot: string | null
  objectId: bigint | null
  reason: string
  legalBasis: string | null
}

export async function insertRecall(pool: Pool, recall: NewRecall): Promise<void> {
  await pool.query(
    `insert into recall (id, at, participant, person, gtin, lot, object_id, reason, legal_basis)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      recall.id,
      recall.at,
      recall.participant,
      recall.person,
      recall.gtin,
      recall.lot,
      recall.objectId,
      recall.reason,
      recall.legalBasis,
    ],
  )
}

/** False where somebody ended it before. */
export async function endRecall(
  pool: Pool,
  no: number,
  end: { at: Date; participant: number; person: number | null; reason: string },
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `insert into recall_end (recall_no, at, participant, person, reason) values ($1, $2, $3, $4, $5) on conflict do nothing`,
    [no, end.at, end.participant, end.person, end.reason],
  )
  return rowCount === 1
}

export async function findRecall(pool: Pool, id: string): Promise<RecallRow | undefined> {
  const { rows } = await pool.query<RecallRow>(
    `select ${columns} from recall r left join recall_end e on e.recall_no = r.no where r.id = $1`,
    [id],
  )
  return rows[0]
}

export async function listRecalls(pool: Pool, before: number | undefined, count: number): Promise<RecallRow[]> {
  const { rows } = await pool.query<RecallRow>(
    `select ${columns} from recall r left join recall_end e on e.recall_no = r.no
     where $1::integer is null or r.no < $1 order by r.no desc limit $2`,
    [before ?? null, count],
  )
  return rows
}

/** Where recalled units are: by container (null: not packed), state and, where not packed, holder. */
export type Whereabouts = { parent: bigint | null; state: number; flags: number; holder: number | null; count: number }

/**
 * The last step of every unit that entries with this lot commissioned, and of what was re-marked from one, counted by where it is. The
 * ids of a lot are few dense ranges, so this reads one stretch of the step index. Labels that are on nothing do not count: those that
 * were voided or replaced, and those whose commissioning was taken back.
 * @param orderNos the orders of the GTIN: a lot of another product may have the same name
 */
export async function countWhereabouts(
  pool: Pool,
  log: number,
  lot: string | null,
  orderNos: readonly number[],
): Promise<Whereabouts[]> {
  const { rows } = await pool.query<Whereabouts>(
    `with recursive orders as (
       select int8range(no::bigint << 21, (no::bigint + 1) << 21) as r from unnest($3::integer[]) as no
     ), ranges as (
       select unnest(case when $2::text is null then int8multirange(o.r) else i.objects * int8multirange(o.r) end) as r
       from orders o left join ilmd i on $2::text is not null and i.log_id = $1 and i.lot = $2 and i.objects && o.r
     ), remarked (id) as (
       select p.object_id from ranges join replacement p
         on p.log_id = $1 and p.replaces >= lower(r) and p.replaces < upper(r) and ${standsStill}
       union
       select p.object_id from remarked join replacement p on p.log_id = $1 and p.replaces = id and ${standsStill}
     ), wanted as (
       select r from ranges union all
       select int8range(id, id + 1) from remarked where not exists (select from ranges where r @> id)
     )
     select parent, state, flags, holder, count(*)::int as count
     from wanted cross join lateral (
       select distinct on (s.object_id) s.parent, s.state, s.flags, s.holder
       from step s where s.log_id = $1 and s.object_id >= lower(r) and s.object_id < upper(r) and s.object_id & 2097151 <> 0
       order by s.object_id, s.position desc
     ) as last
     where state <> $4 and not (holder is null and parent is null and state = any ($5))
     group by parent, state, flags, holder`,
    [log, lot, `{${orderNos.join(',')}}`, stateNo('ordered'), [stateNo('withdrawn'), stateNo('stolen')]],
  )
  return rows
}

const standsStill = 'not exists (select from taken_back b where b.log_id = p.log_id and b.position = p.position)'

/** The orders of a GTIN, and the name of the log that their units live in. */
export async function findOrdersOf(pool: Pool, gtin: string): Promise<{ no: number; log: string }[]> {
  const { rows } = await pool.query<{ no: number; log: string }>(
    `select no, log from code_order where gtin = $1 order by no`,
    [gtin],
  )
  return rows
}
