// Too much to do is said at once: an early 503 costs microseconds and can be repeated, a late answer is worth nothing to a till.
import underPressure from '@fastify/under-pressure'
import type { FastifyInstance } from 'fastify'
import { Problem } from './problem.ts'

export type PressureLimits = {
  /** Requests that are worked on at the same time; who comes then is sent away before his body is read. */
  requestsAtWorkMax: number
  /** Milliseconds that the event loop may be late. */
  loopLateMaxMs: number
}

/**
 * Refuses with 503 and Retry-After what would only wait: while too many requests are worked on, and while the event loop is seconds
 * behind. Routes that are `unlimited` (health, figures) always answer.
 */
export async function refuseExcess(
  app: FastifyInstance,
  { requestsAtWorkMax, loopLateMaxMs }: PressureLimits,
): Promise<void> {
  let atWork = 0
  app.addHook('onRequest', (request, _reply, done) => {
    if (atWork >= requestsAtWorkMax && request.routeOptions.config.unlimited !== true) {
      throw new Problem('busy', { headers: { 'retry-after': '1' } })
    }
    done()
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
      throw new Problem('busy', { headers: { 'retry-after': '2' } })
    },
  })
}
