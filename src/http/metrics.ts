// Figures for Prometheus. A registry for each app, so that several in one process (tests) do not mix.
import type { FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client'

/** From a public check (1 ms) to a large document (10 s). */
const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Counts and times each answer by route pattern, never by address: codes in paths must not become labels. */
export function createMetrics(app: FastifyInstance): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const duration = new Histogram({
    name: 'tamga_http_request_duration_seconds',
    help: 'Time from the request to the end of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: secondsBuckets,
    registers: [registry],
  })
  const problems = new Counter({
    name: 'tamga_problems_total',
    help: 'Answers that are problem documents, by code',
    labelNames: ['code'],
    registers: [registry],
  })
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown'
    duration.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000)
    if (request.problemCode !== undefined) problems.inc({ code: request.problemCode })
    done()
  })
  return registry
}
