// Who acts: a key of a participant, perhaps a person's, perhaps for a principal under a mandate.

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

/** Who makes a request. `place` and `steps` are limits of the key; `principal` and `mandate` come with `Tamga-For`. */
export type Actor = {
  participant: ParticipantRef
  key: { no: number; id: string; kind: KeyKind }
  person?: { no: number; id: string }
  place?: { no: number; id: string }
  steps?: readonly string[]
  principal?: ParticipantRef
  mandate?: { no: number; id: string; may: readonly string[]; gtins?: readonly string[] }
}

/** For whom the actor acts: the principal under a mandate, else the participant itself. */
export const actingFor = (actor: Actor): ParticipantRef => actor.principal ?? actor.participant

/** Customs, auditor and operator see every object's life (never verification tails). */
export const seesAll = (participant: ParticipantRef): boolean =>
  participant.roles.some((role) => role === 'customs' || role === 'auditor' || role === 'operator')

/** Whether a participant has at least one of the roles. */
export const hasRole = (participant: ParticipantRef, ...wanted: readonly Role[]): boolean =>
  wanted.some((role) => participant.roles.includes(role))
