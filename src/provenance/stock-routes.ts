import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import { ProblemBody } from '../http/schema.ts'
import { tellCounterparties } from './counterparties.ts'
import { tellShipments } from './shipments.ts'
import { createStockCounter, type StockDeps, tellStock } from './stock.ts'

const refusals = { '4xx': ProblemBody }
const tags = ['Questions']
const Count = Type.Integer()
const Name = Type.Union([Type.String(), Type.Null()])

export const Stock = Type.Object({
  countedAt: Type.Union([Type.String(), Type.Null()], { description: 'null: the first count is still under way' }),
  products: Type.Array(
    Type.Object({
      gtin: Type.String(),
      name: Name,
      marked: Count,
      packed: Count,
      shipped: Count,
      returned: Count,
      stock: Count,
      underWay: Count,
      elsewhere: Count,
      sold: Count,
      exported: Count,
      destroyed: Count,
      withdrawn: Count,
      stolen: Count,
    }),
  ),
  places: Type.Array(
    Type.Object({
      place: Type.Union([
        Type.Object({ id: Type.String(), name: Type.String(), lat: Type.Number(), lon: Type.Number() }),
        Type.Null(),
      ]),
      gtin: Type.String(),
      name: Name,
      units: Count,
    }),
  ),
})
export type Stock = Static<typeof Stock>

const Party = Type.Object({ id: Type.String(), name: Type.String(), country: Type.String() })
export const Shipments = Type.Array(
  Type.Object({
    eventID: Type.String(),
    log: Type.String(),
    position: Type.Integer(),
    time: Type.String(),
    recordTime: Type.String(),
    from: Type.Optional(Party),
    to: Type.Optional(Party),
    carrier: Type.Optional(Party),
    place: Type.Optional(Type.Object({ id: Type.String(), name: Type.String() })),
    documents: Type.Array(Type.String()),
    objects: Type.Integer({ description: 'Units and logistic units as they were scanned; a pallet is one' }),
    first: Type.Optional(Type.String({ description: 'One of them' })),
    takenBack: Type.Optional(Type.Boolean()),
  }),
)
export type Shipments = Static<typeof Shipments>

export const Counterparties = Type.Array(
  Type.Object({
    id: Type.String(),
    name: Type.String(),
    country: Type.String(),
    gln: Type.Optional(Type.String()),
  }),
)

const Side = Type.Object(
  { side: Type.Optional(Type.Enum(['sent', 'received'], { type: 'string', default: 'sent' })) },
  { additionalProperties: false },
)

export const stockRoutes: FastifyPluginAsyncTypebox<StockDeps> = async (app, deps) => {
  const counter = createStockCounter(deps)
  app.get(
    '/stock',
    {
      schema: {
        tags,
        summary: 'What became of your own codes, by product, and where the rest stands, by place',
        description: 'Counted beside the requests: a large stock is told as it was counted last.',
        response: { 200: Stock, ...refusals },
      },
    },
    (request) => tellStock({ ...deps, counter }, request.actor),
  )
  app.get(
    '/shipments',
    {
      schema: {
        tags,
        summary: 'What you shipped, or what was shipped to you: the newest fifty',
        querystring: Side,
        response: { 200: Shipments, ...refusals },
      },
    },
    (request) => tellShipments(deps, request.actor, request.query.side ?? 'sent'),
  )
  app.get(
    '/counterparties',
    {
      schema: {
        tags,
        summary:
          'Whom you may name: a part of the name of those with whom you dealt, or exactly a name, id, GLN or tax number',
        querystring: Type.Object(
          { name: Type.String({ minLength: 1, maxLength: 200 }) },
          { additionalProperties: false },
        ),
        response: { 200: Counterparties, ...refusals },
      },
    },
    (request) => tellCounterparties(deps.pool, request.actor, request.query.name),
  )
}
