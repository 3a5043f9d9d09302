import type { ClientBase } from 'pg'

type Queryable = Pick<ClientBase, 'query'>

export type Shipment = { position: number; recordTime: Date; bytes: Buffer }

/** What one firm shipped to another since a moment, below a position, the newest first. */
export async function findShipments(
  client: Queryable,
  pair: { log: number; sender: number; addressee: number; before: number; from: Date },
  max: number,
): Promise<Shipment[]> {
  const { rows } = await client.query<{ position: bigint; record_time: Date; bytes: Buffer }>({
    name: 'risk_shipments',
    text: `select t.position, t.record_time, e.bytes
           from (select * from transit
                 where sender = $2 and addressee = $3 and record_time >= $5 and log_id = $1 and position < $4
                 order by record_time desc limit $6) as t
           join entry e on e.log_id = t.log_id and e.position = t.position order by t.position desc`,
    values: [pair.log, pair.sender, pair.addressee, pair.before, pair.from, max],
  })
  return rows.map((row) => ({ position: Number(row.position), recordTime: row.record_time, bytes: row.bytes }))
}

/** When objects that were shipped stopped being under way, by the position of the shipment. */
export async function findArrivals(
  client: Queryable,
  log: number,
  shipped: readonly { position: number; id: bigint }[],
  before: number,
): Promise<Map<number, Date>> {
  const { rows } = await client.query<{ position: bigint; record_time: Date }>({
    name: 'risk_arrivals',
    text: `select w.position, e.record_time
           from unnest($2::bigint[], $3::bigint[]) as w (position, id) cross join lateral
             (select s.position from step s
              where s.log_id = $1 and s.object_id = w.id and s.position > w.position and s.position < $4 and s.addressee is null
              order by s.position limit 1) as arrived
           join entry e on e.log_id = $1 and e.position = arrived.position`,
    values: [log, shipped.map(({ position }) => position), shipped.map(({ id }) => id), before],
  })
  return new Map(rows.map((row) => [Number(row.position), row.record_time]))
}
