import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { afterNumber, pagingQuery, readPage, sendPage } from '../http/paging.ts'
import { ProblemBody } from '../http/schema.ts'
import '../participants/access.ts'
import { createToldShifts, tellShift, tellShifts } from './draws.ts'
import type { ProveDeps } from './prove.ts'
import * as schema from './schema.ts'

const refusals = { '4xx': ProblemBody }
const tags = ['Proof']
/** Anybody's page may verify. */
const everywhere = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' }

export const drawRoutes: FastifyPluginAsyncTypebox<ProveDeps> = async (app, deps) => {
  const told = createToldShifts()
  app.get(
    '/draws',
    {
      config: { public: true },
      schema: {
        tags,
        summary: 'Shifts, the newest first: what their draws were committed to, and the seeds of those that are over',
        querystring: Type.Object(pagingQuery, { additionalProperties: false }),
        response: { 200: Type.Array(schema.Shift), ...refusals },
      },
    },
    async (request, reply) => {
      const page = readPage(request, request.query)
      const rows = await tellShifts(deps, afterNumber(page), page.perPage + 1)
      reply.headers(everywhere)
      return sendPage(request, reply, page, rows, (row) => row.position)
    },
  )
  app.get(
    '/draws/:shift',
    {
      config: { public: true },
      schema: {
        tags,
        summary: 'Everything that was drawn with the seed of a shift, to be computed again by anybody',
        description:
          'Canonical JSON: `npm run verify -- draws` takes it from here or from a file. Of goods that were not presented yet nothing is said. A long day comes in pages (Link, rel="next"), which the verifier follows.',
        params: schema.ShiftParams,
        querystring: Type.Object(
          { after: Type.Optional(Type.Integer({ minimum: 0, description: 'Position of the last list before' })) },
          { additionalProperties: false },
        ),
        response: { 200: Type.Unsafe<string>(schema.ShiftDraws), ...refusals },
      },
    },
    async (request, reply) => {
      const { shift } = request.params
      const { text, next } = await tellShift(deps, shift, request.query.after ?? -1, told)
      if (next !== undefined) reply.header('link', `</draws/${encodeURIComponent(shift)}?after=${next}>; rel="next"`)
      reply.headers({ ...everywhere, 'content-type': 'application/json; charset=utf-8' })
      return reply.serializer(String).send(text)
    },
  )
}
