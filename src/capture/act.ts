import { createHash, randomUUID } from 'node:crypto'
import { Problem } from '../http/problem.ts'
import type { CodeList, Stamp } from '../ledger/commit.ts'
import type { Actor } from '../participants/actor.ts'
import { eventKey, who } from './entry.ts'
import type { EventLedger } from './prepare.ts'

/** What was done that moves no goods (design D1): a key issued, a mandate withdrawn, a digest of findings, a decision of customs. */
export type RecordedAct = {
  kind: string
  /** The log that it belongs to; `audit` if nothing is said. */
  log?: string
  at: Date
  /** Undefined: the service itself. */
  actor: Actor | undefined
  /** Public ids and settings, never a secret. Fields that are undefined are left out. */
  subject: Readonly<Record<string, string | number | readonly string[] | undefined>>
  /** The same act once more is recorded once; without an id every call is a new act. */
  id?: string
  /** A text that is too long to stand in the entry, which names it by its digest; it is stored beside it (D6). */
  lists?: readonly CodeList[]
}

export type ActDeps = { ledger: EventLedger; salt: () => Buffer; retryAfterSeconds: number }

export type RecordAct = (act: RecordedAct) => Promise<{ log: number; position: number; recordTime: Date }>

export const auditLog = 'audit'

/** Who stands in the columns of an entry that the service made itself: no participant has the number 0. */
const service: Actor = {
  participant: { no: 0, id: 'tamga', name: 'Tamga', country: 'KG', roles: [] },
  key: { no: 0, id: 'tamga', kind: 'system' },
}

/**
 * Records an act as an entry of its log: canonical JSON `{"act":…,"by":…,"recordTime":…,"salt":…}`, durable when it resolves.
 * @throws Problem busy
 */
export function createActRecorder(deps: ActDeps): RecordAct {
  return async ({ kind, log: logName = auditLog, at, actor = service, subject, id = newActId(), lists = [] }) => {
    const log = await deps.ledger.logNo(logName)
    const act = JSON.stringify({ at: at.toISOString(), kind, subject }, sortedKeys)
    const by = actor === service ? '{"service":"tamga"}' : JSON.stringify(who(actor))
    const salt = deps.salt().toString('base64url')
    const key = eventKey(id, undefined)
    const entry = (stamp: Stamp) =>
      Buffer.from(`{"act":${act},"by":${by},"recordTime":"${stamp.recordTime.toISOString()}","salt":"${salt}"}`)
    const pending = deps.ledger.submit(
      log,
      {
        key,
        digest: createHash('sha256').update(act).digest('hex').slice(0, 32),
        // No parts: there is nothing for the judge to decide.
        order: {
          claim: { principal: 0, parts: [], eventTimeMs: at.getTime() },
          findingId: '',
          eventID: id,
          eventTime: at,
          key,
          actor,
          act: kind,
        },
        columns: {
          eventTime: at,
          participant: actor.participant.no,
          principal: actor.principal?.no ?? null,
          person: actor.person?.no ?? null,
          key: actor === service ? null : actor.key.no,
          place: actor.place?.no ?? null,
          mandate: actor.mandate?.no ?? null,
          signature: null,
        },
        lists,
        entry,
      },
      { events: 1, codes: 0, bytes: 1_000 },
    )
    if (!pending) throw new Problem('busy', { headers: { 'retry-after': String(deps.retryAfterSeconds) } })
    const outcome = await pending
    if (outcome.kind === 'refused' || outcome.kind === 'taken') throw new Error(`the act ${id} was ${outcome.kind}`)
    return { log, position: outcome.position, recordTime: outcome.recordTime }
  }
}

const newActId = (): string => `urn:uuid:${randomUUID()}`

/** JSON.stringify's replacer: objects with their keys in order, so that the same act is the same bytes. */
export const sortedKeys = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value
