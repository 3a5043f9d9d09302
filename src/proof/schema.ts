import { type Static, Type } from 'typebox'

export const Log = Type.Object({
  id: Type.String({ description: 'The name of the log in addresses', examples: ['main'] }),
  origin: Type.String({ description: 'The first line of its checkpoints', examples: ['tamga.local/main'] }),
  size: Type.Integer({ minimum: 0, description: 'Entries under its newest checkpoint' }),
  verifierKey: Type.String({ description: 'C2SP signed-note verifier key; get it once from elsewhere too' }),
})
export type Log = Static<typeof Log>

export const LogParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) })
export const ListParams = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 64 }),
  digest: Type.String({ minLength: 1, maxLength: 128, description: 'SHA-256 as hexadecimal digits' }),
})
export const EventParams = Type.Object({ eventID: Type.String({ minLength: 1, maxLength: 512 }) })

export const EntryProof = Type.Object({
  entry: Type.String({ description: 'The bytes that were hashed, base64' }),
  proof: Type.String({ description: 'C2SP tlog-proof' }),
})
export type EntryProof = Static<typeof EntryProof>

const Hex = Type.String({ description: '32 bytes as hexadecimal digits' })

export const Shift = Type.Object({
  shift: Type.String({ description: 'The day, UTC', examples: ['2026-03-01'] }),
  from: Type.String(),
  until: Type.String(),
  commitment: Hex,
  position: Type.Integer({ description: 'Of the commitment in the log `customs`' }),
  seed: Type.Optional(Hex),
})
export const ShiftParams = Type.Object({ shift: Type.String({ minLength: 1, maxLength: 20 }) })

/** For the OpenAPI document: what is sent is the canonical text that is verified. */
export const ShiftDraws = Type.Object({
  shift: Type.String(),
  commitment: Hex,
  committed: EntryProof,
  seed: Type.Optional(Hex),
  revealed: Type.Optional(EntryProof),
  held: Type.Optional(
    Type.Integer({ description: 'Draws about goods that were not presented when the seed was revealed' }),
  ),
  secrets: Type.Optional(
    Type.Array(Type.Object({ institution: Type.String(), secret: Hex }), {
      description: 'What institutions had handed in for draws without a beacon',
    }),
  ),
  shares: Type.Array(
    Type.Object({
      shift: Type.String(),
      institution: Type.String(),
      commitment: Hex,
      entry: Type.String(),
      proof: Type.String(),
    }),
  ),
  lists: Type.Array(
    Type.Object({
      entry: Type.String(),
      proof: Type.String(),
      drawn: Type.Array(Type.Object({}, { additionalProperties: true })),
    }),
  ),
})
