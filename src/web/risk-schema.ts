// What of the answers about risk the pages read.
import { Type, type Static } from 'typebox'

const Rule = Type.Object({
  id: Type.String(),
  when: Type.String(),
  text: Type.Optional(Type.String()),
  lane: Type.Optional(Type.String()),
  score: Type.Optional(Type.Number()),
  mode: Type.Optional(Type.String()),
})
export type Rule = Static<typeof Rule>

export const ShownProfile = Type.Object({
  id: Type.String(),
  name: Type.String(),
  version: Type.Integer(),
  state: Type.String(),
  hash: Type.String(),
  approvals: Type.Integer(),
  approvalsNeeded: Type.Integer(),
  draftedAt: Type.String(),
  inForceFrom: Type.Union([Type.String(), Type.Null()]),
  profile: Type.Object({ name: Type.String(), rules: Type.Array(Rule) }),
})
export type ShownProfile = Static<typeof ShownProfile>

const Shares = Type.Record(Type.String(), Type.Number())
export const Backtest = Type.Object({
  cases: Type.Integer(),
  inspected: Type.Integer(),
  lanes: Shares,
  before: Shares,
  harder: Type.Integer(),
  lighter: Type.Integer(),
  hits: Shares,
  alarms: Type.Integer(),
})
export type Backtest = Static<typeof Backtest>

const Precision = Type.Union([Type.Number(), Type.Null()])
export const Statistics = Type.Object({
  rules: Type.Array(
    Type.Object({
      rule: Type.String(),
      fired: Type.Integer(),
      inspected: Type.Integer(),
      confirmed: Type.Integer(),
      precision: Precision,
      low: Type.Number(),
      high: Type.Number(),
    }),
  ),
  pairs: Type.Object({
    counted: Type.Integer(),
    steered: Type.Array(
      Type.Object({
        broker: Type.String(),
        officer: Type.String(),
        count: Type.Integer(),
        expected: Type.Number(),
        z: Type.Number(),
      }),
    ),
  }),
})
export type Statistics = Static<typeof Statistics>

export const Facts = Type.Object({ facts: Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown())) })
