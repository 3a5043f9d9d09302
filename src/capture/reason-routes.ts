import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { ProblemBody } from '../http/schema.ts'
import { reasonActs, type Reasons } from './reasons.ts'

const Act = Type.Enum([...reasonActs], { type: 'string', description: 'What a scan does that gives such a reason' })

export const reasonRoutes: FastifyPluginAsyncTypebox<{ reasons: Reasons }> = async (app, { reasons }) => {
  app.get(
    '/reasons',
    {
      schema: {
        tags: ['Events'],
        summary:
          'The reasons that scans may give for write-offs, losses, surplus, holds and goods that leave the system',
        querystring: Type.Object({ act: Type.Optional(Act) }, { additionalProperties: false }),
        response: {
          200: Type.Array(Type.Object({ act: Type.String(), code: Type.String(), text: Type.String() })),
          '4xx': ProblemBody,
        },
      },
    },
    async ({ query: { act } }) => (await reasons.list()).filter((row) => act === undefined || row.act === act),
  )
}
