import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { afterNumber, readPage, sendPage } from '../http/paging.ts'
import { ProblemBody } from '../http/schema.ts'
import './access.ts'
import { actingFor, seesAll } from './actor.ts'
import { companyPrefixRoutes } from './company-prefix-routes.ts'
import type { KeyDeps } from './issue.ts'
import { keyRoutes, mandateRoutes } from './key-routes.ts'
import {
  administered,
  participantBody,
  personBody,
  placeBody,
  readPlace,
  registerParticipant,
  registerPerson,
  registerPlace,
} from './participant.ts'
import * as schema from './schema.ts'
import * as store from './store.ts'

const refusals = { '4xx': ProblemBody }
const tags = ['Registers']
const administrative = { administrative: true } as const

export const participantRoutes: FastifyPluginAsyncTypebox<KeyDeps> = async (app, deps) => {
  await app.register(firmRoutes, deps)
  await app.register(companyPrefixRoutes, deps)
  await app.register(peopleRoutes, deps)
  await app.register(keyRoutes, deps)
  await app.register(mandateRoutes, deps)
  await app.register(placeRoutes, deps)
}

const firmRoutes: FastifyPluginAsyncTypebox<KeyDeps> = async (app, deps) => {
  const { db } = deps
  app.post(
    '/participants',
    {
      config: { roles: ['operator'], ...administrative },
      schema: {
        tags,
        summary: 'Register a participant',
        body: schema.NewParticipant,
        response: { 201: schema.Participant, ...refusals },
      },
    },
    async (request, reply) => reply.code(201).send(await registerParticipant(deps, request.actor, request.body)),
  )
  app.get(
    '/participants',
    {
      config: { roles: ['operator'] },
      schema: {
        tags,
        summary: 'All participants',
        querystring: schema.ParticipantQuery,
        response: { 200: Type.Array(schema.Participant), ...refusals },
      },
    },
    async (request, reply) => {
      const page = readPage(request, request.query)
      const rows = await store.listParticipants(db, request.query, afterNumber(page) ?? 0, page.perPage + 1)
      return sendPage(request, reply, page, rows, (row) => row.no).map(participantBody)
    },
  )
  app.get(
    '/participants/me',
    { schema: { tags, summary: 'Who this key is', response: { 200: schema.Me, ...refusals } } },
    async (request) => {
      const { participant, key, person, place, steps, principal, mandate } = request.actor
      const { id, name, country, roles, gln } = participant
      return {
        id,
        name,
        country,
        roles: [...roles],
        ...(gln === undefined ? {} : { gln }),
        key: {
          id: key.id,
          kind: key.kind,
          ...(place ? { place: place.id } : {}),
          ...(steps ? { steps: [...steps] } : {}),
        },
        ...(person ? { person: { id: person.id } } : {}),
        ...(principal && mandate
          ? {
              principal: { id: principal.id, name: principal.name, roles: [...principal.roles], may: [...mandate.may] },
            }
          : {}),
      }
    },
  )
  app.get(
    '/participants/:id',
    {
      schema: {
        tags,
        summary: 'One participant',
        params: schema.ParticipantParams,
        response: { 200: schema.Participant, ...refusals },
      },
    },
    async (request) => participantBody(await administered(db, request.actor, request.params.id)),
  )
}

const peopleRoutes: FastifyPluginAsyncTypebox<KeyDeps> = async (app, deps) => {
  const { db } = deps
  app.post(
    '/participants/:id/people',
    {
      config: administrative,
      schema: {
        tags,
        summary: 'Register a person',
        params: schema.ParticipantParams,
        body: schema.NewPerson,
        response: { 201: schema.Person, ...refusals },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await registerPerson(deps, request.actor, request.params.id, request.body)),
  )
  app.get(
    '/participants/:id/people',
    {
      schema: {
        tags,
        summary: 'People of a participant',
        params: schema.ParticipantParams,
        querystring: schema.PageQuery,
        response: { 200: Type.Array(schema.Person), ...refusals },
      },
    },
    async (request, reply) => {
      const { no } = await administered(db, request.actor, request.params.id)
      const page = readPage(request, request.query)
      const rows = await store.listPeople(db, no, afterNumber(page) ?? 0, page.perPage + 1)
      return sendPage(request, reply, page, rows, (row) => row.no).map(personBody)
    },
  )
}

const placeRoutes: FastifyPluginAsyncTypebox<KeyDeps> = async (app, deps) => {
  const { db } = deps
  app.post(
    '/places',
    {
      config: administrative,
      schema: {
        tags,
        summary: 'Register a place',
        body: schema.NewPlace,
        response: { 201: schema.Place, ...refusals },
      },
    },
    async (request, reply) => reply.code(201).send(await registerPlace(deps, request.actor, request.body)),
  )
  app.get(
    '/places',
    {
      schema: {
        tags,
        summary: 'Your places; authorities see all',
        querystring: schema.PageQuery,
        response: { 200: Type.Array(schema.Place), ...refusals },
      },
    },
    async (request, reply) => {
      const page = readPage(request, request.query)
      const whose = seesAll(request.actor.participant) ? undefined : actingFor(request.actor).no
      const rows = await store.listPlaces(db, whose, afterNumber(page) ?? 0, page.perPage + 1)
      return sendPage(request, reply, page, rows, (row) => row.no).map(placeBody)
    },
  )
  app.get(
    '/places/:id',
    {
      schema: {
        tags,
        summary: 'One place',
        params: schema.ParticipantParams,
        response: { 200: schema.Place, ...refusals },
      },
    },
    async (request) => readPlace(db, request.actor, request.params.id),
  )
}
