import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { ProblemBody } from '../http/schema.ts'
import '../participants/access.ts'
import * as prove from './prove.ts'
import * as schema from './schema.ts'

const refusals = { '4xx': ProblemBody }
const tags = ['Proof']
const compress = promisify(gzip)

const text = 'text/plain; charset=utf-8'
const bytes = 'application/octet-stream'
// A tile never changes (tlog-tiles, "This endpoint is immutable"); a checkpoint may be a moment old, never minutes.
const immutable = 'max-age=31536000, immutable'
const momentary = 'public, max-age=1'

/** Anybody's page may verify: what is public here is public everywhere. */
const open = (reply: FastifyReply, cache: string): FastifyReply =>
  reply.headers({
    'cache-control': cache,
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
  })

// 8 kB each: the upper tiles of every log, and the lower ones that are asked for now.
export const tilesKept = 1_000

export const proofRoutes: FastifyPluginAsyncTypebox<prove.ProveDeps> = async (app, deps) => {
  await hashRoutes(app, deps)
  await entryRoutes(app, deps)
}

/** What anybody may have: sizes, signatures and hashes. */
const hashRoutes: FastifyPluginAsyncTypebox<prove.ProveDeps> = async (app, deps) => {
  app.get(
    '/logs',
    {
      config: { public: true },
      schema: {
        tags,
        summary: 'The logs, their sizes and verifier keys',
        response: { 200: Type.Array(schema.Log), ...refusals },
      },
    },
    async (_request, reply) => {
      open(reply, momentary)
      return prove.listLogs(deps)
    },
  )

  app.get(
    '/logs/:id/checkpoint',
    {
      config: { public: true },
      schema: { tags, summary: 'The newest signed checkpoint', params: schema.LogParams, produces: ['text/plain'] },
    },
    async (request, reply) => {
      const note = await prove.tellCheckpoint(deps, request.params.id)
      return open(reply, momentary).type(text).send(note)
    },
  )

  app.get(
    '/logs/:id/tile/*',
    {
      config: { public: true },
      schema: {
        tags,
        summary: 'A tile of hashes: <L>/<N>, or <L>/<N>.p/<W> at the right edge',
        params: schema.LogParams,
        produces: [bytes],
      },
    },
    async (request, reply) => {
      const tile = await prove.tellTile(deps, request.params.id, restOf(request.params))
      return open(reply, `public, ${immutable}`).type(bytes).send(tile)
    },
  )
}

/** What was recorded, for who may see it. */
const entryRoutes: FastifyPluginAsyncTypebox<prove.ProveDeps> = async (app, deps) => {
  app.get(
    '/logs/:id/tile/entries/*',
    {
      config: { roles: ['auditor', 'customs'] },
      schema: {
        tags,
        summary: 'A bundle of up to 256 entries, each behind its length in two bytes',
        params: schema.LogParams,
        produces: [bytes],
      },
    },
    async (request, reply) => {
      const bundle = await prove.tellBundle(deps, request.params.id, restOf(request.params))
      reply.header('cache-control', `private, ${immutable}`).type(bytes)
      return sendCompressed(request, reply, bundle)
    },
  )

  app.get(
    '/logs/:id/lists/:digest',
    {
      schema: {
        tags,
        summary: 'The code list that an entry names by its digest, a GS1 Digital Link a line',
        params: schema.ListParams,
        produces: ['text/plain'],
      },
    },
    async (request, reply) => {
      const list = await prove.tellCodeList(deps, request.actor, request.params.id, request.params.digest)
      reply.header('cache-control', `private, ${immutable}`).type(text)
      return sendCompressed(request, reply, list)
    },
  )

  app.get(
    '/events/:eventID/proof',
    {
      schema: {
        tags,
        summary: 'That an event is in its log: a C2SP tlog-proof; as JSON with the entry, for who may see it',
        params: schema.EventParams,
        produces: ['text/plain', 'application/json'],
      },
    },
    async (request, reply) => {
      reply.headers({ 'cache-control': 'private, no-store', vary: 'accept' })
      if (wantsJson(request.headers.accept)) {
        return prove.proveEventWithEntry(deps, request.actor, request.params.eventID)
      }
      const { proof } = await prove.proveEvent(deps, request.params.eventID)
      return reply.type(text).header('content-disposition', 'inline; filename="event.tlog-proof"').send(proof)
    },
  )
}

/** What a route's * stands for. It is no part of the schema: TypeBox takes the name for an expression. */
const restOf = (params: object): string => ('*' in params && typeof params['*'] === 'string' ? params['*'] : '')

/** JSON only where it is named and text is not: a browser and curl ask for anything, and get the text. */
function wantsJson(accept: string | undefined): boolean {
  const ranges = (accept ?? '').split(',').map((range) => range.split(';')[0]?.trim().toLowerCase())
  return ranges.includes('application/json') && !ranges.includes('text/plain')
}

/** tlog-tiles: "Entry bundles SHOULD be compressed at the HTTP layer". */
async function sendCompressed(request: FastifyRequest, reply: FastifyReply, body: Buffer): Promise<FastifyReply> {
  reply.header('vary', 'accept-encoding')
  if (!/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) return reply.send(body)
  return reply.header('content-encoding', 'gzip').send(await compress(body, { level: 1 }))
}
