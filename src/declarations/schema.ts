import { Type, type Static } from 'typebox'
import { Country, Id, Name } from '../http/schema.ts'

const closed = { additionalProperties: false }
const Code = Type.String({ minLength: 1, maxLength: 1024, description: 'A unit, a case or an SSCC, in any form' })

/** Codes of an order without naming each: a block, or some of its places. */
const BlockRange = Type.Object(
  {
    order: Id,
    block: Type.Integer({ minimum: 0, maximum: 10_000 }),
    from: Type.Optional(Type.Integer({ minimum: 0, maximum: 999, description: 'The first place in the block; 0' })),
    to: Type.Optional(Type.Integer({ minimum: 0, maximum: 999, description: 'The last place; the end of the block' })),
  },
  { ...closed, description: "A range of an order's block" },
)
const Codes = Type.Array(Type.Union([Code, BlockRange]), { maxItems: 30_000 })

const decimalText = '^(?:0|[1-9][0-9]{0,14})(?:\\.[0-9]{1,6})?$'
const Decimal = Type.Union([
  Type.String({ pattern: decimalText, examples: ['480'] }),
  Type.Number({ minimum: 0, maximum: 1e15 }),
])

const Outsider = Type.Object(
  { name: Name, country: Country, taxId: Type.Optional(Type.String({ minLength: 1, maxLength: 40 })) },
  closed,
)
export const Party = Type.Union([Id, Outsider], { description: 'A participant id, or who is not registered' })
export type Party = Static<typeof Party>

const Text = Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' })
const Document = Type.Union([
  Text,
  Type.Object(
    {
      type: Type.String({ minLength: 1, maxLength: 60, examples: ['certificate_of_origin', 'invoice'] }),
      number: Type.Optional(Text),
      country: Type.Optional(Country),
      date: Type.Optional(Text),
      validUntil: Type.Optional(
        Type.String({
          pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}',
          maxLength: 40,
          description: 'The last day of a certificate or permit',
        }),
      ),
    },
    { additionalProperties: true, maxProperties: 20 },
  ),
])
const Documents = Type.Array(Document, { maxItems: 100 })
const Names = Type.Array(Text, { maxItems: 100 })

export const Item = Type.Object(
  {
    number: Type.Integer({ minimum: 1, maximum: 9_999 }),
    hsCode: Type.String({ pattern: '^[0-9]{4,10}$', examples: ['2208601100'] }),
    originCountry: Country,
    quantity: Decimal,
    unit: Type.String({
      pattern: '^[A-Za-z0-9/]{1,10}$',
      examples: ['NAR', 'LTR', 'LPA', 'MIL'],
      description: 'The customs unit (UN/ECE Recommendation 20)',
    }),
    pieces: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0, maximum: 1e9 }), Type.String({ pattern: '^(0|[1-9][0-9]{0,9})$' })], {
        description: 'Consumer units, whatever the customs unit is',
      }),
    ),
    value: Type.Object({ amount: Decimal, currency: Type.String({ pattern: '^[A-Z]{3}$' }) }, closed),
    grossMassKg: Type.Optional(Decimal),
    netMassKg: Type.Optional(Decimal),
    description: Type.Optional(Type.String({ maxLength: 500 })),
    exemption: Type.Optional(
      Type.String({ pattern: '^[a-z][a-z_]{1,39}$', description: 'Why goods that fall under marking bear no marks' }),
    ),
    codes: Type.Optional(Codes),
  },
  closed,
)
export type Item = Static<typeof Item>

export const NewDeclaration = Type.Object(
  {
    reference: Type.String({ minLength: 1, maxLength: 70, pattern: '\\S' }),
    flow: Type.Enum(['import', 'export', 'transit'], { type: 'string' }),
    procedure: Type.Optional(Type.String({ pattern: '^[A-Z0-9]{1,10}$', examples: ['40', '10'] })),
    office: Text,
    declarant: Type.Optional(Party),
    consignor: Party,
    consignee: Party,
    transport: Type.Object({ mode: Text, id: Text }, closed),
    route: Type.Array(Text, { maxItems: 50, description: 'Countries, offices or places, in order' }),
    containers: Type.Optional(Names),
    seals: Type.Optional(Names),
    documents: Type.Optional(Documents),
    previousDocuments: Type.Optional(Documents),
    combination: Type.Optional(Id),
    codes: Type.Optional(Codes),
    items: Type.Array(Item, { minItems: 1, maxItems: 999 }),
  },
  closed,
)
export type NewDeclaration = Static<typeof NewDeclaration>
export type DeclaredCode = Static<typeof Code> | Static<typeof BlockRange>

export const NewPresentation = Type.Object(
  {
    office: Text,
    vehicle: Text,
    containers: Type.Optional(Names),
    seals: Type.Optional(Names),
    codes: Type.Optional(Codes),
  },
  closed,
)
export type NewPresentation = Static<typeof NewPresentation>

export const outcomes = [
  'withdrawn',
  'returned',
  'seized',
  'destroyed',
  'confiscated',
  'cleared',
  'exited',
  'arrived',
  'abandoned',
] as const
export type OutcomeName = (typeof outcomes)[number]

export const NewOutcome = Type.Object(
  {
    outcome: Type.Enum(outcomes, { type: 'string' }),
    text: Type.Optional(Type.String({ maxLength: 2_000 })),
    legalBasis: Type.Optional(Text),
  },
  closed,
)
export type NewOutcome = Static<typeof NewOutcome>

export const DeclarationParams = Type.Object({ id: Id })
