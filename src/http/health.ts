import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Registry } from 'prom-client'
import { Type } from 'typebox'
import './route-config.ts'
import { Problem } from './problem.ts'
import { ProblemBody } from './schema.ts'

export type HealthDeps = {
  metrics: Registry
  /** Resolves when requests can be served, rejects with the reason when not. */
  check: () => Promise<void>
}

const open = { public: true, unlimited: true } as const
const tags = ['Service']

/** Alive, ready, figures: what machines ask every few seconds. */
export const healthRoutes: FastifyPluginAsyncTypebox<HealthDeps> = async (app, { metrics, check }) => {
  app.get(
    '/health',
    {
      config: open,
      schema: { tags, summary: 'The process is alive', response: { 200: Type.Object({ status: Type.Literal('ok') }) } },
    },
    async () => ({ status: 'ok' as const }),
  )
  app.get(
    '/ready',
    {
      config: open,
      schema: {
        tags,
        summary: 'Requests are served',
        response: { 200: Type.Object({ status: Type.Literal('ready') }), '5xx': ProblemBody },
      },
    },
    async () => {
      try {
        await check()
      } catch (cause) {
        throw new Problem('busy', { detail: 'The database does not answer. Try again shortly.', cause })
      }
      return { status: 'ready' as const }
    },
  )
  app.get(
    '/metrics',
    {
      config: open,
      schema: {
        tags,
        summary: 'Figures in the Prometheus text format',
        produces: ['text/plain'],
        response: { 200: Type.String() },
      },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()),
  )
}
