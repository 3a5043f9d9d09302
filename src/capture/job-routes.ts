import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Pool } from 'pg'
import { Type } from 'typebox'
import type { Limits } from '../config/limits.ts'
import { afterNumber, readPage, sendPage } from '../http/paging.ts'
import { Problem } from '../http/problem.ts'
import { ProblemBody } from '../http/schema.ts'
import '../participants/access.ts'
import { type Actor, actingFor, seesAll } from '../participants/actor.ts'
import { CaptureHeaders, CaptureJob, JobParams, JobQuery } from './job-schema.ts'
import { findJob, type Job, listJobs } from './job-store.ts'
import type { Jobs } from './jobs.ts'

export type JobRouteDeps = { jobs: Jobs; pool: Pool; limits: Limits; version: string }

const refusals = { '4xx': ProblemBody, '5xx': ProblemBody }

const versions = { 'gs1-epcis-version': '2.0.0', 'gs1-cbv-version': '2.0.0' }

/** POST and GET /capture (EPCIS 2.0, sections 8.2.7 and 12.6.2): documents of many events, and what became of them. */
export const jobRoutes: FastifyPluginAsyncTypebox<JobRouteDeps> = async (app, { jobs, pool, limits, version }) => {
  acceptBytes(app)
  app.addHook('onReady', async () => jobs.start())
  app.addHook('onClose', () => jobs.stop())
  const announced = {
    ...versions,
    'gs1-epcis-capture-limit': String(limits.documentEventsMax),
    'gs1-epcis-capture-file-size-limit': String(limits.documentBytesMax),
    'gs1-capture-error-behaviour': 'all',
  }
  // Before anything is refused: a 413 names the limits too.
  app.addHook('onRequest', async (_request, reply) => void reply.headers(announced))

  app.options(
    '/capture',
    {
      config: { public: true },
      schema: { tags: ['Events'], summary: 'What capture offers', response: { 204: Type.Null(), ...refusals } },
    },
    async (_request, reply) =>
      reply
        .code(204)
        .headers({
          allow: 'GET, POST, OPTIONS',
          'gs1-epcis-min': '2.0.0',
          'gs1-epcis-max': '2.0.0',
          'gs1-cbv-min': '2.0.0',
          'gs1-cbv-max': '2.0.0',
          'gs1-vendor-version': version,
        })
        .send(null),
  )

  app.post(
    '/capture',
    {
      schema: {
        tags: ['Events'],
        summary: 'Record a document of many EPCIS 2.0 events',
        description:
          'An EPCISDocument or EPCISQueryDocument in JSON-LD. Accepted at once (202); Location names the job that tells what became of the events.',
        consumes: ['application/json', 'application/ld+json'],
        headers: CaptureHeaders,
        response: { 202: CaptureJob, ...refusals },
      },
    },
    async (request, reply) => {
      if (!Buffer.isBuffer(request.body) || request.body.length === 0) {
        throw new Problem('body_malformed', { detail: 'The body is empty. Send an EPCISDocument in JSON-LD.' })
      }
      const behaviour = request.headers['gs1-capture-error-behaviour'] ?? 'rollback'
      const job = await jobs.accept(request.actor, request.body, behaviour)
      return reply
        .code(202)
        .headers({ location: `/capture/${job.id}`, 'gs1-capture-error-behaviour': behaviour })
        .send(jobBody(job))
    },
  )

  app.get(
    '/capture',
    {
      schema: {
        tags: ['Events'],
        summary: 'Your capture jobs, newest first',
        querystring: JobQuery,
        response: { 200: Type.Array(CaptureJob), ...refusals },
      },
    },
    async (request, reply) => {
      const page = readPage(request, request.query)
      const rows = await listJobs(pool, seenBy(request.actor), afterNumber(page), page.perPage + 1)
      return sendPage(request, reply, page, rows, (row) => row.no).map(jobBody)
    },
  )

  app.get(
    '/capture/:captureID',
    {
      schema: {
        tags: ['Events'],
        summary: 'What became of a document',
        params: JobParams,
        response: { 200: CaptureJob, ...refusals },
      },
    },
    async (request, reply) => {
      const job = await findJob(pool, request.params.captureID, seenBy(request.actor))
      if (!job) throw new Problem('not_found', { detail: 'There is no capture job of yours with this id.' })
      return reply.header('gs1-capture-error-behaviour', job.behaviour).send(jobBody(job))
    },
  )
}

/** A document is not parsed whole, so the bytes are taken as they come. */
function acceptBytes(app: Parameters<typeof jobRoutes>[0]): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    /^application\/(?:[\w.-]+\+)?json(?:\s*;|\s*$)/i,
    { parseAs: 'buffer' },
    async (_request: unknown, body: string | Buffer) => (typeof body === 'string' ? Buffer.from(body) : body),
  )
}

/** Whose jobs one may see; undefined: all. */
function seenBy(actor: Actor): number | undefined {
  const participant = actingFor(actor)
  return seesAll(participant) ? undefined : participant.no
}

const jobBody = (job: Job) => ({
  captureID: job.id,
  createdAt: job.createdAt.toISOString(),
  ...(job.finishedAt ? { finishedAt: job.finishedAt.toISOString() } : {}),
  running: job.finishedAt === null,
  success: job.success,
  captureErrorBehaviour: job.behaviour,
  errors: job.errors,
  errorCount: job.errorCount,
  progress: { events: job.events, done: job.done, recorded: job.recorded },
})
