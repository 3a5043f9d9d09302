import t from 'tap'
import { backtest } from '../../src/risk/backtest.ts'
import { createRuleEngine } from '../../src/risk/engine.ts'
import { fitProfile } from '../../src/risk/fit/fit.ts'
import { krOptions, readKrCustoms } from '../../src/risk/fit/kr-customs.ts'
import { makeReady, profileHash } from '../../src/risk/profile.ts'
import { run } from '../../src/risk/fit/command.ts'
import { mulberry32 } from '../support/random.ts'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { corporaFolder } from '../support/repository.ts'

const head =
  'Declaration ID,Date,Office ID,Process Type,Import Type,Import Use,Payment Type,Mode of Transport,Declarant ID,Importer ID,Seller ID,' +
  'Courier ID,HS10 Code,Country of Departure,Country of Origin,Tax Rate,Tax Type,Country of Origin Indicator,Net Mass,Item Price,Fraud,Critical Fraud'

/** Fraud hides in some goods of some origins, as it does. */
function table(seed: number, count: number): string {
  const random = mulberry32(seed)
  const of = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const rows = Array.from({ length: count }, (_, i) => {
    const hs = 1_000_000_000 + of([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) * 100_000_007
    const origin = of(['CN', 'CN', 'JP', 'US', 'DE'])
    const risky = (hs % 5 === 1 && origin === 'CN') || (hs % 7 === 3 && origin === 'US')
    const fraud = Number(random() < (risky ? 0.85 : 0.08))
    return [
      i,
      '2021-01-01',
      of([20, 40]),
      'B',
      11,
      21,
      11,
      of([10, 40]),
      'D',
      'I',
      'S',
      '',
      hs,
      origin,
      origin,
      of(['0.0', '8.0']),
      'A',
      'E',
      (random() * 100).toFixed(1),
      (random() * 9000).toFixed(2),
      fraud,
      0,
    ]
  })
  return [head, ...rows.map((row) => row.join(','))].join('\n')
}

t.test('a profile is fitted to past declarations: written rules, always the same, that find it again', async (t) => {
  const train = readKrCustoms(table(1, 6_000))
  const options = { ...krOptions, rulesMax: 20 }
  const profile = fitProfile(train, options)
  t.ok(profile.rules.length <= 20)
  t.equal(profileHash(fitProfile(train, options)), profileHash(profile))
  t.match(profile.rules[0], { when: /rate\.\w+ > /, text: /% of \d+ such lines differed/, score: Number })
  const engine = createRuleEngine()
  const made = makeReady(engine, profile)
  if ('faults' in made) throw new Error(made.faults[0]?.detail)
  const cases = readKrCustoms(table(2, 2_000)).map(({ facts, hit }) => ({
    facts,
    office: '1',
    party: '1',
    differs: hit,
  }))
  const { ranking, alarms } = backtest(engine, made.ready, cases)
  t.equal(alarms, 0)
  t.ok((ranking.find(({ share }) => share === 0.05)?.precision ?? 0) > 0.75)
})

t.test('a table of rates is typed like everything else', async (t) => {
  const engine = createRuleEngine()
  const rule = {
    id: 'R',
    text: 'r',
    lane: 'red',
    family: 'other',
    checks: [],
    legalBasis: '',
    disclosure: 'none',
    category: 'c',
    mode: 'enforce',
  } as const
  const profile = { ...fitProfile(readKrCustoms(table(1, 500)), krOptions) }
  const refused = (when: string, tables = profile.tables) => {
    const made = makeReady(engine, { ...profile, tables: tables ?? {}, rules: [{ ...rule, when }] })
    return 'faults' in made ? made.faults[0]?.detail : undefined
  }
  t.equal(refused('rate.goods > 0.5'), undefined)
  t.match(refused('rate.good > 0.5'), /No such key/)
  t.match(refused('rate.goods > "a"'), /overload/)
  t.match(refused('rate.x > 0.5', { x: { keys: ['item.orgin'], base: 0.1, rates: {} } }), /no fact item.orgin/)
})

const corpus = join(corporaFolder, 'kr-customs-syn')
t.test(
  'kr-customs-syn: precision on the validation file',
  { skip: existsSync(corpus) ? false : 'the corpus is not here' },
  async (t) => {
    t.equal(await run([corpus]), 0)
  },
)
