import { Type, type Static } from 'typebox'
import { Id, Time } from '../http/schema.ts'

const closed = { additionalProperties: false }
const Code = Type.String({ minLength: 1, maxLength: 1024 })
const Text = Type.String({ minLength: 1, maxLength: 2_000, pattern: '\\S' })

export const foundAs = ['found', 'missing', 'unreadable', 'inaccessible'] as const

export const NewInspection = Type.Object(
  {
    result: Type.Enum(['conforms', 'differs'], { type: 'string' }),
    scanned: Type.Array(Type.Object({ code: Code, found: Type.Enum(foundAs, { type: 'string' }) }, closed), {
      maxItems: 10_000,
    }),
    found: Type.Optional(Type.Array(Code, { maxItems: 10_000, description: 'What was there and not declared' })),
    photos: Type.Optional(Type.Array(Text, { maxItems: 100 })),
    notes: Type.String({ maxLength: 5_000 }),
    witness: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'A second person who saw it' })),
    checks: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 60 }), { maxItems: 50 })),
  },
  closed,
)
export type NewInspection = Static<typeof NewInspection>

/** Why an officer raises a lane: coded, so that hit rates can be told apart. */
export const raiseReasons = [
  'information',
  'behaviour',
  'documents',
  'seals',
  'weight',
  'image',
  'goods',
  'route',
  'request',
  'other',
] as const

export const NewRaise = Type.Object(
  {
    lane: Type.Enum(['blue', 'yellow', 'red'], { type: 'string' }),
    reason: Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: '\\S',
      description: `One of ${raiseReasons.join(', ')}; anything else counts as other`,
    }),
    until: Time,
    text: Type.Optional(Text),
  },
  closed,
)
export type NewRaise = Static<typeof NewRaise>

export const NewDuty = Type.Object({ office: Text, until: Time }, closed)
export const DutyParams = Type.Object({ id: Id })
