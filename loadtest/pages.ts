// How long pages wait while many units stand in the ledger: each page asked for again and again, by who looks at it; prints medians
// and 95th percentiles, which must not pass 300 ms. `node --import tsx loadtest/pages.ts [units] [looks]`
import { performance } from 'node:perf_hooks'
import { operatorKey, testApp } from '../test/support/app.ts'
import * as given from '../test/support/given.ts'

const units = Number(process.argv[2] ?? 1_000_000)
const looks = Number(process.argv[3] ?? 200)
const p95Max = 300
const perScan = 30_000

const teardowns: (() => Promise<void>)[] = []
const service = await testApp({ teardown: (done) => void teardowns.push(done) })
const maker = await given.participant(service, { roles: ['producer'] })
const shop = await given.participant(service, { roles: ['retailer'] })
const { gtin } = await given.product(maker)
const { id, blocks } = await maker.expect<{ id: string; blocks: number }>(201, 'POST', '/code-orders', {
  gtin,
  quantity: units,
})
const sample: string[] = []
for (let block = 0; block < blocks; block += perScan / 1000) {
  const codes: string[] = []
  for (let i = block; i < Math.min(blocks, block + perScan / 1000); i++) {
    const { body } = await maker.call('GET', `/code-orders/${id}/codes?block=${i}`)
    codes.push(...body.trimEnd().split('\n'))
  }
  await maker.expect(201, 'POST', '/scans', { step: 'commissioning', codes })
  await maker.expect(201, 'POST', '/scans', { step: 'shipping', to: shop.id, codes })
  sample.push(...codes.filter((_, i) => i % 500 === 0))
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

const [operator, producer, retailer] = [await session(operatorKey), await session(maker.key), await session(shop.key)]
const pages: [path: string, cookie: string, perCode: boolean][] = [
  ['/app/check', '', true],
  ['/app/units', operator, true],
  ['/app/scanner', retailer, false],
  ['/app/producer', producer, false],
  ['/app/ledger', operator, false],
]
for (const [path, cookie, perCode] of pages) {
  const times: number[] = []
  for (let look = 0; look < looks + 10; look++) {
    const code = sample[(look * 7919) % sample.length] ?? ''
    const from = performance.now()
    const url = perCode ? `${path}?code=${encodeURIComponent(code)}` : path
    const answer = await service.app.inject({ url, headers: { cookie } })
    if (answer.statusCode !== 200) throw new Error(`${url}: ${answer.statusCode}`)
    if (look >= 10) times.push(performance.now() - from) // What is compiled and planned once does not count.
  }
  times.sort((a, b) => a - b)
  const [median = NaN, p95 = NaN] = [times[Math.floor(times.length / 2)], times[Math.floor(times.length * 0.95)]]
  const judged = p95 > p95Max ? ' TOO MUCH' : ''
  process.stdout.write(`${path}: median ${median.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms at ${units} units${judged}\n`)
  if (p95 > p95Max) process.exitCode = 1
}
for (const done of teardowns.reverse()) await done()
