import t from 'tap'
import type { FactValue, Facts } from '../../src/declarations/bodies.ts'
import { decide, type DecideInput } from '../../src/risk/decide.ts'
import { createRuleEngine } from '../../src/risk/engine.ts'
import {
  defaults,
  makeReady,
  type Profile,
  type ReadyProfile,
  type ReadyRule,
  type Rule,
} from '../../src/risk/profile.ts'
import { normalQuantile, partyScore, robustZ, steeredPairs, wilson } from '../../src/risk/statistics.ts'
import { mulberry32 } from '../support/random.ts'

const engine = createRuleEngine()

const rule = (id: string, fields: Partial<Rule> & Pick<Rule, 'when'>): Rule => ({
  id,
  text: id,
  family: 'other',
  checks: [],
  legalBasis: '',
  disclosure: 'full',
  category: id,
  mode: 'enforce',
  ...fields,
})

type Given = {
  rules?: Rule[]
  profile?: Partial<Profile>
  led?: Record<string, number | boolean>
  decl?: Record<string, boolean>
  u?: number
  withdrawn?: string[]
  quota?: DecideInput['quota']
}

const fact = (values: Record<string, unknown>): Record<string, FactValue> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value: value as number }]))

function run({ rules = [], profile = {}, led = {}, decl = {}, u = 0.5, withdrawn = [], quota }: Given) {
  const made = makeReady(engine, { ...defaults, name: 't', text: '', rules, ...profile })
  if ('faults' in made) throw new Error(made.faults[0]?.detail)
  const facts: Facts = {
    decl: fact({ authorised: false, combinationApproved: false, ...decl }),
    lines: [
      { number: 1, item: fact({ number: 1, markingDue: false, exempt: false }), led: fact({ units: 1, ...led }) },
    ],
  }
  const decided = decide({
    engine,
    profile: made.ready,
    facts,
    withdrawn: new Set(withdrawn),
    quota: quota ?? { decided: 0, selected: 0 },
    draw: (purpose, rate) => ({ purpose, rate, u, selected: u < rate }),
  })
  return [decided.lane, ...decided.reasons.map(({ rule: id, lane }) => (lane === null ? id : `${id}=${lane}`))].join(
    ' ',
  )
}

const always = 'led.units > 0.0'

t.test('mandatory rules, then the score, then the quota, then the draw, then green', async (t) => {
  const lane = rule('M', { when: always, lane: 'yellow' })
  const score = (id: string, value: number, family = 'other') => rule(id, { when: always, score: value, family })
  const cases: [name: string, given: Given, wanted: string][] = [
    ['nothing', {}, 'green'],
    ['a mandatory rule', { rules: [lane] }, 'yellow M=yellow'],
    ['the hardest of two', { rules: [lane, rule('N', { when: always, lane: 'red' })] }, 'red M=yellow N=red'],
    ['a rule that does not fire', { rules: [rule('N', { when: 'led.units > 1.0', lane: 'red' })] }, 'green'],
    ['a rule that only watches', { rules: [rule('N', { when: always, lane: 'red', mode: 'observe' })] }, 'green'],
    ['an unknown fact', { rules: [rule('N', { when: 'led.sold > 0.0', lane: 'red' })] }, 'green'],
    ['a score below the bands', { rules: [score('S', 0.5)] }, 'green S'],
    ['scores together', { rules: [score('S', 0.5), score('R', 0.4)] }, 'yellow S R'],
    [
      'of one family, at most its cap',
      { rules: [score('S', 1.4, 'party'), score('R', 1.4, 'party')], profile: { caps: { party: 1.5 } } },
      'yellow S R',
    ],
    [
      'of two families',
      { rules: [score('S', 1.4, 'party'), score('R', 1.4, 'custody')], profile: { caps: { other: 1.5 } } },
      'red S R',
    ],
    [
      'the quota is short',
      { profile: { quota: { share: 0.5, lane: 'yellow' } }, quota: { decided: 9, selected: 0 }, u: 0.3 },
      'yellow quota=yellow',
    ],
    [
      'the quota is full',
      { profile: { quota: { share: 0.5, lane: 'yellow' } }, quota: { decided: 9, selected: 9 }, u: 0.3 },
      'green',
    ],
    ['drawn', { profile: { random: { red: 0.02 } }, u: 0.01 }, 'red draw=red'],
    ['not drawn', { profile: { random: { red: 0.02 } }, u: 0.03 }, 'green'],
    ['not drawn where a rule decided', { rules: [lane], profile: { random: { red: 1 } } }, 'yellow M=yellow'],
    [
      'an authorised operator is drawn less',
      { profile: { random: { red: 0.02 } }, decl: { authorised: true }, u: 0.015 },
      'green',
    ],
    [
      'and never not at all',
      { profile: { random: { red: 0.02 } }, decl: { authorised: true }, u: 0.005 },
      'red draw=red',
    ],
    [
      'and is no more immune than others',
      { rules: [rule('N', { when: always, lane: 'red' })], decl: { authorised: true } },
      'red N=red',
    ],
    ['a withdrawn rule', { rules: [lane], withdrawn: ['M'] }, 'green'],
    ['but for a drawn share', { rules: [lane], withdrawn: ['M'], u: 0.01 }, 'yellow M=yellow'],
    [
      'copies, by one device',
      {
        rules: [rule('P04', { when: 'led.travelUnits > 0.0', lane: 'red' })],
        led: { travelUnits: 1, travelIndependent: false },
      },
      'yellow P04=yellow',
    ],
    [
      'copies, by two',
      {
        rules: [rule('P04', { when: 'led.travelUnits > 0.0', lane: 'red' })],
        led: { travelUnits: 1, travelIndependent: true },
      },
      'red P04=red',
    ],
    [
      'a price is never red by itself',
      { rules: [rule('P14', { when: 'led.shipmentAgeRatio > 2.0', lane: 'red' })], led: { shipmentAgeRatio: 3 } },
      'yellow P14=yellow',
    ],
  ]
  for (const [name, given, wanted] of cases) t.equal(run(given), wanted, name)
})

t.test('an error of the engine is yellow and an alarm, never green', async (t) => {
  const rules = [rule('E', { when: always, lane: 'blue' })]
  const made = makeReady(engine, { ...defaults, name: 't', text: '', rules })
  if ('faults' in made) throw new Error(made.faults[0]?.detail)
  const [ready] = made.ready.rules
  if (!ready) throw new Error('no rule')
  const failing: ReadyRule = { ...ready, compiled: { ...ready.compiled, ask: () => ({ error: 'division by zero' }) } }
  const profile: ReadyProfile = { ...made.ready, rules: [failing] }
  const decided = decide({
    engine,
    profile,
    facts: { decl: {}, lines: [{ number: 1, item: {}, led: {} }] },
    withdrawn: new Set(),
    quota: { decided: 0, selected: 0 },
    draw: (purpose, rate) => ({ purpose, rate, u: 1, selected: false }),
  })
  t.match(decided, { lane: 'yellow', alarm: /division by zero/, results: { 'E:blue': 'e' } })
})

t.test('the arithmetic of risk', async (t) => {
  t.equal(robustZ(1, [1, 2, 3], 30), undefined, 'too few')
  t.ok(
    (robustZ(
      0,
      Array.from({ length: 31 }, (_, i) => 100 + i),
      30,
    ) ?? 0) < -8,
  )
  const { low, high } = wilson(8, 10)
  t.ok(Math.abs(low - 0.4902) < 1e-3 && Math.abs(high - 0.9433) < 1e-3, 'Wilson, eight of ten')
  t.ok(Math.abs(normalQuantile(0.975) - 1.959964) < 1e-6)
  t.ok(partyScore(5, 5) > partyScore(0, 10) && partyScore(0, 100) < partyScore(0, 0))
})

t.test('a broker whose loads come to one officer too often is told apart from chance', async (t) => {
  const random = mulberry32(5)
  const deal = (steer: number) => {
    const counts = new Map<string, number>()
    for (let i = 0; i < 6_000; i++) {
      const broker = Math.floor(random() * 20)
      const officer = broker === 3 && random() < steer ? 7 : Math.floor(random() * 14)
      const key = `${broker} ${officer}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    return [...counts].map(([key, count]) => {
      const [broker = '', officer = ''] = key.split(' ')
      return { broker, officer, count }
    })
  }
  t.same(steeredPairs(deal(0)), [])
  const [worst, ...more] = steeredPairs(deal(0.3))
  t.match(worst, { broker: '3', officer: '7' })
  t.ok((worst?.z ?? 0) > 8 && (worst?.bound ?? 9) < 4.6)
  t.same(more, [])
})
