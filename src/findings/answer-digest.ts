import { createHash } from 'node:crypto'
import { canonical, type DigestAct, type DigestDeps } from './digest.ts'
import * as store from './store.ts'

/**
 * What was answered to findings, and how they were resolved, pinned in `audit` (D14) like the findings themselves. Each row is named
 * with a digest of its own: SHA-256 over its canonical JSON, as in digest.ts. Rows are pinned once they are committed, so that an entry
 * never names what was not said.
 */
export type AnswersAct = Omit<DigestAct, 'kind' | 'subject'> & {
  kind: 'answers_digest'
  /** `<number>:<SHA-256 in hexadecimal>`: responses by their number, resolutions by that of their finding. */
  subject: { responses: readonly string[]; resolutions: readonly string[] }
}

// 73 characters each: well below what an entry holds.
const rowsAtOnce = 250

/** Pins what is new. Called by the one process that makes digests now. @returns how many rows it pinned */
export async function pinAnswers({
  db,
  now,
  recordAct,
}: Pick<DigestDeps, 'db' | 'now' | 'recordAct'>): Promise<number> {
  for (let pinned = 0; ;) {
    const responses = await store.findUnpinnedResponses(db, rowsAtOnce)
    const resolutions = await store.findUnpinnedResolutions(db, rowsAtOnce)
    if (responses.length + resolutions.length === 0) return pinned
    const subject = {
      responses: responses.map((row) => `${row.no}:${sha256(row)}`),
      resolutions: resolutions.map((row) => `${row.finding_no}:${sha256(row)}`),
    }
    const hex = createHash('sha256').update(JSON.stringify(subject)).digest('hex')
    const { log, position } = await recordAct({
      kind: 'answers_digest',
      at: now(),
      actor: undefined,
      subject,
      // After a crash between the entry and its rows the same rows are the same act.
      id: `answers:${hex}`,
    })
    await store.insertAnswerPins(db, { log, position }, [
      ...responses.map(({ no }) => ({ kind: 'response', no })),
      ...resolutions.map(({ finding_no }) => ({ kind: 'resolution', no: finding_no })),
    ])
    pinned += responses.length + resolutions.length
  }
}

const sha256 = (row: object): string => createHash('sha256').update(canonical(row)).digest('hex')
