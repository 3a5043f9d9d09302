import type { ClientBase, Pool } from 'pg'
import type { Claim } from '../custody/claim.ts'
import { unpackFact } from '../custody/waiting.ts'

type Queryable = Pick<ClientBase, 'query'>

/** One process at a time looks at deadlines. */
const deadlineLock = '4606, 3'

/**
 * Runs `work` in a transaction unless another process is at it; undefined then. What it writes is committed with the lock's end.
 */
export async function asOnlyWatcher<T>(pool: Pool, work: (client: ClientBase) => Promise<T>): Promise<T | undefined> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const { rows } = await client.query<{ mine: boolean }>(`select pg_try_advisory_xact_lock(${deadlineLock}) as mine`)
    const done = rows[0]?.mine === true ? await work(client) : undefined
    await client.query('commit')
    client.release()
    return done
  } catch (error) {
    client.release(true)
    throw error
  }
}

// Positions follow the time of recording, so what is due in a log lies right behind the newest position that was looked at. Nothing
// older is ever read again, however much has waited in five years.

export type DueFact = { log: number; position: number; claim: Claim; origin: unknown; open: Set<bigint> }

/** Facts recorded before `before` that nobody looked at yet, oldest first in each log; those of which all was settled too. */
export async function findDueFacts(client: Queryable, before: Date, max: number): Promise<DueFact[]> {
  const { rows } = await client.query<{ log_id: number; position: bigint; claim: unknown; open: bigint[] }>(
    `select w.log_id, w.position, w.claim,
            (select coalesce(array_agg(o.object_id), '{}') from waiting_object o
             where o.log_id = w.log_id and o.position = w.position and o.waits
               and not exists (select from waiting_settled d where d.log_id = o.log_id and d.position = o.position
                                                               and d.object_id = o.object_id
                                                               and not exists (select from waiting_revived r where r.log_id = d.log_id
                                                                 and r.position = d.position and r.object_id = d.object_id and r.settled_at = d.settled_at))) as open
     from log l cross join lateral (
       select * from waiting
       where log_id = l.id and record_time < $1
         and position > coalesce((select max(position) from waiting_reported where log_id = l.id), -1)
       order by position limit $2) as w
     order by w.log_id, w.position limit $2`,
    [before, max],
  )
  return rows.map((row) => {
    const { claim, origin } = unpackFact(row.claim)
    return { log: row.log_id, position: Number(row.position), claim, origin, open: new Set(row.open) }
  })
}

export type DueTransit = {
  log: number
  position: number
  sender: number
  addressee: number
  carrier: number | null
  eventTime: Date
  participant: number
  principal: number | null
  person: number | null
  bytes: Buffer
}

/** Transits recorded before `before` that nobody looked at yet, oldest first in each log. */
export async function findDueTransits(client: Queryable, before: Date, max: number): Promise<DueTransit[]> {
  const { rows } = await client.query<{
    log_id: number
    position: bigint
    sender: number
    addressee: number
    carrier: number | null
    event_time: Date
    participant: number
    principal: number | null
    person: number | null
    bytes: Buffer
  }>(
    `select t.log_id, t.position, t.sender, t.addressee, t.carrier, e.event_time, e.participant, e.principal, e.person, e.bytes
     from log l cross join lateral (
       select * from transit
       where log_id = l.id and record_time < $1
         and position > coalesce((select max(position) from transit_reported where log_id = l.id), -1)
       order by position limit $2) as t
     join entry e on e.log_id = t.log_id and e.position = t.position
     order by t.log_id, t.position limit $2`,
    [before, max],
  )
  return rows.map((row) => ({
    log: row.log_id,
    position: Number(row.position),
    sender: row.sender,
    addressee: row.addressee,
    carrier: row.carrier,
    eventTime: row.event_time,
    participant: row.participant,
    principal: row.principal,
    person: row.person,
    bytes: row.bytes,
  }))
}

export const markFacts = (client: Queryable, seen: readonly Seen[], at: Date): Promise<unknown> =>
  mark(client, 'waiting_reported', seen, at)

export const markTransits = (client: Queryable, seen: readonly Seen[], at: Date): Promise<unknown> =>
  mark(client, 'transit_reported', seen, at)

type Seen = { log: number; position: number }

const mark = (
  client: Queryable,
  table: 'waiting_reported' | 'transit_reported',
  seen: readonly Seen[],
  at: Date,
): Promise<unknown> =>
  client.query(
    `insert into ${table} (log_id, position, reported_at) select log_id, position, $3 from unnest($1::smallint[], $2::bigint[])
       as seen (log_id, position)`,
    [`{${seen.map(({ log }) => log).join(',')}}`, `{${seen.map(({ position }) => position).join(',')}}`, at],
  )
