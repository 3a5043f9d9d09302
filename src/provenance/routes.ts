import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { pagingQuery, readPage, sendPage } from '../http/paging.ts'
import { Problem } from '../http/problem.ts'
import { ProblemBody } from '../http/schema.ts'
import { tellEvent } from './event.ts'
import { listContents, tellLogisticUnit } from './logistic-unit.ts'
import * as schema from './schema.ts'
import { type QuestionDeps, tellHistory, tellUnit } from './unit.ts'

const refusals = { '4xx': ProblemBody }
const tags = ['Questions']
const Params = Type.Object({ code: Type.String({ minLength: 1, maxLength: 512, description: 'A code in any form' }) })

export const provenanceRoutes: FastifyPluginAsyncTypebox<QuestionDeps & { nestingMax: number }> = async (app, deps) => {
  app.get(
    '/units/:code',
    { schema: { tags, summary: 'Where one unit stands', params: Params, response: { 200: schema.Unit, ...refusals } } },
    (request) => tellUnit(deps, request.actor, request.params.code),
  )
  app.get(
    '/units/:code/history',
    {
      schema: {
        tags,
        summary: "A unit's whole life, oldest first, its containers' movements included",
        params: Params,
        response: { 200: schema.History, ...refusals },
      },
    },
    (request) => tellHistory(deps, request.actor, request.params.code),
  )
  app.get(
    '/logistic-units/:code',
    {
      schema: {
        tags,
        summary: 'A pallet, or a case with a code of its own, and what is in it by product',
        params: Params,
        response: { 200: schema.LogisticUnit, ...refusals },
      },
    },
    (request) => tellLogisticUnit(deps, request.actor, request.params.code),
  )
  app.get(
    '/logistic-units/:code/contents',
    {
      schema: {
        tags,
        summary: 'What is directly in it',
        params: Params,
        querystring: Type.Object(pagingQuery, { additionalProperties: false }),
        response: { 200: Type.Array(schema.ContentItem), ...refusals },
      },
    },
    async (request, reply) => {
      const page = readPage(request, request.query)
      const rows = await listContents(deps, request.actor, request.params.code, afterId(page.after), page.perPage + 1)
      return sendPage(request, reply, page, rows, (row) => row.id).map((row) => row.item)
    },
  )
  app.get(
    '/events/:eventID',
    {
      schema: {
        tags: ['Events'],
        summary: 'A recorded event, for who may see it',
        params: Type.Object({ eventID: Type.String({ minLength: 1, maxLength: 512 }) }),
        response: { 200: schema.RecordedEvent, ...refusals },
      },
    },
    (request) => tellEvent(deps, request.actor, request.params.eventID),
  )
}

/** Logistic units have negative ids, so the first page begins below everything. */
function afterId(after: string | undefined): bigint {
  if (after === undefined) return -(2n ** 63n)
  if (!/^-?\d{1,19}$/.test(after)) throw new Problem('page_token_invalid')
  return BigInt(after)
}
