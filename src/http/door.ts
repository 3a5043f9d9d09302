// What every request passes on its way in and every answer on its way out, whatever the route.
import helmet from '@fastify/helmet'
import Fastify, { type FastifyInstance } from 'fastify'
import { parseJson } from './json.ts'
import { Problem } from './problem.ts'

/** JSON in all its names; everything else is 415. Bodies come as they are: no coercion, no silent removal. */
export function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    /^application\/(?:[\w.-]+\+)?json(?:\s*;|\s*$)/i,
    { parseAs: 'buffer' },
    (_request: unknown, body: string | Buffer, done: (error: Error | null, value?: unknown) => void) => {
      const bytes = typeof body === 'string' ? Buffer.from(body) : body
      // Many clients name a content type on a DELETE or a POST without a body. Where one is needed, the schema says so.
      let value: unknown
      try {
        value = bytes.length === 0 ? undefined : parseJson(bytes)
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)))
        return
      }
      done(null, value)
    },
  )
}

/** Once the service is ending, what still comes on open connections is sent elsewhere; what is under way is answered. */
export function refuseWhileEnding(app: FastifyInstance): void {
  let ending = false
  app.addHook('preClose', (done) => {
    ending = true
    done()
  })
  app.addHook('onRequest', (request, _reply, done) => {
    const { url } = request.routeOptions
    if (ending && url !== '/health' && url !== '/metrics') {
      throw new Problem('busy', {
        detail: 'The service is ending. Ask again in a moment, or another process; nothing was stored.',
        headers: { 'retry-after': '1', connection: 'close' },
      })
    }
    done()
  })
}

/** Refuses what no route could handle, and names each request in its answer. */
export function guardDoor(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id)
    const encoding = request.headers['content-encoding']
    if (encoding !== undefined && encoding !== 'identity') {
      // Compressed bodies would have to be bounded twice; 32 MB travel well without.
      throw new Problem('media_type', {
        detail: `Bodies in ${encoding.slice(0, 50)} are not read. Send the body uncompressed.`,
      })
    }
    if (request.url.includes('%00')) {
      throw new Problem('field_invalid', { detail: 'The address contains U+0000. Leave this character out.' })
    }
    done()
  })
}

/**
 * The headers that helmet would send. They are the same on every answer, and it works all of them out each time (7 % of a scan's
 * CPU time [m]), so it is asked once.
 */
export async function secureHeaders(): Promise<Readonly<Record<string, string>>> {
  const asked = Fastify()
  await asked.register(helmet)
  const bare = await asked.inject('/')
  await asked.close()
  const transport = new Set(['content-type', 'content-length', 'date', 'connection'])
  const headers = Object.entries(bare.headers).flatMap(([name, value]) =>
    typeof value === 'string' && !transport.has(name) ? [[name, value] as const] : [],
  )
  return Object.freeze(Object.fromEntries(headers))
}

/** Puts the same headers on every answer: worked out once, by who knows which ones make a browser careful. */
export function sendHeaders(app: FastifyInstance, headers: Readonly<Record<string, string>>): void {
  app.addHook('onRequest', (_request, reply, done) => {
    void reply.headers(headers)
    done()
  })
}
