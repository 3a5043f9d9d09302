// The table of contents: everything that the service is, registered in the order in which a code lives.
import type { Server } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Pool } from 'pg'
import postgres from '@fastify/postgres'
import Fastify, { LogController, type FastifyHttpOptions, type FastifyInstance, type FastifyRequest } from 'fastify'
import { type CloneDeps, startCloneWatch } from './clones/watch.ts'
import { createResolver, type Resolver } from './codes/resolve.ts'
import { openTailKeys, type TailKeys } from './codes/keys.ts'
import { codesRoutes } from './codes/routes.ts'
import type { Config } from './config/config.ts'
import { jobRoutes } from './capture/job-routes.ts'
import { openCapture, type OpenedCapture } from './capture/open.ts'
import { openJobs } from './capture/open-jobs.ts'
import { recordPurposes } from './capture/purpose.ts'
import { createOrderActs } from './capture/order-acts.ts'
import { correctionRoutes } from './corrections/routes.ts'
import { underWayUnder } from './capture/by-document.ts'
import { openBorder } from './border/open.ts'
import { capacityRoutes } from './border/capacity-routes.ts'
import { privilegeRoutes } from './border/privilege-routes.ts'
import { profileRoutes } from './border/profile-routes.ts'
import { borderRoutes } from './border/routes.ts'
import { scanRoutes } from './border/scan-routes.ts'
import { type Beacon, drandBeacon, offlineBeacon } from './draw/beacon.ts'
import { startTurning } from './draw/shifts.ts'
import { reasonRoutes } from './capture/reason-routes.ts'
import { createReasons } from './capture/reasons.ts'
import { captureRoutes } from './capture/routes.ts'
import type { Registry } from 'prom-client'
import { createLedgerMetrics } from './ledger/metrics.ts'
import type { Clock, FatalLedgerError } from './ledger/commit.ts'
import { createPool, kyselyOn, listen, poolConfig, type DatabaseAccess, type Db } from './db/connect.ts'
import { newId } from './db/id.ts'
import { createVault } from './db/secret.ts'
import { startDeadlines } from './deadlines/overdue.ts'
import { type DigestDeps, startDigests } from './findings/digest.ts'
import { findingRoutes } from './findings/routes.ts'
import { createThrottle, type Throttle } from './findings/throttle.ts'
import { listFindingsOf } from './findings/view.ts'
import { acceptJson, guardDoor, refuseWhileEnding, secureHeaders, sendHeaders } from './http/door.ts'
import { healthRoutes } from './http/health.ts'
import { createMetrics } from './http/metrics.ts'
import { refuseExcess } from './http/pressure.ts'
import { answerClientError, answerWithProblems, sendProblem } from './http/problem-handler.ts'
import { createRate, type Rate } from './http/rate.ts'
import { registerReference } from './http/reference.ts'
import { rootRoute } from './http/root.ts'
import { logRequests, loggerOptions, type LogStream } from './http/request-log.ts'
import { serializerCompiler } from './http/serializer.ts'
import { validatorCompiler } from './http/validation.ts'
import type { OnAdministrativeAct } from './participants/act.ts'
import { authenticate } from './participants/authenticate.ts'
import type { ParticipantRef } from './participants/actor.ts'
import { createDirectory, type Directory } from './participants/directory.ts'
import { ensureFirstOperator } from './participants/first-operator.ts'
import { createKeyHasher } from './participants/key.ts'
import { participantRoutes } from './participants/routes.ts'
import { provenanceRoutes } from './provenance/routes.ts'
import { stockRoutes } from './provenance/stock-routes.ts'
import { createQuestions } from './custody/questions.ts'
import { recallRoutes } from './recalls/routes.ts'
import { createCatalogue, type Catalogue } from './products/catalogue.ts'
import { productRoutes } from './products/routes.ts'
import { retailRoutes } from './retail/routes.ts'
import type { Anchors } from './proof/anchor.ts'
import type { Follower } from './proof/follow.ts'
import { openProof } from './proof/open.ts'
import { drawRoutes } from './proof/draw-routes.ts'
import type { ProveDeps } from './proof/prove.ts'
import { createTileReader } from './proof/publish.ts'
import { proofRoutes, tilesKept } from './proof/routes.ts'
import { watchState, type WatchOptions } from './proof/state.ts'
import { type Started, tellStart } from './proof/told-starts.ts'
import { webRoutes } from './web/routes.ts'

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
  /** Public randomness for the draws of customs; undefined: none, and each draw says so. */
  beacon?: Beacon
  /** Told in the log `audit` as a start; undefined: an app that is no start of the service. */
  started?: Started
  /** Where the last checkpoint of each log is put aside; undefined: nowhere, and a restored backup is not noticed. */
  anchors?: Anchors
}

/** Builds the whole service on a migrated database. Closing the app lets go of everything that it opened. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const app = createServer(options)
  try {
    await furnish(app, options)
    // What people look at.
    const { masterKey, now = () => new Date() } = options
    await app.register(webRoutes, { prefix: '/app', vault: createVault(masterKey), now })
  } catch (error) {
    // Else its connections outlive it, and complain of the database's end after the sentence that says what is wrong.
    await app.close()
    throw error
  }
  return app
}

async function furnish(app: FastifyInstance, options: AppOptions): Promise<void> {
  const { config, access, now = () => new Date() } = options
  await app.register(postgres, poolConfig(access, { genericPlans: true }))
  const pool = listen(app.pg.pool, (error) => app.log.warn({ err: error }, 'a database connection broke'))
  const db = kyselyOn(pool)
  const { metrics, rate } = await openDoor(app, config, now)

  const directory = createDirectory(db, now)
  const hasher = createKeyHasher(options.masterKey)
  const authentication = authenticate(app, { db, directory, hasher, rate, now })
  const throttle = createThrottle(config.limits.findingsDetailedPerMinute, newId)
  // First of all: does this database continue what was signed? Nothing may be written before that is known.
  const follower = await openFollower(app, options, pool)
  const goods = await openGoods(app, options, { pool, db, directory, throttle, now, metrics, wake: follower.wake })
  const { catalogue, keys, resolver, capture, prepareDeps, recordAct } = goods
  const onAct: OnAdministrativeAct = async (act) => void (await recordAct(act))

  recordPurposes(app, recordAct, now)

  await app.register(healthRoutes, { metrics, reasons: watchOver(config, { pool, metrics, now }) })
  await app.register(rootRoute, { config, version })

  // Who takes part.
  const register = { db, now, onAct, hasher, onChange: authentication.forget }
  await app.register(participantRoutes, register)
  // What may be marked.
  await app.register(productRoutes, { db, now, onAct, catalogue })
  // Their codes.
  const { issuingState } = config
  const findProduct = async (gtin: string) => {
    const product = await catalogue.byGtin(gtin)
    return product && { ...product, tail: product.group.tail, log: product.group.log }
  }
  const acts = createOrderActs({ ...prepareDeps, capture, now })
  await app.register(codesRoutes, { pool, keys, resolver, issuingState, findProduct, acts, onAct, now })

  // What happens to them.
  const { clockAheadMaxMs, documentEventsMax: scansMax } = config.limits
  const underWay = (document: string, addressee: number) => underWayUnder({ pool, resolver }, document, addressee)
  const reasons = createReasons(pool, now)
  await app.register(reasonRoutes, { reasons })
  const scanning = { capture, directory, underWayUnder: underWay, reasons }
  await app.register(captureRoutes, { ...scanning, now, clockAheadMaxMs, scansMax })
  const { limits } = config
  const jobs = openJobs({ access, pool, db, directory, catalogue, capture, limits, log: app.log, now })
  await app.register(jobRoutes, { jobs, pool, limits, version })
  // And what did not happen after all.
  const { undoWindowDays, correctionAnswerDays } = config.limits
  const undoing = { pool, now, clockAheadMaxMs, undoWindowDays, correctionAnswerDays }
  await app.register(correctionRoutes, { ...prepareDeps, ...undoing, capture })
  // Where they are sold, and what a buyer may ask.
  await furnishRetail(app, options, { ...goods, pool, directory, rate, now })
  // What became of them, and what must not be sold any more.
  await furnishSight(app, limits.nestingMax, { ...goods, pool, db, directory, now })
  // What crosses the border.
  await furnishBorder(app, options, { ...goods, pool, db, directory, now })
  // That all of it is true.
  await furnishProof(app, { pool, resolver, directory, follower })
  // What was noticed about them, and pinned.
  await app.register(findingRoutes, { db, directory, now })
  startPinning(app, { pool, db, throttle, now, recordAct }, limits)
  startWatching(app, { pool, resolver, directory, now, limits })

  await admitOperator(app, register, options.operatorKey)
  await tellStart({ pool, recordAct, now, log: app.log }, options.started)
}

async function furnishSight(
  app: FastifyInstance,
  nestingMax: number,
  parts: Goods & { pool: Pool; db: Db; directory: Directory; now: () => Date },
): Promise<void> {
  const listFindings = (id: bigint, asker: ParticipantRef) => listFindingsOf(parts, id, asker)
  await app.register(provenanceRoutes, { ...parts, listFindings, nestingMax })
  await app.register(stockRoutes, { ...parts, log: app.log })
  await app.register(recallRoutes, parts)
}

async function furnishRetail(
  app: FastifyInstance,
  { config: { limits }, access }: AppOptions,
  parts: Goods & { pool: Pool; directory: Directory; rate: Rate; now: () => Date },
): Promise<void> {
  const { ledger } = parts
  const { nestingMax, clockAheadMaxMs, saleCheckReadCodes: objectsPerRead, saleCheckReadsAtOnce: readsAtOnce } = limits
  const connections = createPool(access, (error) => app.log.warn({ err: error }, 'a database connection broke'), {
    ...{ name: 'tamga questions', max: readsAtOnce },
    ...{ genericPlans: true, pipeline: true },
  })
  app.addHook('onClose', () => connections.end())
  const questions = createQuestions(connections, { nestingMax, objectsPerRead, readsAtOnce })
  const logNo = (name: string) => ledger.logNo(name)
  await app.register(retailRoutes, { ...parts, clockAheadMaxMs, logNo, questions })
}

function watchOver({ dataDir, databaseUrl, limits }: Config, parts: Pick<WatchOptions, 'pool' | 'metrics' | 'now'>) {
  const { diskReserveBytes, checkpointLateMaxMs, readyMaxMs } = limits
  // Where the database is elsewhere, so is its disk.
  return watchState({
    ...parts,
    dataDir: databaseUrl === undefined ? dataDir : undefined,
    diskReserveBytes,
    checkpointLateMaxMs,
    readyMaxMs,
  })
}

async function admitOperator(
  app: FastifyInstance,
  register: Parameters<typeof ensureFirstOperator>[0],
  key: string | undefined,
): Promise<void> {
  const operator = key === undefined ? 'unchanged' : await ensureFirstOperator(register, key)
  if (operator === 'withdrawn') app.log.warn('OPERATOR_KEY was withdrawn and does not count; set another one')
}

async function furnishBorder(
  app: FastifyInstance,
  { config, masterKey, beacon = beaconOf(config) }: AppOptions,
  parts: Goods & { pool: Pool; db: Db; directory: Directory; now: () => Date },
): Promise<void> {
  const vault = createVault(masterKey)
  const border = await openBorder({ ...parts, vault, beacon, limits: config.limits, log: app.log })
  await app.register(borderRoutes, border.deps)
  await app.register(profileRoutes, border)
  await app.register(scanRoutes, { ...border.deps, symbols: border.symbols })
  await app.register(privilegeRoutes, border.deps)
  await app.register(capacityRoutes, border.deps)
  const turning = startTurning(border.shifts, config.limits.shiftPollMs, (error) =>
    app.log.error({ err: error }, 'a seed was not committed to or revealed; the next turn does it'),
  )
  app.addHook('onClose', () => turning.stop())
}

async function furnishProof(app: FastifyInstance, parts: Omit<ProveDeps, 'tiles'>): Promise<void> {
  const deps = { ...parts, tiles: createTileReader(parts.pool, tilesKept) }
  await app.register(proofRoutes, deps)
  await app.register(drawRoutes, deps)
}

function beaconOf({ beacon, limits }: Config): Beacon {
  if (beacon === undefined) return offlineBeacon('no beacon is configured')
  const now = () => new Date()
  return drandBeacon({ url: beacon, timeoutMs: limits.beaconTimeoutMs, sleep: (ms) => delay(ms), now })
}

/** What every request passes before any route. */
async function openDoor(app: FastifyInstance, config: Config, now: () => Date) {
  const headers = await secureHeaders()
  await refuseExcess(app, config.limits, headers)
  sendHeaders(app, headers)
  const metrics = createMetrics(app)
  const { requestsPerAddressPerSecond: perAddress, checksPerUnitPerSecond: perUnit } = config.limits
  const rate = await createRate(app, { perKey: config.rateLimit, perAddress, perUnit }, now)
  await registerReference(app, version)
  return { metrics, rate }
}

/** Findings, digested into the log `audit`. */
function startPinning(app: FastifyInstance, deps: DigestDeps, limits: Config['limits']): void {
  const digests = startDigests(deps, limits.digestIntervalMs, (error) =>
    app.log.error({ err: error }, 'a digest of findings failed; the next one covers it'),
  )
  app.addHook('onClose', () => digests.stop())
}

/** What nobody reported: deadlines that pass, and marks that are seen where they cannot be. */
function startWatching(app: FastifyInstance, deps: CloneDeps): void {
  const deadlines = startDeadlines(deps, deps.limits.deadlineIntervalMs, (error) =>
    app.log.error({ err: error }, 'a look at deadlines failed; the next one covers it'),
  )
  app.addHook('onClose', () => deadlines.stop())
  const clones = startCloneWatch(deps, deps.limits.clonePollMs, (error) =>
    app.log.error({ err: error }, 'a look for clones failed; the next one begins where it should have'),
  )
  app.addHook('onClose', () => clones.stop())
}

/** Signs what is committed, soon after; see proof/open.ts. */
async function openFollower(
  app: FastifyInstance,
  { config, masterKey, anchors, onFatal = () => undefined }: AppOptions,
  pool: Pool,
): Promise<Follower> {
  const { checkpointIntervalMs: intervalMs, publishPollMs: pollMs } = config.limits
  const { logOrigin: origin, witnesses } = config
  const vault = createVault(masterKey)
  const follower = await openProof({
    pool,
    vault,
    origin,
    witnesses,
    anchors,
    log: app.log,
    onFatal,
    intervalMs,
    pollMs,
  })
  app.addHook('onClose', () => follower.stop())
  return follower
}

type Goods = OpenedCapture & { catalogue: Catalogue; keys: TailKeys; resolver: Resolver }

/** What turns codes into objects, and the door through which their fate is recorded. */
async function openGoods(
  app: FastifyInstance,
  { config, access, masterKey, onFatal = () => undefined, ledgerClock }: AppOptions,
  deps: {
    pool: Pool
    db: Db
    directory: Directory
    throttle: Throttle
    now: () => Date
    metrics: Registry
    wake: Follower['wake']
  },
): Promise<Goods> {
  const { pool, db, directory, throttle } = deps
  const catalogue = createCatalogue(db, deps.now)
  const keys = await openTailKeys(pool, createVault(masterKey))
  const resolver = createResolver(pool, keys, { issuingState: config.issuingState })
  const observe = createLedgerMetrics(deps.metrics, () => opened.ledger.waiting())
  const opened: OpenedCapture = await openCapture({
    access,
    pool,
    resolver,
    catalogue,
    directory,
    onCommit: (commit) => {
      observe(commit)
      if (commit.recorded > 0) deps.wake(commit.log)
    },
    throttle,
    limits: config.limits,
    log: app.log,
    onFatal,
    ...(ledgerClock ? { clock: ledgerClock } : {}),
  })
  // Answers everyone who is waiting, then lets go of its connections.
  app.addHook('onClose', () => opened.ledger.stop())
  return { ...opened, catalogue, keys, resolver }
}

function createServer({ config, logStream }: AppOptions): FastifyInstance {
  const { limits } = config
  const server: FastifyHttpOptions<Server> = {
    logger: loggerOptions(config.logLevel, logStream) ?? false,
    logController: new LogController({ disableRequestLogging: true }), // One line a request, from request-log.ts, which keeps codes and keys out.
    genReqId: newId, // Never the caller's: two of his requests must not share one line.
    bodyLimit: limits.documentBytesMax,
    return503OnClosing: false, // Ours is a problem document, from door.ts.
    trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
    routerOptions: { maxParamLength: limits.pathParameterMax },
    requestTimeout: limits.requestTimeoutMs,
    http: {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: limits.slowLookMs,
    },
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
    clientErrorHandler: answerClientError,
  }
  const app = Fastify(server)
  app.server.maxConnections = limits.connectionsMax
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  answerWithProblems(app)
  acceptJson(app)
  refuseWhileEnding(app)
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
