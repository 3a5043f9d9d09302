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
