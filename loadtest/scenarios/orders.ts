import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import type { Scenario } from '../bench/scenario.ts'
import { rowOf } from '../bench/table.ts'

/** Codes from the request until they can be fetched, against COPY of a row per code under a unique key. */
export const orders: Scenario = async ({ stage, rounds, tell }) => {
  const { admin, quick } = stage
  const quantity = quick ? 200_000 : 1_000_000
  const size = async () => {
    const { rows } = await admin.query<{ bytes: bigint }>(
      `select pg_total_relation_size('code_block') + pg_total_relation_size('code_order') as bytes`,
    )
    return Number(rows[0]?.bytes ?? 0n)
  }
  const { gtin } = await stage.order(1_000)
  const before = await size()
  const played = []
  for (let round = 1; round <= rounds; round++) {
    tell(`round ${round} of ${rounds}`)
    let startedMs = performance.now()
    await stage.call('POST', '/code-orders', { gtin, quantity }, stage.maker.key)
    const ours = (1000 * quantity) / (performance.now() - startedMs)
    await admin.query('create table bench_code (code text collate "C" primary key, order_no integer not null)')
    startedMs = performance.now()
    await pipeline(rowsOf(gtin, quantity), admin.query(copyFrom('copy bench_code from stdin')))
    const yardstick = (1000 * quantity) / (performance.now() - startedMs)
    await admin.query('drop table bench_code')
    played.push({ ours, yardstick })
  }
  const bytes = ((await size()) - before) / (rounds * quantity)
  return [
    rowOf(
      { name: 'orders', unit: 'codes/s', must: 5, aim: 10, note: `${quantity.toLocaleString('en')} codes` },
      played,
    ),
    {
      name: 'orders (bytes)',
      ours: bytes,
      yardstick: null,
      ratio: bytes,
      spread: 0,
      unit: 'bytes/code',
      must: 12,
      aim: 12,
      less: true,
    },
  ]
}

/** GTIN and a random serial of 13 characters, a thousand lines at a time. */
function rowsOf(gtin: string, quantity: number): PassThrough {
  const stream = new PassThrough()
  const serial = () => Math.random().toString(36).slice(2, 15).padEnd(13, '0')
  const write = async () => {
    for (let done = 0; done < quantity; done += 1_000) {
      const lines = Array.from({ length: 1_000 }, () => `${gtin}${serial()}\t1\n`)
      if (!stream.write(lines.join(''))) await new Promise((resume) => stream.once('drain', resume))
    }
    stream.end()
  }
  write().catch((error: unknown) => stream.destroy(error instanceof Error ? error : new Error(String(error))))
  return stream
}
