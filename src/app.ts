// The table of contents: everything that the service is, registered in the order in which a code lives.
import type { Server } from 'node:http'
import helmet from '@fastify/helmet'
import postgres from '@fastify/postgres'
import underPressure from '@fastify/under-pressure'
import Fastify, { LogController, type FastifyHttpOptions, type FastifyInstance, type FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { createResolver } from './codes/resolve.ts'
import { openTailKeys } from './codes/keys.ts'
import { codesRoutes } from './codes/routes.ts'
import type { Config } from './config/config.ts'
import { openCapture } from './capture/open.ts'
import { createOrderActs } from './capture/order-acts.ts'
import { captureRoutes } from './capture/routes.ts'
import type { Clock, FatalLedgerError } from './ledger/commit.ts'
import { kyselyOn, listen, poolConfig, type DatabaseAccess } from './db/connect.ts'
import { newId } from './db/id.ts'
import { createVault } from './db/secret.ts'
import { acceptJson, guardDoor } from './http/door.ts'
import { healthRoutes } from './http/health.ts'
import { createMetrics } from './http/metrics.ts'
import { Problem } from './http/problem.ts'
import { answerClientError, answerWithProblems, sendProblem } from './http/problem-handler.ts'
import { createRate } from './http/rate.ts'
import { registerReference } from './http/reference.ts'
import { logRequests, loggerOptions, type LogStream } from './http/request-log.ts'
import { validatorCompiler } from './http/validation.ts'
import type { OnAdministrativeAct } from './participants/act.ts'
import { authenticate } from './participants/authenticate.ts'
import { createDirectory } from './participants/directory.ts'
import { ensureFirstOperator } from './participants/first-operator.ts'
import { createKeyHasher } from './participants/key.ts'
import { participantRoutes } from './participants/routes.ts'
import { provenanceRoutes } from './provenance/routes.ts'
import { createCatalogue } from './products/catalogue.ts'
import { productRoutes } from './products/routes.ts'
import { retailRoutes } from './retail/routes.ts'

export const version = '0.1.0'

export type AppOptions = {
  config: Config
  /** Where the serving connections go; the app makes its own pool and closes it. */
  access: DatabaseAccess
  /** Secret bytes, at least 32; keys for hashing and encryption are derived from them. */
  masterKey: Uint8Array
  /** The text of the first operator's key; undefined: it was made at the first start and put away since. */
  operatorKey: string | undefined
  now?: () => Date
  /** What the ledger takes the database's clock for. */
  ledgerClock?: Clock
  /** The stored ledger contradicts itself: nothing may be written or said any more. */
  onFatal?: (error: FatalLedgerError) => void
  /** Where log lines go instead of standard output. */
  logStream?: LogStream
}

/** Builds the whole service on a migrated database. Closing the app lets go of everything that it opened. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { config, now = () => new Date() } = options
  const app = createServer(options)

  await app.register(postgres, poolConfig(options.access))
  const pool = listen(app.pg.pool, (error) => app.log.warn({ err: error }, 'a database connection broke'))
  const db = kyselyOn(pool)

  await app.register(helmet)
  await registerPressure(app)
  const metrics = createMetrics(app)
  const rate = await createRate(app, {
    perKey: config.rateLimit,
    perAddress: config.limits.requestsPerAddressPerSecond,
  })
  await registerReference(app, version)

  const directory = createDirectory(db, now)
  const hasher = createKeyHasher(options.masterKey)
  const authentication = authenticate(app, { db, directory, hasher, rate, now })
  // The ledger's log `audit` takes these; until it is wired here, they only reach the service's log.
  const onAct: OnAdministrativeAct = async ({ actor, ...act }) => {
    app.log.info({ act, participant: actor?.participant.id, key: actor?.key.id }, 'administrative act')
  }

  await app.register(healthRoutes, { metrics, check: async () => void (await pool.query('select')) })
  await app.register(rootRoute, { config })

  // Who takes part.
  const register = { db, now, onAct, hasher, onChange: authentication.forget }
  await app.register(participantRoutes, register)
  // What may be marked.
  const catalogue = createCatalogue(db, now)
  await app.register(productRoutes, { db, now, onAct, catalogue })
  // Their codes.
  const keys = await openTailKeys(pool, createVault(options.masterKey))
  const { issuingState } = config
  const resolver = createResolver(pool, keys, { issuingState })
  const findProduct = async (gtin: string) => {
    const product = await catalogue.byGtin(gtin)
    return product && { ...product, tail: product.group.tail, log: product.group.log }
  }
  const { capture, ledger, prepareDeps } = await openCapture({
    access: options.access,
    pool,
    resolver,
    catalogue,
    directory,
    limits: config.limits,
    log: app.log,
    onFatal: options.onFatal ?? (() => undefined),
    ...(options.ledgerClock ? { clock: options.ledgerClock } : {}),
  })
  // Answers everyone who is waiting, then lets go of its connections.
  app.addHook('onClose', () => ledger.stop())
  const acts = createOrderActs({ ...prepareDeps, capture, now })
  await app.register(codesRoutes, { pool, keys, resolver, issuingState, findProduct, acts, onAct, now })

  // What happens to them.
  const { clockAheadMaxMs, documentEventsMax: scansMax } = config.limits
  await app.register(captureRoutes, { capture, directory, now, clockAheadMaxMs, scansMax })
  // Where they are sold, and what a buyer may ask.
  const { nestingMax } = config.limits
  const logNo = (name: string) => ledger.logNo(name)
  await app.register(retailRoutes, {
    capture,
    directory,
    pool,
    now,
    clockAheadMaxMs,
    resolver,
    catalogue,
    logNo,
    nestingMax,
  })
  // What became of them.
  const questions = { pool, resolver, catalogue, ledger, directory, listFindings: async () => [] }
  await app.register(provenanceRoutes, { ...questions, nestingMax: config.limits.nestingMax })

  const { operatorKey } = options
  const operator = operatorKey === undefined ? 'unchanged' : await ensureFirstOperator(register, operatorKey)
  if (operator === 'withdrawn') app.log.warn('OPERATOR_KEY was withdrawn and does not count; set another one')
  return app
}

function createServer({ config, logStream }: AppOptions): FastifyInstance {
  const { limits } = config
  const server: FastifyHttpOptions<Server> = {
    logger: loggerOptions(config.logLevel, logStream) ?? false,
    logController: new LogController({ disableRequestLogging: true }), // One line a request, from request-log.ts, which keeps codes and keys out.
    genReqId: newId, // Never the caller's: two of his requests must not share one line.
    bodyLimit: limits.documentBytesMax,
    routerOptions: { maxParamLength: limits.pathParameterMax },
    requestTimeout: 60_000, // 32 MB over a bad line; who is slower holds a socket for nothing.
    http: { maxHeaderSize: limits.headerBytesMax },
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
    clientErrorHandler: answerClientError,
  }
  const app = Fastify(server)
  app.setValidatorCompiler(validatorCompiler)
  answerWithProblems(app)
  acceptJson(app)
  guardDoor(app)
  logRequests(app, callerOf)
  return app
}

/** Who called, for the log: ids alone. */
const callerOf = (request: FastifyRequest): Record<string, string> => {
  if (!request.hasActor) return {}
  const { participant, key, principal } = request.actor
  return { participant: participant.id, keyId: key.id, ...(principal ? { for: principal.id } : {}) }
}

/** An event loop that is two seconds behind answers nobody in time: say so at once instead of queueing. */
async function registerPressure(app: FastifyInstance): Promise<void> {
  await app.register(underPressure, {
    maxEventLoopDelay: 2_000,
    sampleInterval: 500,
    pressureHandler: (request) => {
      if (request.routeOptions.config.unlimited !== true) throw new Problem('busy', { headers: { 'retry-after': '2' } })
    },
  })
}

const rootRoute = async (app: FastifyInstance, { config }: { config: Config }): Promise<void> => {
  const { documentCodesMax, documentEventsMax, documentBytesMax, orderCodesMax } = config.limits
  const limits = { documentCodesMax, documentEventsMax, documentBytesMax, orderCodesMax }
  app.get(
    '/',
    {
      config: { public: true },
      schema: {
        tags: ['Service'],
        summary: 'Where things are',
        response: {
          200: Type.Object({
            name: Type.String(),
            version: Type.String(),
            docs: Type.String(),
            openapi: Type.String(),
            health: Type.String(),
            ready: Type.String(),
            limits: Type.Record(Type.String(), Type.Number()),
          }),
        },
      },
    },
    async () => ({
      name: 'Tamga',
      version,
      docs: '/docs',
      openapi: '/docs/json',
      health: '/health',
      ready: '/ready',
      limits,
    }),
  )
}
