// A person's session: the key that was typed, sealed into a cookie that no script reads and that only these pages get. The
// service keeps nothing, a key that is withdrawn ends its sessions within a second, and the interface itself knows no cookies.
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { Vault } from '../db/secret.ts'

export const base = '/app'
const cookieName = 'tamga_session'
const purpose = 'web session'
/** A working day; who works longer signs in again. */
const hours = 12

const Session = Type.Object({
  key: Type.String(),
  csrf: Type.String(),
  until: Type.Number(),
  forWhom: Type.Optional(Type.String()),
})
/** `forWhom`: the participant whom the visitor chose to act for, under a mandate. */
export type Session = { key: string; csrf: string; until: number; forWhom?: string | undefined }

export type Sessions = {
  /** The Set-Cookie header of a new session. @param secure whether the visitor came by https */
  begin(key: string, secure: boolean): string
  /**
   * The Set-Cookie header of the same session, acting for another participant; undefined: for nobody. Its token is a new one: what a
   * page that is open still sends was meant for whom it was opened for.
   */
  actFor(session: Session, forWhom: string | undefined, secure: boolean): string
  /** Undefined where there is none, it has ended, or somebody changed it. */
  read(cookieHeader: string | undefined): Session | undefined
  /** The Set-Cookie header that ends it in this browser. */
  end(): string
}

const newToken = (): string => randomBytes(18).toString('base64url')

export function createSessions(vault: Vault, now: () => Date): Sessions {
  const attributes = `Path=${base}; HttpOnly; SameSite=Strict`
  const cookieOf = (session: Session, secure: boolean): string => {
    const sealed = vault.seal(Buffer.from(JSON.stringify(session)), purpose).toString('base64url')
    const seconds = Math.max(0, Math.ceil((session.until - now().getTime()) / 1000))
    return `${cookieName}=${sealed}; ${attributes}; Max-Age=${seconds}${secure ? '; Secure' : ''}`
  }
  return {
    begin: (key, secure) => {
      const until = now().getTime() + hours * 3_600_000
      return cookieOf({ key, csrf: newToken(), until }, secure)
    },
    actFor: ({ key, until }, forWhom, secure) =>
      cookieOf({ key, csrf: newToken(), until, ...(forWhom === undefined ? {} : { forWhom }) }, secure),
    read: (header) => {
      const sealed = readCookie(header, cookieName)
      if (sealed === undefined) return undefined
      try {
        const session: unknown = JSON.parse(vault.open(Buffer.from(sealed, 'base64url'), purpose).toString('utf8'))
        return Value.Check(Session, session) && session.until > now().getTime() ? session : undefined
      } catch {
        return undefined
      }
    },
    end: () => `${cookieName}=; ${attributes}; Max-Age=0`,
  }
}

/** One cookie of a Cookie header (RFC 6265, section 4.2). */
export function readCookie(header: string | undefined, name: string): string | undefined {
  const pair = header?.split(';').find((part) => part.trim().startsWith(`${name}=`))
  return pair?.trim().slice(name.length + 1)
}

/** Whether a form, or a script's header, brought the token that only a page of this session holds. */
export function isTokenOf(session: Session, token: unknown): boolean {
  if (typeof token !== 'string') return false
  const [ours, theirs] = [Buffer.from(session.csrf), Buffer.from(token)]
  return ours.length === theirs.length && timingSafeEqual(ours, theirs)
}
