import type { Claim } from './claim.ts'
import type { Queryable } from './store.ts'
import { packFact, type Past, unpackFact, type WaitingFact } from './waiting.ts'

// The SQL of late truth: facts that wait, what may wake them, and what has happened to their objects meanwhile.

type WaitingRow = { position: bigint; claim: unknown; open: bigint[] }

/** Facts that wait for one of these objects, with those of their objects that still wait. */
export async function findWaiting(client: Queryable, log: number, ids: readonly bigint[]): Promise<WaitingFact[]> {
  if (ids.length === 0) return []
  const { rows } = await client.query<WaitingRow>({
    name: 'custody_waiting',
    text: `select w.position, w.claim,
                  (select coalesce(array_agg(o.object_id), '{}') from waiting_object o
                   where o.log_id = w.log_id and o.position = w.position and o.waits
                     and not exists (select from waiting_settled d where d.log_id = o.log_id and d.position = o.position
                                                                     and d.object_id = o.object_id
                                                                     and not exists (select from waiting_revived r where r.log_id = d.log_id
                                                                       and r.position = d.position and r.object_id = d.object_id and r.settled_at = d.settled_at))) as open
           from waiting w
           where w.log_id = $1
             and w.position in (select position from waiting_object where log_id = $1 and object_id = any ($2::bigint[]))`,
    values: [log, `{${ids.join(',')}}`],
  })
  return rows.flatMap((row) => {
    if (row.open.length === 0) return []
    const { claim, origin } = unpackFact(row.claim)
    return [{ position: Number(row.position), claim, origin, open: new Set(row.open), settled: new Map() }]
  })
}

export type NewWaiting = {
  position: number
  recordTime: Date
  participant: number
  claim: Claim
  origin: unknown
  /** The objects that wait. */
  open: ReadonlySet<bigint>
}

export function insertWaiting(client: Queryable, log: number, facts: readonly NewWaiting[]): Promise<unknown> {
  const rows = facts.map((fact) => ({
    position: fact.position,
    record_time: fact.recordTime.toISOString(),
    event_time: new Date(fact.claim.eventTimeMs).toISOString(),
    participant: fact.participant,
    claim: packFact(fact.claim, fact.origin),
  }))
  return client.query({
    name: 'custody_insert_waiting',
    text: `insert into waiting (log_id, position, record_time, event_time, participant, claim)
           select $1, * from jsonb_to_recordset($2::jsonb)
             as w (position bigint, record_time timestamptz, event_time timestamptz, participant integer, claim jsonb)`,
    values: [log, JSON.stringify(rows)],
  })
}

/** What may wake a fact: its own objects (`waits`), and containers in which they were found. */
export const insertWaitingObjects = (
  client: Queryable,
  log: number,
  objects: readonly { id: bigint; position: number; waits: boolean }[],
): Promise<unknown> =>
  client.query({
    name: 'custody_insert_waiting_objects',
    text: `insert into waiting_object (log_id, object_id, position, waits)
           select $1, * from unnest($2::bigint[], $3::bigint[], $4::boolean[]) on conflict do nothing`,
    values: [
      log,
      `{${objects.map((object) => object.id).join(',')}}`,
      `{${objects.map((object) => object.position).join(',')}}`,
      `{${objects.map((object) => object.waits).join(',')}}`,
    ],
  })

export const insertSettled = (
  client: Queryable,
  log: number,
  settled: readonly { position: number; id: bigint; at: number }[],
): Promise<unknown> =>
  client.query({
    name: 'custody_insert_settled',
    text: `insert into waiting_settled (log_id, position, object_id, settled_at)
           select $1, * from unnest($2::bigint[], $3::bigint[], $4::bigint[])`,
    values: [
      log,
      `{${settled.map((row) => row.position).join(',')}}`,
      `{${settled.map((row) => row.id).join(',')}}`,
      `{${settled.map((row) => row.at).join(',')}}`,
    ],
  })

/**
 * The past of objects: when the newest thing happened to each, and who has had it. For facts that may come late. `offset 0` keeps the
 * planner from joining the whole ledger where it expects many steps of an object.
 */
export async function findPasts(
  client: Queryable,
  log: number,
  ids: readonly bigint[],
  except: readonly number[] = [],
): Promise<Map<bigint, Past>> {
  if (ids.length === 0) return new Map()
  const { rows } = await client.query<{ object_id: bigint; newest: Date; had: (number | null)[] }>({
    name: 'custody_pasts',
    text: `select s.object_id, max(e.event_time) as newest,
                  array_agg(distinct s.holder) || array_agg(distinct s.owner) || array_agg(distinct s.sender) as had
           from unnest($2::bigint[]) as wanted (id)
           cross join lateral (select * from step where log_id = $1 and object_id = wanted.id offset 0) as s
           cross join lateral (select event_time from entry where log_id = $1 and position = s.position offset 0) as e
           where s.position <> all ($3::bigint[])
             and not exists (select from taken_back b where b.log_id = $1 and b.position = s.position)
             and not exists (select from taken_back b where b.log_id = $1 and b.taken_back_at = s.position)
             and not exists (select from waiting_revived r where r.log_id = $1 and r.settled_at = s.position)
           group by s.object_id`,
    values: [log, `{${ids.join(',')}}`, `{${except.join(',')}}`],
  })
  return new Map(
    rows.map((row) => [
      row.object_id,
      { newestMs: row.newest.getTime(), had: new Set(row.had.filter((no) => no !== null)) },
    ]),
  )
}
