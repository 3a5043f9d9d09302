// Two evaluators that nobody wrote together must say the same of every rule: the service's own, and @bufbuild/cel.
import { isCelError, parse, plan, celEnv, type CelInput } from '@bufbuild/cel'
import fc from 'fast-check'
import t from 'tap'
import type { FactValue } from '../../src/declarations/bodies.ts'
import { createRuleEngine, type Verdict } from '../../src/risk/engine.ts'
import { firstProfile } from '../../src/risk/profile.ts'
import { type FactSpec, vocabulary } from '../../src/risk/vocabulary.ts'

const engine = createRuleEngine()
type Bag = Record<string, FactValue>
type Input = { decl: Bag; item: Bag; led: Bag }

const second = celEnv()
const plans = new Map<string, ReturnType<typeof plan>>()

function secondOpinion(when: string, input: Input): boolean | 'no answer' {
  const bag = (facts: Bag): Map<string, CelInput> =>
    new Map(Object.entries(facts).flatMap(([name, fact]) => ('value' in fact ? [[name, fact.value as CelInput]] : [])))
  const planned = plans.get(when) ?? plan(second, parse(when))
  plans.set(when, planned)
  const result = planned({ decl: bag(input.decl), item: bag(input.item), led: bag(input.led) })
  return isCelError(result) || typeof result !== 'boolean' ? 'no answer' : result
}

/** Compiled once, as in a profile: what it was asked before must not show in an answer. */
const rules = new Map<string, ReturnType<typeof engine.compile>>()

function firstOpinion(when: string, input: Input): boolean | 'no answer' {
  const compiled = rules.get(when) ?? engine.compile(when)
  rules.set(when, compiled)
  if ('fault' in compiled) throw new Error(`${when}: ${compiled.fault.detail}`)
  const asked = {
    decl: engine.input('decl', input.decl),
    item: engine.input('item', input.item),
    led: engine.input('led', input.led),
  }
  const verdict: Verdict = compiled.rule.ask(asked)
  return 'result' in verdict ? verdict.result : 'no answer'
}

/** Facts of every type, some of them unknown. */
const factOf = ({ type }: FactSpec): fc.Arbitrary<FactValue> => {
  const words = fc.constantFrom('KG', 'KZ', '2208', '40', 'import', '')
  const values = {
    string: words,
    double: fc.oneof(fc.constantFrom(0, 1, 12, -2.5, 1000), fc.double({ noNaN: true, noDefaultInfinity: true })),
    bool: fc.boolean(),
    'list<string>': fc.array(words, { maxLength: 4 }),
  }
  return fc.oneof(
    { weight: 4, arbitrary: values[type].map((value) => ({ value })) },
    { weight: 1, arbitrary: fc.constant({ unknown: 'test' }) },
  )
}

const bagOf = (specs: Readonly<Record<string, FactSpec>>): fc.Arbitrary<Bag> =>
  fc.record(Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, factOf(spec)])))

const inputs = fc.record({ decl: bagOf(vocabulary.decl), item: bagOf(vocabulary.item), led: bagOf(vocabulary.led) })

const more = [
  'item.origin != led.origin',
  'item.hs.startsWith("2208") && led.units > 10.0',
  'led.gapHours > 48.0 || !(decl.authorised)',
  'decl.route.exists(c, c in ["KZ", "RU"])',
  'decl.route.all(c, c != "")',
  'has(item.pieces) && item.pieces < led.units',
  '!has(item.pieces) || item.pieces * 2.0 > 7.0',
  'size(decl.documents) > 2 && item.unitValue - 1.0 < 0.5',
  'decl.flow == "import" ? led.sold > 0.0 : led.exported > 0.0',
  'item.origin.contains("K") || item.hs4.endsWith("08")',
]

t.test('two evaluators agree on every rule of the first profile, and on more', async (t) => {
  for (const when of [...firstProfile.rules.map((rule) => rule.when), ...more]) {
    fc.assert(
      fc.property(inputs, (input) => firstOpinion(when, input) === secondOpinion(when, input)),
      { numRuns: 60 },
    )
    t.pass(when)
  }
})

t.test('an unknown fact says nothing, unless the rest decides', async (t) => {
  const cases: [when: string, wanted: boolean | 'no answer'][] = [
    ['led.sold > 0.0', 'no answer'],
    ['led.sold > 0.0 || item.origin == "KG"', true],
    ['led.sold > 0.0 && item.origin == "KZ"', false],
    ['item.origin == "KG" && led.sold > 0.0', 'no answer'],
    ['!has(led.sold)', true],
  ]
  const input = { decl: {}, item: { origin: { value: 'KG' } }, led: { sold: { unknown: 'never asked' } } }
  for (const [when, wanted] of cases) {
    t.equal(firstOpinion(when, input), wanted, when)
    t.equal(secondOpinion(when, input), wanted, `${when}, by the other`)
  }
})
