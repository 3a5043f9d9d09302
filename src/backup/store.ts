import type { ClientBase } from 'pg'
import type { LogPosition } from './manifest.ts'

/** How far each log is, as one who logs in with any right to read sees it. */
export async function readPositions(client: ClientBase): Promise<LogPosition[]> {
  const { rows } = await client.query<{ name: string; size: string; record_time: Date | null }>(
    `select log.name, coalesce(newest.size, 0)::text as size, newest.record_time
     from log left join lateral
          (select size, record_time from head where head.log_id = log.id order by size desc limit 1) as newest on true
     order by log.id`,
  )
  return rows.map(({ name, size, record_time }) => ({
    name,
    entries: Number(size),
    recordTime: record_time?.toISOString() ?? null,
  }))
}

/** The newest migration of a database. */
export async function readSchema(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ name: string }>('select name from migration order by name desc limit 1')
  return rows[0]?.name ?? ''
}
