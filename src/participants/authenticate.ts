// The hook that every request passes first: key -> actor, Tamga-For -> principal, and what the route wants of them.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { createCached } from '../db/cached.ts'
import type { Db } from '../db/connect.ts'
import { Problem } from '../http/problem.ts'
import type { Rate } from '../http/rate.ts'
import './access.ts'
import { actingFor, hasRole, type Actor, type ParticipantRef } from './actor.ts'
import type { Directory } from './directory.ts'
import { keyLengthMax, type KeyHasher } from './key.ts'
import { findBearer, type BearerRow } from './key-store.ts'
import { mandatesBetween } from './mandate-store.ts'

export type AuthenticateDeps = {
  db: Db
  directory: Directory
  hasher: KeyHasher
  rate: Rate
  now: () => Date
}

/** What routes that change keys and mandates call, so that this process knows at once. */
export type Authentication = { forget(): void }

/** Beyond this many keys in use within half a second the oldest are looked up again. */
const keysMax = 20_000

/** Adds the hook and `request.actor`. Routes say what they want in their `config` (access.ts). */
export function authenticate(app: FastifyInstance, deps: AuthenticateDeps): Authentication {
  const { db, hasher, now } = deps
  // By the key's own text: hashing it anew cost each request as much as parsing its body. It is in memory anyway, in the request.
  const bearers = createCached<string, Bearer>({
    load: async (key) => {
      const hash = hasher.hash(key)
      const row = await findBearer(db, hash)
      return row && hasher.equal(row.hash, hash) ? { row, actor: actorOf(row) } : undefined
    },
    now,
    entriesMax: keysMax,
  })
  const mandates = createCached({
    load: async (between: string) => {
      const [agent, principal] = between.split(' ').map(Number)
      return mandatesBetween(db, agent ?? 0, principal ?? 0)
    },
    now,
    entriesMax: keysMax,
  })
  const actorIn = (bearer: Bearer | undefined): Actor | undefined =>
    bearer && isInForce(bearer.row, now()) ? bearer.actor : undefined
  const bearerOf = async (key: string): Promise<Actor | undefined> => actorIn(await bearers.get(key))

  const principalOf = async (actor: Actor, id: string): Promise<Actor> => {
    if (id === actor.participant.id) return actor
    const principal = await deps.directory.byId(id)
    // Whether the principal exists is not told: the answer is the same.
    const between = principal ? ((await mandates.get(`${actor.participant.no} ${principal.no}`)) ?? []) : []
    const inForce = between.filter(({ until }) => until > now()).map(({ until: _, ...mandate }) => mandate)
    const [mandate] = inForce
    if (!principal || !mandate) {
      throw new Problem('not_mandated', {
        detail: 'You have no mandate in force from this participant. Ask it for one (POST /mandates).',
      })
    }
    return { ...actor, principal, mandate, mandates: inForce }
  }

  // A field and not a WeakMap: thousands of short-lived keys in one keep the garbage collector busy.
  app.decorateRequest('caller', undefined)
  app.decorateRequest('actor', {
    getter(this: FastifyRequest): Actor {
      const actor = this.caller
      if (!actor) throw new Error('this route is public and was called without a key')
      return actor
    },
  })
  app.decorateRequest('hasActor', {
    getter(this: FastifyRequest): boolean {
      return this.caller !== undefined
    },
  })

  const authenticateSlowly = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { config } = request.routeOptions
    const isPublic = config.public === true || request.is404
    const caller = await identify(deps.rate, request, reply, bearerOf, isPublic)
    if (!caller) return
    const forWhom = readPrincipal(request)
    const actor = forWhom === undefined ? caller : await principalOf(caller, forWhom)
    request.caller = actor
    permit(actor, config)
  }

  app.addHook('onRequest', (request, reply, done) => {
    const { config } = request.routeOptions
    if (config.unlimited) return done()
    // A key that was seen within the last half second, acting for itself: nothing to wait for.
    const key = readPrincipal(request) === undefined ? readBearer(request) : undefined
    const actor = key === undefined ? undefined : actorIn(bearers.warm(key)?.value)
    if (!actor) {
      authenticateSlowly(request, reply).then(() => done(), done)
      return
    }
    const admit = (): void => {
      request.caller = actor
      permit(actor, config)
    }
    const counted = deps.rate.countKey(request, reply, actor.key.no)
    if (counted) {
      counted.then(admit).then(() => done(), done)
      return
    }
    admit()
    done()
  })

  return {
    forget: () => {
      bearers.forget()
      mandates.forget()
    },
  }
}

/** Who calls, after counting the request; undefined on public routes without a valid key. */
async function identify(
  rate: Rate,
  request: FastifyRequest,
  reply: FastifyReply,
  bearerOf: (key: string) => Promise<Actor | undefined>,
  isPublic: boolean,
): Promise<Actor | undefined> {
  const key = readBearer(request)
  const actor = key === undefined ? undefined : await bearerOf(key)
  if (actor) {
    await rate.countKey(request, reply, actor.key.no)
    return actor
  }
  // A wrong key counts as none: guessing uses up the address's share.
  await rate.countAddress(request, reply)
  if (isPublic) return undefined
  throw new Problem(key === undefined ? 'key_missing' : 'key_unknown')
}

/** `Tamga-For`: the public id of who is acted for. */
function readPrincipal(request: FastifyRequest): string | undefined {
  const header = request.headers['tamga-for']
  return typeof header === 'string' && header !== '' ? header : undefined
}

/** The key of `Authorization: Bearer <key>` (RFC 6750), undefined if there is none of that form. */
function readBearer(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization
  if (header === undefined || !/^bearer /i.test(header)) return undefined
  const key = header.slice(7).trim()
  return key === '' || key.length > keyLengthMax ? undefined : key
}

type Bearer = { row: BearerRow; actor: Actor }

const isInForce = (row: BearerRow, at: Date): boolean =>
  row.state === 'active' && row.revoked_at === null && (row.expires_at === null || row.expires_at > at)

function actorOf(row: BearerRow): Actor {
  const participant: ParticipantRef = {
    no: row.participant_no,
    id: row.participant_id,
    name: row.name,
    country: row.country,
    roles: row.roles,
    ...(row.gln === null ? {} : { gln: row.gln }),
  }
  return {
    participant,
    key: { no: row.no, id: row.id, kind: row.kind },
    ...(row.person_no !== null && row.person_id !== null ? { person: { no: row.person_no, id: row.person_id } } : {}),
    ...(row.place_no !== null && row.place_id !== null ? { place: { no: row.place_no, id: row.place_id } } : {}),
    ...(row.steps ? { steps: row.steps } : {}),
  }
}

function permit(actor: Actor, config: FastifyRequest['routeOptions']['config']): void {
  if (config.roles && !hasRole(actingFor(actor), ...config.roles)) {
    throw new Problem('role_missing', {
      detail: `This call is reserved to the role ${config.roles.join(' or ')}. Use a key of a participant that has it.`,
    })
  }
  if (!config.administrative) return
  if (actor.principal) {
    throw new Problem('not_mandated', {
      detail: 'No mandate covers acts of administration. Leave out Tamga-For, or have the principal do it.',
    })
  }
  if (actor.key.kind === 'device' || actor.steps || actor.place) {
    throw new Problem('key_limited', {
      detail:
        'Keys of devices, and keys limited to steps or a place, cannot change registers. Use a key without limits.',
    })
  }
}
