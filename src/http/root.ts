// The address itself: where everything else is, and how much may be sent.
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { Config } from '../config/config.ts'
import './route-config.ts'

/** What a program finds at the address itself; a browser is sent on to the pages. */
export const rootRoute = async (
  app: FastifyInstance,
  { config, version }: { config: Config; version: string },
): Promise<void> => {
  const { documentCodesMax, documentEventsMax, documentBytesMax, orderCodesMax } = config.limits
  const limits = { documentCodesMax, documentEventsMax, documentBytesMax, orderCodesMax }
  app.get(
    '/',
    {
      config: { public: true },
      schema: {
        tags: ['Service'],
        summary: 'Where things are',
        response: {
          200: Type.Object({
            name: Type.String(),
            version: Type.String(),
            pages: Type.String(),
            docs: Type.String(),
            openapi: Type.String(),
            health: Type.String(),
            ready: Type.String(),
            limits: Type.Record(Type.String(), Type.Number()),
          }),
        },
      },
    },
    async (request, reply) => {
      void reply.header('vary', 'accept')
      // Who types the address into a browser wants a page; a program gets what it always got.
      if (request.headers.accept?.includes('text/html')) return reply.redirect('/app', 303)
      return {
        name: 'Tamga',
        version,
        pages: '/app',
        docs: '/docs',
        openapi: '/docs/json',
        health: '/health',
        ready: '/ready',
        limits,
      }
    },
  )
}
