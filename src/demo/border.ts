// `npm run demo -- --border`: a day at a border post. Honest loads and planted ones, lane by lane with the reasons; what nobody may do;
// and what anybody may verify.
import { type Static, Type } from 'typebox'
import { run } from '../proof/verify/command.ts'
import { type Post, openPost } from './border-people.ts'
import { type Client, DemoError, inWords } from './client.ts'
import { groups } from './goods.ts'
import type { Numbers } from './numbers.ts'
import { count, type Output, type Teller, wrapped } from './tell.ts'

export type BorderDeps = { tell: Teller; operator: Client; numbers: Numbers; bottles: number; out: Output; err: Output }

type Stage = BorderDeps & { post: Post; gtin: string }
type Load = { codes: readonly string[]; sscc: string }

const Reason = Type.Object({ rule: Type.String(), lane: Type.Union([Type.String(), Type.Null()]), text: Type.String() })
const Told = Type.Object({
  id: Type.String(),
  status: Type.String(),
  lane: Type.String(),
  decisions: Type.Array(Type.Object({ reasons: Type.Array(Reason) })),
  checks: Type.Array(
    Type.Object({ id: Type.String(), done: Type.Boolean(), units: Type.Optional(Type.Array(Type.String())) }),
  ),
})
const Lodged = Type.Object({ id: Type.String(), status: Type.String() })
const Ordered = Type.Object({ id: Type.String() })
const Scanned = Type.Object({ verb: Type.String() })
const anything = Type.Unknown()

export async function playBorder(deps: BorderDeps): Promise<void> {
  const { tell, operator, numbers } = deps
  const startMs = performance.now()
  tell.say(`\nTamga at ${operator.url}: a day at the border, in four acts\n`)
  const post = await openPost(operator, numbers)
  const stage: Stage = { ...deps, post, gtin: await registerVodka(post, numbers) }
  tell.say('1. The lorries are declared')
  const lorries = await declareAll(stage)
  tell.say('\n2. The barrier, lorry by lorry')
  await meetLorries(stage, lorries)
  tell.say('\n3. What nobody may do')
  await tryEverything(stage, lorries)
  tell.say('\n4. Whoever does not believe it')
  await verifyDay(stage)
  tell.say(`\n${count(operator.requests())} requests in ${((performance.now() - startMs) / 1_000).toFixed(1)} s.`)
}

async function registerVodka({ distillery }: Post, numbers: Numbers): Promise<string> {
  const gtin = numbers.gtin()
  await distillery.office.ask(anything, 'POST', '/products', {
    gtin,
    name: 'Vodka Ala-Too 0.5 l',
    group: 'alcohol',
    hsCode: '2208601100',
    originCountry: 'KG',
    strength: '40',
    netContent: { value: '0.5', unit: 'l' },
  })
  return gtin
}

/** Marked, and packed on one pallet. */
async function makeLoad({ post, gtin, numbers, bottles }: Stage): Promise<Load> {
  const { office } = post.distillery
  const { id } = await office.ask(Ordered, 'POST', '/code-orders', { gtin, quantity: bottles })
  const text = await office.ask(Type.String(), 'GET', `/code-orders/${id}/codes?format=text`)
  const codes = text.split('\n').filter((line) => line !== '')
  const sscc = `(00)${numbers.sscc()}`
  for (const part of groups(codes, 10_000)) {
    await office.ask(anything, 'POST', '/scans', { step: 'commissioning', codes: part })
    await office.ask(anything, 'POST', '/scans', { step: 'packing', codes: part, parent: sscc })
  }
  return { codes, sscc }
}

type Lorry = { plate: string; what: string; id: string }

type Plan = {
  what: string
  /** What is wrong with it, if anything: done to the goods before they are declared. */
  spoil?: (load: Load) => Promise<void>
  codes?: (load: Load, stage: Stage) => Promise<readonly string[]>
  pieces?: (bottles: number) => number
  item?: Record<string, string>
}

const plans = (stage: Stage): Plan[] => [
  { what: 'an honest load' },
  { what: 'an honest load, in litres of alcohol', item: { quantity: (stage.bottles * 0.2).toFixed(2), unit: 'LPA' } },
  { what: 'one bottle more declared than there is', pieces: (bottles) => bottles + 1 },
  { what: 'one bottle more on the lorry than declared', pieces: (bottles) => bottles - 1 },
  { what: 'declared as made in Kazakhstan', item: { originCountry: 'KZ' } },
  { what: 'declared as mineral water', item: { hsCode: '2201101100' } },
  {
    what: 'bottles that were written off',
    spoil: async ({ codes }) => {
      const body = { step: 'destroying', codes: codes.slice(0, 3) }
      await stage.post.distillery.office.ask(anything, 'POST', '/scans', body)
    },
    codes: ({ codes }) => Promise.resolve(codes),
  },
  {
    what: 'a printed label among the real ones',
    codes: ({ sscc }, { gtin }) => Promise.resolve([sscc, `(01)${gtin}(21)4FORGED0000001`]),
  },
  { what: 'vodka without any marks', codes: () => Promise.resolve([]) },
]

async function declareAll(stage: Stage): Promise<Lorry[]> {
  const { tell, post, bottles } = stage
  const list = plans(stage)
  const progress = tell.progress(`Loads of ${count(bottles)} bottles`, list.length)
  const lorries: Lorry[] = []
  for (const [i, plan] of list.entries()) {
    const load = await makeLoad(stage)
    await plan.spoil?.(load)
    const plate = `01 KG ${String(101 + i)} ABC`
    const pieces = plan.pieces?.(bottles) ?? bottles
    const item = { hsCode: '2208601100', originCountry: 'KG', quantity: String(pieces), unit: 'NAR', ...plan.item }
    const { id } = await post.distillery.office.ask(Lodged, 'POST', '/declarations', {
      reference: `DEMO-${stage.gtin}-${i + 1}`,
      flow: 'export',
      procedure: '10',
      office: post.office,
      consignor: post.distillery.id,
      consignee: { name: 'Alatau Trade', country: 'KZ' },
      transport: { mode: 'road', id: plate },
      route: ['KG', 'KZ'],
      codes: (await plan.codes?.(load, stage)) ?? [load.sscc],
      items: [
        {
          number: 1,
          ...item,
          value: { amount: (pieces * 2.5).toFixed(2), currency: 'USD' },
          netMassKg: (pieces * 0.9).toFixed(1),
        },
      ],
    })
    lorries.push({ plate, what: plan.what, id })
    progress.advance()
  }
  progress.done()
  return lorries
}

const look = ({ post }: Stage, { id }: Lorry): Promise<Static<typeof Told>> => {
  const [officer] = post.officers
  if (!officer) throw new DemoError('The post has no officers.')
  return officer.desk.ask(Told, 'GET', `/declarations/${id}`)
}

async function meetLorries(stage: Stage, lorries: readonly Lorry[]): Promise<void> {
  const { tell, post } = stage
  const rows: string[][] = []
  const reasons: string[] = []
  for (const lorry of lorries) {
    await post.distillery.office.ask(anything, 'POST', `/declarations/${lorry.id}/presentations`, {
      office: post.office,
      vehicle: lorry.plate,
    })
    const [officer] = post.officers
    const answer = await officer?.desk.ask(Scanned, 'POST', '/border/scans', { code: lorry.id })
    const told = await look(stage, lorry)
    const found = told.decisions.at(-1)?.reasons ?? []
    rows.push([
      lorry.plate,
      lorry.what,
      answer?.verb ?? '',
      told.lane,
      told.status,
      found.map(({ rule }) => rule).join(', '),
    ])
    for (const { rule, text } of found) reasons.push(`  ${lorry.plate}  ${rule}`, wrapped(text))
  }
  tell.table(['lorry', 'carries', 'officer', 'lane', 'status', 'by'], rows)
  tell.say('')
  for (const line of reasons) tell.say(line)
}

/** A red lorry: who may let it go, and after what. */
async function tryEverything(stage: Stage, lorries: readonly Lorry[]): Promise<void> {
  const { tell, post } = stage
  const [inspector, second, third] = post.officers
  const lorry = lorries[3]
  if (!lorry || !inspector || !second || !third) throw new DemoError('The story lacks its people.')
  const path = `/declarations/${lorry.id}`
  const say = async (who: string, what: string, answer: Promise<{ status: number; body: unknown }>) => {
    const { status, body } = await answer
    const words = status >= 400 ? inWords({ status, body }) : String(status)
    tell.say(`  ${who} ${what}:`)
    tell.say(wrapped(words))
  }
  await say(post.distillery.name, 'releases its own lorry', post.distillery.office.call('POST', `${path}/release`))
  await say('The operator', 'releases it', stage.operator.call('POST', `${path}/release`))
  await say(inspector.name, 'releases it without a look', inspector.desk.call('POST', `${path}/release`))
  const until = new Date(Date.now() + 86_400_000).toISOString()
  await say(
    inspector.name,
    'lowers its lane',
    inspector.desk.call('POST', `${path}/raises`, { lane: 'yellow', reason: 'other', until }),
  )
  const units = [...new Set((await look(stage, lorry)).checks.flatMap((check) => check.units ?? []))]
  tell.say(`  The machine drew ${units.length} of ${count(stage.bottles)} bottles to be scanned.`)
  const scanned = units.map((code) => ({ code, found: 'found' }))
  const inspection = { result: 'conforms', notes: 'counted; the list was wrong' }
  await say(
    inspector.name,
    'inspects, but for one of them',
    inspector.desk.call('POST', `${path}/inspections`, { ...inspection, scanned: scanned.slice(1) }),
  )
  await say(inspector.name, 'inspects', inspector.desk.call('POST', `${path}/inspections`, { ...inspection, scanned }))
  await say(inspector.name, 'releases what he inspected', inspector.desk.call('POST', `${path}/release`))
  await say(second.name, 'releases it', second.desk.call('POST', `${path}/release`))
  await say(third.name, 'releases it too', third.desk.call('POST', `${path}/release`))
  tell.say(`  ${lorry.plate} is ${(await look(stage, lorry)).status}.`)
}

/** The log of customs, and the draws of the last shift that is over. */
async function verifyDay({ tell, operator, out, err }: Stage): Promise<void> {
  const env = {}
  const shown = { out, err, env }
  tell.say(`  npm run verify -- log ${operator.url}/logs/customs`)
  const proofs = await run(['log', `${operator.url}/logs/customs`], shown)
  if (proofs !== 0) throw new DemoError('The log of customs does not verify.')
  tell.say(`\n  npm run verify -- draws ${operator.url}/draws`)
  const shifts = await operator
    .as(undefined)
    .ask(Type.Array(Type.Object({ shift: Type.String(), seed: Type.Optional(Type.String()) })), 'GET', '/draws')
  if (shifts.some(({ seed }) => seed !== undefined)) {
    if ((await run(['draws', `${operator.url}/draws`], shown)) !== 0) throw new DemoError('The draws do not verify.')
    return
  }
  tell.say("  Today's seed is committed to and not revealed yet: run this once the shift is over (midnight UTC).")
}
