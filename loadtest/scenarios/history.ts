import { checkDigit } from '../../src/gs1/identifiers.ts'
import type { Scenario } from '../bench/scenario.ts'
import { median, type Row, rowOf } from '../bench/table.ts'

type Admin = Parameters<Scenario>[0]['stage']['admin']

const unitsPerCase = 12
const casesPerPallet = 48
/** Far above every order that the benchmark makes, in a partition of its own size like any other. */
const fillOrder = 30_000n
const perOrder = 2n ** 21n
const fillPallet = -99_000_000_000_000_000n

/**
 * What a question costs when the ledger has grown: where a unit is that is packed three deep, and its whole life. Ten times as many
 * other units, packed like it, against what was there before: time, and pages that the database touched.
 */
export const history: Scenario = async ({ stage, rounds, tell }) => {
  const { maker, admin, quick } = stage
  if (quick) return [{ name: 'history', skipped: 'ten million units take minutes: part of the full run' }]
  const [few, many, asks] = [1_000_000, 10_000_000, 500]
  const unit = await packedUnit(stage)
  const paths = [`/units/${encodeURIComponent(unit)}`, `/units/${encodeURIComponent(unit)}/history`]
  const ask = async () => {
    const startedMs = performance.now()
    for (const path of paths) await stage.call('GET', path, undefined, maker.key)
    return performance.now() - startedMs
  }
  const measure = async () => {
    for (let i = 0; i < 50; i++) await ask()
    const times: number[][] = []
    const quiet = await pagesTouched(admin, asks, async () => undefined)
    const pages = await pagesTouched(admin, asks, async () => {
      for (let round = 0; round < rounds; round++) {
        const took: number[] = []
        for (let i = 0; i < asks / rounds; i++) took.push(await ask())
        times.push(took)
      }
    })
    return { pages: pages - quiet, times: times.map((took) => median(took)) }
  }
  tell(`filling ${few.toLocaleString('en')} units`)
  await fill(admin, 0, few)
  const before = await measure()
  for (let filled = few; filled < many; filled += few) {
    tell(`filling ${(filled + few).toLocaleString('en')} units`)
    await fill(admin, filled, few)
  }
  const after = await measure()
  const note = `${many.toLocaleString('en')} units against ${few.toLocaleString('en')}`
  const played = after.times.map((ours, i) => ({ ours, yardstick: before.times[i] ?? Number.NaN }))
  const pages: Row = {
    ...{ name: 'history-pages', unit: 'pages', must: 1.2, aim: 1, less: true as const, note },
    ...{ ours: after.pages, yardstick: before.pages, ratio: after.pages / before.pages, spread: 0 },
  }
  return [pages, rowOf({ name: 'history', unit: 'ms (p50)', must: 1.2, aim: 1, less: true, note }, played)]
}

/** A unit in a case on a pallet in a container, as the service recorded it. */
async function packedUnit({ maker, call, order, commission }: Parameters<Scenario>[0]['stage']): Promise<string> {
  const { codes } = await order(unitsPerCase)
  await commission(codes)
  const sscc = (n: number) => {
    const body = `0470333${String(n).padStart(10, '0')}`
    return `(00)${body}${checkDigit(body)}`
  }
  const pack = (inside: readonly string[], parent: string) =>
    call('POST', '/scans', { codes: inside, step: 'packing', parent }, maker.key)
  await pack(codes, sscc(1))
  await pack([sscc(1)], sscc(2))
  await pack([sscc(2)], sscc(3))
  return codes[0] ?? ''
}

/**
 * Other people's units, as their steps: commissioned, packed in cases, the cases on pallets. Written past the service, for ten million
 * of them would take the benchmark's whole time; the questions read the same tables and the same indexes.
 */
export async function fill(admin: Admin, from: number, count: number): Promise<void> {
  const unitId = `${fillOrder * perOrder} + 1 + n`
  const caseId = `${fillPallet} - 2 * (n / ${unitsPerCase})`
  const palletId = `${fillPallet} - 1 - 2 * (n / ${unitsPerCase * casesPerPallet})`
  const units = `generate_series(${from}::bigint, ${from + count - 1}) as n`
  const row = (id: string, position: number, parent: string, opened: string, contents: string) =>
    `select ${id}, ${position}, ${parent}, ${opened}, null, 1, 1, null, null, ${contents}, 1, 2, 0`
  const columns =
    'object_id, position, parent, opened, owner_at, owner, holder, addressee, sender, contents, log_id, state, flags'
  const insert = (rows: string) => admin.query(`insert into step (${columns}) ${rows}`)
  const cases = `${units} where n % ${unitsPerCase} = 0`
  await insert(`${row(unitId, 0, 'null', 'null', 'null')} from ${units}`)
  await insert(`${row(unitId, 1, caseId, 'null', 'null')} from ${units}`)
  await insert(`${row(caseId, 1, 'null', '1', String(unitsPerCase))} from ${cases}`)
  await insert(`${row(caseId, 2, palletId, '1', String(unitsPerCase))} from ${cases}`)
  await admin.query('analyze step')
}

/** How many units of `fill` are there already: of a benchmark that had another question before. */
export async function filledUnits(admin: Admin): Promise<number> {
  const base = fillOrder * perOrder
  const { rows } = await admin.query<{ last: bigint | null }>(
    'select max(object_id) as last from step where log_id = 1 and object_id > $1 and object_id < $2',
    [base, base + 10n * perOrder],
  )
  return Number((rows[0]?.last ?? base) - base)
}

/** Pages read, from memory or disk, while something is done. The counters come about a second late, so it waits until they rest. */
async function pagesTouched(admin: Admin, per: number, work: () => Promise<void>): Promise<number> {
  const before = await restingPages(admin)
  await work()
  return ((await restingPages(admin)) - before) / per
}

async function restingPages(admin: Admin): Promise<number> {
  let last = -1
  for (let same = 0; same < 3;) {
    await new Promise((resolve) => setTimeout(resolve, 700))
    await admin.query('select pg_stat_clear_snapshot()')
    const { rows } = await admin.query<{ pages: bigint }>(
      `select sum(heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read)::bigint as pages
       from pg_statio_user_tables where schemaname = 'tamga' and relname ~ '^(step|entry)'`,
    )
    const pages = Number(rows[0]?.pages ?? 0n)
    same = pages === last ? same + 1 : 0
    last = pages
  }
  return last
}
