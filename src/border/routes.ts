import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { DeclarationParams, NewDeclaration, NewOutcome, NewPresentation } from '../declarations/schema.ts'
import { isClosed } from '../declarations/standing.ts'
import { listDeclarations } from '../declarations/store.ts'
import { afterNumber, pagingQuery, readPage, sendPage } from '../http/paging.ts'
import { ProblemBody } from '../http/schema.ts'
import { seenStanding, seenStandings } from '../inspection/desk.ts'
import { goOnDuty } from '../inspection/duty.ts'
import { inspect } from '../inspection/inspect.ts'
import { raise, release } from '../inspection/release.ts'
import { NewDuty, NewInspection, NewRaise } from '../inspection/schema.ts'
import { type Actor, actingFor, seesAll } from '../participants/actor.ts'
import '../participants/access.ts'
import { amend, type BorderDeps, conclude, decideOthers, lodge, present } from './lodge.ts'
import { tellDeclaration, tellLodged } from './tell.ts'

const refusals = { '4xx': ProblemBody, '5xx': ProblemBody }
const tags = ['Border']
const declarants = { roles: ['importer', 'producer', 'broker'] } as const
const either = { roles: ['importer', 'producer', 'broker', 'customs'] } as const
const officers = { roles: ['customs'] } as const

const Lodged = Type.Object(
  {
    id: Type.String(),
    reference: Type.String(),
    version: Type.Integer(),
    status: Type.String(),
    required: Type.Array(Type.Object({ check: Type.String() }, { additionalProperties: true })),
    releasedAt: Type.Union([Type.String(), Type.Null()]),
  },
  { additionalProperties: true },
)

const Told = Type.Object({}, { additionalProperties: true })

export const borderRoutes: FastifyPluginAsyncTypebox<BorderDeps> = async (app, deps) => {
  const tell = async (actor: Actor, id: string) =>
    tellDeclaration(deps, await seenStanding(deps.pool, actor, id), actingFor(actor))

  app.post(
    '/declarations',
    {
      config: declarants,
      schema: {
        tags,
        summary: 'Declare goods; decided before the answer',
        description:
          'The same content again is answered with 200. The set of units is frozen at lodgement: re-packing is fine, other units are not.',
        body: NewDeclaration,
        response: { 200: Lodged, 201: Lodged, ...refusals },
      },
    },
    async (request, reply) => {
      const { standing, again } = await lodge(deps, request.actor, request.body)
      return reply.code(again ? 200 : 201).send(tellLodged(standing))
    },
  )
  app.get(
    '/declarations',
    {
      schema: {
        tags,
        summary: 'Declarations, newest first: one’s own, or all for customs',
        querystring: Type.Object(
          {
            ...pagingQuery,
            office: Type.Optional(Type.String({ maxLength: 200 })),
            open: Type.Optional(Type.Boolean({ description: 'Only those that are neither released nor closed' })),
          },
          { additionalProperties: false },
        ),
        response: { 200: Type.Array(Told) },
      },
    },
    async (request, reply) => {
      const asker = actingFor(request.actor)
      const page = readPage(request, request.query)
      const rows = await listDeclarations(
        deps.pool,
        {
          participant: seesAll(asker) ? undefined : asker.no,
          office: request.query.office,
          open: request.query.open,
          before: afterNumber(page),
        },
        page.perPage + 1,
      )
      const shown = sendPage(request, reply, page, rows, (row) => row.no)
      const standings = await seenStandings(deps.pool, request.actor, shown)
      const wanted =
        request.query.open === true
          ? standings.filter((standing) => !standing.released && !isClosed(standing))
          : standings
      return wanted.map((standing) => ({
        ...tellLodged(standing),
        ...(seesAll(asker) ? { lane: standing.lane } : {}),
      }))
    },
  )
  app.get(
    '/declarations/:id',
    {
      schema: {
        tags,
        summary: 'Where a declaration stands: all for customs, what it must do for the declarant',
        params: DeclarationParams,
        response: { 200: Told, ...refusals },
      },
    },
    (request) => tell(request.actor, request.params.id),
  )
  await app.register(laterRoutes, deps)
  await app.register(deskRoutes, deps)
}

/** What happens to a declaration afterwards. */
const laterRoutes: FastifyPluginAsyncTypebox<BorderDeps> = async (app, deps) => {
  app.post(
    '/declarations/:id/versions',
    {
      config: declarants,
      schema: {
        tags,
        summary: 'Amend it; decided anew, and a lane stays',
        params: DeclarationParams,
        body: NewDeclaration,
        response: { 201: Lodged, ...refusals },
      },
    },
    async (request, reply) =>
      reply.code(201).send(tellLodged(await amend(deps, request.actor, request.params.id, request.body))),
  )
  app.post(
    '/declarations/:id/presentations',
    {
      config: either,
      schema: {
        tags,
        summary: 'The goods are there; several for partial shipments and transit',
        params: DeclarationParams,
        body: NewPresentation,
        response: { 201: Told, ...refusals },
      },
    },
    async (request, reply) => {
      const standing = await present(deps, request.actor, request.params.id, request.body)
      return reply.code(201).send(await tellDeclaration(deps, standing, actingFor(request.actor)))
    },
  )
  app.post(
    '/declarations/:id/outcomes',
    {
      config: either,
      schema: {
        tags,
        summary: 'What became of it',
        params: DeclarationParams,
        body: NewOutcome,
        response: { 201: Told, ...refusals },
      },
    },
    async (request, reply) => {
      const standing = await conclude(deps, request.actor, request.params.id, request.body)
      return reply.code(201).send(await tellDeclaration(deps, standing, actingFor(request.actor)))
    },
  )
}

/** What officers do. There is no call here that lowers a lane or skips a check. */
const deskRoutes: FastifyPluginAsyncTypebox<BorderDeps> = async (app, deps) => {
  app.post(
    '/declarations/:id/inspections',
    {
      config: officers,
      schema: {
        tags,
        summary: 'Record an inspection; every unit that the machine drew is accounted for',
        params: DeclarationParams,
        body: NewInspection,
        response: { 201: Told, ...refusals },
      },
    },
    async (request, reply) => {
      const { standing, position, at } = await inspect(deps, request.actor, request.params.id, request.body)
      const told = await tellDeclaration(deps, standing, actingFor(request.actor))
      return reply
        .code(201)
        .send({ ...told, inspection: { position, at: at.toISOString(), result: request.body.result } })
    },
  )
  app.post(
    '/declarations/:id/release',
    {
      config: officers,
      schema: {
        tags,
        summary: 'One person’s word that the goods may go; red needs two',
        params: DeclarationParams,
        response: { 200: Told, 202: Told, ...refusals },
      },
    },
    async (request, reply) => {
      const standing = await release(deps, request.actor, request.params.id)
      return reply.code(standing.released ? 200 : 202).send(tellLodged(standing))
    },
  )
  app.post(
    '/declarations/:id/raises',
    {
      config: officers,
      schema: {
        tags,
        summary: 'Raise its lane, with a reason and a deadline; a lane only rises',
        params: DeclarationParams,
        body: NewRaise,
        response: { 201: Told, ...refusals },
      },
    },
    async (request, reply) => {
      const standing = await raise(deps, request.actor, request.params.id, request.body)
      await decideOthers(deps, standing)
      return reply.code(201).send(await tellDeclaration(deps, standing, actingFor(request.actor)))
    },
  )
  app.post(
    '/border/duty',
    {
      config: officers,
      schema: {
        tags,
        summary: 'Go on shift at an office: inspectors are drawn from those who are',
        body: NewDuty,
        response: { 201: Told, ...refusals },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await goOnDuty(deps, request.actor, request.body.office, request.body.until)),
  )
}
