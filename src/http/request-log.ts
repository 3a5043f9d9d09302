// Structured log lines: one a request, with its id. Bodies are never logged, nor addresses (they hold codes with their
// tails), nor headers (they hold keys): the route's pattern and the ids of who called say what an operator needs.
import type { FastifyInstance, FastifyRequest, FastifyServerOptions } from 'fastify'
import './route-config.ts'

/** Anything that takes lines; tests collect them. */
export type LogStream = { write(line: string): void }

export function loggerOptions(level: string, stream: LogStream | undefined): FastifyServerOptions['logger'] {
  return {
    level,
    ...(stream ? { stream } : {}),
    // A belt to the braces: should anybody log a request or a key after all.
    redact: {
      paths: [
        'authorization',
        'key',
        'operatorKey',
        'masterKey',
        'headers',
        'body',
        'req.headers',
        'req.body',
        '*.authorization',
      ],
      censor: '[redacted]',
    },
    serializers: {
      req: (request) => ({ method: request.method, route: request.routeOptions?.url }),
      res: (reply) => ({ statusCode: reply.statusCode }),
    },
  }
}

/** @param callerOf ids of who called, if anyone did */
export function logRequests(app: FastifyInstance, callerOf: (request: FastifyRequest) => Record<string, string>): void {
  app.addHook('onResponse', (request, reply, done) => {
    if (request.routeOptions.config.unlimited === true) return done()
    request.log.info(
      {
        method: request.method,
        route: request.routeOptions.url,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 100) / 100,
        ...(request.problemCode === undefined ? {} : { problem: request.problemCode }),
        ...callerOf(request),
      },
      'request',
    )
    done()
  })
}
