import { promisify } from 'node:util'
import { inflateRaw } from 'node:zlib'
import type { FastifyBaseLogger } from 'fastify'
import type { Limits } from '../config/limits.ts'
import type { EpcisEvent } from '../epcis/event.ts'
import { eventHashId } from '../epcis/hash-id.ts'
import { parseEvent, refusal } from '../epcis/parse.ts'
import { Problem, problemDocument, problemItemsMax, type ProblemItem } from '../http/problem.ts'
import { isOutage } from '../ledger/ledger.ts'
import type { Actor } from '../participants/actor.ts'
import type { Capture } from './capture.ts'
import { createPace, type OpenDocument, openDocument, readCodesOf } from './document.ts'
import type { JobError, OpenJob, Progress } from './job-store.ts'
import type { Prepared } from './prepare.ts'
import type { Pace } from './split.ts'

const inflate = promisify(inflateRaw)

export type RunDeps = {
  capture: Capture
  limits: Pick<Limits, 'clockAheadMaxMs' | 'captureSliceEvents' | 'captureSliceCodes'>
  log: FastifyBaseLogger
  /** What is decided so far; whoever goes on begins behind it. */
  save: (progress: Progress) => Promise<void>
  /** The service ends: what is not begun is left to whoever goes on. */
  stopping: () => boolean
}

/** One event of the document that was read and waits for its turn, or what is wrong with it. */
type Ready = { path: string; eventID?: string } & (
  { prepared: Prepared; problem?: never } | { problem: Problem; prepared?: never }
)

type Run = RunDeps & { job: OpenJob; actor: Actor; document: OpenDocument; pace: Pace }

/**
 * Works through a document from where its job stands. Undefined where the service ended before; throws where the database was away:
 * in both cases somebody goes on later, for what is recorded answers as before (D8).
 */
export async function runJob(deps: RunDeps, job: OpenJob, actor: Actor): Promise<Progress | undefined> {
  const pace = createPace()
  const bytes = await inflate(job.deflated)
  const document = await openDocument(bytes, pace)
  const run: Run = { ...deps, job, actor, document, pace }
  return job.behaviour === 'rollback' ? rollback(run) : proceed(run)
}

/** Every good event is recorded, slice by slice, in the order of the document. */
async function proceed(run: Run): Promise<Progress | undefined> {
  const { job, document, limits } = run
  let progress: Progress = job
  while (progress.done < document.events.length) {
    const slice: Ready[] = []
    let codes = 0
    for (let i = progress.done; i < document.events.length; i++) {
      if (slice.length >= limits.captureSliceEvents || codes >= limits.captureSliceCodes) break
      if (run.stopping()) return undefined
      const ready = await makeReady(run, i)
      // It may need what is still in hand (a correction of what stands a line above): it comes once more when that is recorded.
      if (ready.problem && ready.eventID !== undefined && slice.length > 0) break
      slice.push(ready)
      codes += ready.prepared?.work.codes ?? 0
    }
    const errors = await recordSlice(run, slice)
    progress = noted(progress, slice.length, slice.length - errors.length, errors)
    await run.save(progress)
  }
  return progress
}

/** Logs do not depend on each other; within one, the order of the document is kept. */
async function recordSlice({ capture }: Run, slice: readonly Ready[]): Promise<JobError[]> {
  const byLog = new Map<number, { ready: Ready; prepared: Prepared }[]>()
  const problems = new Map<Ready, Problem>()
  for (const ready of slice) {
    if (ready.problem) problems.set(ready, ready.problem)
    else {
      const same = byLog.get(ready.prepared.log) ?? []
      byLog.set(ready.prepared.log, [...same, { ready, prepared: ready.prepared }])
    }
  }
  for (const several of byLog.values()) {
    const prepared = several.map((one) => one.prepared)
    const found = await capture.commitAll(prepared, false)
    several.forEach(({ ready }, i) => {
      const problem = found.problems[i]
      if (problem) problems.set(ready, problem)
    })
  }
  return slice.flatMap((ready) => errorsOf(ready, problems.get(ready)))
}

/** All or nothing: one batch, and one refusal ends it. */
async function rollback(run: Run): Promise<Progress | undefined> {
  const { job, document, capture } = run
  const all: Ready[] = []
  const progress: Progress = { ...job, done: 0 }
  for (let i = 0; i < document.events.length; i++) {
    if (run.stopping()) return undefined
    all.push(await makeReady(run, i))
    if (all.length % run.limits.captureSliceEvents === 0) await run.save({ ...progress, done: all.length })
  }
  const unfit = all.flatMap((ready) => errorsOf(ready, ready.problem))
  const errors = unfit.length > 0 ? unfit : errorsOfLogs(all)
  if (errors.length > 0) return noted(progress, all.length, 0, errors)
  const prepared = all.flatMap((ready) => ready.prepared ?? [])
  const { kept, problems } = await capture.commitAll(prepared, true)
  const refused = all.flatMap((ready, i) => errorsOf(ready, problems[i]))
  return noted(progress, all.length, kept ? all.length : 0, refused)
}

/** What belongs together is recorded in one log (design D1). */
function errorsOfLogs(all: readonly Ready[]): JobError[] {
  const first = all[0]?.prepared?.logName
  return all.flatMap((ready) => {
    const logName = ready.prepared?.logName
    if (logName === first) return []
    const detail = `This belongs to the log ${logName}, the first event of the document to ${first}. Send one document for each.`
    const errors: ProblemItem[] = [{ path: ready.path, code: 'several_logs', detail }]
    return errorsOf(ready, new Problem('several_logs', { detail, errors }))
  })
}

async function makeReady({ document, job, actor, capture, limits, pace, log }: Run, i: number): Promise<Ready> {
  const at = document.events[i]
  if (!at) throw new Error('bad math: an event of the document is missing')
  const { path } = at
  let event: EpcisEvent | undefined
  try {
    await pace()
    const json = at.json()
    const readCode = await readCodesOf(json, pace)
    await pace()
    const { context } = document
    // By the clock of when the document came, so that going on later judges its times the same way.
    const parsed = parseEvent(json, {
      now: job.createdAt,
      clockAheadMaxMs: limits.clockAheadMaxMs,
      context,
      path,
      readCode,
    })
    if (parsed.problems) throw refusal(parsed)
    event = parsed.event
    await pace()
    const prepared = await capture.prepare(actor, event, job.log === null ? {} : { newUnitsLog: job.log })
    return { path, eventID: prepared.identity.eventID, prepared }
  } catch (error) {
    const problem = problemOf(error, log)
    return { path, ...(event ? { eventID: event.eventID ?? eventHashId(event) } : {}), problem }
  }
}

/** An outage passes, and the job goes on then; a fault of ours would only repeat itself and must not stop the others. */
function problemOf(error: unknown, log: FastifyBaseLogger): Problem {
  if (error instanceof Problem && error.code !== 'busy') return error
  if (error instanceof Problem || isOutage(error)) throw error
  log.error({ err: error }, 'an event of a document failed')
  return new Problem('internal', { cause: error })
}

/** At most so many single faults of a job are told; an event alone may have a hundred. */
const itemsMax = 1_000

function errorsOf({ path, eventID }: Ready, problem: Problem | undefined): JobError[] {
  if (!problem) return []
  const document = problemDocument(problem)
  return [{ ...document, path, ...(eventID === undefined ? {} : { eventID }) }]
}

/** What is decided after `done` more events, `recorded` of which stand in the ledger; the first hundred errors are kept. */
function noted(before: Progress, done: number, recorded: number, errors: readonly JobError[]): Progress {
  const kept = [...before.errors]
  let items = kept.reduce((sum, { errors: several }) => sum + (several?.length ?? 0), 0)
  for (const { errors: several = [], ...error } of errors) {
    if (kept.length >= problemItemsMax) break
    const shown = several.slice(0, Math.max(itemsMax - items, 1))
    items += shown.length
    kept.push({ ...error, ...(shown.length > 0 ? { errors: shown } : {}) })
  }
  return {
    done: before.done + done,
    recorded: before.recorded + recorded,
    success: before.success && errors.length === 0,
    errorCount: before.errorCount + errors.length,
    errors: kept,
  }
}
