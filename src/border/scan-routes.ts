import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { lanes } from '../declarations/bodies.ts'
import { DeclarationParams } from '../declarations/schema.ts'
import { ProblemBody, Time } from '../http/schema.ts'
import { seenStanding } from '../inspection/desk.ts'
import '../participants/access.ts'
import type { AboardDeps } from './aboard.ts'
import { scanAtBarrier, verbs } from './scan.ts'
import { drawSymbol, symbolFacts } from './symbol.ts'
import { findTimes } from './time-store.ts'

const refusals = { '4xx': ProblemBody, '5xx': ProblemBody }
const tags = ['Border']
const svg = 'image/svg+xml'
const Open = { additionalProperties: true }

const Scan = Type.Object(
  {
    code: Type.String({
      minLength: 1,
      maxLength: 4_000,
      description: "A declaration's bar code, id or reference, a plate or container number, an SSCC, a case or a unit",
    }),
  },
  { additionalProperties: false },
)

const Verb = Type.Enum([...verbs], { type: 'string' })
const Lane = Type.Union([Type.Enum([...lanes], { type: 'string' }), Type.Null()])

const Scanned = Type.Object(
  {
    verb: Verb,
    text: Type.String({ description: 'The verb as a sentence' }),
    taken: Type.String({ description: 'What the code was taken for' }),
    reasons: Type.Array(Type.Object({ rule: Type.String(), lane: Lane, text: Type.String() }, Open), {
      description: 'At most three, the hardest first',
    }),
    open: Type.Array(
      Type.Object(
        {
          declaration: Type.String(),
          case: Type.Union([Type.String(), Type.Null()], { description: 'Null: the units are in nothing' }),
          units: Type.Array(Type.String()),
          scanned: Type.Boolean({ description: 'Whether it is in what was scanned' }),
        },
        { description: 'Where the units are now that the machine drew' },
      ),
    ),
    declarations: Type.Array(
      Type.Object({ id: Type.String(), reference: Type.String(), verb: Verb, lane: Lane, status: Type.String() }, Open),
    ),
    symbol: Type.Optional(Type.Object({ genuine: Type.Boolean(), version: Type.Number() })),
  },
  { description: 'What the officer must do, in one answer' },
)

const Spread = Type.Object({
  count: Type.Integer(),
  median: Type.Union([Type.Number(), Type.Null()]),
  p90: Type.Union([Type.Number(), Type.Null()]),
  p99: Type.Union([Type.Number(), Type.Null()]),
})

const Times = Type.Object(
  {
    office: Type.String(),
    lane: Type.String(),
    declarations: Type.Integer(),
    decided: Spread,
    presented: Spread,
    inspected: Spread,
    released: Spread,
    releasedAfterPresentation: Spread,
  },
  { description: 'Seconds from lodgement; an inspection from the presentation' },
)

const NewShare = Type.Object(
  { secret: Type.String({ pattern: '^[0-9a-f]{64}$', description: '32 random bytes that nobody else knows' }) },
  { additionalProperties: false },
)
const Share = Type.Object({ shift: Type.String(), institution: Type.String(), commitment: Type.String() })

const dayMs = 86_400_000

export const scanRoutes: FastifyPluginAsyncTypebox<AboardDeps> = async (app, deps) => {
  app.get(
    '/declarations/:id/symbol.svg',
    {
      schema: {
        tags,
        summary: 'The signed bar code (Aztec) that the driver carries',
        description:
          'Says what is declared, not what was decided. GET /border/keys has the keys that it is verified with.',
        params: DeclarationParams,
        produces: [svg],
      },
    },
    async (request, reply) => {
      const standing = await seenStanding(deps.pool, request.actor, request.params.id)
      const text = deps.symbols.textOf(symbolFacts(standing))
      return reply.type(svg).header('cache-control', 'private, no-store').send(drawSymbol(text))
    },
  )
  app.get(
    '/border/keys',
    {
      config: { public: true },
      schema: {
        tags,
        summary: 'Public keys of the bar codes: Ed25519, SubjectPublicKeyInfo in base64',
        response: {
          200: Type.Array(Type.Object({ no: Type.Integer(), publicKey: Type.String(), since: Type.String() })),
          ...refusals,
        },
      },
    },
    () => [...deps.symbols.publicKeys],
  )
  app.post(
    '/border/scans',
    {
      config: { roles: ['customs'] },
      schema: {
        tags,
        summary: 'One scan at the barrier: pass, park, open or hold, for everything aboard',
        body: Scan,
        response: { 200: Scanned, ...refusals },
      },
    },
    (request) => scanAtBarrier(deps, request.body.code),
  )
  await app.register(aroundRoutes, deps)
}

/** What stands around the barrier: the draw's secrets, and how long it all takes. */
const aroundRoutes: FastifyPluginAsyncTypebox<AboardDeps> = async (app, deps) => {
  app.post(
    '/draws/:shift/shares',
    {
      config: { roles: ['agency', 'auditor', 'partner'] },
      schema: {
        tags,
        summary: 'Hand in a secret for the draws of a shift to come: what they rest on where no beacon answers',
        description: 'Keep it, and compare it with what GET /draws/{shift} shows when the shift is over.',
        params: Type.Object({ shift: Type.String({ minLength: 1, maxLength: 20, examples: ['2026-03-01'] }) }),
        body: NewShare,
        response: { 201: Share, ...refusals },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await deps.shifts.handIn(request.actor, request.params.shift, request.body.secret)),
  )
  app.get(
    '/border/times',
    {
      config: { roles: ['customs', 'auditor', 'operator'] },
      schema: {
        tags,
        summary: 'Time release: how long declarations took, by office and lane',
        description: 'Of those that were lodged in the period; the last 30 days where none is given.',
        querystring: Type.Object(
          { from: Type.Optional(Time), to: Type.Optional(Time) },
          { additionalProperties: false },
        ),
        response: { 200: Type.Array(Times), ...refusals },
      },
    },
    async ({ query }) => {
      const to = query.to === undefined ? new Date(deps.now().getTime() + 1) : new Date(query.to)
      const from = query.from === undefined ? new Date(to.getTime() - 30 * dayMs) : new Date(query.from)
      return findTimes(deps.pool, { from, to })
    },
  )
}
