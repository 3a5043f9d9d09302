// How long the border takes, on a database of its own: a consignment of 10,000 units decided (p95 at most 1 s), many untouched pallets of
// 10,000 each (at most 10 s for a hundred), and 200 rules on a declaration with 40 lines (at most 2 ms). Prints one table.
// `node --import tsx loadtest/border.ts [pallets] [rounds]`
import { performance } from 'node:perf_hooks'
import type { FactValue, Facts } from '../src/declarations/bodies.ts'
import { decide } from '../src/risk/decide.ts'
import { createRuleEngine } from '../src/risk/engine.ts'
import { firstProfile, makeReady, type Rule } from '../src/risk/profile.ts'
import { declaration, load, post, type Told } from '../test/border/load.ts'
import { testApp } from '../test/support/app.ts'

const pallets = Number(process.argv[2] ?? 100)
const rounds = Number(process.argv[3] ?? 20)
const perPallet = 10_000
const teardowns: (() => Promise<void>)[] = []
const rows: [what: string, figure: string, limit: string][] = []
const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? NaN

function rules(): void {
  const engine = createRuleEngine()
  const [base] = firstProfile.rules
  if (!base) throw new Error('bad math: no rules')
  const texts = [
    (i: number) => `item.origin != led.origin && item.value > ${i}.0`,
    (i: number) => `led.sold > ${i}.0`,
    (i: number) => `item.hs.startsWith("22${i % 100}") && item.pieces > 10.0`,
    (i: number) => `item.origin in ["KG", "RU", "K${i}"] && led.gapHours > ${i}.0`,
    (i: number) => `decl.authorised && item.unitValue < ${i}.5 && led.underWay == ${i}.0`,
  ]
  const many = Array.from({ length: 200 }, (_, i): Rule => ({
    ...base,
    id: `R${i}`,
    when: texts[i % texts.length]?.(i) ?? 'false',
  }))
  const made = makeReady(engine, { ...firstProfile, rules: many })
  if ('faults' in made) throw new Error(made.faults[0]?.detail)
  const fact = (value: string | number | boolean): FactValue => ({ value })
  const facts: Facts = {
    decl: { authorised: fact(false), combinationApproved: fact(false) },
    lines: Array.from({ length: 40 }, (_, i) => ({
      number: i + 1,
      item: {
        origin: fact('KZ'),
        hs: fact(`2208${i}`),
        pieces: fact(5),
        value: fact(0),
        unitValue: fact(900),
        markingDue: fact(false),
      },
      led: { units: fact(1), origin: fact('KZ'), sold: fact(0), gapHours: fact(0), underWay: fact(999) },
    })),
  }
  const times: number[] = []
  for (let i = 0; i < 300; i++) {
    const from = performance.now()
    decide({
      engine,
      profile: made.ready,
      facts,
      withdrawn: new Set(),
      quota: { decided: 0, selected: 0 },
      draw: (purpose, rate) => ({ purpose, rate, u: 1, selected: false }),
    })
    if (i >= 100) times.push(performance.now() - from)
  }
  times.sort((a, b) => a - b)
  rows.push([
    '200 rules, 40 lines',
    `median ${at(times, 0.5).toFixed(2)} ms, p95 ${at(times, 0.95).toFixed(2)} ms`,
    '2 ms',
  ])
}

async function goods(): Promise<void> {
  const app = await testApp({ teardown: (done) => void teardowns.push(done) })
  const border = await post(app)
  const loads: string[] = []
  for (let i = 0; i < pallets; i++) {
    loads.push((await load(border, perPallet)).sscc)
    process.stderr.write(`\r${i + 1} of ${pallets} pallets of ${perPallet}`)
  }
  process.stderr.write('\n')
  const timed = async (codes: readonly string[]): Promise<number> => {
    const from = performance.now()
    const { id } = await border.maker.expect<Told>(
      201,
      'POST',
      '/declarations',
      declaration(codes, codes.length * perPallet),
    )
    const took = performance.now() - from
    await border.maker.expect(201, 'POST', `/declarations/${id}/outcomes`, { outcome: 'withdrawn' })
    return took
  }
  const first: number[] = []
  for (const code of loads.slice(0, Math.min(rounds, loads.length))) first.push(await timed([code]))
  first.sort((a, b) => a - b)
  rows.push([
    `a pallet of ${perPallet}, never counted`,
    `median ${at(first, 0.5).toFixed(0)} ms, p95 ${at(first, 0.95).toFixed(0)} ms`,
    '1,000 ms',
  ])
  rows.push([
    `${loads.length} pallets of ${perPallet} at once`,
    `${(await timed(loads)).toFixed(0)} ms`,
    '10,000 ms for 100',
  ])
  rows.push(['the same again, from summaries', `${(await timed(loads)).toFixed(0)} ms`, '10,000 ms for 100'])
}

rules()
if (pallets > 0) await goods()
for (const [what, figure, limit] of rows)
  process.stdout.write(`${what.padEnd(40)} ${figure.padEnd(40)} at most ${limit}\n`)
for (const done of teardowns.reverse()) await done()
