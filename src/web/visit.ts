// One look at a page: who looks, in which language, and what it may ask.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Me } from '../participants/schema.ts'
import { type Asker, createAsker, Refused } from './ask.ts'
import type { Assets } from './assets.ts'
import { chooseLanguage, type Say, speak } from './language.ts'
import { readCookie, type Session, type Sessions } from './session.ts'

export type Visit = Asker & {
  say: Say
  me: Me | undefined
  session: Session | undefined
  assets: Assets
  /** The path that is shown, without its query. */
  path: string
  query: URLSearchParams
}

/** A page for who is signed in. */
export type SignedVisit = Visit & { me: Me; session: Session }

export const languageCookie = 'tamga_lang'

export const isSigned = (visit: Visit): visit is SignedVisit => visit.me !== undefined && visit.session !== undefined

/** Roles of whom the visitor acts for: a mandate lends what the principal may do. */
export const hasRole = (visit: Visit, roles: readonly string[]): boolean =>
  (visit.me?.principal ?? visit.me)?.roles.some((role) => roles.includes(role)) ?? false

/**
 * @param app whose interface is asked
 * @param asking whether to ask who this is; a page about an overload must not ask once more
 */
export async function beginVisit(
  app: FastifyInstance,
  request: FastifyRequest,
  { sessions, assets }: { sessions: Sessions; assets: Assets },
  asking = true,
): Promise<Visit> {
  const { cookie } = request.headers
  const [path = '', search = ''] = request.url.split('?', 2)
  const query = new URLSearchParams(search)
  const chosen = query.get('lang') ?? readCookie(cookie, languageCookie)
  const session = sessions.read(cookie)
  const { me, ...asker } = await asVisitor(app, request.ip, session, asking)
  return {
    ...asker,
    say: speak(chooseLanguage(chosen, request.headers['accept-language'])),
    me,
    session,
    assets,
    path,
    query,
  }
}

/** Who asks; where the mandate that the visitor chose is over, the visitor asks for itself again. */
async function asVisitor(
  app: FastifyInstance,
  address: string,
  session: Session | undefined,
  asking: boolean,
): Promise<Asker & { me: Me | undefined }> {
  const asker = createAsker(app, session?.key, address, session?.forWhom)
  if (!session || !asking) return { ...asker, me: undefined }
  try {
    return { ...asker, me: await whoIs(asker) }
  } catch (error) {
    if (session.forWhom === undefined || !(error instanceof Refused) || error.refusal.status !== 403) throw error
    return asVisitor(app, address, { ...session, forWhom: undefined }, asking)
  }
}

/** Undefined where the key of the session was withdrawn or has expired. */
async function whoIs(asker: Asker): Promise<Me | undefined> {
  try {
    return await asker.ask(Me, '/participants/me')
  } catch (error) {
    if (error instanceof Refused && error.refusal.status === 401) return undefined
    throw error
  }
}

/** What every page says to the browser: nothing from elsewhere, nothing inline, nothing kept. */
export function sendHeaders(reply: FastifyReply): void {
  void reply.headers({
    'content-security-policy': policy,
    // Origin is `null` on a form that is posted under `no-referrer`.
    'referrer-policy': 'same-origin',
    'permissions-policy': 'camera=(self), geolocation=(), microphone=(), payment=(), usb=()',
    'cache-control': 'no-store',
  })
}

const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "media-src 'self' blob:",
  "manifest-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')
