import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { Id, ProblemBody } from '../http/schema.ts'
import { actingFor, type ParticipantRef, seesAll } from '../participants/actor.ts'
import '../participants/access.ts'
import type { BorderDeps } from './lodge.ts'
import {
  end,
  grant,
  type KnownPrivilege,
  listKnown,
  NewAuthorisation,
  NewCombination,
  NewEnd,
  type PrivilegeKind,
  propose,
} from './privileges.ts'

const refusals = { '4xx': ProblemBody, '5xx': ProblemBody }
const tags = ['Border']
const officers = { roles: ['customs'] } as const
const Params = Type.Object({ id: Id })
const State = Type.Enum(['proposed', 'granted', 'ended'], { type: 'string' })
const Told = Type.Object({ id: Type.String(), state: State }, { additionalProperties: true })

const registers = [
  {
    path: '/border/authorised-operators',
    kind: 'operator',
    what: 'authorised operators',
    effect: 'drawn at a lower rate; whatever the ledger says of their goods counts as for everybody',
    ending: 'suspensions',
  },
  {
    path: '/border/combinations',
    kind: 'combination',
    what: 'pre-approved combinations of consignor, importer, filer, heading and route',
    effect: 'drawn at a lower rate and outside the quota, unless a rule speaks against the load',
    ending: 'ends',
  },
] as const

const tell = ({ id, state, endedFor, body }: KnownPrivilege) => ({
  id,
  state,
  ...body,
  ...(endedFor === undefined ? {} : { endedFor }),
})

/** A firm sees what is about it. */
const concerns = (asker: ParticipantRef, { body }: KnownPrivilege): boolean =>
  seesAll(asker) ||
  ('participant' in body
    ? body.participant === asker.id
    : [body.filer, body.importer, body.consignor].includes(asker.id))

export const privilegeRoutes: FastifyPluginAsyncTypebox<BorderDeps> = async (app, deps) => {
  const one = async (kind: PrivilegeKind, id: string) => {
    const known = (await listKnown(deps, kind)).find((privilege) => privilege.id === id)
    if (!known) throw new Error(`the ${kind} ${id} is gone`)
    return tell(known)
  }
  app.post(
    registers[0].path,
    {
      config: officers,
      schema: {
        tags,
        summary: 'Propose an authorised operator',
        body: NewAuthorisation,
        response: { 201: Told, ...refusals },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await one('operator', await propose(deps, request.actor, 'operator', request.body))),
  )
  app.post(
    registers[1].path,
    {
      config: officers,
      schema: { tags, summary: 'Propose a combination', body: NewCombination, response: { 201: Told, ...refusals } },
    },
    async (request, reply) => {
      const body = { ...request.body, route: request.body.route ?? [] }
      return reply.code(201).send(await one('combination', await propose(deps, request.actor, 'combination', body)))
    },
  )
  for (const { path, kind, what, effect, ending } of registers) {
    app.get(
      path,
      {
        schema: {
          tags,
          summary: `Register of ${what}: one's own, or all for customs`,
          response: { 200: Type.Array(Told), ...refusals },
        },
      },
      async (request) =>
        (await listKnown(deps, kind)).filter((known) => concerns(actingFor(request.actor), known)).map(tell),
    )
    app.post(
      `${path}/:id/approvals`,
      {
        config: officers,
        schema: {
          tags,
          summary: 'Grant what another person proposed',
          description: `From then on: ${effect}.`,
          params: Params,
          response: { 201: Told, ...refusals },
        },
      },
      async (request, reply) => {
        await grant(deps, request.actor, kind, request.params.id)
        return reply.code(201).send(await one(kind, request.params.id))
      },
    )
    app.post(
      `${path}/:id/${ending}`,
      {
        config: officers,
        schema: {
          tags,
          summary: 'End it, from the next declaration on',
          params: Params,
          body: NewEnd,
          response: { 201: Told, ...refusals },
        },
      },
      async (request, reply) => {
        await end(deps, request.actor, kind, request.params.id, request.body.reason)
        return reply.code(201).send(await one(kind, request.params.id))
      },
    )
  }
}
