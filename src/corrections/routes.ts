import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { afterNumber, pagingQuery, readPage, sendPage } from '../http/paging.ts'
import { ProblemBody } from '../http/schema.ts'
import { actingFor, seesAll } from '../participants/actor.ts'
import { answer, ask, type CorrectionDeps, read, tell } from './correction.ts'
import * as schema from './schema.ts'
import { listCorrections } from './store.ts'

const refusals = { '4xx': ProblemBody, '5xx': ProblemBody }
const tags = ['Corrections']

export const correctionRoutes: FastifyPluginAsyncTypebox<CorrectionDeps> = async (app, deps) => {
  app.post(
    '/corrections',
    {
      schema: {
        tags,
        summary: 'Ask those who acted since whether an event of yours may be taken back',
        description: 'Where nobody else has acted on its goods it is taken back at once.',
        body: schema.NewCorrection,
        response: { 201: schema.Correction, ...refusals },
      },
    },
    async (request, reply) => reply.code(201).send(await ask(deps, request.actor, request.body)),
  )
  app.get(
    '/corrections',
    {
      schema: {
        tags,
        summary: 'Corrections that you asked for or are asked about, newest first',
        querystring: Type.Object(pagingQuery, { additionalProperties: false }),
        response: { 200: Type.Array(schema.Correction), ...refusals },
      },
    },
    async (request, reply) => {
      const page = readPage(request, request.query)
      const asker = actingFor(request.actor)
      const mine = seesAll(asker) ? undefined : asker.no
      const rows = await listCorrections(deps.pool, mine, afterNumber(page), page.perPage + 1)
      return Promise.all(sendPage(request, reply, page, rows, (row) => row.no).map((row) => tell(deps, row)))
    },
  )
  app.get(
    '/corrections/:id',
    {
      schema: {
        tags,
        summary: 'One correction, and what was answered',
        params: schema.CorrectionParams,
        response: { 200: schema.Correction, ...refusals },
      },
    },
    (request) => read(deps, request.actor, request.params.id),
  )
  app.post(
    '/corrections/:id/answers',
    {
      schema: {
        tags,
        summary: 'Agree or not; silence is no',
        params: schema.CorrectionParams,
        body: schema.NewAnswer,
        response: { 201: schema.Correction, ...refusals },
      },
    },
    async (request, reply) => reply.code(201).send(await answer(deps, request.actor, request.params.id, request.body)),
  )
}
