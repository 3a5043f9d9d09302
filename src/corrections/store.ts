import type { Pool } from 'pg'

export type Reason = 'did_not_occur' | 'incorrect_data'

export type Answer = { participant: number; at: Date; agree: boolean; text: string | null; keyNo: number }

export type CorrectionRow = {
  no: number
  id: string
  at: Date
  expiresAt: Date
  log: number
  position: number
  eventID: string
  reason: Reason
  text: string | null
  participant: number
  keyNo: number
  asked: readonly number[]
  answers: readonly Answer[]
  /** The event is taken back, in this way or another. */
  done: boolean
}

export type NewCorrection = Omit<CorrectionRow, 'no' | 'answers' | 'done'>

/** The question and whom it goes to, in one statement. */
export async function insertCorrection(pool: Pool, given: NewCorrection): Promise<void> {
  await pool.query({
    name: 'corrections_insert',
    text: `with c as (
             insert into correction (id, at, expires_at, log_id, position, event_id, reason, text, participant, key_no)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning no
           )
           insert into correction_asked (correction_no, participant) select c.no, p from c, unnest($11::integer[]) as p`,
    values: [
      given.id,
      given.at,
      given.expiresAt,
      given.log,
      given.position,
      given.eventID,
      given.reason,
      given.text,
      given.participant,
      given.keyNo,
      `{${given.asked.join(',')}}`,
    ],
  })
}

/** @returns false where this participant has answered already */
export async function insertAnswer(pool: Pool, correctionNo: number, answer: Answer): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'corrections_answer',
    text: `insert into correction_answer (correction_no, participant, at, key_no, agree, text)
           values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
    values: [correctionNo, answer.participant, answer.at, answer.keyNo, answer.agree, answer.text],
  })
  return rowCount === 1
}

type Row = {
  no: number
  id: string
  at: Date
  expires_at: Date
  log_id: number
  position: bigint
  event_id: string
  reason: Reason
  text: string | null
  participant: number
  key_no: number
  asked: number[]
  answers: { participant: number; at: string; agree: boolean; text: string | null; key_no: number }[]
  done: boolean
}

const shown = `c.no, c.id, c.at, c.expires_at, c.log_id, c.position, c.event_id, c.reason, c.text, c.participant, c.key_no,
  array(select a.participant from correction_asked a where a.correction_no = c.no order by a.participant) as asked,
  (select coalesce(json_agg(json_build_object('participant', w.participant, 'at', w.at, 'agree', w.agree, 'text', w.text,
                                              'key_no', w.key_no) order by w.at), '[]')
   from correction_answer w where w.correction_no = c.no) as answers,
  exists (select from taken_back b where b.log_id = c.log_id and b.position = c.position) as done`

const correctionOf = (row: Row): CorrectionRow => ({
  no: row.no,
  id: row.id,
  at: row.at,
  expiresAt: row.expires_at,
  log: row.log_id,
  position: Number(row.position),
  eventID: row.event_id,
  reason: row.reason,
  text: row.text,
  participant: row.participant,
  keyNo: row.key_no,
  asked: row.asked,
  answers: row.answers.map(({ key_no: keyNo, at, ...answer }) => ({ ...answer, at: new Date(at), keyNo })),
  done: row.done,
})

export async function findCorrection(pool: Pool, id: string): Promise<CorrectionRow | undefined> {
  const { rows } = await pool.query<Row>({
    name: 'corrections_one',
    text: `select ${shown} from correction c where c.id = $1`,
    values: [id],
  })
  return rows[0] && correctionOf(rows[0])
}

/** The questions about one entry, newest first. */
export async function findCorrectionsOf(pool: Pool, log: number, position: number): Promise<CorrectionRow[]> {
  const { rows } = await pool.query<Row>({
    name: 'corrections_of_entry',
    text: `select ${shown} from correction c where c.log_id = $1 and c.position = $2 order by c.no desc`,
    values: [log, position],
  })
  return rows.map(correctionOf)
}

/** Questions that this participant asked or was asked (undefined: all), newest first, below the number `before`. */
export async function listCorrections(
  pool: Pool,
  participant: number | undefined,
  before: number | undefined,
  count: number,
): Promise<CorrectionRow[]> {
  const { rows } = await pool.query<Row>({
    name: 'corrections_list',
    text: `select ${shown} from correction c
           where ($2::integer is null or c.no < $2)
             and ($1::integer is null or c.participant = $1
                  or c.no in (select correction_no from correction_asked where participant = $1))
           order by c.no desc limit $3`,
    values: [participant ?? null, before ?? null, count],
  })
  return rows.map(correctionOf)
}

/** The key with which somebody asked or agreed, and whose it is, as entries name them. */
export async function findKey(
  pool: Pool,
  no: number,
): Promise<{ id: string; kind: 'system' | 'device' | 'person'; person: { no: number; id: string } | undefined }> {
  const { rows } = await pool.query<{
    id: string
    kind: 'system' | 'device' | 'person'
    person_no: number | null
    person: string | null
  }>({
    name: 'corrections_key',
    text: `select k.id, k.kind, p.no as person_no, p.id as person
           from api_key k left join person p on p.no = k.person_no where k.no = $1`,
    values: [no],
  })
  const row = rows[0]
  if (!row) throw new Error(`there is no key ${no}`)
  const person = row.person_no === null || row.person === null ? undefined : { no: row.person_no, id: row.person }
  return { id: row.id, kind: row.kind, person }
}
