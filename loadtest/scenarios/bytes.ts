import { checkDigit } from '../../src/gs1/identifiers.ts'
import { load } from '../bench/load.ts'
import type { Scenario } from '../bench/scenario.ts'

/**
 * What a unit's whole life takes on disk, indexes and entries included: order, commissioning, packing, three moves of the pallet,
 * unpacking, a receipt of two units. Against a row for each unit and event, with the code as text and the event stored once.
 */
export const bytes: Scenario = async ({ stage, tell }) => {
  const { admin, maker, quick, service } = stage
  const count = quick ? 4_000 : 20_000
  const firms = [
    await stage.firm('distributor'),
    await stage.firm('distributor'),
    await stage.firm('retailer'),
  ] as const
  const [, , shop] = firms
  await stage.order(1_000) // What the first order alone makes is not a unit's.
  const before = await sizeOf(admin)
  tell('ours')
  const { codes } = await stage.order(count)
  await stage.commission(codes)
  const size = count / 4
  for (let n = 0; n < 4; n++) {
    const body = `0470222${String(n).padStart(10, '0')}`
    const sscc = `(00)${body}${checkDigit(body)}`
    const scan = (scanned: object, key: string) => stage.call('POST', '/scans', scanned, key)
    await scan({ codes: codes.slice(n * size, (n + 1) * size), step: 'packing', parent: sscc }, maker.key)
    let from = maker
    for (const to of firms) {
      await scan({ codes: [sscc], step: 'shipping', to: to.id }, from.key)
      await scan({ codes: [sscc], step: 'receiving' }, to.key)
      from = to
    }
    await scan({ codes: [], step: 'unpacking', parent: sscc }, shop.key)
  }
  let receipt = 0
  const body = () => {
    const n = receipt++
    const lines = [0, 1].map((i) => ({ code: codes[(2 * n + i) % count], price: '450.00' }))
    return { till: 'bench', number: String(n), time: new Date().toISOString(), lines }
  }
  // Exactly as many as there are pairs: connections would prepare one more each.
  await load({ on: service, path: '/receipts', key: shop.key, connections: 50, amount: count / 2, body })
  const ours = ((await sizeOf(admin)) - before) / count

  tell('yardstick')
  const yardstick = (await plainSize(admin, count)) / count
  const unit = 'bytes/unit'
  return [
    { name: 'bytes', ours, yardstick, ratio: ours / yardstick, spread: 0, unit, must: 0.6, aim: 0.45, less: true },
  ]
}

type Admin = Parameters<Scenario>[0]['stage']['admin']

async function sizeOf(admin: Admin, like = '%'): Promise<number> {
  // Free space maps come and go with vacuum; what counts is the tables and their indexes.
  const { rows } = await admin.query<{ bytes: bigint }>(
    `select sum(pg_relation_size(c.oid) + pg_indexes_size(c.oid) + coalesce(pg_relation_size(nullif(c.reltoastrelid, 0)), 0))::bigint as bytes
     from pg_class c where c.relnamespace = 'tamga'::regnamespace and c.relkind = 'r' and c.relname like $1`,
    [like],
  )
  return Number(rows[0]?.bytes ?? 0n)
}

/** Eight events in a unit's life: ordered, commissioned, packed, moved three times (shipped and received as one), unpacked, sold. */
async function plainSize(admin: Admin, count: number): Promise<number> {
  await admin.query(`
    create table bench_event (id bigint primary key, at timestamptz not null, body jsonb not null);
    create table bench_unit_event (code text not null, event bigint not null, state text not null, owner integer, holder integer,
                                   parent text, primary key (code, event))`)
  const code = (n: string) => `'01047000000000012100' || lpad(${n}::text, 13, '0')`
  for (let event = 1; event <= 7; event++) {
    await admin.query(`insert into bench_event values ($1, now(), $2)`, [event, JSON.stringify(plainEvent)])
    await admin.query(
      `insert into bench_unit_event select ${code('n')}, $1, 'active', 1, 1, '00047000000000000017' from generate_series(1, $2::int) as n`,
      [event, count],
    )
  }
  await admin.query(`insert into bench_event select 1000 + n, now(), $1 from generate_series(1, $2::int) as n`, [
    JSON.stringify(plainEvent),
    count / 2,
  ])
  await admin.query(
    `insert into bench_unit_event select ${code('n')}, 1000 + (n + 1) / 2, 'sold', 1, 1, null from generate_series(1, $1::int) as n`,
    [count],
  )
  const bytes = await sizeOf(admin, 'bench\\_%')
  await admin.query('drop table bench_event, bench_unit_event')
  return bytes
}

/** What an event says beside its units. */
const plainEvent = {
  type: 'ObjectEvent',
  eventID: 'urn:uuid:7d1e7a3f-0000-4000-8000-000000000000',
  eventTime: '2026-05-01T09:30:00.000Z',
  eventTimeZoneOffset: '+06:00',
  action: 'OBSERVE',
  bizStep: 'retail_selling',
  disposition: 'retail_sold',
  readPoint: { id: 'urn:tamga:place:abcdefghijkl' },
  bizTransactionList: [{ type: 'pos', bizTransaction: 'urn:tamga:document:abcdefghijkl:1-000001' }],
  by: { participant: 'abcdefghijkl', key: 'abcdefghijkl' },
  recordTime: '2026-05-01T09:30:00.100Z',
}
