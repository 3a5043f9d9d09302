// What code orders and tail keys look like on the wire.
import { Type, type Static } from 'typebox'
import { limits } from '../config/limits.ts'
import { pagingQuery } from '../http/paging.ts'
import { GtinText, Id } from '../http/schema.ts'

const closed = { additionalProperties: false }

export const NewOrder = Type.Object(
  {
    gtin: GtinText,
    quantity: Type.Optional(
      Type.Integer({ minimum: 1, maximum: limits.orderCodesMax, description: 'How many new serials to make' }),
    ),
    serials: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        maxItems: limits.orderCodesMax,
        description: 'Serials brought along instead: 1 to 20 characters of GS1 set 82 each, new for this GTIN',
      }),
    ),
  },
  { ...closed, description: 'Either quantity or serials' },
)
export type NewOrder = Static<typeof NewOrder>

export const Order = Type.Object({
  id: Type.String(),
  gtin: Type.String(),
  quantity: Type.Integer(),
  state: Type.Enum(['ready', 'closed'], { type: 'string' }),
  blocks: Type.Integer({ description: 'Its codes come in blocks of 1,000, numbered from 0' }),
  origin: Type.Enum(['own', 'brought'], { type: 'string', description: 'Serials made here, or brought along' }),
  tail: Type.Enum(['mac', 'signature'], { type: 'string' }),
  participant: Type.String({ description: 'Whose the codes are' }),
  issued: Type.Integer(),
  used: Type.Integer(),
  voided: Type.Integer(),
  createdAt: Type.String(),
})
export type Order = Static<typeof Order>

export const OrderParams = Type.Object({ id: Id })

export const OrderQuery = Type.Object({ ...pagingQuery, gtin: Type.Optional(GtinText) }, closed)

export const CodesQuery = Type.Object(
  {
    block: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 21, description: 'One block alone, from 0' })),
    format: Type.Optional(Type.Enum(['text', 'ndjson', 'csv'], { type: 'string', description: 'Wins over Accept' })),
  },
  closed,
)

export const NewVoid = Type.Object(
  {
    codes: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: limits.pathParameterMax }), {
        minItems: 1,
        maxItems: limits.documentCodesMax,
      }),
    ),
    block: Type.Optional(Type.Integer({ minimum: 0 })),
    reason: Type.Enum(['spoiled', 'lost', 'stolen'], { type: 'string' }),
  },
  { ...closed, description: 'Either codes, in any form, or a block' },
)
export type NewVoid = Static<typeof NewVoid>

const receipt = {
  eventID: Type.String(),
  recordTime: Type.String(),
  entries: Type.Array(Type.Object({ log: Type.String(), position: Type.Integer() })),
}
export const VoidReceipt = Type.Object({ ...receipt, voided: Type.Integer() })
export const CloseReceipt = Type.Object({ id: Type.String(), state: Type.Literal('closed'), ...receipt })

export const SymbolParams = Type.Object({ code: Type.String({ minLength: 1, maxLength: limits.pathParameterMax }) })
export const PngQuery = Type.Object(
  {
    scale: Type.Optional(Type.Integer({ minimum: 1, maximum: 20, default: 4, description: 'Pixels to a module' })),
  },
  closed,
)

export const FormsQuery = Type.Object(
  {
    prefixLength: Type.Optional(
      Type.Integer({
        minimum: 6,
        maximum: 12,
        description: 'Digits of the GS1 company prefix, which no key tells; by default as registered',
      }),
    ),
    hostname: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$',
        description: 'The host whose link a ++ tag holds; id.gs1.org by default',
      }),
    ),
    filter: Type.Optional(Type.Integer({ minimum: 0, maximum: 7, description: 'Filter value of tags; 0 by default' })),
  },
  closed,
)

const form = Type.Optional(Type.String())

/** Every form in which the object of a code can be written; `missing` says why one is not here. */
export const CodeForms = Type.Object({
  kind: Type.Enum(['unit', 'logistic', 'key', 'foreign'], { type: 'string' }),
  gtin: form,
  serial: form,
  sscc: form,
  ai: form,
  value: form,
  attributes: Type.Record(Type.String(), Type.String()),
  mark: Type.Optional(Type.String({ description: "Another system's mark, by name" })),
  tail: Type.Optional(
    Type.Enum(['valid', 'absent', 'forged'], { type: 'string', description: 'Of our own units: of the tail given' }),
  ),
  elementString: form,
  bracketed: form,
  digitalLink: form,
  epcUri: form,
  pattern: form,
  classUri: form,
  tags: Type.Array(Type.Object({ encoding: Type.String(), uri: form, hex: Type.String() })),
  missing: Type.Array(Type.Object({ form: Type.String(), why: Type.String() })),
})

export const PublishedKey = Type.Object({
  id: Type.String({ description: 'What AI 91 says' }),
  kind: Type.Enum(['mac', 'signature'], { type: 'string' }),
  state: Type.Enum(['active', 'retired'], { type: 'string' }),
  createdAt: Type.String(),
  publicKey: Type.Optional(
    Type.String({
      description: 'Ed25519, PEM. Verifies AI 92 (base64url) over "tamga-tail-1:<id>:01<gtin>21<serial>"',
    }),
  ),
})

export const NewRotation = Type.Object(
  { kind: Type.Optional(Type.Enum(['mac', 'signature'], { type: 'string', description: 'Both if absent' })) },
  closed,
)
