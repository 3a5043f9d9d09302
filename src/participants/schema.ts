// What participants, people, keys, places and mandates look like on the wire.
import { Type, type Static } from 'typebox'
import { pagingQuery } from '../http/paging.ts'
import { Country, Id, Name, Time } from '../http/schema.ts'
import { roles } from './actor.ts'

const closed = { additionalProperties: false }
const Gln = Type.String({ pattern: '^[0-9]{13}$', description: 'GS1 Global Location Number' })
const RoleName = Type.Enum(roles, { type: 'string' })

export const NewParticipant = Type.Object(
  {
    name: Name,
    country: Country,
    roles: Type.Array(RoleName, { minItems: 1, maxItems: roles.length }),
    gln: Type.Optional(Gln),
    taxId: Type.Optional(Type.String({ minLength: 1, maxLength: 40, pattern: '\\S' })),
  },
  closed,
)

export const Participant = Type.Object({
  id: Id,
  name: Type.String(),
  country: Type.String(),
  roles: Type.Array(Type.String()),
  gln: Type.Optional(Type.String()),
  taxId: Type.Optional(Type.String()),
})
export type Participant = Static<typeof Participant>

export const ParticipantQuery = Type.Object(
  { ...pagingQuery, role: Type.Optional(RoleName), country: Type.Optional(Country) },
  closed,
)
export const PageQuery = Type.Object(pagingQuery, closed)

export const ParticipantParams = Type.Object({ id: Id })
export const KeyParams = Type.Object({ id: Id, keyId: Id })

export const NewPerson = Type.Object(
  { name: Name, office: Type.Optional(Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' })) },
  closed,
)
export const Person = Type.Object({ id: Id, name: Type.String(), office: Type.Optional(Type.String()) })
export type Person = Static<typeof Person>

export const NewKey = Type.Object(
  {
    label: Type.Optional(Name),
    kind: Type.Optional(Type.Enum(['system', 'device', 'person'], { type: 'string', default: 'system' })),
    person: Type.Optional(Id),
    place: Type.Optional(Id),
    steps: Type.Optional(Type.Array(Type.String({ pattern: '^[a-z][a-z_]{1,49}$' }), { minItems: 1, maxItems: 50 })),
    expiresAt: Type.Optional(Time),
  },
  closed,
)
export type NewKey = Static<typeof NewKey>

export const IssuedKey = Type.Object({
  id: Id,
  key: Type.String({ description: 'Shown this once; only its hash is kept' }),
  state: Type.Enum(['active', 'pending'], { type: 'string' }),
})

export const Key = Type.Object({
  id: Id,
  label: Type.Optional(Type.String()),
  kind: Type.String(),
  person: Type.Optional(Type.String()),
  place: Type.Optional(Type.String()),
  steps: Type.Optional(Type.Array(Type.String())),
  state: Type.Enum(['active', 'pending', 'expired', 'withdrawn'], { type: 'string' }),
  confirmedBy: Type.Optional(Type.String()),
  createdAt: Type.String(),
  expiresAt: Type.Optional(Type.String()),
  withdrawnAt: Type.Optional(Type.String()),
})
export type Key = Static<typeof Key>

export const Confirmation = Type.Object({ id: Id, state: Type.String() })

export const Me = Type.Object({
  id: Id,
  name: Type.String(),
  country: Type.String(),
  roles: Type.Array(Type.String()),
  gln: Type.Optional(Type.String()),
  key: Type.Object({
    id: Id,
    kind: Type.String(),
    place: Type.Optional(Type.String()),
    steps: Type.Optional(Type.Array(Type.String())),
  }),
  person: Type.Optional(Type.Object({ id: Id })),
  principal: Type.Optional(
    Type.Object({
      id: Id,
      name: Type.String(),
      roles: Type.Array(Type.String()),
      may: Type.Array(Type.String()),
    }),
  ),
})
export type Me = Static<typeof Me>

export const NewMandate = Type.Object(
  {
    to: Id,
    may: Type.Array(Type.String({ pattern: '^[a-z][a-z_]{1,49}$' }), { minItems: 1, maxItems: 50 }),
    gtins: Type.Optional(Type.Array(Type.String({ maxLength: 14 }), { minItems: 1, maxItems: 1000 })),
    until: Time,
  },
  closed,
)
export const Mandate = Type.Object({
  id: Id,
  from: Id,
  to: Id,
  may: Type.Array(Type.String()),
  gtins: Type.Optional(Type.Array(Type.String())),
  until: Type.String(),
  withdrawnAt: Type.Optional(Type.String()),
})
export type Mandate = Static<typeof Mandate>

const Degrees = (max: number) =>
  Type.Union([
    Type.Number({ minimum: -max, maximum: max }),
    Type.String({ pattern: '^-?[0-9]{1,3}(?:\\.[0-9]{1,15})?$', maxLength: 20 }),
  ])

export const NewPlace = Type.Object(
  {
    gln: Type.Optional(Gln),
    name: Name,
    kind: Type.String({ minLength: 1, maxLength: 50, pattern: '^\\S(?:.*\\S)?$', examples: ['warehouse', 'shop'] }),
    country: Country,
    lat: Degrees(90),
    lon: Degrees(180),
    radiusM: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    town: Type.Optional(Name),
    licence: Type.Optional(Name),
  },
  closed,
)
export type NewPlace = Static<typeof NewPlace>

export const Place = Type.Object({
  id: Id,
  gln: Type.Optional(Type.String()),
  name: Type.String(),
  kind: Type.String(),
  country: Type.String(),
  lat: Type.Number(),
  lon: Type.Number(),
  radiusM: Type.Optional(Type.Integer()),
  town: Type.Optional(
    Type.String({ description: 'Shown to the public where a unit was sold; nothing else of a place is' }),
  ),
  licence: Type.Optional(Type.String()),
})
export type Place = Static<typeof Place>
