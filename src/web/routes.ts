// The pages, for people. Each is rendered here from what the interface answers to its visitor.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Vault } from '../db/secret.ts'
import { toProblem } from '../http/problem-handler.ts'
import { Me } from '../participants/schema.ts'
import { createAsker, Refused } from './ask.ts'
import { loadAssets } from './assets.ts'
import { checkPage } from './check.ts'
import { forbiddenPage, problemPage, stalePage } from './error-page.ts'
import { icon, jobs, type Page, renderPage } from './layout.ts'
import { ledgerPages } from './ledger.ts'
import { lifePage } from './life.ts'
import { countries } from './map.ts'
import { scannerPages } from './scanner.ts'
import { producerPages } from './producer.ts'
import { stockPages } from './stock.ts'
import { findingPages } from './findings.ts'
import { firmPages } from './firm.ts'
import { declarationPages } from './declarations.ts'
import { borderPages } from './border.ts'
import { riskPages } from './risk.ts'
import { base, createSessions, isTokenOf, type Sessions } from './session.ts'
import { homePage, safeNext, signInPage } from './sign-in.ts'
import { beginVisit, hasRole, isSigned, languageCookie, sendHeaders, type SignedVisit, type Visit } from './visit.ts'

export type WebDeps = { vault: Vault; now: () => Date }

/** What a handler gives: a page, or where to go now. */
export type Outcome = Page | Redirection
/** `actFor`, where it is there: the session acts for this participant from now on, or for nobody. */
export type Redirection = { location: string; actFor?: string | undefined }
export type FormFields = URLSearchParams
export type PageHandler = (visit: SignedVisit, request: FastifyRequest) => Promise<Outcome>
export type FormHandler = (visit: SignedVisit, fields: FormFields, request: FastifyRequest) => Promise<Outcome>

/** How a page is registered: its address below the pages' own, and whose it is. */
export type Pages = {
  open(path: string, handler: (visit: Visit) => Promise<Page>): void
  signed(path: string, roles: readonly string[], handler: PageHandler): void
  form(path: string, roles: readonly string[], handler: FormHandler): void
  /** For the pages' own scripts: JSON in and out, the token in a header. */
  script(
    path: string,
    handler: (visit: SignedVisit, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
  ): void
  /** A file for who is signed in. */
  file(
    path: string,
    handler: (visit: SignedVisit, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
  ): void
}

/** The interface asks for a key on every route; these look for a session instead, and every question they ask is counted. */
const options = { config: { unlimited: true }, schema: { hide: true } } as const

const formBytesMax = 100_000

export async function webRoutes(app: FastifyInstance, { vault, now }: WebDeps): Promise<void> {
  const sessions = createSessions(vault, now)
  // So that nobody waits for the bundles; where nobody listens, nobody needs them yet.
  app.addHook('onListen', async () => {
    await loadAssets()
    countries()
    countries('110m')
  })
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: formBytesMax },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  )
  const begin: Begin = async (request, asking) =>
    beginVisit(app, request, { sessions, assets: await loadAssets() }, asking)
  answerWithPages(app, begin)
  ownFiles(app)
  const pages = registerPages(app, begin, sessions)
  sessionRoutes(app, sessions, begin)
  pages.open('', async (visit) => homePage(visit))
  pages.open('/check', checkPage)
  lifePage(pages)
  ledgerPages(pages)
  riskPages(pages)
  declarationPages(pages)
  borderPages(pages)
  producerPages(pages)
  stockPages(pages)
  scannerPages(pages)
  findingPages(pages)
  firmPages(pages)
}

function send(reply: FastifyReply, visit: Visit, outcome: Outcome): FastifyReply {
  sendHeaders(reply)
  const chosen = visit.query.get('lang')
  if (chosen !== null) {
    void reply.header(
      'set-cookie',
      `${languageCookie}=${visit.say.language}; Path=${base}; SameSite=Lax; Max-Age=31536000`,
    )
  }
  if ('location' in outcome) return reply.code(303).header('location', outcome.location).send()
  return reply
    .code(outcome.status ?? 200)
    .type('text/html; charset=utf-8')
    .send(renderPage(visit, outcome))
}

type Begin = (request: FastifyRequest, asking?: boolean) => Promise<Visit>

/** Errors are pages here, in the visitor's language; a script of ours gets the problem document as it is. */
function answerWithPages(app: FastifyInstance, begin: Begin): void {
  app.setErrorHandler(async (error, request, reply) => {
    const refusal = error instanceof Refused ? error.refusal : undefined
    const problem = refusal ?? toProblem(error, request)
    if (problem.status >= 500) request.log.error({ err: error }, 'a page failed')
    const { status, code } = problem
    if (request.headers['tamga-csrf'] !== undefined) {
      const detail = refusal?.detail ?? (error instanceof Error && status < 500 ? error.message : '')
      return reply.code(status).type('application/problem+json').send({ status, code, title: code, detail })
    }
    const visit = await begin(request, status < 429)
    return send(reply, visit, problemPage(visit, status, code, refusal?.detail))
  })
  app.setNotFoundHandler(async (request, reply) => {
    const visit = await begin(request)
    return send(reply, visit, problemPage(visit, 404, 'not_found'))
  })
}

function ownFiles(app: FastifyInstance): void {
  app.get<{ Params: { name: string } }>('/assets/:name', options, async (request, reply) => {
    const asset = (await loadAssets()).find(request.params.name)
    if (!asset) return reply.callNotFound()
    return reply
      .headers({ 'cache-control': 'public, max-age=31536000, immutable', 'content-type': asset.type })
      .send(Buffer.from(asset.bytes))
  })
  app.get('/worker.js', options, async (_request, reply) => {
    sendHeaders(reply)
    return reply.type('text/javascript; charset=utf-8').send(Buffer.from((await loadAssets()).worker))
  })
  app.get('/icon.svg', options, async (_request, reply) =>
    reply.header('cache-control', 'public, max-age=86400').type('image/svg+xml').send(icon),
  )
}

function registerPages(app: FastifyInstance, begin: Begin, sessions: Sessions): Pages {
  /** The visit where the visitor may; else what he sees instead. */
  const enter = async (
    request: FastifyRequest,
    roles: readonly string[],
  ): Promise<SignedVisit | { visit: Visit; instead: Outcome }> => {
    const visit = await begin(request)
    if (!isSigned(visit)) {
      const next = request.method === 'GET' ? request.url : base
      return { visit, instead: { location: `${base}/sign-in?next=${encodeURIComponent(next)}` } }
    }
    if (roles.length > 0 && !hasRole(visit, roles)) return { visit, instead: forbiddenPage(visit, roles) }
    return visit
  }
  return {
    open: (path, handler) => {
      app.get(path, options, async (request, reply) => {
        const visit = await begin(request)
        return send(reply, visit, await handler(visit))
      })
    },
    signed: (path, roles, handler) => {
      app.get(path, options, async (request, reply) => {
        const entered = await enter(request, roles)
        if ('instead' in entered) return send(reply, entered.visit, entered.instead)
        return send(reply, entered, await handler(entered, request))
      })
    },
    form: (path, roles, handler) => {
      app.post(path, options, async (request, reply) => {
        const entered = await enter(request, roles)
        if ('instead' in entered) return send(reply, entered.visit, entered.instead)
        const fields = formOf(request)
        if (!isTokenOf(entered.session, fields.get('csrf')) || !isFromHere(request)) {
          return send(reply, entered, stalePage(entered))
        }
        const outcome = await handler(entered, fields, request)
        if ('actFor' in outcome) {
          void reply.header('set-cookie', sessions.actFor(entered.session, outcome.actFor, isSecure(request)))
        }
        return send(reply, entered, outcome)
      })
    },
    script: (path, handler) => {
      app.post(path, options, async (request, reply) => {
        const entered = await enter(request, [])
        if ('instead' in entered) return reply.code(401).send({ status: 401, code: 'key_missing' })
        if (!isTokenOf(entered.session, request.headers['tamga-csrf'])) {
          return reply.code(403).send({ status: 403, code: 'session_stale' })
        }
        void reply.header('cache-control', 'no-store')
        return handler(entered, request, reply)
      })
    },
    file: (path, handler) => {
      app.get(path, options, async (request, reply) => {
        const entered = await enter(request, [])
        if ('instead' in entered) return send(reply, entered.visit, entered.instead)
        void reply.header('cache-control', 'no-store')
        return handler(entered, request, reply)
      })
    },
  }
}

const formOf = (request: FastifyRequest): FormFields =>
  request.body instanceof URLSearchParams ? request.body : new URLSearchParams()

/** Whether a form was sent by a page of this host: the browser says so, and no page of another can make it say otherwise. */
function isFromHere(request: FastifyRequest): boolean {
  const { origin, host } = request.headers
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return false
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === host
}

/** Whether a form came by https, as its origin says. */
const isSecure = (request: FastifyRequest): boolean => request.headers.origin?.startsWith('https:') ?? true

function sessionRoutes(app: FastifyInstance, sessions: Sessions, begin: Begin): void {
  app.get('/sign-in', options, async (request, reply) => {
    const visit = await begin(request)
    return send(reply, visit, isSigned(visit) ? { location: base } : signInPage(visit))
  })
  app.post('/sign-in', options, async (request, reply) => {
    const visit = await begin(request)
    if (!isFromHere(request)) return send(reply, visit, stalePage(visit))
    const fields = formOf(request)
    const key = fields.get('key')?.trim() ?? ''
    visit.query.set('next', safeNext(fields.get('next')))
    if (!/^[!-~]{1,200}$/.test(key) || !(await isGoodKey(app, key, request.ip))) {
      return send(reply, visit, signInPage(visit, true))
    }
    void reply.header('set-cookie', sessions.begin(key, isSecure(request)))
    return send(reply, visit, { location: safeNext(fields.get('next')) })
  })
  app.post('/sign-out', options, async (request, reply) => {
    const visit = await begin(request)
    if (visit.session && !isTokenOf(visit.session, formOf(request).get('csrf'))) {
      return send(reply, visit, stalePage(visit))
    }
    void reply.header('set-cookie', sessions.end())
    return send(reply, visit, { location: base })
  })
}

async function isGoodKey(app: FastifyInstance, key: string, address: string): Promise<boolean> {
  try {
    await createAsker(app, key, address).ask(Me, '/participants/me')
    return true
  } catch (error) {
    if (error instanceof Refused && error.refusal.status === 401) return false
    throw error
  }
}

/** Which jobs' pages want which roles; the pages themselves ask the interface, which decides. */
export const rolesOf = (path: string): readonly string[] => jobs.find((job) => job.path === path)?.roles ?? []
