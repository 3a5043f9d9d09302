import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { Problem } from '../http/problem.ts'
import { ProblemBody } from '../http/schema.ts'
import './access.ts'
import * as prefixes from './company-prefix-store.ts'
import { administered, type RegisterDeps } from './participant.ts'
import * as schema from './schema.ts'

const refusals = { '4xx': ProblemBody }
const tags = ['Registers']

const CompanyPrefix = Type.Object(
  { prefix: Type.String({ pattern: '^[0-9]{6,12}$', description: 'GS1 company prefix, as GS1 has given it' }) },
  { additionalProperties: false },
)

/** The GS1 company prefixes of a participant: what a key does not tell and EPC URIs need. */
export const companyPrefixRoutes: FastifyPluginAsyncTypebox<RegisterDeps> = async (app, { db, now, onAct }) => {
  app.post(
    '/participants/:id/company-prefixes',
    {
      config: { roles: ['operator'], administrative: true },
      schema: {
        tags,
        summary: 'Register a GS1 company prefix of a participant',
        params: schema.ParticipantParams,
        body: CompanyPrefix,
        response: { 201: CompanyPrefix, ...refusals },
      },
    },
    async (request, reply) => {
      const { prefix } = request.body
      const { no, id } = await administered(db, request.actor, request.params.id)
      await db.transaction().execute(async (tx) => {
        if (!(await prefixes.insertCompanyPrefix(tx, no, prefix))) {
          const detail = `${prefix} is registered, or overlaps a prefix that is. Ask GS1 whose it is and correct it.`
          throw new Problem('taken', { detail })
        }
        const subject = { participant: id, companyPrefix: prefix }
        await onAct({ kind: 'company_prefix_registered', at: now(), actor: request.actor, subject })
      })
      return reply.code(201).send({ prefix })
    },
  )
  app.get(
    '/participants/:id/company-prefixes',
    {
      schema: {
        tags,
        summary: 'The GS1 company prefixes of a participant',
        params: schema.ParticipantParams,
        response: { 200: Type.Array(CompanyPrefix), ...refusals },
      },
    },
    async (request) => {
      const { no } = await administered(db, request.actor, request.params.id)
      return (await prefixes.listCompanyPrefixes(db, no)).map((prefix) => ({ prefix }))
    },
  )
}
