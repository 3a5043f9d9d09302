// SQL of what became of a participant's own codes. It reads every step of an order, so it runs beside the requests and never for one.
import type { Pool } from 'pg'

export type StockOrder = { no: number; gtin: string; quantity: number; log_id: number }

/** The orders of a participant whose codes are ids of their own; `log_id` is where their goods are recorded. */
export async function listStockOrders(pool: Pool, participant: number): Promise<StockOrder[]> {
  const { rows } = await pool.query<StockOrder>(
    `select o.no, o.gtin, o.quantity, log.id as log_id
     from code_order o join log on log.name = o.log where o.participant_no = $1 order by o.no`,
    [participant],
  )
  return rows
}

/** Units of an order that stand alike. `place`: of the entry that said last where what they are in stands, for stock alone. */
export type StockRow = {
  state: number
  mine: boolean
  under_way: boolean
  place: number | null
  was_packed: boolean
  was_away: boolean
  units: number
}

/**
 * How the used codes of an order stand, by the rules of custody/object.ts: holder and transit come from the outermost container, a
 * final state (4 sold … 8 stolen) from the object before its containers. What was voided before it was used, and what is as new
 * again, is left out.
 */
export async function countStock(pool: Pool, order: StockOrder, participant: number): Promise<StockRow[]> {
  const { rows } = await pool.query<StockRow>(
    `with recursive object as materialized (
       select object_id, max(position) as position, bool_or(state not in (0, 7, 8)) as used,
              bool_or(parent is not null) as was_packed, bool_or(holder <> $4 or sender is not null) as was_away
       from step where log_id = $1 and object_id > $2::bigint << 21 and object_id <= ($2::bigint << 21) + $3
       group by object_id
     ), own as materialized (
       select s.state, s.flags & 1 as under_way, s.holder = $4 as mine, s.parent, o.was_packed, o.was_away,
              case when s.parent is null and s.holder = $4 and s.state < 4 then s.position end as position, count(*)::int as units
       from object o join step s on s.log_id = $1 and s.object_id = o.object_id and s.position = o.position
       where o.used and s.state <> 0
       group by 1, 2, 3, 4, 5, 6, 7
     ), around as (
       select p.id as packed_in, c.object_id, c.parent, c.flags, c.holder, c.position, c.opened,
              case when c.state between 4 and 8 then c.state end as final, 1 as depth
       from (select distinct parent as id from own where parent is not null) p
       cross join lateral (select * from step where log_id = $1 and object_id = p.id order by position desc limit 1) c
       union all
       select a.packed_in, c.object_id, c.parent, c.flags, c.holder, c.position, c.opened,
              coalesce(a.final, case when c.state between 4 and 8 then c.state end), a.depth + 1
       from around a
       cross join lateral (select * from step where log_id = $1 and object_id = a.parent order by position desc limit 1) c
       where a.parent is not null and a.depth < 33
     ), outermost as materialized (
       select a.packed_in, a.final, a.flags & 1 as under_way, a.holder = $4 as mine, a.position,
              exists (select from step t where t.log_id = $1 and t.object_id = a.object_id and t.position >= a.opened
                                           and (t.holder <> $4 or t.sender is not null)) as was_away
       from around a where a.parent is null
     ), standing as (
       select coalesce(case when own.state between 4 and 8 then own.state end, o.final, own.state) as state,
              coalesce(case when own.state between 4 and 8 then own.mine end, o.mine, own.mine, false) as mine,
              coalesce(o.under_way, own.under_way) = 1 as under_way,
              coalesce(o.position, own.position) as position, own.was_packed, own.was_away or coalesce(o.was_away, false) as was_away,
              own.units
       from own left join outermost o on o.packed_in = own.parent
     )
     select s.state, s.mine, s.under_way, e.place, s.was_packed, s.was_away, sum(s.units)::int as units
     from standing s left join entry e on e.log_id = $1 and e.position = s.position and s.mine and s.state < 4 and not s.under_way
     group by 1, 2, 3, 4, 5, 6`,
    [order.log_id, order.no, order.quantity, participant],
  )
  return rows
}

export type ShipmentRow = {
  log: string
  position: number
  record_time: Date
  event_time: Date
  sender: number
  addressee: number
  carrier: number | null
  documents: string[]
  place: number | null
  bytes: Buffer
  taken_back: boolean
}

/** What a participant shipped (`side` sender), or what was shipped to it, the newest first. */
export async function listShipments(
  pool: Pool,
  side: 'sender' | 'addressee',
  participant: number,
  limit: number,
): Promise<ShipmentRow[]> {
  const { rows } = await pool.query<Omit<ShipmentRow, 'position'> & { position: bigint }>({
    name: `provenance_shipments_${side}`,
    text: `select log.name as log, t.position, t.record_time, e.event_time, t.sender, t.addressee, t.carrier, t.documents, e.place,
                  e.bytes, b.position is not null as taken_back
           from (select * from transit where ${side} = $1 order by record_time desc limit $2) t
           join log on log.id = t.log_id
           join entry e on e.log_id = t.log_id and e.position = t.position
           left join taken_back b on b.log_id = t.log_id and b.position = t.position
           order by t.record_time desc, t.position desc`,
    values: [participant, limit],
  })
  return rows.map((row) => ({ ...row, position: Number(row.position) }))
}
