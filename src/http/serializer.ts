import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import type { FastifyInstance } from 'fastify'

const compile = SerializerSelector()({}, {})
type SerializerCompiler = Parameters<FastifyInstance['setSerializerCompiler']>[0]

const known = new WeakMap<object, ReturnType<typeof compile>>()

/**
 * Fastify's own compiler, once for each schema: nearly every route answers with the same problem document, and compiling it for each
 * of them was a third of what a start took.
 */
export const serializerCompiler: SerializerCompiler = ({ schema, method, url, httpStatus = '' }) => {
  const route = { schema, method, url, httpStatus }
  if (typeof schema !== 'object' || schema === null) return compile(route)
  const serializer = known.get(schema) ?? compile(route)
  known.set(schema, serializer)
  return serializer
}
