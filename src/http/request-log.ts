// Structured log lines: one a request, with its id. Bodies are never logged, nor addresses (they hold codes with their
// tails), nor headers (they hold keys): the route's pattern and the ids of who called say what an operator needs.
import type { FastifyInstance, FastifyRequest, FastifyServerOptions } from 'fastify'
import { destination } from 'pino'
import './route-config.ts'

/** Anything that takes lines; tests collect them. */
export type LogStream = { write(line: string): void }

// Less than what is written at once, 16,384, or the stream refuses.
const bufferBytes = 8_192
const flushMs = 250
/** Of pino's lines, which begin with `{"level":30,`: where the level's first digit stands. */
const levelAt = '{"level":'.length
const warning = '4'

/**
 * Standard output, written a quarter of a second at a time: a system call for each request's line would be a tenth of what the request
 * costs. What is a warning or worse is out at once, with all that came before it, and so is the rest when the process ends, unless it
 * is killed.
 */
function output(): LogStream {
  const stream = destination({ dest: 1, sync: false, minLength: bufferBytes, periodicFlush: flushMs })
  return {
    write: (line) => {
      stream.write(line)
      if ((line[levelAt] ?? '') >= warning) stream.flush()
    },
  }
}

export function loggerOptions(level: string, stream: LogStream = output()): FastifyServerOptions['logger'] {
  return {
    level,
    stream,
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
  // Looking for what must be hidden costs more than writing the line, and all that stands in it stands here.
  const lines = app.log.child({}, { redact: [] })
  app.addHook('onResponse', (request, reply, done) => {
    if (request.routeOptions.config.unlimited === true) return done()
    lines.info(
      {
        reqId: request.id,
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
