import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { ClientBase } from 'pg'
import { Type } from 'typebox'
import { recordBorderAct } from '../declarations/act.ts'
import type { DecidedBody } from '../declarations/bodies.ts'
import { Id, ProblemBody } from '../http/schema.ts'
import { Problem } from '../http/problem.ts'
import { personOf } from '../inspection/desk.ts'
import type { Actor } from '../participants/actor.ts'
import '../participants/access.ts'
import { backtest, type BacktestReport } from '../risk/backtest.ts'
import { findPairs, findPastDecisions, findRaises } from '../risk/history-store.ts'
import { withdrawnRules } from '../risk/privileges.ts'
import {
  approvalsNeeded,
  approveProfile,
  draftProfile,
  findProfile,
  inForce,
  type KnownProfile,
  readProfiles,
  stateOf,
} from '../risk/profiles.ts'
import { NewApproval, NewBacktest, NewProfile, NewWithdrawal, PeriodQuery, profileOf } from '../risk/schema.ts'
import { rounded, steeredPairs, wilson } from '../risk/statistics.ts'
import { indicators, vocabulary } from '../risk/vocabulary.ts'
import type { Border } from './open.ts'

const refusals = { '4xx': ProblemBody, '5xx': ProblemBody }
const tags = ['Risk']
const officers = { roles: ['customs'] } as const
const readers = { roles: ['customs', 'auditor', 'operator'] } as const
const Told = Type.Object({}, { additionalProperties: true })
const Params = Type.Object({ id: Id })

/** Past declarations that a back-test looks at, at most: a year of a small border. */
const casesMax = 20_000
const yearMs = 365 * 86_400_000

type Period = { from?: string; to?: string }

export const profileRoutes: FastifyPluginAsyncTypebox<Border> = async (app, { deps, profiles }) => {
  const { pool, now } = deps
  const periodOf = ({ from, to }: Period) => ({
    from: from === undefined ? new Date(now().getTime() - yearMs) : new Date(from),
    to: to === undefined ? new Date(now().getTime() + 1) : new Date(to),
  })

  const tell = async (profile: KnownProfile, whole = true) => {
    const all = await readProfiles(pool)
    return {
      id: profile.id,
      name: profile.profile.name,
      version: profile.version,
      hash: profile.hash,
      state: stateOf(profile, all, now()),
      approvals: profile.approvals.length,
      approvalsNeeded: profile.author === null ? 0 : approvalsNeeded,
      backtested: profile.backtested,
      draftedAt: profile.draftedAt.toISOString(),
      inForceFrom: profile.effective?.toISOString() ?? null,
      entry: { log: 'customs', position: profile.position },
      ...(whole ? { profile: profile.profile } : {}),
    }
  }

  /** What it would have made of the past, recorded so that nobody approves what was not tried. */
  const tryOut = async (
    client: ClientBase,
    known: KnownProfile,
    actor: Actor,
    period: Period,
  ): Promise<BacktestReport> => {
    const current = inForce(await readProfiles(client), now())
    const rows = await findPastDecisions(pool, periodOf(period), casesMax)
    const cases = rows.map(({ office, party, body, differs }) => ({
      facts: (JSON.parse(body) as DecidedBody).facts, // Pinned by its entry, in the shape that decideDeclaration wrote.
      office,
      party,
      differs: differs ?? undefined,
    }))
    const report = backtest(deps.engine, deps.ready(known), cases, current && deps.ready(current))
    const body = { hash: known.hash, against: current?.hash ?? null, report }
    await recordBorderAct(deps, client, { kind: 'profile_backtested', subject: known.id, at: now(), actor, body })
    return report
  }

  app.get(
    '/risk/profiles',
    {
      config: readers,
      schema: {
        tags,
        summary: 'Profiles, newest first, with what is in force',
        response: { 200: Type.Array(Told), ...refusals },
      },
    },
    async () => Promise.all((await readProfiles(pool)).reverse().map((profile) => tell(profile))),
  )
  app.get(
    '/risk/profiles/:id',
    { config: readers, schema: { tags, summary: 'One profile', params: Params, response: { 200: Told, ...refusals } } },
    async (request) => tell(await findProfile(pool, request.params.id)),
  )
  app.post(
    '/risk/profiles',
    {
      config: officers,
      schema: {
        tags,
        summary: 'Draft a profile; a rule with a wrong name or type is refused',
        body: NewProfile,
        response: { 201: Told, ...refusals },
      },
    },
    async (request, reply) => {
      personOf(request.actor)
      const { validFrom } = request.body
      const from = validFrom === undefined ? undefined : new Date(validFrom)
      const drafted = await draftProfile(profiles, request.actor, profileOf(request.body), from)
      return reply.code(201).send({ ...(await tell(drafted.known)), remarks: drafted.remarks })
    },
  )
  app.post(
    '/risk/profiles/:id/backtests',
    {
      config: officers,
      schema: {
        tags,
        summary: 'What it would have made of past declarations, beside the profile in force',
        params: Params,
        body: Type.Optional(NewBacktest),
        response: { 201: Told, ...refusals },
      },
    },
    async (request, reply) => {
      personOf(request.actor)
      const known = await findProfile(pool, request.params.id)
      const report = await deps.exclusively('profiles', (client) =>
        tryOut(client, known, request.actor, request.body ?? {}),
      )
      return reply.code(201).send({ profile: known.id, hash: known.hash, ...report })
    },
  )
  app.post(
    '/risk/profiles/:id/approvals',
    {
      config: officers,
      schema: {
        tags,
        summary: 'Approve it; two persons other than the author bring it into force',
        params: Params,
        body: Type.Optional(NewApproval),
        response: { 201: Told, ...refusals },
      },
    },
    async (request, reply) => {
      personOf(request.actor)
      const approved = await approveProfile(profiles, request.actor, request.params.id, async (client, known) => {
        await tryOut(client, known, request.actor, {})
      })
      return reply.code(201).send(await tell(approved, false))
    },
  )
  await app.register(ruleRoutes, { deps, periodOf })
}

type RuleRouteDeps = { deps: Border['deps']; periodOf: (period: Period) => { from: Date; to: Date } }

const ruleRoutes: FastifyPluginAsyncTypebox<RuleRouteDeps> = async (app, { deps, periodOf }) => {
  const { pool, now } = deps
  app.get(
    '/risk/facts',
    { config: readers, schema: { tags, summary: 'What rules may speak of', response: { 200: Told, ...refusals } } },
    () => ({ facts: vocabulary, indicators }),
  )
  app.post(
    '/risk/rules/:id/withdrawals',
    {
      config: officers,
      schema: {
        tags,
        summary: 'Withdraw a faulty rule for all, by two persons; a drawn share of its hits is still looked at',
        params: Params,
        body: NewWithdrawal,
        response: { 201: Told, ...refusals },
      },
    },
    async (request, reply) => {
      personOf(request.actor)
      const { id } = request.params
      const current = inForce(await readProfiles(pool), now())
      if (!current?.profile.rules.some((rule) => rule.id === id)) {
        throw new Problem('not_found', { detail: 'There is no such rule in the profile in force.' })
      }
      const body = { rule: id, reason: request.body.reason, profile: current.hash }
      await deps.exclusively(`rule ${id}`, (client) =>
        recordBorderAct(deps, client, {
          kind: 'rule_withdrawn',
          subject: `rule:${id}`,
          at: now(),
          actor: request.actor,
          body,
        }),
      )
      return reply.code(201).send({ rule: id, withdrawn: (await withdrawnRules(pool, current.position)).has(id) })
    },
  )
  app.get(
    '/risk/statistics',
    {
      config: readers,
      schema: {
        tags,
        summary:
          'How often each rule fired and was right; who raises lanes and with what result; pairs that meet too often',
        querystring: PeriodQuery,
        response: { 200: Told, ...refusals },
      },
    },
    async (request) => {
      const period = periodOf(request.query)
      const rows = await findPastDecisions(pool, period, casesMax)
      const raises = await findRaises(pool, period)
      const pairs = await findPairs(pool, period)
      return {
        rules: rulesOf(rows),
        raises: raises.map((row) => ({ ...row, ...interval(row.hits, row.inspected) })),
        pairs: { counted: pairs.length, steered: steeredPairs(pairs) },
      }
    },
  )
}

const interval = (hits: number, all: number) => {
  const { low, high } = wilson(hits, all)
  return { precision: all === 0 ? null : rounded(hits / all, 4), low: rounded(low, 4), high: rounded(high, 4) }
}

function rulesOf(rows: readonly { body: string; differs: boolean | null }[]) {
  const found = new Map<string, { fired: number; inspected: number; confirmed: number }>()
  for (const { body, differs } of rows) {
    const { results } = JSON.parse(body) as DecidedBody
    for (const [rule, letters] of Object.entries(results)) {
      if (!/[fow]/.test(letters)) continue
      const known = found.get(rule) ?? { fired: 0, inspected: 0, confirmed: 0 }
      known.fired++
      if (differs !== null) known.inspected++
      if (differs === true) known.confirmed++
      found.set(rule, known)
    }
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([rule, counted]) => ({ rule, ...counted, ...interval(counted.confirmed, counted.inspected) }))
}
