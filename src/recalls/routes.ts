import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { csvField } from '../codes/download.ts'
import { afterNumber, readPage, sendPage } from '../http/paging.ts'
import { ProblemBody } from '../http/schema.ts'
import { addRecall, endRecall, find, type RecallDeps, tell, tellHolders } from './recall.ts'
import * as schema from './schema.ts'
import * as store from './store.ts'

const refusals = { '4xx': ProblemBody }
const tags = ['Recalls']

export const recallRoutes: FastifyPluginAsyncTypebox<RecallDeps> = async (app, deps) => {
  app.post(
    '/recalls',
    {
      config: { administrative: true },
      schema: {
        tags,
        summary: 'Withdraw a product, a lot or one code from sale',
        body: schema.NewRecall,
        response: { 201: schema.Recall, ...refusals },
      },
    },
    async (request, reply) => reply.code(201).send(await addRecall(deps, request.actor, request.body)),
  )
  app.get(
    '/recalls',
    {
      schema: {
        tags,
        summary: 'Recalls, newest first',
        querystring: schema.RecallQuery,
        response: { 200: Type.Array(schema.Recall) },
      },
    },
    async (request, reply) => {
      const page = readPage(request, request.query)
      const rows = await store.listRecalls(deps.pool, afterNumber(page), page.perPage + 1)
      return Promise.all(sendPage(request, reply, page, rows, (row) => row.no).map((row) => tell(deps, row)))
    },
  )
  app.get(
    '/recalls/:id',
    {
      schema: {
        tags,
        summary: 'One recall',
        params: schema.RecallParams,
        response: { 200: schema.Recall, ...refusals },
      },
    },
    (request) => find(deps, request.params.id),
  )
  app.post(
    '/recalls/:id/ends',
    {
      config: { administrative: true },
      schema: {
        tags,
        summary: 'Lift it; only who set it may',
        params: schema.RecallParams,
        body: schema.EndOfRecall,
        response: { 201: schema.Recall, ...refusals },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await endRecall(deps, request.actor, request.params.id, request.body.reason)),
  )
  app.get(
    '/recalls/:id/holders',
    {
      schema: {
        tags,
        summary: 'Who has the recalled units now',
        params: schema.RecallParams,
        response: { 200: schema.Holders, ...refusals },
      },
    },
    (request) => tellHolders(deps, request.actor, request.params.id),
  )
  app.get(
    '/recalls/:id/holders.csv',
    { schema: { tags, summary: 'The same as a table to export', params: schema.RecallParams, produces: ['text/csv'] } },
    async (request, reply) => {
      const { holders } = await tellHolders(deps, request.actor, request.params.id)
      const lines = holders.map(({ holder, state, count }) =>
        [holder?.id ?? '', holder?.name ?? '', holder?.country ?? '', state, String(count)].map(csvField).join(','),
      )
      return reply.type('text/csv; charset=utf-8').send(['holder,name,country,state,count', ...lines, ''].join('\r\n'))
    },
  )
}
