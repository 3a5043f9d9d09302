// All SQL of capture jobs.
import type { ClientBase, Pool } from 'pg'
import type { ProblemDocument } from '../http/problem.ts'
import type { Actor } from '../participants/actor.ts'

export const behaviours = ['rollback', 'proceed'] as const
export type Behaviour = (typeof behaviours)[number]

/** What is wrong with one event of a document, or with the document (path ''). */
export type JobError = ProblemDocument & { path: string; eventID?: string }

/** How far a job is. */
export type Progress = {
  /** Events that are decided. */
  done: number
  /** Events that stand in the ledger. */
  recorded: number
  success: boolean
  errorCount: number
  errors: JobError[]
}

export type Job = Progress & {
  no: bigint
  id: string
  participantNo: number
  principalNo: number | null
  behaviour: Behaviour
  createdAt: Date
  finishedAt: Date | null
  events: number
  /** The log of all goods that the document names; null where they are of several, or none is known. */
  log: string | null
}

type JobRow = {
  no: bigint
  id: string
  participant_no: number
  principal_no: number | null
  behaviour: Behaviour
  created_at: Date
  finished_at: Date | null
  success: boolean
  events: number
  log: string | null
  done: number
  recorded: number
  error_count: number
  errors: JobError[]
}

const columns =
  'no, id, participant_no, principal_no, behaviour, created_at, finished_at, success, events, log, done, recorded, error_count, errors'

const jobOf = (row: JobRow): Job => ({
  no: row.no,
  id: row.id,
  participantNo: row.participant_no,
  principalNo: row.principal_no,
  behaviour: row.behaviour,
  createdAt: row.created_at,
  finishedAt: row.finished_at,
  success: row.success,
  events: row.events,
  log: row.log,
  done: row.done,
  recorded: row.recorded,
  errorCount: row.error_count,
  errors: row.errors,
})

export type NewJob = {
  id: string
  actor: Actor
  behaviour: Behaviour
  createdAt: Date
  events: number
  log: string | null
  /** The document, raw deflate, and its length before that. */
  document: { length: number; deflated: Buffer }
}

/** Stores a job with its document in one statement. */
export async function insertJob(pool: Pool, job: NewJob): Promise<Job> {
  const { actor, document } = job
  const { rows } = await pool.query<JobRow>(
    `with job as (
       insert into capture_job (id, participant_no, principal_no, actor, behaviour, created_at, events, log)
       values ($1, $2, $3, $4, $5, $6, $7, $8) returning ${columns}),
     document as (insert into capture_document (job_no, length, bytes) select no, $9, $10 from job)
     select ${columns} from job`,
    [
      job.id,
      actor.participant.no,
      actor.principal?.no ?? null,
      JSON.stringify(actor),
      job.behaviour,
      job.createdAt,
      job.events,
      job.log,
      document.length,
      document.deflated,
    ],
  )
  if (!rows[0]) throw new Error('an insert returned no row')
  return jobOf(rows[0])
}

/** How many of a participant's jobs are not finished. */
export async function countOpen(pool: Pool, participantNo: number): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    'select count(*)::int as count from capture_job where participant_no = $1 and finished_at is null',
    [participantNo],
  )
  return rows[0]?.count ?? 0
}

/** @param seenBy whose jobs only: as the one who sent the document, or for whom; undefined: all */
export async function findJob(pool: Pool, id: string, seenBy: number | undefined): Promise<Job | undefined> {
  const { rows } = await pool.query<JobRow>(
    `select ${columns} from capture_job where id = $1 and ($2::int is null or $2 in (participant_no, principal_no))`,
    [id, seenBy ?? null],
  )
  return rows[0] && jobOf(rows[0])
}

/** Newest first, those before the number `before`. */
export async function listJobs(
  pool: Pool,
  seenBy: number | undefined,
  before: number | undefined,
  limit: number,
): Promise<Job[]> {
  const { rows } = await pool.query<JobRow>(
    `select ${columns} from capture_job
     where ($1::int is null or $1 in (participant_no, principal_no)) and ($2::bigint is null or no < $2)
     order by no desc limit $3`,
    [seenBy ?? null, before ?? null, limit],
  )
  return rows.map(jobOf)
}

/** Of each participant with work left, except `busy`, the one that waits longest. */
export async function participantsWithWork(pool: Pool, busy: readonly number[]): Promise<number[]> {
  const { rows } = await pool.query<{ participant_no: number }>(
    `select participant_no from capture_job where finished_at is null and participant_no <> all ($1::int[])
     group by participant_no order by min(no)`,
    [`{${busy.join(',')}}`],
  )
  return rows.map((row) => row.participant_no)
}

export type OpenJob = Job & { actor: Actor; deflated: Buffer; length: number }

/** The participant's oldest job that is not finished, with its document. */
export async function nextJob(pool: Pool, participantNo: number): Promise<OpenJob | undefined> {
  const { rows } = await pool.query<JobRow & { actor: Actor; bytes: Buffer; length: number }>(
    `select ${columns}, actor, length, bytes from capture_job join capture_document on job_no = no
     where participant_no = $1 and finished_at is null order by no limit 1`,
    [participantNo],
  )
  const [row] = rows
  return row && { ...jobOf(row), actor: row.actor, deflated: row.bytes, length: row.length }
}

export async function saveProgress(pool: Pool, no: bigint, progress: Progress): Promise<void> {
  await pool.query({
    name: 'capture_job_progress',
    text: `update capture_job set done = $2, recorded = $3, success = $4, error_count = $5, errors = $6
           where no = $1 and finished_at is null`,
    values: [no, ...progressValues(progress)],
  })
}

/** The end of a job: its document is not needed any more. */
export async function finishJob(pool: Pool, no: bigint, progress: Progress, at: Date): Promise<void> {
  await pool.query({
    name: 'capture_job_finish',
    text: `with document as (delete from capture_document where job_no = $1)
           update capture_job set done = $2, recorded = $3, success = $4, error_count = $5, errors = $6, finished_at = $7
           where no = $1 and finished_at is null`,
    values: [no, ...progressValues(progress), at],
  })
}

const progressValues = ({ done, recorded, success, errorCount, errors }: Progress) => [
  done,
  recorded,
  success,
  errorCount,
  JSON.stringify(errors),
]

/** One key space of advisory locks for all participants: 'capt' in ASCII. */
const lockSpace = 0x63617074

/** Takes a participant for this connection, until it gives it back or ends; false: another process works for him. */
export async function lockParticipant(client: ClientBase, participantNo: number): Promise<boolean> {
  const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1, $2) as mine', [
    lockSpace,
    participantNo,
  ])
  return rows[0]?.mine === true
}

export const unlockParticipant = async (client: ClientBase, participantNo: number): Promise<void> =>
  void (await client.query('select pg_advisory_unlock($1, $2)', [lockSpace, participantNo]))
