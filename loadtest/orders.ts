// Measures code orders on a database of its own: how long a million codes take to be ready, what they cost on disk, how much the
// process grows while they are streamed, how fast codes resolve and tails verify. Prints one table. `node --import tsx
// loadtest/orders.ts [quantity]`
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { memoryUsage } from 'node:process'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { Order } from '../src/codes/block-cache.ts'
import { codeLines } from '../src/codes/download.ts'
import { judgeTail } from '../src/codes/tail.ts'
import { readCode, type Reading } from '../src/gs1/read.ts'
import { cigarettes, openBundle, vodka } from '../test/codes/bundle.ts'

const quantity = Number(process.argv[2] ?? 1_000_000)
const teardowns: (() => Promise<void>)[] = []
const rows: [what: string, figure: string][] = []
const show = (what: string, figure: string) => void rows.push([what, figure])
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`

async function timed<Result>(work: () => Promise<Result>): Promise<{ result: Result; ms: number; stallMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const start = performance.now()
  const result = await work()
  const ms = performance.now() - start
  delay.disable()
  return { result, ms, stallMs: delay.max / 1e6 }
}

const bundle = await openBundle({ teardown: (done) => void teardowns.push(done) })
const { maker } = bundle.actors

const size = async () => {
  const { rows: sizes } = await bundle.pool.query<{ bytes: bigint }>(
    `select pg_total_relation_size('code_block') + pg_total_relation_size('code_order') as bytes`,
  )
  return Number(sizes[0]?.bytes ?? 0n)
}
/** Over a real socket to another process, which reads as fast as it can or stops for `pauseMs` after every piece. */
async function download(of: Order, pauseMs: number): Promise<[string, string]> {
  const server = createServer(
    (_, response) => void pipeline(Readable.from(codeLines(bundle.context, of, 'text')), response),
  )
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const reader = `let n = 0; for await (const part of (await fetch('http://127.0.0.1:${port}')).body) {
    n += part.length; if (${pauseMs}) await new Promise((r) => setTimeout(r, ${pauseMs})) } process.stdout.write(String(n))`
  const resident = memoryUsage().rss
  let peak = resident
  const watch = setInterval(() => (peak = Math.max(peak, memoryUsage().rss)), 20)
  const { result, ms } = await timed(async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', reader], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    return Number(await text(child.stdout))
  })
  clearInterval(watch)
  server.close()
  const what = pauseMs === 0 ? 'a fast client' : 'a slow client'
  return [
    `${quantity} codes over HTTP to ${what}`,
    `${ms.toFixed(0)} ms, ${megabytes(result)}; the process grew by ${megabytes(peak - resident)} to ${megabytes(peak)}`,
  ]
}

const before = await size()
await bundle.order(maker, vodka, 10_000) // What is compiled and connected once does not count.
for (const run of [1, 2]) {
  const { ms, stallMs } = await timed(() => bundle.order(maker, vodka, quantity))
  show(`${quantity} codes ready, run ${run}`, `${ms.toFixed(0)} ms, longest stall ${stallMs.toFixed(0)} ms`)
}
show('bytes a code on disk', (((await size()) - before) / (2 * quantity + 10_000)).toFixed(2))

const { rows: orders } = await bundle.pool.query<{ no: number }>('select max(no) as no from code_order')
const order = await bundle.resolver.order(orders[0]?.no ?? 0)
if (!order) throw new Error('no order')

const sample: string[] = []
const streamed = await timed(async () => {
  let bytes = 0
  for await (const chunk of codeLines(bundle.context, order, 'text')) {
    bytes += chunk.length
    if (sample.length < 10_000) sample.push(...chunk.toString('latin1').trimEnd().split('\n'))
  }
  return bytes
})
show(
  `${quantity} codes made as text`,
  `${streamed.ms.toFixed(0)} ms, ${megabytes(streamed.result)}, stall ${streamed.stallMs.toFixed(0)} ms`,
)
for (const pauseMs of [0, 5]) show(...(await download(order, pauseMs)))

const readings = sample.slice(0, 10_000).flatMap((code): Reading[] => {
  const { reading } = readCode(code)
  return reading ? [reading] : []
})
const bare = readings.map((reading): Reading => {
  if (reading.kind !== 'unit') return reading
  const { tail: _, ...rest } = reading
  return rest
})
for (const [what, list] of [
  ['without tails', bare],
  ['with tails', readings],
] as const) {
  const fresh = await bundle.openProcess()
  const cold = await timed(() => fresh.resolver.resolve(list))
  await fresh.resolver.resolve(list)
  const warm = await timed(() => fresh.resolver.resolve(list))
  show(
    `${list.length} codes of one order resolved ${what}`,
    `${cold.ms.toFixed(1)} ms cold, ${warm.ms.toFixed(1)} ms warm`,
  )
}

const signed = await bundle.order(maker, cigarettes, 10_000)
const { rows: signedOrders } = await bundle.pool.query<{ no: number }>('select no from code_order where id = $1', [
  signed.id,
])
const signedOrder = await bundle.resolver.order(signedOrders[0]?.no ?? 0)
const signedCodes: string[] = []
if (signedOrder) {
  for await (const chunk of codeLines(bundle.context, signedOrder, 'text'))
    signedCodes.push(...chunk.toString().trimEnd().split('\n'))
}
for (const [key, codes] of [
  [order.tailKey, sample.slice(0, 10_000)],
  [signedOrder?.tailKey, signedCodes],
] as const) {
  if (!key) continue
  const list = codes.flatMap((code) => {
    const { reading } = readCode(code)
    return reading?.kind === 'unit' && reading.tail ? [{ ...reading, tail: reading.tail }] : []
  })
  const rounds = key.kind === 'mac' ? 50 : 3
  const start = performance.now()
  let valid = 0
  for (let round = 0; round < rounds; round++) {
    for (const { gtin, serial, tail } of list) if (judgeTail(key, gtin, serial, tail) === 'valid') valid++
  }
  if (valid !== rounds * list.length) throw new Error('a tail of ours does not verify')
  show(`${key.kind} tails verified, one core`, `${Math.round((valid / (performance.now() - start)) * 1_000)} /s`)
}

const brought = Array.from({ length: 100_000 }, (_, i) => `BROUGHT-${i.toString(36)}`)
const bringing = await timed(() => bundle.order(maker, vodka, brought))
show('100,000 serials brought along', `${bringing.ms.toFixed(0)} ms, longest stall ${bringing.stallMs.toFixed(0)} ms`)

for (const [what, figure] of rows) process.stdout.write(`${what.padEnd(52)} ${figure}\n`)
for (const done of teardowns.reverse()) await done()
