// Too much to do is said at once: an early 503 costs microseconds and can be repeated, a late answer is worth nothing to a till.
import type { ServerResponse } from 'node:http'
import underPressure from '@fastify/under-pressure'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { problemType } from './problem-handler.ts'
import { Problem, problemDocument } from './problem.ts'

export type PressureLimits = {
  /** Requests that are worked on at the same time. */
  requestsAtWorkMax: number
  /** Requests that one turn of the event loop takes in, while it has to take in more turn after turn. */
  requestsPerTurnMax: number
  /** How long a turn may last before it is counted as over, in milliseconds. */
  turnMaxMs: number
  /** Requests that are begun in one turn; the rest stand in line. */
  requestsBegunPerTurnMax: number
  /** Milliseconds that the event loop may be late. */
  loopLateMaxMs: number
}

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
  const { requestsAtWorkMax, requestsPerTurnMax, requestsBegunPerTurnMax, turnMaxMs, loopLateMaxMs } = limits
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
  let line: (() => void)[] = []
  /** In between the database's answers are heard, who is sent away is told, and tills go first: their routes are `urgent`. */
  const begin = () => {
    const now = line.slice(0, requestsBegunPerTurnMax)
    line = line.slice(requestsBegunPerTurnMax)
    for (const go of now) go()
    if (line.length > 0) setImmediate(begin)
  }
  const sendAway = refusalWith(headers)
  app.addHook('onRequest', (request, reply, done) => {
    count()
    if (tooMany() && request.routeOptions.config.unlimited !== true) sendAway(request, reply)
    else done()
  })
  // Counted once the whole body is there: who sends his slowly must not keep others out.
  app.addHook('preValidation', (request, reply, done) => {
    atWork++
    let over = false
    const leave = () => {
      if (!over) atWork--
      over = true
    }
    // A caller who hangs up is never `finish`ed.
    reply.raw.once('finish', leave).once('close', leave)
    const { urgent, unlimited } = request.routeOptions.config
    if (urgent === true || unlimited === true) return done()
    line.push(done)
    if (line.length === 1) setImmediate(begin)
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
  let held: { id: string; raw: ServerResponse }[] = []
  const tell = () => {
    const now = held
    held = []
    for (const { id, raw } of now) raw.writeHead(503, { ...fixed, 'x-request-id': id }).end(body)
  }
  return (request, reply) => {
    request.problemCode = 'busy'
    reply.hijack()
    // Once the turn is over: who was told at once would ask again in the same turn, and with a thousand of them it would never end.
    if (held.length === 0) setImmediate(tell)
    held.push({ id: request.id, raw: reply.raw })
  }
}
