// Plants each indicator's pattern in known numbers into clean traffic and prints what the border made of it: recall per indicator, and how
// many clean consignments were raised. Exit status 1 where a promise is broken.
// `node --import tsx loadtest/planted.ts [planted of each] [clean] [units] [seed]`
import { post, type Told } from '../test/border/load.ts'
import { mulberry32 } from '../test/support/random.ts'
import { testApp } from '../test/support/app.ts'
import { clean, everyRule, patterns, type Planted } from './planted/patterns.ts'
import { world } from './planted/traffic.ts'

const [planted = 20, cleanCount = 200, units = 24, seed = 1] = process.argv.slice(2).map(Number)
const teardowns: (() => Promise<void>)[] = []
let aheadMs = 0
const app = await testApp(
  { teardown: (done) => void teardowns.push(done) },
  { now: () => new Date(Date.now() + aheadMs) },
)
const border = await post(app)
const here = await world(app, border, units, mulberry32(seed))

const [author, second, third] = border.officers
const { id: profile } = await author.expect<{ id: string }>(201, 'POST', '/risk/profiles', {
  name: 'everything',
  rules: everyRule(units),
})
await second.expect(201, 'POST', `/risk/profiles/${profile}/approvals`, {})
await third.expect(201, 'POST', `/risk/profiles/${profile}/approvals`, {})

async function verdictOf({ by, body }: Planted): Promise<{ lane: string; rules: Set<string> }> {
  const { id } = await by.expect<Told>(201, 'POST', '/declarations', body)
  const told = await author.expect<Told>(200, 'GET', `/declarations/${id}`)
  return {
    lane: String(told.lane),
    rules: new Set(told.decisions?.flatMap(({ reasons }) => reasons.map(({ rule }) => rule))),
  }
}

/** Some at once, as at a border; in order otherwise. */
async function many<T>(count: number, work: () => Promise<T>): Promise<T[]> {
  const found: T[] = []
  const atOnce = units > 1_000 ? 1 : 4 // Ten thousand codes at a time fill the queue by themselves.
  for (let i = 0; i < count; i += atOnce) {
    found.push(...(await Promise.all(Array.from({ length: Math.min(atOnce, count - i) }, work))))
  }
  return found
}

const say = (line: string) => void process.stdout.write(`${line}\n`)
let broken = 0
const judge = (good: boolean): string => {
  if (!good) broken++
  return good ? '' : '  BROKEN'
}

const cleaned = await many(cleanCount, async () => verdictOf(await clean(here)))
const raised = cleaned.filter(({ lane }) => lane !== 'green')
say(
  `${cleanCount} clean consignments of ${units} units: ${raised.length} raised above green, at most 1 %${judge(raised.length <= cleanCount / 100)}`,
)
for (const { rules: fired } of raised) say(`  by ${[...fired].join(', ')}`)
say('\nindicator  kind           planted  found  recall  at least  also fired')
for (const { id, kind, plant } of patterns) {
  const bodies = await many(planted, () => plant(here))
  if (id === 'P14') aheadMs = 25 * 86_400_000
  const verdicts = []
  for (const body of bodies) verdicts.push(await verdictOf(body))
  const found = verdicts.filter((verdict) => verdict.rules.has(id)).length
  const also = [...new Set(verdicts.flatMap((verdict) => [...verdict.rules]))].filter((rule) => rule !== id).sort()
  const least = kind === 'deterministic' ? 0.95 : 0.8
  const row = [
    id.padEnd(9),
    kind.padEnd(13),
    String(planted).padStart(8),
    String(found).padStart(6),
    (found / planted).toFixed(2).padStart(7),
    least.toFixed(2).padStart(9),
  ]
  say(`${row.join('  ')}  ${also.join(' ')}${judge(found / planted >= least)}`)
}
for (const done of teardowns.reverse()) await done()
process.exitCode = broken === 0 ? 0 : 1
