import type { FastifyBaseLogger } from 'fastify'
import type { Pool } from 'pg'
import type { RecordAct } from '../capture/act.ts'
import * as store from './store.ts'

/** What this process was started with that others may know: version, schema, settings without secrets. */
export type Started = Readonly<Record<string, string | number | readonly string[] | undefined>>

export type StartDeps = { pool: Pool; recordAct: RecordAct; now: () => Date; log: FastifyBaseLogger }

/**
 * What whoever runs the service did outside of it becomes entries of the log `audit`: a start, with its settings (two starts that differ
 * are a change of settings), and each new identity that a log was given (`npm run new-log`), once. Not told is warned about: a database
 * that takes no entries says so in better words a moment later.
 */
export async function tellStart({ pool, recordAct, now, log }: StartDeps, started: Started | undefined): Promise<void> {
  try {
    for (const { id, at, ...subject } of await store.listNewIdentities(pool)) {
      await recordAct({ kind: 'log_begun_anew', at, actor: undefined, subject, id })
    }
    if (started) await recordAct({ kind: 'service_started', at: now(), actor: undefined, subject: started })
  } catch (error) {
    log.warn({ err: error }, 'this start could not be told in the log audit')
  }
}
