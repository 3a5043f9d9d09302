// What of the border's answers the desk reads.
import { Type, type Static } from 'typebox'

const Lane = Type.Union([Type.String(), Type.Null()])
const Maybe = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Optional(Type.Union([schema, Type.Null()]))

export const Queued = Type.Object({
  id: Type.String(),
  reference: Type.String(),
  status: Type.String(),
  lane: Type.Optional(Lane),
  releasedAt: Maybe(Type.String()),
  required: Type.Optional(Type.Array(Type.Object({ check: Type.String() }))),
})
export type Queued = Static<typeof Queued>

/** What its declarant is told of a declaration: of the lane and the reasons only once the goods are there. */
export const MyDeclaration = Type.Object({
  id: Type.String(),
  reference: Type.String(),
  status: Type.String(),
  office: Type.String(),
  lodgedAt: Type.String(),
  releasedAt: Maybe(Type.String()),
  lane: Type.Optional(Lane),
  required: Type.Array(
    Type.Object({ check: Type.String(), text: Type.String(), legalBasis: Type.Optional(Type.String()) }),
  ),
  presentations: Type.Array(Type.Object({ at: Type.String(), office: Type.String(), vehicle: Type.String() })),
  reasons: Type.Optional(
    Type.Array(
      Type.Object({
        category: Type.String(),
        rule: Type.Optional(Type.String()),
        text: Type.Optional(Type.String()),
        clearedBy: Type.Optional(Type.String()),
        legalBasis: Type.Optional(Type.String()),
      }),
    ),
  ),
})
export type Mine = Static<typeof MyDeclaration>

const Reason = Type.Object({
  rule: Type.String(),
  lane: Lane,
  text: Type.String(),
  item: Type.Optional(Type.Integer()),
  codes: Type.Optional(Type.Array(Type.String())),
  entries: Type.Optional(Type.Array(Type.Object({ log: Type.String(), position: Type.Integer() }))),
  legalBasis: Type.Optional(Type.String()),
})
export type Reason = Static<typeof Reason>

const Check = Type.Object({
  id: Type.String(),
  text: Type.String(),
  done: Type.Boolean(),
  units: Type.Optional(Type.Array(Type.String())),
  of: Type.Optional(Type.Integer()),
})
export type Check = Static<typeof Check>

const Value = Maybe(Type.Unknown())
const Provenance = Type.Object({
  item: Type.Integer(),
  units: Value,
  products: Value,
  makers: Value,
  markedIn: Value,
  origin: Value,
  holders: Value,
  containers: Value,
  gapHours: Value,
  ended: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
})
export type Provenance = Static<typeof Provenance>

const Party = Type.Union([Type.String(), Type.Object({ name: Type.String(), country: Type.String() })])
export const Declared = Type.Object({
  id: Type.String(),
  reference: Type.String(),
  status: Type.String(),
  flow: Type.String(),
  office: Type.String(),
  lodgedAt: Type.String(),
  releasedAt: Maybe(Type.String()),
  lane: Lane,
  votes: Type.Optional(Type.Integer()),
  declarant: Type.Optional(Type.String()),
  names: Type.Optional(Type.Record(Type.String(), Type.String())),
  declaration: Type.Object({
    codes: Type.Optional(Type.Array(Type.Unknown())),
    consignor: Party,
    consignee: Party,
    transport: Type.Object({ mode: Type.String(), id: Type.String() }),
    route: Type.Array(Type.String()),
    items: Type.Array(
      Type.Object({
        number: Type.Integer(),
        hsCode: Type.String(),
        originCountry: Type.String(),
        quantity: Type.Union([Type.String(), Type.Number()]),
        unit: Type.String(),
        pieces: Maybe(Type.Union([Type.String(), Type.Number()])),
      }),
    ),
  }),
  decisions: Type.Array(
    Type.Object({
      at: Type.String(),
      position: Type.Integer(),
      lane: Lane,
      profile: Type.Object({ id: Type.String(), version: Type.Integer() }),
      reasons: Type.Array(Reason),
    }),
  ),
  checks: Type.Array(Check),
  provenance: Type.Array(Provenance),
})
export type Declared = Static<typeof Declared>

export const Barrier = Type.Object({
  verb: Type.String(),
  text: Type.String(),
  reasons: Type.Array(Type.Object({ rule: Type.String(), text: Type.String() })),
  declarations: Type.Array(
    Type.Object({ id: Type.String(), reference: Type.String(), lane: Lane, status: Type.String() }),
  ),
})
