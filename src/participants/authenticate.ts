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
  const bearers = createCached<string, BearerRow>({
    load: async (hash) => {
      const bytes = Buffer.from(hash, 'base64')
      const row = await findBearer(db, bytes)
      return row && hasher.equal(row.hash, bytes) ? row : undefined
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
  const actors = new WeakMap<FastifyRequest, Actor>()

  const bearerOf = async (key: string): Promise<Actor | undefined> => {
    const row = await bearers.get(hasher.hash(key).toString('base64'))
    return row && isInForce(row, now()) ? actorOf(row) : undefined
  }

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

  app.decorateRequest('actor', {
    getter(this: FastifyRequest): Actor {
      const actor = actors.get(this)
      if (!actor) throw new Error('this route is public and was called without a key')
      return actor
    },
  })
  app.decorateRequest('hasActor', {
    getter(this: FastifyRequest): boolean {
      return actors.has(this)
    },
  })

  app.addHook('onRequest', async (request, reply) => {
    const { config } = request.routeOptions
    if (config.unlimited) return
    const isPublic = config.public === true || request.is404
    const caller = await identify(deps.rate, request, reply, bearerOf, isPublic)
    if (!caller) return
    const forWhom = request.headers['tamga-for']
    const actor = typeof forWhom === 'string' && forWhom !== '' ? await principalOf(caller, forWhom) : caller
    actors.set(request, actor)
    permit(actor, config)
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

/** The key of `Authorization: Bearer <key>` (RFC 6750), undefined if there is none of that form. */
function readBearer(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization
  if (header === undefined || !/^bearer /i.test(header)) return undefined
  const key = header.slice(7).trim()
  return key === '' || key.length > keyLengthMax ? undefined : key
}

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
