// What product groups, products and importers look like on the wire.
import { Type, type Static } from 'typebox'
import { pagingQuery } from '../http/paging.ts'
import { Country, GtinText, Id, Name } from '../http/schema.ts'

const closed = { additionalProperties: false }

const Enforcement = Type.Enum(['observe', 'enforce'], { type: 'string' })
const Tail = Type.Enum(['mac', 'signature'], { type: 'string' })

export const NewProductGroup = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z][a-z0-9-]{1,39}$', examples: ['perfume'] }),
    name: Name,
    enforcement: Type.Optional(Enforcement),
    tail: Type.Optional(Tail),
    log: Type.Optional(Type.String({ pattern: '^[a-z][a-z0-9_-]{0,31}$', examples: ['main'] })),
  },
  closed,
)
export const ProductGroupChange = Type.Object(
  { name: Type.Optional(Name), enforcement: Type.Optional(Enforcement), tail: Type.Optional(Tail) },
  { ...closed, minProperties: 1 },
)
export const ProductGroup = Type.Object({
  id: Id,
  name: Type.String(),
  enforcement: Enforcement,
  tail: Tail,
  log: Type.String(),
})
export type ProductGroup = Static<typeof ProductGroup>
export const GroupParams = Type.Object({ id: Id })
export const PageQuery = Type.Object(pagingQuery, closed)

/** A decimal (design D12): a string; a JSON number is taken too. */
const Decimal = Type.Union([
  Type.String({ pattern: '^(?:0|[1-9][0-9]{0,14})(?:\\.[0-9]{1,6})?$', examples: ['0.5'] }),
  Type.Number({ minimum: 0, maximum: 1e15 }),
])

export const NewProduct = Type.Object(
  {
    gtin: GtinText,
    name: Name,
    group: Id,
    hsCode: Type.String({
      pattern: '^[0-9]{4,10}$',
      examples: ['2208601100'],
      description: 'HS or CN code, 4 to 10 digits',
    }),
    originCountry: Country,
    netContent: Type.Optional(
      Type.Object({ value: Decimal, unit: Type.String({ pattern: '^[A-Za-z0-9%]{1,20}$', examples: ['l'] }) }, closed),
    ),
    strength: Type.Optional(Decimal),
    packLevel: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0, maximum: 9 }), Type.String({ pattern: '^[A-Za-z0-9_-]{1,30}$' })]),
    ),
    contains: Type.Optional(
      Type.Array(Type.Object({ gtin: GtinText, count: Type.Integer({ minimum: 1, maximum: 1_000_000 }) }, closed), {
        minItems: 1,
        maxItems: 100,
      }),
    ),
  },
  closed,
)
export type NewProduct = Static<typeof NewProduct>

export const Product = Type.Object({
  gtin: Type.String(),
  name: Type.String(),
  group: Type.String(),
  owner: Type.String({ description: 'Participant id' }),
  hsCode: Type.String(),
  originCountry: Type.String(),
  netContent: Type.Optional(Type.Object({ value: Type.String(), unit: Type.String() })),
  strength: Type.Optional(Type.String()),
  packLevel: Type.Optional(Type.Union([Type.Integer(), Type.String()])),
  contains: Type.Optional(Type.Array(Type.Object({ gtin: Type.String(), count: Type.Integer() }))),
})
export type Product = Static<typeof Product>

export const ProductQuery = Type.Object({ ...pagingQuery, group: Type.Optional(Id) }, closed)
export const ProductParams = Type.Object({ gtin: Type.String({ minLength: 1, maxLength: 14 }) })
export const ImporterParams = Type.Object({ gtin: Type.String({ minLength: 1, maxLength: 14 }), id: Id })

/** No field is needed: the importer is who asks. */
export const NewImporter = Type.Union([Type.Object({}, closed), Type.Null()])
export const Importer = Type.Object({
  gtin: Type.String(),
  importer: Type.String({ description: 'Participant id' }),
  name: Type.String(),
  since: Type.String(),
  withdrawnAt: Type.Optional(Type.String()),
})
export type Importer = Static<typeof Importer>
