import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger } from 'fastify'
import { Type } from 'typebox'
import { parseEvent, refusal } from '../epcis/parse.ts'
import { Problem, problemDocument } from '../http/problem.ts'
import { ProblemBody } from '../http/schema.ts'
import type { Actor } from '../participants/actor.ts'
import type { Directory } from '../participants/directory.ts'
import type { Capture, Recorded } from './capture.ts'
import { corrected } from './device-clock.ts'
import type { Prepared } from './prepare.ts'
import type { Reasons } from './reasons.ts'
import { eventOfScan, missingOf, type ScanContext } from './scan.ts'
import { PartlyRecordedBody, RecordedBody, Scan, ScanVerdict } from './schema.ts'

export type CaptureRouteDeps = {
  capture: Capture
  directory: Directory
  underWayUnder: ScanContext['underWayUnder']
  reasons: Reasons
  now: () => Date
  clockAheadMaxMs: number
  scansMax: number
}

export const recordedBody = ({ eventID, recordTime, entries, waiting }: Recorded) => ({
  eventID,
  recordTime: recordTime.toISOString(),
  entries,
  ...(waiting.length > 0 ? { waiting } : {}),
})

/** What was scanned without a line has happened, whatever the ledger says of it; `ifEarly` only waits for a predecessor (D11). */
const lateness = (scan: Scan) => ({
  ...(scan.offline === true ? { neverRefused: true, waits: true } : {}),
  ...(scan.ifEarly === 'wait' ? { waits: true } : {}),
})

/** 201 the first time, 200 for the same event again, 207 where only a part was recorded. */
function statusOf({ again, refusedCount }: Recorded): 200 | 201 | 207 {
  if (refusedCount > 0) return 207
  return again ? 200 : 201
}

const partlyBody = (recorded: Recorded) => ({
  ...recordedBody(recorded),
  errors: recorded.refused,
  errorCount: recorded.refusedCount,
})

export const captureRoutes: FastifyPluginAsyncTypebox<CaptureRouteDeps> = async (app, deps) => {
  app.post(
    '/events',
    {
      schema: {
        tags: ['Events'],
        summary: 'Record one EPCIS 2.0 event',
        description:
          'The verdict is in the answer: recorded (201), recorded before (200), or refused with a reason for each code (409).',
        body: Type.Object(
          {},
          { additionalProperties: true, minProperties: 1, description: 'An EPCIS 2.0 event in JSON-LD' },
        ),
        response: { 200: RecordedBody, 201: RecordedBody, '4xx': ProblemBody, '5xx': ProblemBody },
      },
    },
    async (request, reply) => {
      const parsed = parseEvent(request.body, { now: deps.now(), clockAheadMaxMs: deps.clockAheadMaxMs })
      if (parsed.problems) throw refusal(parsed)
      const recorded = await deps.capture.record(request.actor, parsed.event)
      return reply.code(recorded.again ? 200 : 201).send(recordedBody(recorded))
    },
  )

  const prepareScan = async (actor: Actor, scan: Scan, path?: string): Promise<Prepared> => {
    const { directory, clockAheadMaxMs, underWayUnder, reasons } = deps
    const context = {
      actor,
      directory,
      underWayUnder,
      reasons,
      now: deps.now(),
      clockAheadMaxMs,
      ...(path === undefined ? {} : { path }),
    }
    const { said, reading } = await eventOfScan(scan, context)
    const missing = missingOf(scan, (field) => `${path ?? ''}/${field}`)
    return deps.capture.prepare(actor, corrected(said, reading), {
      ...lateness(scan),
      ...(missing.length > 0 ? { missing } : {}),
      said,
      clockOffMs: reading.offMs,
    })
  }

  /** Prepared side by side, queued in the order given: they travel in one batch and are judged one after the other. */
  const recordScans = async (actor: Actor, scans: readonly Scan[], log: FastifyBaseLogger) => {
    const prepared = await Promise.allSettled(scans.map((scan, i) => prepareScan(actor, scan, `/${i}`)))
    const recordings = prepared.map((result, i) =>
      result.status === 'fulfilled'
        ? deps.capture.commit(result.value, { partial: scans[i]?.partial === true })
        : Promise.reject(result.reason),
    )
    return Promise.all(recordings.map((recording) => verdictOf(recording, log)))
  }

  app.post(
    '/scans',
    {
      schema: {
        tags: ['Events'],
        summary: 'Record what a handheld scanned, in the short form',
        description:
          'One scan, answered as POST /events answers; or an array of scans, answered 200 with a verdict each.',
        body: Type.Union([Scan, Type.Array(Scan, { minItems: 1, maxItems: deps.scansMax })]),
        response: {
          200: Type.Union([RecordedBody, Type.Array(ScanVerdict)]),
          201: RecordedBody,
          207: PartlyRecordedBody,
          '4xx': ProblemBody,
          '5xx': ProblemBody,
        },
      },
    },
    async (request, reply) => {
      const { actor, body } = request
      if (Array.isArray(body)) return reply.code(200).send(await recordScans(actor, body, request.log))
      const recorded = await deps.capture.commit(await prepareScan(actor, body), { partial: body.partial === true })
      const status = statusOf(recorded)
      if (status === 207) return reply.code(207).send(partlyBody(recorded))
      return reply.code(status).send(recordedBody(recorded))
    },
  )
}

/** As if it had been sent alone. A fault of ours in one scan must not hide the verdicts of the others. */
async function verdictOf(recording: Promise<Recorded>, log: FastifyBaseLogger) {
  try {
    const recorded = await recording
    const status = statusOf(recorded)
    return status === 207 ? { status, ...partlyBody(recorded) } : { status, ...recordedBody(recorded) }
  } catch (error) {
    if (!(error instanceof Problem)) log.error({ err: error }, 'a scan of an array failed')
    const { type: _, ...document } = problemDocument(error instanceof Problem ? error : new Problem('internal'))
    return document
  }
}
