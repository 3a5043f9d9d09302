// Too much to do is said at once: an early 503 costs microseconds and can be repeated, a late answer is worth nothing to a till.
import underPressure from '@fastify/under-pressure'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { problemType } from './problem-handler.ts'
import { Problem, problemDocument } from './problem.ts'

export type PressureLimits = {
  /** Requests that are worked on at the same time. */
  requestsAtWorkMax: number
  /** Requests that one turn of the event loop takes in, while it has to take in more turn after turn. */
  requestsPerTurnMax: number
  /** Milliseconds that the event loop may be late. */
  loopLateMaxMs: number
}

const turnMaxMs = 100

const comeAgain = 'Wait as long as Retry-After says, then repeat; nothing was stored.'

/**
 * Refuses with 503 and Retry-After, before its body is read, what would only wait: while too many requests are worked on, while
 * requests come faster than they can be taken in, and while the event loop is seconds behind. A process that is short of CPU time has
 * its queue where nobody sees it, in the sockets; what can be seen is that every turn of the loop finds hundreds of them full. One
 * such turn says nothing: somebody's large event may have held up everybody for a moment. Routes that are `unlimited` (health,
 * figures) always answer.
 * @param headers what every answer has
 */
export async function refuseExcess(
  app: FastifyInstance,
  limits: PressureLimits,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { requestsAtWorkMax, requestsPerTurnMax, loopLateMaxMs } = limits
  let atWork = 0
  let thisTurn = 0
  let turnBefore = 0
  let turnFromMs = 0
  const endTurn = () => {
    turnBefore = thisTurn
    thisTurn = 0
  }
  /** With a thousand sockets full at once libuv looks for more before it ends its turn, for seconds: then time ends it. */
  const count = () => {
    const nowMs = performance.now()
    if (thisTurn > 0 && nowMs - turnFromMs > turnMaxMs) endTurn()
    if (thisTurn === 0) {
      turnFromMs = nowMs
      setImmediate(endTurn)
    }
    thisTurn++
  }
  const tooMany = () =>
    atWork >= requestsAtWorkMax || (thisTurn > requestsPerTurnMax && turnBefore > requestsPerTurnMax)
  const sendAway = refusalWith(headers)
  app.addHook('onRequest', (request, reply, done) => {
    count()
    if (tooMany() && request.routeOptions.config.unlimited !== true) sendAway(request, reply)
    else done()
  })
  // Counted once the whole body is there: who sends his slowly must not keep others out.
  app.addHook('preValidation', (_request, reply, done) => {
    atWork++
    let over = false
    const leave = () => {
      if (!over) atWork--
      over = true
    }
    // A caller who hangs up is never `finish`ed.
    reply.raw.once('finish', leave).once('close', leave)
    done()
  })
  await app.register(underPressure, {
    maxEventLoopDelay: loopLateMaxMs,
    sampleInterval: 1_000,
    pressureHandler: (request, _reply, _type, value) => {
      // A second in which nothing could be measured (the process was just starting, or stopped by the system) is reported as
      // infinite; the first callers of a slow machine would be turned away for it.
      if (value === Infinity || request.routeOptions.config.unlimited === true) return
      throw new Problem('busy', {
        detail: `Everything is late just now. ${comeAgain}`,
        headers: { 'retry-after': '2' },
      })
    },
  })
}

/**
 * The same answer for everybody, made once and written past the framework: thousands a second come when there is most to do, and each
 * must cost as little as it can.
 */
function refusalWith(
  headers: Readonly<Record<string, string>>,
): (request: FastifyRequest, reply: FastifyReply) => void {
  const body = JSON.stringify(
    problemDocument(new Problem('busy', { detail: `More is asked than can be done. ${comeAgain}` })),
  )
  const fixed = {
    ...headers,
    'content-type': problemType,
    'content-length': Buffer.byteLength(body),
    'retry-after': '1',
  }
  return (request, reply) => {
    request.problemCode = 'busy'
    reply.hijack()
    reply.raw.writeHead(503, { ...fixed, 'x-request-id': request.id })
    reply.raw.end(body)
  }
}
