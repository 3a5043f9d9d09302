// What of an answer the page of a life reads.
import { Type, type Static } from 'typebox'

const Maybe = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Optional(Type.Union([schema, Type.Null()]))

export const LifeEvent = Type.Object({
  eventTime: Type.String(),
  recordTime: Type.Optional(Type.String()),
  state: Type.String(),
  bizStep: Type.Optional(Type.String()),
  action: Type.Optional(Type.String()),
  country: Type.Optional(Type.String()),
  eventID: Type.Optional(Type.String()),
  log: Type.Optional(Type.String()),
  position: Type.Optional(Type.Integer()),
  by: Type.Optional(Type.Object({ id: Type.String(), name: Type.String(), country: Type.String() })),
  place: Type.Optional(
    Type.Object({
      name: Maybe(Type.String()),
      country: Maybe(Type.String()),
      lat: Maybe(Type.Number()),
      lon: Maybe(Type.Number()),
    }),
  ),
  holder: Maybe(Type.String()),
  parent: Type.Optional(Type.String()),
  container: Type.Optional(Type.Boolean()),
  redacted: Type.Optional(Type.Boolean()),
  code: Type.Optional(Type.String()),
  takenBack: Type.Optional(Type.Object({ time: Type.String() })),
})
export type LifeEvent = Static<typeof LifeEvent>

export const LifeFinding = Type.Object({
  id: Type.String(),
  code: Type.String(),
  openedAt: Type.String(),
  eventTime: Type.Optional(Type.String()),
  text: Type.String(),
  state: Type.Optional(Type.String()),
})
export type LifeFinding = Static<typeof LifeFinding>

export const LifeHistory = Type.Object({
  code: Type.String(),
  events: Type.Array(LifeEvent),
  custody: Type.Array(
    Type.Object({
      holder: Maybe(Type.String()),
      name: Type.Optional(Type.String()),
      country: Type.Optional(Type.String()),
      from: Maybe(Type.String()),
      to: Maybe(Type.String()),
    }),
  ),
  findings: Type.Array(LifeFinding),
})
export type LifeHistory = Static<typeof LifeHistory>

export const LogKeys = Type.Array(Type.Object({ id: Type.String(), origin: Type.String(), verifierKey: Type.String() }))
