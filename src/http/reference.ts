// The API reference: OpenAPI 3.1 from the routes' schemas, and a page to read it in.
import type { FastifyInstance, FastifySchema } from 'fastify'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import './route-config.ts'

/** MUST be registered before the routes that it is to describe. */
export async function registerReference(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tamga',
        version,
        description:
          'A track-and-trace ledger for marked goods. Problems are application/problem+json with a code from a closed list. ' +
          'Send your key as a bearer token; act for another participant with the header Tamga-For.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key' } } },
      security: [{ key: [] }],
    },
    transform: ({ schema, url, route }) => {
      // Public calls need no key; the document says so.
      const open = route.config?.public === true ? { ...schema, security: [] } : schema
      // OpenAPI has no wildcard: a path's rest gets a name.
      return url.endsWith('/*') ? { schema: withRest(open), url: `${url.slice(0, -1)}:rest` } : { schema: open, url }
    },
  })
  // The page's own files, for whoever looks, without counting.
  app.addHook('onRoute', (route) => {
    if (route.url === '/docs' || route.url.startsWith('/docs/'))
      route.config = { ...route.config, public: true, unlimited: true }
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: {
      'default-src': "'none'",
      'base-uri': "'self'",
      'connect-src': "'self'",
      'font-src': "'self' data:",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
      'img-src': "'self' data:",
      'script-src': "'self'",
      // The page sets styles on its elements; nothing else of it is inline.
      'style-src': "'self' 'unsafe-inline'",
    },
    uiConfig: { deepLinking: true, docExpansion: 'list' },
  })
}

/** The schema with the rest of the path declared beside its other parameters. */
function withRest(schema: FastifySchema): FastifySchema {
  const { params } = schema
  const declared = typeof params === 'object' && params !== null && 'properties' in params ? params.properties : {}
  const rest = { type: 'string', description: 'The rest of the path, slashes included' }
  const properties = { ...(typeof declared === 'object' ? declared : {}), rest }
  return { ...schema, params: { type: 'object', properties, required: Object.keys(properties) } }
}
