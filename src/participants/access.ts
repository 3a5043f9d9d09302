// What a route says about who may call it. A route that says nothing wants a key, any key.
import '../http/route-config.ts'
import type { Actor, Role } from './actor.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** One of these roles, of the participant that is acted for. */
    roles?: readonly Role[]
    /** An act of administration: not under a mandate, not with a key that is limited to a device, place or steps. */
    administrative?: boolean
  }
  interface FastifyRequest {
    /** Who calls. Throws on public routes where no key was given; see `hasActor`. */
    actor: Actor
    hasActor: boolean
    /** Set by authenticate.ts and read by nobody else: `actor` without its check. */
    caller: Actor | undefined
  }
}
