import { Type, type Static } from 'typebox'
import { pagingQuery } from '../http/paging.ts'
import { GtinText, Id } from '../http/schema.ts'

const closed = { additionalProperties: false }
const Text = Type.String({ minLength: 1, maxLength: 2_000, pattern: '\\S' })

export const NewRecall = Type.Object(
  {
    gtin: Type.Optional(GtinText),
    lot: Type.Optional(Type.String({ minLength: 1, maxLength: 20 })),
    code: Type.Optional(Type.String({ minLength: 1, maxLength: 1_024, description: 'One code alone: a block' })),
    reason: Text,
    legalBasis: Type.Optional(Text),
  },
  { ...closed, description: 'A GTIN, perhaps with a lot; or one code' },
)
export type NewRecall = Static<typeof NewRecall>

export const EndOfRecall = Type.Object({ reason: Text }, closed)

export const Recall = Type.Object({
  id: Type.String(),
  at: Type.String(),
  by: Type.Object({ id: Type.String(), name: Type.String() }),
  gtin: Type.Optional(Type.String()),
  lot: Type.Optional(Type.String()),
  code: Type.Optional(Type.String()),
  reason: Type.String(),
  legalBasis: Type.Optional(Type.String()),
  endedAt: Type.Union([Type.String(), Type.Null()]),
})
export type Recall = Static<typeof Recall>

export const RecallParams = Type.Object({ id: Id })
export const RecallQuery = Type.Object(pagingQuery, closed)

export const Holders = Type.Object({
  id: Type.String(),
  units: Type.Integer({ description: 'How many units were marked under it' }),
  holders: Type.Array(
    Type.Object({
      holder: Type.Union([
        Type.Object({ id: Type.String(), name: Type.String(), country: Type.String() }),
        Type.Null(),
      ]),
      state: Type.String(),
      count: Type.Integer(),
    }),
  ),
})
