import type { ClientBase, Pool } from 'pg'
import { sql } from 'kysely'
import type { Db } from '../db/connect.ts'
import type { FindingItem, NewFinding } from './finding.ts'

type Queryable = Pick<ClientBase, 'query'>

/** Whoever adds findings holds this lock together with the others until the commit; a digest waits until it is alone. */
const writersLock = '4606, 1'
/** One process at a time makes digests. */
const digestLock = '4606, 2'

/**
 * Writes findings within the transaction of the entries that they are about. The same id again changes nothing. Both statements are
 * sent at once: the caller may have sent its COMMIT before the first is answered.
 */
export async function insertFindings(client: Queryable, findings: readonly NewFinding[]): Promise<void> {
  const rows = findings.map((finding) => ({
    id: finding.id,
    opened_at: finding.openedAt.toISOString(),
    kind: finding.kind,
    code: finding.code,
    participant: finding.participant,
    principal: finding.principal,
    person: finding.person,
    log_id: finding.log,
    position: finding.position,
    event_key: finding.eventKey,
    concerned: [
      ...new Set([
        finding.participant,
        ...(finding.principal === null ? [] : [finding.principal]),
        ...finding.concerned,
      ]),
    ],
    objects: finding.objects.map(String),
    object_count: finding.objectCount,
    detail: finding.detail,
  }))
  const locked = client.query(`select pg_advisory_xact_lock_shared(${writersLock})`)
  const inserted = client.query({
    name: 'findings_insert',
    text: `with given as (
             select * from jsonb_to_recordset($1::jsonb) as f (id text, opened_at timestamptz, kind text, code text, participant integer,
               principal integer, person integer, log_id smallint, position bigint, event_key uuid, concerned integer[], objects bigint[],
               object_count integer, detail jsonb)
           ), added as (
             insert into finding (id, opened_at, kind, code, participant, principal, person, log_id, position, event_key, concerned,
                                  object_count, detail)
             select id, opened_at, kind, code, participant, principal, person, log_id, position, event_key, concerned, object_count, detail
             from given on conflict (id) do nothing returning no, id
           )
           insert into finding_object (object_id, finding_no)
           select distinct object_id, no from added join given using (id), unnest(objects) as object_id`,
    values: [JSON.stringify(rows)],
  })
  await Promise.all([locked, inserted])
}

/** Why lines of one event were refused or doubted. `unnamed`: it is about more codes than it names. */
export type Reason = { kind: string; code: string; items: readonly Omit<FindingItem, 'concerned'>[]; unnamed: boolean }

/** What findings say about the event with this key (32 hexadecimal digits), the newest first. */
export async function findReasons(client: Queryable, eventKey: string): Promise<Reason[]> {
  const { rows } = await client.query<{ kind: string; code: string; items: Reason['items']; object_count: number }>({
    name: 'findings_reasons',
    text: `select kind, code, object_count, detail -> 'objects' as items
           from finding where event_key = $1 order by no desc`,
    values: [eventKey],
  })
  return rows.map(({ kind, code, items, object_count }) => ({
    kind,
    code,
    items,
    unnamed: object_count > items.length,
  }))
}

export const findingStates = ['open', 'answered', 'resolved'] as const
export type FindingState = (typeof findingStates)[number]

export const resolutions = ['confirmed', 'explained', 'ours'] as const
export type Resolution = (typeof resolutions)[number]

export type FindingFilter = {
  /** Only findings that concern this participant; undefined sees all. */
  concerning?: number | undefined
  participant?: number | undefined
  state?: FindingState | undefined
  kind?: string | undefined
  code?: string | undefined
  from?: Date | undefined
  to?: Date | undefined
  objectId?: bigint | undefined
  /** Only those before this one: the newest come first. */
  before?: number | undefined
}

export type FindingRow = Awaited<ReturnType<typeof listFindings>>[number]

/** Findings, the newest first, with their resolutions. */
export const listFindings = (db: Db, filter: FindingFilter, max: number) => {
  let query = rows(db).orderBy('f.no', 'desc').limit(max)
  const concerns = (no: number) => sql<boolean>`f.concerned @> array[${no}]::integer[]`
  if (filter.concerning !== undefined) query = query.where(concerns(filter.concerning))
  if (filter.participant !== undefined) query = query.where(concerns(filter.participant))
  if (filter.kind !== undefined) query = query.where('f.kind', '=', filter.kind)
  if (filter.code !== undefined) query = query.where('f.code', '=', filter.code)
  if (filter.from !== undefined) query = query.where('f.opened_at', '>=', filter.from)
  if (filter.to !== undefined) query = query.where('f.opened_at', '<', filter.to)
  if (filter.before !== undefined) query = query.where('f.no', '<', BigInt(filter.before))
  if (filter.state !== undefined) query = query.where(stateText, '=', filter.state)
  const { objectId } = filter
  if (objectId !== undefined) {
    query = query.where('f.no', 'in', (inner) =>
      inner.selectFrom('finding_object').select('finding_no').where('object_id', '=', objectId),
    )
  }
  return query.execute()
}

export const findFinding = (db: Db, id: string): Promise<FindingRow | undefined> =>
  rows(db).where('f.id', '=', id).executeTakeFirst()

const stateText = sql<FindingState>`case
  when r.finding_no is not null then 'resolved'
  when exists (select from finding_response a where a.finding_no = f.no) then 'answered'
  else 'open' end`

const rows = (db: Db) =>
  db
    .selectFrom('finding as f')
    .innerJoin('log as l', 'l.id', 'f.log_id')
    .leftJoin('person as p', 'p.no', 'f.person')
    .leftJoin('finding_resolution as r', 'r.finding_no', 'f.no')
    .leftJoin('person as rp', 'rp.no', 'r.person')
    .select([
      'f.no',
      'f.id',
      'f.opened_at',
      'f.kind',
      'f.code',
      'f.participant',
      'f.principal',
      'f.person',
      'p.id as person_id',
      'l.name as log',
      'f.position',
      'f.concerned',
      'f.object_count',
      'f.detail',
      stateText.as('state'),
      'r.at as resolved_at',
      'r.participant as resolved_by',
      'rp.id as resolved_person',
      'r.resolved_as',
      'r.legal_basis',
      'r.text as resolution',
    ])

/** What was answered to each of these findings, oldest first. */
export const listResponses = (db: Db, findingNos: readonly bigint[]) =>
  db
    .selectFrom('finding_response as a')
    .leftJoin('person as p', 'p.no', 'a.person')
    .select(['a.finding_no', 'a.at', 'a.participant', 'p.id as person_id', 'a.text', 'a.documents'])
    .where('a.finding_no', 'in', findingNos)
    .orderBy('a.no')
    .execute()

/** How many findings each object has; objects without are missing. */
export async function countFindings(db: Db, objectIds: readonly bigint[]): Promise<Map<bigint, number>> {
  if (objectIds.length === 0) return new Map()
  const counted = await db
    .selectFrom('finding_object')
    .select(['object_id', sql<number>`count(*)::int`.as('count')])
    .where('object_id', 'in', objectIds)
    .groupBy('object_id')
    .execute()
  return new Map(counted.map((row) => [row.object_id, row.count]))
}

export type NewResponse = {
  findingNo: bigint
  at: Date
  participant: number
  person: number | null
  text: string
  documents: readonly unknown[]
}

export async function insertResponse(db: Db, response: NewResponse): Promise<void> {
  await db
    .insertInto('finding_response')
    .values({
      finding_no: response.findingNo,
      at: response.at,
      participant: response.participant,
      person: response.person,
      text: response.text,
      documents: JSON.stringify(response.documents),
    })
    .execute()
}

export type NewResolution = {
  findingNo: bigint
  at: Date
  participant: number
  person: number
  as: Resolution
  legalBasis: string | null
  text: string
}

/** False where it is resolved already: a resolution is given once. */
export async function insertResolution(db: Db, resolution: NewResolution): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('finding_resolution')
    .values({
      finding_no: resolution.findingNo,
      at: resolution.at,
      participant: resolution.participant,
      person: resolution.person,
      resolved_as: resolution.as,
      legal_basis: resolution.legalBasis,
      text: resolution.text,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** Runs `work` unless another process does such work now; on a connection whose transaction holds the lock meanwhile. */
export async function asOnlyDigester<T>(pool: Pool, work: () => Promise<T>): Promise<T | undefined> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const { rows } = await client.query<{ mine: boolean }>(`select pg_try_advisory_xact_lock(${digestLock}) as mine`)
    return rows[0]?.mine === true ? await work() : undefined
  } finally {
    await client.query('rollback').finally(() => client.release())
  }
}

/**
 * The range of findings that no digest covers yet; undefined where there are none. Nobody who is about to commit can still hold a
 * number inside it: numbers are given before the commit, so the newest that is seen says nothing until all writers have finished.
 */
export async function findUndigested(pool: Pool): Promise<{ from: bigint; to: bigint } | undefined> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query(`select pg_advisory_xact_lock(${writersLock})`)
    // A statement of its own: its snapshot is taken after the lock was granted.
    const { rows } = await client.query<{ done: bigint; newest: bigint }>(
      `select coalesce((select max(to_no) from finding_digest), 0) as done, coalesce((select max(no) from finding), 0) as newest`,
    )
    const { done = 0n, newest = 0n } = rows[0] ?? {}
    return newest > done ? { from: done + 1n, to: newest } : undefined
  } finally {
    await client.query('rollback').finally(() => client.release())
  }
}

/** Findings of a range in order, whole; at most `max`. */
export const readFindings = (db: Db, from: bigint, to: bigint, max: number) =>
  db.selectFrom('finding').selectAll().where('no', '>=', from).where('no', '<=', to).orderBy('no').limit(max).execute()

export type NewDigest = {
  from: bigint
  to: bigint
  count: number
  sha256: Buffer
  at: Date
  log: number
  position: number
}

export async function insertDigest(db: Db, digest: NewDigest): Promise<void> {
  await db
    .insertInto('finding_digest')
    .values({
      to_no: digest.to,
      from_no: digest.from,
      count: digest.count,
      sha256: digest.sha256,
      at: digest.at,
      log_id: digest.log,
      position: BigInt(digest.position),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Responses that no entry pins yet, with the columns that are pinned; oldest first. */
export const findUnpinnedResponses = (db: Db, max: number) =>
  db
    .selectFrom('finding_response as a')
    .select(['a.no', 'a.finding_no', 'a.at', 'a.participant', 'a.person', 'a.text', 'a.documents'])
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('finding_answer_pin as p').where('p.kind', '=', 'response').whereRef('p.no', '=', 'a.no'))),
    )
    .orderBy('a.no')
    .limit(max)
    .execute()

/** The same of resolutions. */
export const findUnpinnedResolutions = (db: Db, max: number) =>
  db
    .selectFrom('finding_resolution as r')
    .select(['r.finding_no', 'r.at', 'r.participant', 'r.person', 'r.resolved_as', 'r.legal_basis', 'r.text'])
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('finding_answer_pin as p')
            .where('p.kind', '=', 'resolution')
            .whereRef('p.no', '=', 'r.finding_no'),
        ),
      ),
    )
    .orderBy('r.finding_no')
    .limit(max)
    .execute()

export const insertAnswerPins = (
  db: Db,
  { log, position }: { log: number; position: number },
  rows: readonly { kind: string; no: bigint }[],
): Promise<unknown> =>
  db
    .insertInto('finding_answer_pin')
    .values(rows.map(({ kind, no }) => ({ kind, no, log_id: log, position: BigInt(position) })))
    .onConflict((conflict) => conflict.doNothing())
    .execute()
