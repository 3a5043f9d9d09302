import { type Static, Type } from 'typebox'

export const NewCorrection = Type.Object(
  {
    eventID: Type.String({ minLength: 1, maxLength: 512, description: 'One of your own events' }),
    reason: Type.Union([Type.Literal('did_not_occur'), Type.Literal('incorrect_data')]),
    text: Type.Optional(Type.String({ minLength: 1, maxLength: 2_000, description: 'For those who are asked' })),
  },
  { additionalProperties: false },
)
export type NewCorrection = Static<typeof NewCorrection>

export const NewAnswer = Type.Object(
  { agree: Type.Boolean(), text: Type.Optional(Type.String({ minLength: 1, maxLength: 2_000 })) },
  { additionalProperties: false },
)
export type NewAnswer = Static<typeof NewAnswer>

export const CorrectionParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) })

export const Correction = Type.Object({
  id: Type.String(),
  eventID: Type.String(),
  reason: Type.String(),
  text: Type.Optional(Type.String()),
  by: Type.String({ description: 'Who recorded the event and asks' }),
  time: Type.String(),
  expiresAt: Type.String({ description: 'Who has not answered by then does not agree' }),
  state: Type.Union(
    [
      Type.Literal('asked'),
      Type.Literal('done'),
      Type.Literal('refused'),
      Type.Literal('expired'),
      Type.Literal('overtaken'),
    ],
    { description: 'overtaken: all agreed, but somebody else had acted on the goods by then. Ask anew' },
  ),
  of: Type.Array(Type.String(), { description: 'Who has acted on the goods since, and is asked' }),
  answers: Type.Array(
    Type.Object({
      participant: Type.String(),
      agree: Type.Boolean(),
      text: Type.Optional(Type.String()),
      time: Type.String(),
    }),
  ),
})
export type Correction = Static<typeof Correction>
