// What a route says about itself in its `config`, as far as the door needs it. Who may call is participants/access.ts.
declare module 'fastify' {
  interface FastifyContextConfig {
    /** No key needed; one that is given counts for the rate limit. */
    public?: boolean
    /** Not counted and not logged: what machines ask every few seconds, and the pages' own files. */
    unlimited?: boolean
    /** Somebody is waiting at a till: it does not stand in line behind what is only recorded. */
    urgent?: boolean
  }
}

export {}
