import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { afterNumber, readPage, sendPage } from '../http/paging.ts'
import { fieldProblem } from '../http/problem.ts'
import { ProblemBody } from '../http/schema.ts'
import '../participants/access.ts'
import { actingFor, type Actor, seesAll } from '../participants/actor.ts'
import { type FindingDeps, readFinding, resolve, respond } from './answer.ts'
import * as schema from './schema.ts'
import type { FindingFilter } from './store.ts'
import { listFindings } from './store.ts'
import { tellFindings } from './view.ts'

const refusals = { '4xx': ProblemBody, '5xx': ProblemBody }
const tags = ['Questions']

export const findingRoutes: FastifyPluginAsyncTypebox<FindingDeps> = async (app, deps) => {
  app.get(
    '/findings',
    {
      schema: {
        tags,
        summary: 'What was noticed, the newest first',
        querystring: schema.FindingQuery,
        response: { 200: Type.Array(schema.Finding), ...refusals },
      },
    },
    async (request, reply) => {
      const page = readPage(request, request.query)
      const filter = await readFilter(deps, request.actor, request.query)
      const rows =
        filter === undefined
          ? []
          : await listFindings(deps.db, { ...filter, before: afterNumber(page) }, page.perPage + 1)
      const shown = sendPage(request, reply, page, rows, (row) => row.no)
      return tellFindings(deps, shown, actingFor(request.actor))
    },
  )
  app.get(
    '/findings/:id',
    {
      schema: {
        tags,
        summary: 'One finding',
        params: schema.FindingParams,
        response: { 200: schema.Finding, ...refusals },
      },
    },
    async (request) => readFinding(deps, request.actor, request.params.id),
  )
  app.post(
    '/findings/:id/responses',
    {
      schema: {
        tags,
        summary: 'Answer a finding that concerns you',
        params: schema.FindingParams,
        body: schema.NewResponse,
        response: { 201: schema.Finding, ...refusals },
      },
    },
    async (request, reply) => reply.code(201).send(await respond(deps, request.actor, request.params.id, request.body)),
  )
  app.post(
    '/findings/:id/resolutions',
    {
      config: { roles: ['customs', 'agency', 'operator'] },
      schema: {
        tags,
        summary: 'Resolve a finding, once and for all',
        description:
          'By a person of an authority, another one than who opened it. Only `confirmed` ones count against anyone.',
        params: schema.FindingParams,
        body: schema.NewResolution,
        response: { 201: schema.Finding, ...refusals },
      },
    },
    async (request, reply) => reply.code(201).send(await resolve(deps, request.actor, request.params.id, request.body)),
  )
}

/** Undefined where nothing can match: nobody of that id, or one whose findings are not for the asker to look for. */
async function readFilter(
  { directory }: FindingDeps,
  actor: Actor,
  query: schema.FindingQuery,
): Promise<FindingFilter | undefined> {
  const asker = actingFor(actor)
  const all = seesAll(asker)
  const named = query.participant === undefined ? undefined : await directory.byId(query.participant)
  if (query.participant !== undefined && (!named || !(all || named.no === asker.no))) return undefined
  const [from, to] = [query.from, query.to].map((text) => (text === undefined ? undefined : new Date(text)))
  if (from && to && from > to) throw fieldProblem('/to', 'is before from')
  return {
    concerning: all ? undefined : asker.no,
    participant: named?.no,
    state: query.state as FindingFilter['state'],
    kind: query.kind,
    code: query.code,
    from,
    to,
  }
}
