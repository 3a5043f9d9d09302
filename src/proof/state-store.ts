// What an operator watches, in one round trip: how far each log is, and how far those are who follow it.
import type { Queryable } from './store.ts'

export type LogState = {
  log: string
  entries: number
  /** Entries under the newest checkpoint, and since how many seconds the oldest of the others waits; 0 where all are. */
  signed: number
  unsignedSeconds: number
  /** Entries that were looked at for clones. */
  compared: number
  /** Entries under the newest checkpoint that a witness cosigned, by witness. */
  cosigned: ReadonlyMap<string, number>
}

export type State = {
  /** Takes nothing new: a standby, or set so. */
  readOnly: boolean
  logs: LogState[]
  /** Since how many seconds the oldest finding waits for its digest. */
  undigestedSeconds: number
  openJobs: number
}

type Row = {
  log: string
  entries: bigint
  signed: bigint
  unsigned_seconds: number
  compared: bigint
  cosigned: Record<string, number>
}
type Rest = { read_only: boolean; undigested_seconds: number; open_jobs: number }

export async function readState(client: Queryable): Promise<State> {
  const [{ rows: logs }, { rows: rest }] = [await client.query<Row>(logStates), await client.query<Rest>(restOfState)]
  const [one] = rest
  if (!one) throw new Error('bad math: a row of aggregates is missing')
  return {
    readOnly: one.read_only,
    undigestedSeconds: one.undigested_seconds,
    openJobs: one.open_jobs,
    logs: logs.map((row) => ({
      log: row.log,
      entries: Number(row.entries),
      signed: Number(row.signed),
      unsignedSeconds: row.unsigned_seconds,
      compared: Number(row.compared),
      cosigned: new Map(Object.entries(row.cosigned)),
    })),
  }
}

const logStates = {
  name: 'state_logs',
  text: `
    select l.name as log, coalesce(h.size, 0) as entries, coalesce(c.size, 0) as signed, coalesce(cursor.position, 0) as compared,
           coalesce(extract(epoch from clock_timestamp() - oldest.record_time), 0)::float8 as unsigned_seconds,
           coalesce((select json_object_agg(witness, size)
                     from (select split_part(witness, '+', 1) as witness, max(size) as size from cosignature
                           where log_id = l.id and key_no = k.no group by 1) as seen), '{}') as cosigned
    from log l
    left join lateral (select no from log_key where log_id = l.id order by no desc limit 1) k on true
    left join lateral (select size from head where log_id = l.id order by size desc limit 1) h on true
    left join lateral (select size from checkpoint where log_id = l.id and key_no = k.no order by size desc limit 1) c on true
    left join lateral (select record_time from head where log_id = l.id and size > coalesce(c.size, 0)
                       order by size limit 1) oldest on true
    left join clone_cursor cursor on cursor.log_id = l.id
    order by l.id`,
}

const restOfState = {
  name: 'state_rest',
  text: `
    select pg_is_in_recovery() or current_setting('default_transaction_read_only')::boolean as read_only,
           coalesce((select extract(epoch from clock_timestamp() - opened_at) from finding
                     where no > (select coalesce(max(to_no), 0) from finding_digest) order by no limit 1), 0)::float8 as undigested_seconds,
           (select count(*)::int from capture_job where finished_at is null) as open_jobs`,
}
