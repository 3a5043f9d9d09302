import { columns, type Queryable, type StepRow, stepOf } from './store.ts'
import type { Step } from './object.ts'
import { unpackFact, type WaitingFact } from './waiting.ts'

// The SQL of rewinding. Read for facts that came without a line alone.

export type HistoryRow = { step: Step; eventMs: number; factAt: number | undefined; rewound: boolean }

/** The newest steps of each object, newest first, and the fact that made each. What was taken back by its recorder has none. */
export async function findHistory(
  client: Queryable,
  log: number,
  ids: readonly bigint[],
  max: number,
): Promise<HistoryRow[]> {
  const { rows } = await client.query<StepRow & { event_time: Date; fact: bigint | null; rewound: boolean | null }>({
    name: 'custody_history',
    text: `select ${columns}, e.event_time, d.position as fact, d.rewound
           from unnest($2::bigint[]) as wanted (id) cross join lateral
             (select * from step where log_id = $1 and object_id = wanted.id order by position desc limit $3) as s
           cross join lateral (select event_time from entry where log_id = $1 and position = s.position offset 0) as e
           left join lateral
             (select w.position, exists (select from waiting_revived r where r.log_id = $1 and r.position = w.position
                                           and r.object_id = w.object_id and r.settled_at = w.settled_at) as rewound
              from waiting_settled w
              where w.log_id = $1 and w.settled_at = s.position
                and not exists (select from taken_back t where t.log_id = $1 and t.position = w.position)
              limit 1) as d on true
           order by s.object_id, s.position desc`,
    values: [log, `{${ids.join(',')}}`, max],
  })
  return rows.map((row) => ({
    step: stepOf(row),
    eventMs: row.event_time.getTime(),
    factAt: row.fact === null ? undefined : Number(row.fact),
    rewound: row.rewound === true,
  }))
}

/** The newest facts that name these objects, and those at these positions, with what of them waits and since where the rest took effect. */
export async function findTold(
  client: Queryable,
  log: number,
  ids: readonly bigint[],
  positions: readonly number[],
  max: number,
): Promise<WaitingFact[]> {
  const { rows } = await client.query<{ position: bigint; claim: unknown; objects: [string, string | null][] }>({
    name: 'custody_told',
    text: `select w.position, w.claim,
                  (select coalesce(json_agg(json_build_array(o.object_id::text, d.settled_at::text)), '[]')
                   from waiting_object o left join waiting_settled d
                     on d.log_id = o.log_id and d.position = o.position and d.object_id = o.object_id
                        and not exists (select from waiting_revived r where r.log_id = d.log_id and r.position = d.position
                                          and r.object_id = d.object_id and r.settled_at = d.settled_at)
                   where o.log_id = w.log_id and o.position = w.position and o.waits) as objects
           from waiting w
           where w.log_id = $1
             and w.position in (select position from (select distinct position from waiting_object
                                                      where log_id = $1 and object_id = any ($2::bigint[])
                                                      order by position desc limit $4) as newest
                                union all select unnest($3::bigint[]))
             and not exists (select from taken_back t where t.log_id = $1 and t.position = w.position)
           order by w.position desc`,
    values: [log, `{${ids.join(',')}}`, `{${positions.join(',')}}`, max],
  })
  return rows.map((row) => {
    const { claim, origin } = unpackFact(row.claim)
    const open = new Set<bigint>()
    const settled = new Map<bigint, number>()
    for (const [id, at] of row.objects) {
      if (at === null) open.add(BigInt(id))
      else settled.set(BigInt(id), Number(at))
    }
    return { position: Number(row.position), claim, origin, open, settled }
  })
}
