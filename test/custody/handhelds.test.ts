// A day of fifty handhelds, half of them offline for hours with clocks that are wrong by up to ten minutes: nothing is refused for
// being late, the goods stand where they would have stood, and findings are there only where something was planted.
import t, { type Test } from 'tap'
import { testApp, type TestApp } from '../support/app.ts'
import * as given from '../support/given.ts'
import { mulberry32 } from '../support/random.ts'
import { sscc, stage } from '../support/story.ts'

const seed = Number(process.env['SEED'] ?? 20_260_501)
const handheldsEach = 10
const pallets = 24
const unitsOn = 3
const minuteMs = 60_000

t.setTimeout(180_000)

type Firm = 'maker' | 'carrier' | 'store' | 'trader' | 'shop'
const firms: readonly Firm[] = ['maker', 'carrier', 'store', 'trader', 'shop']

/** What happened, when (minutes after the day began), by which handheld of which firm. */
type Fact = { at: number; firm: Firm; handheld: number; scan: Record<string, unknown> }

type Goods = { units: string[]; pallet: string }
type Finding = { code: string; objects: { code: string }[] }

/** The day of one pallet, from the line to the till. Each firm works on it with one handheld after the other. */
function palletDay(goods: Goods, n: number, ids: ReadonlyMap<string, string>): Fact[] {
  const { units, pallet } = goods
  const begin = 5 + (n % 60)
  const by = (firm: Firm, step: number) => ({ firm, handheld: (n + step) % handheldsEach })
  const to = (firm: Firm) => ids.get(firm)
  const facts: Fact[] = [
    { at: begin, ...by('maker', 0), scan: { step: 'commissioning', codes: units } },
    { at: begin + 30, ...by('maker', 1), scan: { step: 'packing', codes: units, parent: pallet } },
    {
      at: begin + 60,
      ...by('maker', 2),
      scan: { step: 'shipping', codes: [pallet], to: to('trader'), carrier: to('carrier'), transfer: 'ownership' },
    },
    { at: begin + 90, ...by('carrier', 0), scan: { step: 'departing', codes: [pallet] } },
    { at: begin + 150, ...by('carrier', 3), scan: { step: 'arriving', codes: [pallet] } },
    { at: begin + 180, ...by('trader', 0), scan: { step: 'receiving', codes: [pallet] } },
    {
      at: begin + 210,
      ...by('trader', 1),
      scan: { step: 'shipping', codes: [pallet], to: to('store'), transfer: 'possession' },
    },
    { at: begin + 240, ...by('store', 0), scan: { step: 'receiving', codes: [pallet] } },
    {
      at: begin + 300,
      ...by('store', 5),
      scan: { step: 'shipping', codes: [pallet], to: to('trader'), transfer: 'possession' },
    },
    { at: begin + 330, ...by('trader', 2), scan: { step: 'receiving', codes: [pallet] } },
    { at: begin + 360, ...by('trader', 3), scan: { step: 'unpacking', codes: units, parent: pallet } },
    {
      at: begin + 390,
      ...by('trader', 4),
      scan: { step: 'shipping', codes: units, to: to('shop'), transfer: 'ownership' },
    },
    { at: begin + 450, ...by('shop', 0), scan: { step: 'receiving', codes: units } },
  ]
  units.slice(0, 2).forEach((code, i) => {
    facts.push({ at: begin + 480 + 25 * i, ...by('shop', 1 + i), scan: { step: 'retail_selling', codes: [code] } })
  })
  return facts
}

async function opened(t: Parameters<typeof testApp>[0]) {
  const app = await testApp(t)
  const scene = await stage(app, { units: pallets * unitsOn + 5 })
  const ids = new Map([...scene.actors].map(([name, { id }]) => [name, id]))
  const goods = Array.from({ length: pallets }, (_, n): Goods => {
    const units = Array.from({ length: unitsOn }, (_, i) => scene.code(`U${n * unitsOn + i + 1}`))
    return { units, pallet: `(00)${sscc()}` }
  })
  const keys = new Map<string, given.GivenParticipant>()
  for (const firm of firms) {
    for (let i = 0; i < handheldsEach; i++) {
      const { id, key } = await given.issued(app.operator, ids.get(firm) ?? '', {
        kind: 'device',
        label: `${firm} ${i}`,
      })
      keys.set(`${firm} ${i}`, { id, key, name: firm, ...app.as(key) })
    }
  }
  const facts = goods.flatMap((each, n) => palletDay(each, n, ids)).sort((a, b) => a.at - b.at)
  return { app, scene, ids, goods, keys, facts, names: new Map([...ids].map(([name, id]) => [id, name])) }
}

type Day = Awaited<ReturnType<typeof opened>>

async function standing({ app, goods, names }: Day): Promise<string[]> {
  const found: string[] = []
  for (const [n, { units, pallet }] of goods.entries()) {
    for (const [i, code] of [...units, pallet].entries()) {
      const path = i < units.length ? '/units/' : '/logistic-units/'
      const body = await app.operator.expect<{ state: string; owner?: string; holder?: string; parent?: string }>(
        200,
        'GET',
        path + encodeURIComponent(code),
      )
      const name = (id: string | undefined) => names.get(id ?? '') ?? '-'
      found.push(`${n}.${i} ${body.state} ${name(body.owner)} ${name(body.holder)} ${body.parent ? 'packed' : '-'}`)
    }
  }
  return found
}

const findingsOf = (app: TestApp) => app.operator.expect<Finding[]>(200, 'GET', '/findings?perPage=100')

const dayMs = 11 * 60 * minuteMs

/** Everything as it happens, each scan on the spot. */
async function onlineDay(t: Test): Promise<string[]> {
  const day = await opened(t)
  const began = Date.now() - dayMs
  for (const { at, firm, handheld, scan } of day.facts) {
    const time = new Date(began + at * minuteMs).toISOString()
    await day.keys.get(`${firm} ${handheld}`)?.expect(201, 'POST', '/scans', { ...scan, time })
  }
  t.same(await findingsOf(day.app), [])
  return standing(day)
}

type Post = { sentAt: number; key: string; wrongMs: number | undefined; scans: Record<string, unknown>[] }

/**
 * The same day with every other handheld offline: what it scanned is sent as one array when it has a line again, hours later, by a
 * clock that is wrong.
 */
function postsOf(day: Day, began: number, chance: () => number): Post[] {
  const posts: Post[] = []
  for (const firm of firms) {
    for (let handheld = 0; handheld < handheldsEach; handheld++) {
      const key = `${firm} ${handheld}`
      const mine = day.facts.filter((fact) => fact.firm === firm && fact.handheld === handheld)
      const offline = handheld % 2 === 0
      const wrongMs = offline ? Math.round((chance() * 2 - 1) * 9.9 * minuteMs) : 0
      const scanOf = (fact: Fact) => ({
        ...fact.scan,
        time: new Date(began + fact.at * minuteMs + wrongMs).toISOString(),
        // Whoever works beside handhelds that are offline cannot be told what they did: he waits for it.
        ...(offline ? { offline: true } : { ifEarly: 'wait' }),
      })
      if (!offline) {
        for (const fact of mine) posts.push({ sentAt: fact.at, key, wrongMs: undefined, scans: [scanOf(fact)] })
        continue
      }
      // A line for a moment, two to seven hours apart.
      for (let from = 0, to = 0; from < 660; from = to) {
        to = from + 120 + chance() * 300
        const part = mine.filter(({ at }) => at >= from && at < to)
        if (part.length > 0) posts.push({ sentAt: to, key, wrongMs, scans: part.map(scanOf) })
      }
    }
  }
  return posts.sort((a, b) => a.sentAt - b.sentAt)
}

t.test(`a day of fifty handhelds, half of them offline (seed ${seed})`, async (t) => {
  t.setTimeout(180_000)
  const wanted = await onlineDay(t)
  const day = await opened(t)
  const { app, scene, goods } = day
  const began = Date.now() - dayMs
  let told = 0
  for (const { key, wrongMs, scans } of postsOf(day, began, mulberry32(seed))) {
    const clock = wrongMs === undefined ? {} : { sentAt: new Date(Date.now() + wrongMs).toISOString() }
    const body = scans.map((scan) => ({ ...scan, ...clock }))
    const answers = await day.keys.get(key)?.expect<{ status: number; code?: string }[]>(200, 'POST', '/scans', body)
    for (const answer of answers ?? []) t.match(answer, { status: 201 }, `${key}: ${JSON.stringify(answer)}`)
    told += answers?.length ?? 0
  }
  t.equal(told, day.facts.length)
  t.same(await standing(day), wanted, 'everything stands as on the day when all were online')
  t.same(await findingsOf(app), [], 'and nothing was found')

  // Planted: a second sale, a forged code, a stranger.
  const [first, second, third] = goods
  const shop = day.keys.get('shop 0')
  if (!first || !second || !third || !shop) throw new Error('the day is empty')
  const at = (minute: number) => ({ time: new Date(began + minute * minuteMs).toISOString(), offline: true })
  await shop.expect(201, 'POST', '/scans', { step: 'retail_selling', codes: [first.units[0]], ...at(655) })
  const [unit = ''] = second.units.slice(2)
  const forged = unit.replace(/(\x1d92)(.)/, (_, head: string, letter: string) => head + (letter === 'A' ? 'B' : 'A'))
  await shop.call('POST', '/scans', { step: 'retail_selling', codes: [forged], ...at(656) })
  const rival = scene.actors.get('rival')
  await rival?.call('POST', '/scans', { step: 'destroying', codes: [third.units[2]], time: at(657).time })
  const planted = (await findingsOf(app)).map(({ code }) => code).sort()
  t.same(planted, ['already_sold', 'code_forged', 'not_holder'])
})
