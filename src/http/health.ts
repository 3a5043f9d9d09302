import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Registry } from 'prom-client'
import { Type } from 'typebox'
import './route-config.ts'
import { Problem } from './problem.ts'
import { ProblemBody } from './schema.ts'

/** One thing that stands against serving: a name for programs, a sentence for people. */
export type Reason = { name: string; detail: string; cause?: unknown }

export type HealthDeps = {
  metrics: Registry
  /** What stands against serving; nothing where requests can be served. */
  reasons: () => Promise<Reason[]>
}

const open = { public: true, unlimited: true } as const
const tags = ['Service']

/** Alive, ready, figures: what machines ask every few seconds. */
export const healthRoutes: FastifyPluginAsyncTypebox<HealthDeps> = async (app, { metrics, reasons }) => {
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
        summary: 'Requests are served; where not, why: database, read_only, disk, checkpoint',
        response: { 200: Type.Object({ status: Type.Literal('ready') }), '5xx': ProblemBody },
      },
    },
    async () => {
      const found = await reasons()
      if (found.length === 0) return { status: 'ready' as const }
      throw new Problem('busy', {
        detail: found.map(({ detail }) => detail).join(' '),
        errors: found.map(({ name, detail }) => ({ path: `/${name}`, code: 'busy', detail })),
        cause: found.find(({ cause }) => cause !== undefined)?.cause,
      })
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
