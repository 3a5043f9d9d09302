import { Type } from 'typebox'

const Maybe = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()])

const Product = Type.Object({
  gtin: Type.String(),
  name: Type.String(),
  group: Type.String(),
  hsCode: Type.String(),
  originCountry: Type.String(),
})

const PlaceSeen = Type.Object({
  id: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  country: Type.String(),
})

const standing = {
  state: Type.String({ description: 'ordered, encoded, active, in_transit, opened, sold, exported, destroyed, …' }),
  owner: Maybe(Type.String({ description: 'A participant id; null where you may not know' })),
  holder: Maybe(Type.String()),
  addressee: Type.Optional(Maybe(Type.String())),
  parent: Maybe(Type.String({ description: 'What it is packed in' })),
  lastSeen: Type.Optional(Maybe(Type.Object({ place: Maybe(PlaceSeen), time: Type.String() }))),
  eventCount: Type.Integer(),
}

export const Unit = Type.Object({
  code: Type.String(),
  product: Type.Optional(Product),
  ...standing,
  tail: Type.String({ description: 'valid or absent' }),
  commissioned: Type.Optional(
    Type.Object({
      by: Maybe(Type.String()),
      country: Maybe(Type.String()),
      time: Type.String(),
      place: Type.Optional(Type.String()),
    }),
  ),
  findingCount: Type.Integer(),
  replaces: Type.Optional(Type.String({ description: 'The code that it had before it was marked anew' })),
  replacedBy: Type.Optional(Type.String({ description: 'The code that took its place' })),
})

const open = { additionalProperties: true }

export const History = Type.Object({
  code: Type.String(),
  product: Type.Optional(Product),
  events: Type.Array(
    Type.Object(
      {
        eventTime: Type.String(),
        state: Type.String({ description: 'What the object was afterwards' }),
        redacted: Type.Optional(Type.Boolean({ description: "Others' step: country and date alone" })),
        code: Type.Optional(
          Type.String({ description: 'The code that the unit had then, where it got another since' }),
        ),
        takenBack: Type.Optional(
          Type.Object(
            { time: Type.String(), by: Type.Optional(Type.String()) },
            { description: 'It was declared an error and does not count' },
          ),
        ),
      },
      open,
    ),
  ),
  custody: Type.Array(
    Type.Object({
      holder: Maybe(Type.String()),
      name: Type.Optional(Type.String()),
      country: Type.Optional(Type.String()),
      from: Maybe(Type.String()),
      to: Maybe(Type.String()),
    }),
  ),
  findings: Type.Array(Type.Object({}, open)),
})

export const LogisticUnit = Type.Object({
  code: Type.String(),
  ...standing,
  count: Type.Integer({ description: 'How many objects are directly in it' }),
  levels: Type.Integer({ description: 'How many levels of packing are inside' }),
  contents: Type.Array(Type.Object({ gtin: Maybe(Type.String()), name: Maybe(Type.String()), count: Type.Integer() }), {
    description: 'Everything in it through all levels, by product; cases that are units count as their own product',
  }),
})

export const ContentItem = Type.Object({
  code: Maybe(Type.String()),
  state: Type.String(),
  count: Type.Integer({ description: 'How many objects are directly in it' }),
})

export const RecordedEvent = Type.Object({}, { additionalProperties: true, description: 'EPCIS 2.0 in JSON-LD' })
