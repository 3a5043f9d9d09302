import type { ClientBase, Pool } from 'pg'

type Queryable = Pick<ClientBase, 'query'>

export type ActRow = {
  position: number
  kind: string
  subject: string
  at: Date
  participant: number
  person: number | null
  body: string
}

const columns = 'position, kind, subject, at, participant, person, body'

type Raw = Omit<ActRow, 'position'> & { position: bigint }
const actRow = (row: Raw): ActRow => ({ ...row, position: Number(row.position) })

export const insertAct = (client: Queryable, act: ActRow): Promise<unknown> =>
  client.query({
    name: 'border_insert_act',
    text: `insert into border_act (${columns}) values ($1, $2, $3, $4, $5, $6, $7) on conflict (position) do nothing`,
    values: [act.position, act.kind, act.subject, act.at, act.participant, act.person, act.body],
  })

/** Everything that was done about one subject, oldest first. */
export async function listActs(client: Queryable, subject: string): Promise<ActRow[]> {
  const { rows } = await client.query<Raw>({
    name: 'border_list_acts',
    text: `select ${columns} from border_act where subject = $1 order by position`,
    values: [subject],
  })
  return rows.map(actRow)
}

/** The acts of several subjects, in order. */
export async function listActsOf(client: Queryable, subjects: readonly string[]): Promise<Map<string, ActRow[]>> {
  const { rows } = await client.query<Raw>({
    name: 'border_list_acts_of',
    text: `select ${columns} from border_act where subject = any ($1::text[]) order by position`,
    values: [`{${subjects.join(',')}}`],
  })
  const bySubject = new Map<string, ActRow[]>(subjects.map((subject) => [subject, []]))
  for (const row of rows) bySubject.get(row.subject)?.push(actRow(row))
  return bySubject
}

/** Acts of some kinds, oldest first, before a position of the log. */
export async function listActsOfKind(
  client: Queryable,
  kinds: readonly string[],
  before = Number.MAX_SAFE_INTEGER,
): Promise<ActRow[]> {
  const { rows } = await client.query<Raw>({
    name: 'border_list_acts_of_kind',
    text: `select ${columns} from border_act where kind = any ($1::text[]) and position < $2 order by position`,
    values: [`{${kinds.join(',')}}`, before],
  })
  return rows.map(actRow)
}

export type MissingEntry = { position: number; participant: number; person: number | null; bytes: Buffer }

/** Entries of the log that have no row: a crash came between the two. */
export async function findUnlisted(pool: Pool, log: number): Promise<MissingEntry[]> {
  const { rows } = await pool.query<Omit<MissingEntry, 'position'> & { position: bigint }>(
    `select e.position, e.participant, e.person, e.bytes from entry e
     where e.log_id = $1 and not exists (select from border_act a where a.position = e.position) order by e.position`,
    [log],
  )
  return rows.map((row) => ({ ...row, position: Number(row.position) }))
}

/** Waits until nobody else works on this key, and holds it to the end of the transaction. */
export const lock = (client: Queryable, key: string): Promise<unknown> =>
  client.query('select pg_advisory_xact_lock(4607, hashtext($1))', [key])

/** The same for several keys at once, small numbers, in an order in which nobody waits for each other. */
export const lockEach = (client: Queryable, keys: readonly number[]): Promise<unknown> =>
  client.query({
    text: 'select pg_advisory_xact_lock(4608, key) from (select unnest($1::integer[]) as key order by 1) as k',
    values: [`{${[...new Set(keys)].join(',')}}`],
  })

/** Lodgements and amendments whose rows are missing: a crash came before they were written. */
export async function findWithoutRows(client: Queryable): Promise<ActRow[]> {
  const { rows } = await client.query<Raw>(
    `select ${columns} from border_act a
     where kind in ('lodged', 'amended')
       and not exists (select from declaration d join declared_line l on l.declaration_no = d.no
                       where d.id = a.subject and l.version = (a.body::jsonb ->> 'version')::integer)
     order by position`,
  )
  return rows.map(actRow)
}
