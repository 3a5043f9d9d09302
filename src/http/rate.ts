// How much one caller may ask: by key, or by address where there is no (valid) key. Told in the usual headers. And how often everybody
// together may ask about one unit.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import rateLimit, { type FastifyRateLimitStore } from '@fastify/rate-limit'
import { Problem } from './problem.ts'

export type RateLimits = {
  /** Requests a second and key; 0 lifts this and the other limits. */
  perKey: number
  /** Requests a second and address without a key. */
  perAddress: number
  /** Public questions a second about one unit, whoever asks. */
  perUnit: number
}

export type Rate = {
  /** Undefined: not counted. @throws Problem too_many_requests */
  countKey(request: FastifyRequest, reply: FastifyReply, keyNo: number): Promise<void> | undefined
  /** Undefined: not counted. @throws Problem too_many_requests */
  countAddress(request: FastifyRequest, reply: FastifyReply): Promise<void> | undefined
  /** `unit`: the same text for every spelling of its code. Undefined: not counted. @throws Problem too_many_requests */
  countUnit(request: FastifyRequest, reply: FastifyReply, unit: string): Promise<void> | undefined
}

const windowMs = 1000
/** Keys and addresses that are remembered; beyond this the oldest start anew. */
const callersMax = 50_000

/**
 * Counts within fixed windows. The plugin's own store hands out one object that it goes on counting in, read a moment
 * later: of sixty requests at once and fifty allowed, all sixty saw the sixtieth's count and were refused.
 */
const countingStore = (now: () => Date) =>
  class Windows implements FastifyRateLimitStore {
    readonly #windows = new Map<string, { from: number; count: number }>()

    incr(key: string, done: (error: Error | null, result?: { current: number; ttl: number }) => void): void {
      const at = now().getTime()
      let window = this.#windows.get(key)
      if (!window || at < window.from || at >= window.from + windowMs) {
        window = { from: at, count: 0 }
        this.#windows.delete(key) // So that the map's order is the order of age.
        this.#windows.set(key, window)
        this.#forgetOldest()
      }
      window.count++
      done(null, { current: window.count, ttl: window.from + windowMs - at })
    }

    child(): FastifyRateLimitStore {
      return new Windows()
    }

    #forgetOldest(): void {
      const oldest = this.#windows.keys().next()
      if (this.#windows.size > callersMax && !oldest.done) this.#windows.delete(oldest.value)
    }
  }

/** MUST be called before routes are registered; the hooks that count are the caller's. */
export async function createRate(app: FastifyInstance, limits: RateLimits, now: () => Date): Promise<Rate> {
  const nothing = (): undefined => undefined
  if (limits.perKey === 0) return { countKey: nothing, countAddress: nothing, countUnit: nothing }
  await app.register(rateLimit, { global: false, store: countingStore(now) })
  const keys = new WeakMap<FastifyRequest, number>()
  const perKey = app.createRateLimit({
    max: limits.perKey,
    timeWindow: windowMs,
    keyGenerator: (request) => keys.get(request) ?? 0,
  })
  const perAddress = app.createRateLimit({ max: limits.perAddress, timeWindow: windowMs })
  const units = new WeakMap<FastifyRequest, string>()
  const perUnit = app.createRateLimit({
    max: limits.perUnit,
    timeWindow: windowMs,
    keyGenerator: (request) => units.get(request) ?? '',
  })
  return {
    countKey: async (request, reply, keyNo) => {
      keys.set(request, keyNo)
      tell(reply, await perKey(request))
    },
    countAddress: async (request, reply) => tell(reply, await perAddress(request)),
    countUnit: async (request, reply, unit) => {
      units.set(request, unit)
      tell(reply, await perUnit(request))
    },
  }
}

type Counted = Awaited<ReturnType<ReturnType<FastifyInstance['createRateLimit']>>>

function tell(reply: FastifyReply, counted: Counted): void {
  if (counted.isAllowed) return
  void reply.header('x-ratelimit-limit', counted.max)
  void reply.header('x-ratelimit-remaining', counted.remaining)
  void reply.header('x-ratelimit-reset', counted.ttlInSeconds)
  if (!counted.isExceeded) return
  const seconds = Math.max(1, counted.ttlInSeconds)
  throw new Problem('too_many_requests', {
    detail: `More than ${counted.max} requests a second. Wait ${seconds} s, then repeat.`,
    headers: { 'retry-after': String(seconds) },
  })
}
