import { Type, type Static } from 'typebox'
import { Name, Time } from '../http/schema.ts'
import { disclosures, lanes } from '../declarations/bodies.ts'
import { defaults, type Profile, type Rule, ruleModes } from './profile.ts'
import { indicatorOf } from './vocabulary.ts'

const closed = { additionalProperties: false }
const Lane = Type.Enum([...lanes], { type: 'string' })
const Share = Type.Number({ minimum: 0, maximum: 1 })
const Text = Type.String({ minLength: 1, maxLength: 1_000, pattern: '\\S' })

export const NewRule = Type.Object(
  {
    id: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$', examples: ['P08'] }),
    text: Type.Optional(Text),
    when: Type.String({ minLength: 1, maxLength: 2_000, description: 'CEL over the facts of GET /risk/facts' }),
    lane: Type.Optional(Lane),
    score: Type.Optional(Type.Number({ minimum: -20, maximum: 20, description: 'Log-odds' })),
    family: Type.Optional(Type.String({ pattern: '^[a-z][a-z_]{0,39}$' })),
    checks: Type.Optional(Type.Array(Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_]{0,59}$' }), { maxItems: 20 })),
    say: Type.Optional(Text),
    legalBasis: Type.Optional(Type.String({ maxLength: 500 })),
    disclosure: Type.Optional(Type.Enum([...disclosures], { type: 'string' })),
    category: Type.Optional(Text),
    mode: Type.Optional(Type.Enum([...ruleModes], { type: 'string' })),
    doNotLoad: Type.Optional(Type.Boolean()),
  },
  closed,
)

/** Rates by the values of some facts, for rules to speak of as rate.<name>. */
const Tables = Type.Record(
  Type.String({ pattern: '^[a-z][a-zA-Z0-9_]{0,39}$' }),
  Type.Object(
    {
      keys: Type.Array(Type.String({ pattern: '^(decl|item)\\.[a-zA-Z0-9]{1,40}$' }), { minItems: 1, maxItems: 4 }),
      base: Share,
      rates: Type.Record(Type.String({ maxLength: 200 }), Share),
    },
    closed,
  ),
)

export const NewProfile = Type.Object(
  {
    name: Name,
    text: Type.Optional(Text),
    rules: Type.Array(NewRule, { minItems: 1, maxItems: 1_000 }),
    tables: Type.Optional(Tables),
    bands: Type.Optional(Type.Array(Type.Object({ min: Type.Number(), lane: Lane }, closed), { maxItems: 10 })),
    caps: Type.Optional(Type.Record(Type.String({ pattern: '^[a-z][a-z_]{0,39}$' }), Type.Number({ minimum: 0 }))),
    quota: Type.Optional(Type.Object({ share: Share, lane: Lane }, closed)),
    random: Type.Optional(Type.Partial(Type.Object({ blue: Share, yellow: Share, red: Share }, closed))),
    authorisedFactor: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1 })),
    authorisedDocuments: Type.Optional(Type.Enum(['all', 'key'], { type: 'string' })),
    secondShare: Type.Optional(Type.Number({ minimum: 0.01, maximum: 1 })),
    withdrawnShare: Type.Optional(Type.Number({ minimum: 0.01, maximum: 1 })),
    validFrom: Type.Optional(Time),
  },
  closed,
)
export type NewProfile = Static<typeof NewProfile>

export const NewBacktest = Type.Object({ from: Type.Optional(Time), to: Type.Optional(Time) }, closed)
export const NewApproval = Type.Object({ text: Type.Optional(Text) }, closed)
export const NewWithdrawal = Type.Object({ reason: Text }, closed)
export const PeriodQuery = NewBacktest

/** With what was left out filled in: the profile that is hashed has no holes. */
export function profileOf(given: NewProfile): Profile {
  return {
    name: given.name,
    text: given.text ?? '',
    rules: given.rules.map(ruleOf),
    ...(given.tables ? { tables: given.tables } : {}),
    bands: given.bands ?? defaults.bands,
    caps: given.caps ?? defaults.caps,
    quota: given.quota ?? defaults.quota,
    random: given.random ?? defaults.random,
    authorisedFactor: given.authorisedFactor ?? defaults.authorisedFactor,
    ...(given.authorisedDocuments === 'key' ? { authorisedDocuments: 'key' as const } : {}),
    secondShare: given.secondShare ?? defaults.secondShare,
    withdrawnShare: given.withdrawnShare ?? defaults.withdrawnShare,
  }
}

function ruleOf(given: NewProfile['rules'][number]): Rule {
  const known = indicatorOf(given.id)
  const { id, when, lane, score, say, doNotLoad } = given
  return {
    id,
    when,
    text: given.text ?? known?.name ?? id,
    family: given.family ?? known?.family ?? 'other',
    checks: given.checks ?? [],
    legalBasis: given.legalBasis ?? '',
    disclosure: given.disclosure ?? 'category',
    category: given.category ?? known?.name ?? 'Risk rule',
    mode: given.mode ?? 'enforce',
    ...(lane === undefined ? {} : { lane }),
    ...(score === undefined ? {} : { score }),
    ...(say === undefined ? {} : { say }),
    ...(doNotLoad === undefined ? {} : { doNotLoad }),
  }
}
