// The register of what makers can make: set by the operator or an agency, dated, each an entry of the log.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { recordBorderAct } from '../declarations/act.ts'
import { newId } from '../db/id.ts'
import { fieldProblem } from '../http/problem.ts'
import { Id, ProblemBody, Time } from '../http/schema.ts'
import { actingFor, seesAll } from '../participants/actor.ts'
import '../participants/access.ts'
import { capacityBases, capacityKind, type KnownCapacity, listCapacities } from '../risk/production.ts'
import type { BorderDeps } from './lodge.ts'

const refusals = { '4xx': ProblemBody, '5xx': ProblemBody }
const tags = ['Border']
const closed = { additionalProperties: false }

const NewCapacity = Type.Object(
  {
    participant: Id,
    group: Type.String({ minLength: 1, maxLength: 64, description: 'A product group', examples: ['alcohol'] }),
    perHour: Type.Integer({ minimum: 1, maximum: 1e9, description: 'Consumer units of all lines together' }),
    basis: Type.Enum(capacityBases, { type: 'string', description: "An authority's licence, or the maker's own word" }),
    from: Time,
    until: Time,
    legalBasis: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' }),
  },
  closed,
)
const Told = Type.Object({ id: Type.String() }, { additionalProperties: true })

const tell = ({ id, at, position, body }: Omit<KnownCapacity, 'at'> & { at: Date }) => ({
  id,
  ...body,
  setAt: at.toISOString(),
  entry: { log: 'customs', position },
})

export const capacityRoutes: FastifyPluginAsyncTypebox<BorderDeps> = async (app, deps) => {
  app.post(
    '/border/capacities',
    {
      config: { roles: ['operator', 'agency'] },
      schema: {
        tags,
        summary: 'Register what a maker can make of a product group in an hour; of several in date the newest counts',
        body: NewCapacity,
        response: { 201: Told, ...refusals },
      },
    },
    async (request, reply) => {
      const { body, actor } = request
      if (!(new Date(body.from) < new Date(body.until))) throw fieldProblem('/until', 'It must end after it begins.')
      if (!(await deps.directory.byId(body.participant))) {
        throw fieldProblem('/participant', 'There is no such participant.')
      }
      if (!(await deps.goodsDeps.catalogue.group(body.group))) {
        throw fieldProblem('/group', 'There is no such product group. GET /product-groups names them.')
      }
      const [subject, at] = [newId(), deps.now()]
      const { position } = await deps.exclusively(`capacity ${body.participant}`, (client) =>
        recordBorderAct(deps, client, { kind: capacityKind, subject, at, actor, body }),
      )
      return reply.code(201).send(tell({ id: subject, at, position, body }))
    },
  )
  app.get(
    '/border/capacities',
    {
      schema: {
        tags,
        summary: "Register of capacities, the oldest first: one's own, or all for customs and other authorities",
        response: { 200: Type.Array(Told), ...refusals },
      },
    },
    async (request) => {
      const asker = actingFor(request.actor)
      const all = await listCapacities(deps.pool)
      return all.filter(({ body }) => seesAll(asker) || body.participant === asker.id).map(tell)
    },
  )
}
