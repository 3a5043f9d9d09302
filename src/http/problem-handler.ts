// The single place where an error becomes an answer. A Problem is the caller's and is told in full; whatever else is
// thrown is ours: logged whole, answered as a bare 500 that names the request and nothing more.
import { STATUS_CODES } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { limits } from '../config/limits.ts'
import { Problem, problemDocument, problems, type ProblemCode } from './problem.ts'
import { validationProblem } from './validation.ts'

export const problemType = 'application/problem+json; charset=utf-8'

declare module 'fastify' {
  interface FastifyRequest {
    /** The code of the problem that answered this request, if one did. */
    problemCode: ProblemCode | undefined
  }
}

/** Makes every error of this service, its plugins and the framework a problem document. */
export function answerWithProblems(app: FastifyInstance): void {
  app.decorateRequest('problemCode', undefined)
  app.setErrorHandler(async (error, request, reply) => sendProblem(error, request, reply))
  app.setNotFoundHandler(async (request, reply) => {
    const problem = new Problem('not_found', {
      detail: `There is no ${request.method} ${pathOf(request)} here. See /docs for what there is.`,
    })
    return sendProblem(problem, request, reply)
  })
}

export async function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const problem = toProblem(error, request)
  request.problemCode = problem.code
  if (problem.status >= 500 && problem.code !== 'busy' && problem.code !== 'not_implemented') {
    request.log.error({ err: error }, 'request failed')
  }
  if (problem.status === 503 && problem.headers?.['retry-after'] === undefined) void reply.header('retry-after', '1')
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="tamga"')
  if (problem.headers) void reply.headers(problem.headers)
  reply.removeHeader('content-disposition') // A download that failed is not a file.
  reply.removeHeader('cache-control')
  reply.removeHeader('etag')
  if (problem.status === 404 && request.routeOptions.url !== undefined) await delay(untilTold(reply.elapsedTime))
  // A string, so that no response schema of the route reshapes it.
  const document = JSON.stringify(problemDocument(problem))
  return reply.code(problem.status).header('content-type', problemType).serializer(String).send(document)
}

/**
 * Milliseconds until an answer of 404 may be told. Somebody else's object is looked up for longer than one that never was, and the
 * words hide which it is: so both are told at the next stroke of a clock that began with the request (ASVS 8.3.4, "no enumeration").
 */
const untilTold = (elapsedMs: number): number => limits.notFoundStrokeMs - (elapsedMs % limits.notFoundStrokeMs)

/** Fastify's and its plugins' own errors, by code or status, as ours. */
const frameworkCodes: Record<string, ProblemCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media_type',
  FST_ERR_CTP_EMPTY_TYPE: 'media_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'body_malformed',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'body_malformed',
  FST_ERR_CTP_INVALID_JSON_BODY: 'body_malformed',
  FST_ERR_MAX_PARAM_LENGTH: 'uri_too_long',
  FST_ERR_BAD_URL: 'request_malformed',
  FST_ERR_NOT_FOUND: 'not_found',
  FST_UNDER_PRESSURE: 'busy',
}

/** What is told to the caller about something that was thrown. */
export function toProblem(error: unknown, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error
  if (!isFastifyError(error)) return internal(request, error)
  if (error.validation) {
    if (error.validationContext === 'body' && request.body === undefined) {
      return new Problem('body_malformed', { detail: 'The body is empty. Send a JSON document; see /docs.' })
    }
    return validationProblem(error.validation, error.validationContext)
  }
  const code = frameworkCodes[error.code]
  if (code !== undefined) return new Problem(code, { cause: error })
  if (isOverload(error)) {
    const unknown = request.method !== 'GET' && isLost(error)
    return new Problem('busy', { ...(unknown ? { detail: nobodyKnows } : {}), cause: error })
  }
  const status = error.statusCode ?? 500
  if (status >= 400 && status < 500) return new Problem(codeOfStatus(status), { detail: error.message, cause: error })
  return internal(request, error)
}

const internal = (request: FastifyRequest, cause: unknown): Problem =>
  new Problem('internal', { detail: `${problems.internal[2]} Request id: ${request.id}.`, cause })

/** PostgreSQL states and driver errors that pass by themselves: too many connections, lock and statement time-outs, restart. */
function isOverload(error: FastifyError): boolean {
  if (/^(53\d{3}|55P03|57014|57P0[1-3]|08\d{3}|40001|40P01|ECONNREFUSED|ECONNRESET|EPIPE)$/.test(error.code ?? ''))
    return true
  return /timeout exceeded when trying to connect|Connection terminated|Query read timeout/.test(error.message)
}

/** The connection went away, or said nothing any more, with a statement under way: it may have taken effect. */
const isLost = ({ code = '', message }: FastifyError): boolean =>
  /^(57P0[12]|08\d{3}|ECONNRESET|EPIPE)$/.test(code) || /Connection terminated|Query read timeout/.test(message)

const nobodyKnows =
  'The database was lost while it worked on this, and whether anything was stored is not known. Look before you send it again.'

function codeOfStatus(status: number): ProblemCode {
  switch (status) {
    case 404:
      return 'not_found'
    case 405:
      return 'method_not_allowed'
    case 406:
      return 'not_acceptable'
    case 413:
      return 'too_large'
    case 415:
      return 'media_type'
    case 429:
      return 'too_many_requests'
    default:
      return 'request_malformed'
  }
}

const isFastifyError = (error: unknown): error is FastifyError => error instanceof Error

const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0]?.slice(0, 200) ?? ''

/** Errors of the HTTP parser, before there is a request: a problem document on the bare socket. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const code: ProblemCode =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? 'headers_too_large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 'request_timeout'
        : 'request_malformed'
  const problem = new Problem(code)
  const body = JSON.stringify(problemDocument(problem))
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\ncontent-type: ${problemType}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
