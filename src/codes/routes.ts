import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { limits } from '../config/limits.ts'
import { afterNumber, readPage, sendPage } from '../http/paging.ts'
import { ProblemBody } from '../http/schema.ts'
import '../participants/access.ts'
import type { OnAdministrativeAct } from '../participants/act.ts'
import { formsOf } from './code-forms.ts'
import { chooseFormat, checkBlock, codeFormats, codeLines } from './download.ts'
import { createGate } from './gate.ts'
import type { TailKeys } from './keys.ts'
import { closeOrder, voidCodes, type OrderActs } from './order-acts.ts'
import { placeOrder, readOrderRequest, type OrderingContext } from './ordering.ts'
import * as orders from './order-view.ts'
import * as schema from './schema.ts'
import { symbolPng, symbolSvg } from './symbol.ts'
import { symbolCode } from './symbol-code.ts'

export type CodesOptions = Omit<OrderingContext, 'large'> & {
  keys: TailKeys
  acts: OrderActs
  onAct: OnAdministrativeAct
  now: () => Date
}

// 1.5 million serials of 20 characters, each with its quotes and comma.
const orderBytesMax = limits.orderCodesMax * 23 + 1_000

const largeAtOnce = 2 // Two of ten connections; more at once are not faster on two cores.
const largeWaiting = 20 // About ten seconds of work; who waits longer should hear so.

const refusals = { '4xx': ProblemBody }

export const codesRoutes: FastifyPluginAsyncTypebox<CodesOptions> = async (app, options) => {
  await app.register(orderRoutes, options)
  await app.register(downloadRoute, options)
  await app.register(actRoutes, options)
  await app.register(symbolRoutes, options)
  await app.register(formsRoute, options)
  await app.register(keyRoutes, options)
}

const orderRoutes: FastifyPluginAsyncTypebox<CodesOptions> = async (app, options) => {
  const large = createGate(largeAtOnce, largeWaiting)
  const context = { ...options, large, counts: orders.createOrderCounter(options.pool) }
  app.post(
    '/code-orders',
    {
      bodyLimit: orderBytesMax,
      config: { roles: ['producer', 'importer'] },
      schema: {
        tags: ['Codes'],
        summary: 'Order codes',
        body: schema.NewOrder,
        response: { 201: schema.Order, ...refusals },
      },
    },
    async (request, reply) => {
      const placed = await placeOrder(context, request.actor, readOrderRequest(request.body))
      return reply.code(201).header('location', `/code-orders/${placed.id}`).send(placed)
    },
  )

  app.get(
    '/code-orders',
    {
      schema: {
        tags: ['Codes'],
        summary: 'Orders, newest first',
        querystring: schema.OrderQuery,
        response: { 200: Type.Array(schema.Order), ...refusals },
      },
    },
    async (request, reply) => {
      const page = readPage(request, request.query)
      const rows = await orders.list(context, request.actor, request.query.gtin, afterNumber(page), page.perPage + 1)
      return sendPage(request, reply, page, rows, (row) => row.no).map(orders.toWire)
    },
  )

  app.get(
    '/code-orders/:id',
    {
      schema: {
        tags: ['Codes'],
        summary: 'An order, its state and counts',
        params: schema.OrderParams,
        response: { 200: schema.Order, ...refusals },
      },
    },
    async (request) => orders.toWire(await orders.find(context, request.actor, request.params.id)),
  )
}

const downloadRoute: FastifyPluginAsyncTypebox<CodesOptions> = async (app, context) => {
  app.get(
    '/code-orders/:id/codes',
    {
      schema: {
        tags: ['Codes'],
        summary: "An order's codes with their tails, whole or block by block; the same bytes every time",
        params: schema.OrderParams,
        querystring: schema.CodesQuery,
        produces: ['text/plain', 'application/x-ndjson', 'text/csv'],
      },
    },
    async (request, reply) => {
      const order = await orders.findOwn(context, request.actor, request.params.id)
      const format = chooseFormat(request.query.format, request.headers.accept)
      const block = request.query.block === undefined ? undefined : checkBlock(order, request.query.block)
      const lines = codeLines(context, order, format, block, block === undefined ? undefined : block + 1)
      const name = `codes-${order.id}${block === undefined ? '' : `-${block}`}.${format === 'text' ? 'txt' : format}`
      return reply
        .type(codeFormats[format])
        .headers({
          'content-disposition': `attachment; filename="${name}"`,
          'cache-control': 'private, no-store',
          vary: 'accept',
        })
        .send(Readable.from(lines))
    },
  )
}

const actRoutes: FastifyPluginAsyncTypebox<CodesOptions> = async (app, context) => {
  app.post(
    '/code-orders/:id/voids',
    {
      schema: {
        tags: ['Codes'],
        summary: 'Void codes that were spoiled, lost or stolen before they were used',
        params: schema.OrderParams,
        body: schema.NewVoid,
        response: { 201: schema.VoidReceipt, ...refusals },
      },
    },
    async (request, reply) => {
      const order = await orders.findOwn(context, request.actor, request.params.id)
      return reply.code(201).send(await voidCodes(context, request.actor, order, request.body))
    },
  )

  app.post(
    '/code-orders/:id/close',
    {
      schema: {
        tags: ['Codes'],
        summary: 'Cancel what is unused, for good',
        params: schema.OrderParams,
        response: { 200: schema.CloseReceipt, ...refusals },
      },
    },
    async (request) => {
      const order = await orders.findOwn(context, request.actor, request.params.id)
      return closeOrder(context, request.actor, order)
    },
  )
}

const symbolRoutes: FastifyPluginAsyncTypebox<CodesOptions> = async (app, context) => {
  const params = schema.SymbolParams
  app.get(
    '/codes/:code/symbol.svg',
    { schema: { tags: ['Codes'], summary: 'The GS1 DataMatrix of a code', params, produces: ['image/svg+xml'] } },
    async (request, reply) => {
      const code = await symbolCode(context.resolver, request.actor, request.params.code)
      return reply.type('image/svg+xml').header('cache-control', 'private, no-store').send(symbolSvg(code))
    },
  )
  app.get(
    '/codes/:code/symbol.png',
    {
      schema: {
        tags: ['Codes'],
        summary: 'The GS1 DataMatrix of a code',
        params,
        querystring: schema.PngQuery,
        produces: ['image/png'],
      },
    },
    async (request, reply) => {
      const code = await symbolCode(context.resolver, request.actor, request.params.code)
      const png = await symbolPng(code, request.query.scale ?? 4)
      return reply.type('image/png').header('cache-control', 'private, no-store').send(png)
    },
  )
}

const formsRoute: FastifyPluginAsyncTypebox<CodesOptions> = async (app, { resolver, pool }) => {
  app.get(
    '/codes/:code/forms',
    {
      schema: {
        tags: ['Codes'],
        summary: 'Every form in which the object of a code can be written',
        params: schema.SymbolParams,
        querystring: schema.FormsQuery,
        response: { 200: schema.CodeForms, ...refusals },
      },
    },
    async (request) => formsOf({ resolver, pool }, request.params.code, request.query),
  )
}

const keyRoutes: FastifyPluginAsyncTypebox<CodesOptions> = async (app, { keys, onAct, now }) => {
  app.get(
    '/keys',
    {
      config: { public: true },
      schema: {
        tags: ['Codes'],
        summary: 'The keys of verification tails: ids, states, and public keys of signatures',
        response: { 200: Type.Array(schema.PublishedKey), ...refusals },
      },
    },
    async () => keys.published(),
  )
  app.post(
    '/keys/rotations',
    {
      config: { roles: ['operator'], administrative: true },
      schema: {
        tags: ['Codes'],
        summary: 'Make new active tail keys; older ones go on verifying',
        body: schema.NewRotation,
        response: { 201: Type.Array(schema.PublishedKey), ...refusals },
      },
    },
    async (request, reply) => {
      const { actor, body } = request
      const kinds = body.kind === undefined ? (['mac', 'signature'] as const) : [body.kind]
      const record = (ids: readonly string[]) =>
        onAct({ kind: 'tail_keys_rotated', at: now(), actor, subject: { tailKeys: ids } })
      return reply.code(201).send(await keys.rotate(kinds, actor.key.no, record))
    },
  )
}
