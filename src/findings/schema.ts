// What findings look like on the wire.
import { Type, type Static } from 'typebox'
import { pagingQuery } from '../http/paging.ts'
import { Id, Time } from '../http/schema.ts'
import { findingKinds, severities } from './finding.ts'
import { findingStates, resolutions } from './store.ts'

const closed = { additionalProperties: false }
const Kind = Type.Enum([...findingKinds], { type: 'string' })
const State = Type.Enum([...findingStates], { type: 'string' })
const ResolvedAs = Type.Enum([...resolutions], { type: 'string' })
const Words = Type.String({ minLength: 1, maxLength: 5_000, pattern: '\\S' })

/** Whoever is not of one's own side is a country; authorities act by name. */
const Party = Type.Object({
  id: Type.Optional(Type.String({ description: 'Participant id' })),
  name: Type.Optional(Type.String()),
  country: Type.String(),
  person: Type.Optional(Type.String({ description: 'Person id' })),
})
export type Party = Static<typeof Party>

/** A document is named, not kept here: by its address, number or digest. */
const Document = Type.Union([
  Type.String({ minLength: 1, maxLength: 500 }),
  Type.Object(
    {
      name: Type.String({ minLength: 1, maxLength: 200 }),
      uri: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
      sha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
    },
    closed,
  ),
])

export const Finding = Type.Object({
  id: Id,
  kind: Kind,
  code: Type.String({ description: 'The problem code of what was found' }),
  state: State,
  openedAt: Type.String(),
  text: Type.String({ description: 'What was noticed, in words that accuse nobody' }),
  act: Type.String({ description: 'What was reported to be done' }),
  eventTime: Type.String(),
  eventID: Type.Optional(Type.String({ description: 'For who reported it and for authorities' })),
  entry: Type.Optional(
    Type.Object({ log: Type.String(), position: Type.Integer() }, { description: 'Where something was recorded' }),
  ),
  claimant: Party,
  for: Type.Optional(Party),
  objects: Type.Array(Type.Object({ code: Type.String(), path: Type.Optional(Type.String()) }), {
    description: 'At most 100; of others only what concerns the asker',
  }),
  objectCount: Type.Integer(),
  owes: Type.Optional(Type.Array(Party, { description: 'Where a deadline passed: who owes an answer' })),
  severity: Type.Optional(Type.Enum(severities, { type: 'string' })),
  innocentCauses: Type.Optional(
    Type.Array(Type.String(), { description: "What may explain it without anybody's fault" }),
  ),
  clearedBy: Type.Optional(Type.String({ description: 'What would show that' })),
  counted: Type.Optional(Type.Record(Type.String(), Type.Integer())),
  responses: Type.Array(
    Type.Object({ at: Type.String(), by: Party, text: Type.String(), documents: Type.Array(Document) }),
  ),
  resolution: Type.Optional(
    Type.Object({
      as: ResolvedAs,
      legalBasis: Type.Optional(Type.String()),
      text: Type.String(),
      at: Type.String(),
      by: Party,
    }),
  ),
})
export type Finding = Static<typeof Finding>

export const FindingParams = Type.Object({ id: Id })
export const FindingQuery = Type.Object(
  {
    ...pagingQuery,
    state: Type.Optional(State),
    kind: Type.Optional(Kind),
    code: Type.Optional(Type.String({ minLength: 1, maxLength: 40 })),
    participant: Type.Optional(Id),
    from: Type.Optional(Time),
    to: Type.Optional(Time),
  },
  closed,
)
export type FindingQuery = Static<typeof FindingQuery>

export const NewResponse = Type.Object(
  { text: Words, documents: Type.Optional(Type.Array(Document, { maxItems: 20 })) },
  closed,
)
export type NewResponse = Static<typeof NewResponse>

export const NewResolution = Type.Object(
  {
    as: ResolvedAs,
    legalBasis: Type.Optional(Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' })),
    text: Words,
  },
  closed,
)
export type NewResolution = Static<typeof NewResolution>
