// What receipts, returns, checks at the till and the public check look like on the wire.
import { Type, type Static } from 'typebox'
import { CodeText, RecordedBody } from '../capture/schema.ts'
import { limits } from '../config/limits.ts'
import { Time } from '../http/schema.ts'

const closed = { additionalProperties: false }

/** Money and quantities are decimals and travel as text (design D12): a JSON number may be rounded on its way here. */
const Decimal = Type.String({
  pattern: '^(?:0|[1-9][0-9]{0,14})(?:\\.[0-9]{1,6})?$',
  examples: ['450.00'],
  description: 'A decimal, as text',
})
const Quantity = Type.String({
  pattern: '^(?=.*[1-9])(?:0|[1-9][0-9]{0,14})(?:\\.[0-9]{1,6})?$',
  examples: ['0.5'],
  description: 'Pieces; of an opened unit in the unit of its net content: less than that leaves it opened',
})
const Currency = Type.String({ pattern: '^[A-Z]{3}$', examples: ['KGS'], description: 'ISO 4217' })
const Price = Type.Union([Decimal, Type.Object({ amount: Decimal, currency: Type.Optional(Currency) }, closed)])

const Line = Type.Object(
  {
    code: CodeText,
    price: Type.Optional(Price),
    // A whole number is exact in JSON too, and most tills count pieces.
    quantity: Type.Optional(Type.Union([Quantity, Type.Integer({ minimum: 1, maximum: 1_000_000 })])),
  },
  closed,
)
export type Line = Static<typeof Line>

/** What a till or a document is called where it stands. */
const Label = Type.String({ minLength: 1, maxLength: 100, pattern: '\\S' })

export const Receipt = Type.Object(
  {
    till: Label,
    number: Label,
    time: Time,
    lines: Type.Array(Line, { minItems: 1, maxItems: limits.receiptLinesMax }),
    offline: Type.Optional(Type.Boolean({ description: 'Sold while there was no line: never refused for its state' })),
    sentAt: Type.Optional(Time),
    reported: Type.Optional(Type.Boolean({ description: 'The paper is printed: close what can be closed' })),
  },
  closed,
)
export type Receipt = Static<typeof Receipt>

const SoldLine = Type.Object({
  code: Type.String({ description: 'GS1 Digital Link; as it was sent where it cannot be read' }),
  status: Type.Enum(['sold', 'refused'], { type: 'string' }),
  reason: Type.Optional(
    Type.String({ description: 'Why it was refused, or, where the sale stands, what is doubted about it' }),
  ),
})
export type SoldLine = Static<typeof SoldLine>

export const ReceiptRecorded = Type.Object({ ...RecordedBody.properties, lines: Type.Array(SoldLine) })
export type ReceiptRecorded = Static<typeof ReceiptRecorded>

export const Return = Type.Object(
  {
    code: CodeText,
    receipt: Type.Optional(Label),
    resaleable: Type.Boolean({ description: 'Whether it may be sold again; if not it is withdrawn' }),
    reason: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' }),
    time: Type.Optional(Time),
  },
  closed,
)
export type Return = Static<typeof Return>
export const ReturnRecorded = Type.Object({
  ...RecordedBody.properties,
  code: Type.String(),
  state: Type.String(),
})

const TailVerdict = Type.Enum(['valid', 'absent', 'forged'], { type: 'string' })

export const SaleCheck = Type.Object(
  { codes: Type.Array(CodeText, { minItems: 1, maxItems: limits.saleCheckCodesMax }) },
  closed,
)
export const SaleCheckResult = Type.Object({
  code: Type.String(),
  maySell: Type.Boolean(),
  reason: Type.Optional(Type.String()),
  detail: Type.Optional(Type.String()),
  tail: TailVerdict,
})
export type SaleCheckResult = Static<typeof SaleCheckResult>
export const SaleCheckBody = Type.Object({ results: Type.Array(SaleCheckResult) })

export const CheckParams = Type.Object({ code: Type.String({ minLength: 1, maxLength: limits.pathParameterMax }) })
export const PublicCheck = Type.Object({
  status: Type.Enum(['known', 'not_on_market', 'sold', 'withdrawn', 'unknown', 'forged'], { type: 'string' }),
  tail: TailVerdict,
  product: Type.Optional(
    Type.Object({
      gtin: Type.String(),
      name: Type.String(),
      group: Type.String(),
      originCountry: Type.String(),
    }),
  ),
  soldAt: Type.Optional(
    Type.Object({
      date: Type.String({ description: 'The day of the sale where it was sold' }),
      town: Type.Optional(Type.String()),
    }),
  ),
  text: Type.String({ description: 'The answer in a sentence or two, for people' }),
})
export type PublicCheck = Static<typeof PublicCheck>
