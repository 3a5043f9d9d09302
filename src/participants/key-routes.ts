import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { afterNumber, readPage, sendPage } from '../http/paging.ts'
import { ProblemBody } from '../http/schema.ts'
import './access.ts'
import { confirmKey, issueKey, keyBody, withdrawKey, type KeyDeps } from './issue.ts'
import * as keys from './key-store.ts'
import { endMandate, giveMandate, mandateBody } from './mandate.ts'
import * as mandates from './mandate-store.ts'
import { administered } from './participant.ts'
import * as schema from './schema.ts'

const refusals = { '4xx': ProblemBody }
const tags = ['Registers']
const administrative = { administrative: true } as const

export const keyRoutes: FastifyPluginAsyncTypebox<KeyDeps> = async (app, deps) => {
  app.post(
    '/participants/:id/keys',
    {
      config: administrative,
      schema: {
        tags,
        summary: 'Issue a key; shown once',
        params: schema.ParticipantParams,
        body: schema.NewKey,
        response: { 201: schema.IssuedKey, ...refusals },
      },
    },
    async (request, reply) => {
      const issued = await issueKey(deps, request.actor, request.params.id, request.body)
      return reply.code(201).header('cache-control', 'no-store').send(issued)
    },
  )
  app.get(
    '/participants/:id/keys',
    {
      schema: {
        tags,
        summary: 'Keys of a participant',
        params: schema.ParticipantParams,
        querystring: schema.PageQuery,
        response: { 200: Type.Array(schema.Key), ...refusals },
      },
    },
    async (request, reply) => {
      const { no } = await administered(deps.db, request.actor, request.params.id)
      const page = readPage(request, request.query)
      const rows = await keys.listKeys(deps.db, no, afterNumber(page) ?? 0, page.perPage + 1)
      return sendPage(request, reply, page, rows, (row) => row.no).map((row) => keyBody(row, deps.now()))
    },
  )
  app.delete(
    '/participants/:id/keys/:keyId',
    {
      config: administrative,
      schema: {
        tags,
        summary: 'Withdraw a key',
        params: schema.KeyParams,
        response: { 204: Type.Null(), ...refusals },
      },
    },
    async (request, reply) => {
      await withdrawKey(deps, request.actor, request.params.id, request.params.keyId)
      return reply.code(204).send(null)
    },
  )
  app.post(
    '/participants/:id/keys/:keyId/confirmations',
    {
      config: { roles: ['customs'], ...administrative },
      schema: {
        tags,
        summary: 'A second customs person lets a key count',
        params: schema.KeyParams,
        response: { 201: schema.Confirmation, ...refusals },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await confirmKey(deps, request.actor, request.params.id, request.params.keyId)),
  )
}

export const mandateRoutes: FastifyPluginAsyncTypebox<KeyDeps> = async (app, deps) => {
  app.post(
    '/mandates',
    {
      config: administrative,
      schema: {
        tags,
        summary: 'Let another participant act for you',
        body: schema.NewMandate,
        response: { 201: schema.Mandate, ...refusals },
      },
    },
    async (request, reply) => reply.code(201).send(await giveMandate(deps, request.actor, request.body)),
  )
  app.get(
    '/mandates',
    {
      schema: {
        tags,
        summary: 'Mandates you gave or were given',
        querystring: schema.PageQuery,
        response: { 200: Type.Array(schema.Mandate), ...refusals },
      },
    },
    async (request, reply) => {
      const page = readPage(request, request.query)
      const rows = await mandates.listMandates(
        deps.db,
        request.actor.participant.no,
        afterNumber(page) ?? 0,
        page.perPage + 1,
      )
      return sendPage(request, reply, page, rows, (row) => row.no).map(mandateBody)
    },
  )
  app.delete(
    '/mandates/:id',
    {
      config: administrative,
      schema: {
        tags,
        summary: 'End a mandate',
        params: schema.ParticipantParams,
        response: { 204: Type.Null(), ...refusals },
      },
    },
    async (request, reply) => {
      await endMandate(deps, request.actor, request.params.id)
      return reply.code(204).send(null)
    },
  )
}
