// Who acts: a key of a participant, perhaps a person's, perhaps for a principal under a mandate.
import { Problem } from '../http/problem.ts'

export const roles = [
  'operator',
  'producer',
  'importer',
  'distributor',
  'carrier',
  'warehouse',
  'broker',
  'retailer',
  'customs',
  'agency',
  'auditor',
  'partner',
] as const

export type Role = (typeof roles)[number]

/** A participant as the rest of the service knows it: `no` inside, `id` on the wire. */
export type ParticipantRef = {
  no: number
  id: string
  name: string
  country: string
  roles: readonly Role[]
  gln?: string
}

export type KeyKind = 'system' | 'device' | 'person'

/** Leave to act for a principal: what (`may`), and for which GTINs if not for all. */
export type MandateRef = { no: number; id: string; may: readonly string[]; gtins?: readonly string[] }

/** Who makes a request. `place` and `steps` are limits of the key; `principal` and `mandate` come with `Tamga-For`. */
export type Actor = {
  participant: ParticipantRef
  key: { no: number; id: string; kind: KeyKind }
  person?: { no: number; id: string }
  place?: { no: number; id: string }
  steps?: readonly string[]
  principal?: ParticipantRef
  mandate?: MandateRef
  /** All mandates in force from this principal, the newest (`mandate`) first. */
  mandates?: readonly MandateRef[]
}

/** For whom the actor acts: the principal under a mandate, else the participant itself. */
export const actingFor = (actor: Actor): ParticipantRef => actor.principal ?? actor.participant

/** Customs, auditor and operator see every object's life (never verification tails). */
export const seesAll = (participant: ParticipantRef): boolean =>
  participant.roles.some((role) => role === 'customs' || role === 'auditor' || role === 'operator')

/** Whether a participant has at least one of the roles. */
export const hasRole = (participant: ParticipantRef, ...wanted: readonly Role[]): boolean =>
  wanted.some((role) => participant.roles.includes(role))

/**
 * The actor with the mandate that covers an act, or the actor as it is where it acts for itself.
 * @param may the word of the act, as mandates list it: order_codes, commission, ship, …
 * @param gtins which goods it is about; a mandate limited to GTINs covers an act only if it names them all
 * @throws Problem not_mandated
 */
export function mandated(actor: Actor, may: string, gtins: Iterable<string> = []): Actor {
  if (!actor.principal) return actor
  const wanted = [...gtins]
  const covers = (mandate: MandateRef): boolean =>
    mandate.may.includes(may) && (!mandate.gtins || wanted.every((gtin) => mandate.gtins?.includes(gtin)))
  const mandate = [...(actor.mandates ?? []), ...(actor.mandate ? [actor.mandate] : [])].find(covers)
  if (mandate) return { ...actor, mandate }
  throw new Problem('not_mandated', {
    detail: `No mandate of ${actor.principal.name} covers ${may} for these goods. Ask for one (POST /mandates).`,
  })
}
