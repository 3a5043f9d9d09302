import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Rate } from '../http/rate.ts'
import { ProblemBody } from '../http/schema.ts'
import '../participants/access.ts'
import { actingFor } from '../participants/actor.ts'
import { checkPublicly, type PublicCheckDeps } from './check.ts'
import { recordReturn } from './return.ts'
import { checkSale, type SaleCheckDeps } from './sale-check.ts'
import * as schema from './schema.ts'
import { recordReceipt, type SellingDeps } from './selling.ts'

export type RetailDeps = SellingDeps & SaleCheckDeps & PublicCheckDeps & { rate: Rate }

const refusals = { '4xx': ProblemBody, '5xx': ProblemBody }
const tags = ['Retail']

/** Where the chain closes, and what is asked at the till and by who stands before the shelf. */
export const retailRoutes: FastifyPluginAsyncTypebox<RetailDeps> = async (app, deps) => {
  app.post(
    '/receipts',
    {
      config: { roles: ['retailer'] },
      schema: {
        tags,
        summary: 'Close the chain for what is on a receipt',
        description:
          'Every line is closed or none. Till, number and local date identify the receipt: sent again it is answered as the first time (200).',
        body: schema.Receipt,
        response: { 200: schema.ReceiptRecorded, 201: schema.ReceiptRecorded, ...refusals },
      },
    },
    async (request, reply) => {
      const { isNew, body } = await recordReceipt(deps, request.actor, request.body)
      return reply.code(isNew ? 201 : 200).send(body)
    },
  )

  app.post(
    '/returns',
    {
      config: { roles: ['retailer'] },
      schema: {
        tags,
        summary: 'Take back a unit that was sold, in any shop of who sold it',
        body: schema.Return,
        response: { 200: schema.ReturnRecorded, 201: schema.ReturnRecorded, ...refusals },
      },
    },
    async (request, reply) => {
      const { isNew, body } = await recordReturn(deps, request.actor, request.body)
      return reply.code(isNew ? 201 : 200).send(body)
    },
  )

  app.post(
    '/sale-checks',
    {
      config: { roles: ['retailer'], urgent: true },
      schema: {
        tags,
        summary: 'Whether you may sell these units now, and if not why',
        body: schema.SaleCheck,
        response: { 200: schema.SaleCheckBody, ...refusals },
      },
    },
    async (request) => ({ results: await checkSale(deps, actingFor(request.actor).no, request.body.codes) }),
  )

  app.get(
    '/check/:code',
    {
      config: { public: true },
      schema: {
        tags,
        summary: 'What anybody may know about a code',
        params: schema.CheckParams,
        response: { 200: schema.PublicCheck, ...refusals },
      },
    },
    async (request, reply) => {
      void reply.header('cache-control', 'no-store')
      return checkPublicly(deps, request.params.code, (unit) => deps.rate.countUnit(request, reply, unit))
    },
  )
}
