// How long pages wait at a million units, while others write: each page is asked for again and again by who looks at it, first alone
// and then with writers at half of what this machine can record; prints medians and 95th percentiles, which must not pass 300 ms.
// `npm run loadtest:pages -- [units] [looks]`
import { loadavg } from 'node:os'
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { declaration, load, lodge, post } from '../test/border/load.ts'
import { operatorKey, testApp } from '../test/support/app.ts'
import * as given from '../test/support/given.ts'

const units = Number(process.argv[2] ?? 1_000_000)
const looks = Number(process.argv[3] ?? 100)
const p95Max = 300
const perScan = 30_000
/** Codes of the order that the writers use up one by one while its owner looks at it. */
const spare = 400_000
const declarations = 100

const teardowns: (() => Promise<void>)[] = []
const service = await testApp({ teardown: (done) => void teardowns.push(done) })
const border = await post(service)
const maker = await given.participant(service, { roles: ['producer'] })
const shop = await given.participant(service, { roles: ['retailer'] })
const store = await given.place(maker)
const { gtin } = await given.product(maker)

const order = (quantity: number) =>
  maker.expect<{ id: string; blocks: number }>(201, 'POST', '/code-orders', { gtin, quantity })
async function codesOf(id: string, block: number): Promise<string[]> {
  return (await maker.call('GET', `/code-orders/${id}/codes?block=${block}`)).body.trimEnd().split('\n')
}

const { id, blocks } = await order(units)
const sample: string[] = []
for (let block = 0; block < blocks; block += perScan / 1000) {
  const codes: string[] = []
  for (let i = block; i < Math.min(blocks, block + perScan / 1000); i++) codes.push(...(await codesOf(id, i)))
  await maker.expect(201, 'POST', '/scans', { step: 'commissioning', codes, place: store.id })
  // Half of them are shipped, the rest is stock.
  if ((block / 30) % 2 === 0) await maker.expect(201, 'POST', '/scans', { step: 'shipping', to: shop.id, codes })
  sample.push(...codes.filter((_, i) => i % 500 === 0))
}
const used = await order(spare)
let declared = ''
for (let i = 0; i < declarations; i++) {
  const content = declaration([(await load(border, 4)).sscc], 4 + (i % 2))
  declared = (await lodge(border, border.maker, content)).id
}

/** Hands out the codes of the second order, one after the other. */
async function* fresh(): AsyncGenerator<string> {
  for (let block = 0; block < used.blocks; block++) yield* await codesOf(used.id, block)
}
const codes = fresh()
async function write(): Promise<void> {
  const { value } = (await codes.next()) as { value: string }
  await maker.expect(201, 'POST', '/scans', { step: 'commissioning', codes: [value] })
}

/** Events a second that sixteen writers get recorded, nobody else asking. */
async function fullSpeed(seconds: number): Promise<number> {
  let written = 0
  const until = performance.now() + seconds * 1000
  const writer = async (): Promise<void> => {
    for (; performance.now() < until; written++) await write()
  }
  await Promise.all(Array.from({ length: 16 }, writer))
  return written / seconds
}

/** Writes at a rate, whether or not earlier writes were answered, until it is stopped; @returns how many were recorded */
function writeAt(perSecond: number) {
  let [stopped, written] = [false, 0]
  const open = new Set<Promise<void>>()
  const running = (async () => {
    const from = performance.now()
    for (let asked = 0; !stopped; await delay(5)) {
      for (const due = ((performance.now() - from) / 1000) * perSecond; asked < due; asked++) {
        const one = write().then(() => void written++)
        open.add(one)
        void one.finally(() => open.delete(one))
      }
    }
    await Promise.all(open)
    return written
  })()
  return async (): Promise<number> => {
    stopped = true
    return running
  }
}

/** The cookie of who signs in with this key. */
async function session(key: string): Promise<string> {
  const answer = await service.app.inject({
    method: 'POST',
    url: '/app/sign-in',
    payload: new URLSearchParams({ key }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', host: 'pages', origin: 'http://pages' },
  })
  return String(answer.headers['set-cookie']).split(';', 1)[0] ?? ''
}

const sessions = await Promise.all([operatorKey, maker.key, shop.key, border.officers[0].key].map(session))
const [operator = '', producer = '', retailer = '', officer = ''] = sessions
const pages: readonly (readonly [path: string, cookie: string, perCode?: true])[] = [
  ['/app/check', '', true],
  ['/app/units', operator, true],
  ['/app/scanner', retailer],
  ['/app/producer', producer],
  ['/app/producer/stock', producer],
  ['/app/firm', producer],
  ['/app/border', officer],
  [`/app/border/declarations/${declared}`, officer],
  ['/app/risk', officer],
  ['/app/findings', operator],
  ['/app/participants', operator],
  ['/app/ledger', operator],
]

async function lookAll(how: string): Promise<void> {
  for (const [path, cookie, perCode] of pages) {
    const times: number[] = []
    let cpu = process.cpuUsage()
    for (let look = 0; look < looks + 10; look++) {
      if (look === 10) cpu = process.cpuUsage()
      const code = sample[(look * 7919) % sample.length] ?? ''
      const from = performance.now()
      const url = perCode ? `${path}?code=${encodeURIComponent(code)}` : path
      const answer = await service.app.inject({ url, headers: { cookie } })
      if (answer.statusCode !== 200) throw new Error(`${url}: ${answer.statusCode}`)
      if (look >= 10) times.push(performance.now() - from) // What is compiled and planned once does not count.
    }
    times.sort((a, b) => a - b)
    const [median = NaN, p95 = NaN] = [times[Math.floor(times.length / 2)], times[Math.floor(times.length * 0.95)]]
    const { user, system } = process.cpuUsage(cpu)
    // What a page costs the service itself; with writers, theirs is in it.
    const cost = how === 'alone' ? `, ${((user + system) / 1000 / looks).toFixed(1)} ms of CPU` : ''
    const judged = p95 > p95Max ? ' TOO MUCH' : ''
    process.stdout.write(`${how} ${path}: median ${median.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms${cost}${judged}\n`)
    if (p95 > p95Max) process.exitCode = 1
  }
}

await lookAll('alone')
const most = await fullSpeed(5)
const from = performance.now()
const stop = writeAt(most / 2)
await lookAll('with writers')
const seconds = (performance.now() - from) / 1000
const written = await stop()
process.stdout.write(
  `${units} units; ${(written / seconds).toFixed(0)} events/s written meanwhile, of ${most.toFixed(0)} possible; load ${loadavg()[0]?.toFixed(1)}\n`,
)
for (const done of teardowns.reverse()) await done()
