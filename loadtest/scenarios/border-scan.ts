import { checkDigit } from '../../src/gs1/identifiers.ts'
import type { Scenario } from '../bench/scenario.ts'
import { median, type Row } from '../bench/table.ts'
import { fill, filledUnits } from './history.ts'

/** One scan is due each time: 1.7 million lorries a day, at all posts together. */
const everyMs = 50
const boundMs = 50

type Stage = Parameters<Scenario>[0]['stage']
/** What one lorry can be asked by. */
type Lorry = { id: string; plate: string; sscc: string; unit: string; moved: string }

/** `POST /border/scans` by id, plate, pallet, unit and a pallet that was re-packed on the way, in a ledger of ten million units. */
export const borderScan: Scenario = async ({ stage, rounds, tell }) => {
  const { admin, quick } = stage
  const [small, large, filled] = quick ? [40, 1, 0] : [300, 5, 10_000_000]
  for (let from = await filledUnits(admin); from < filled; from += 1_000_000) {
    tell(`filling ${(from + 1_000_000).toLocaleString('en')} units`)
    await fill(admin, from, 1_000_000)
  }
  const officer = await stage.officer()
  const lorries: Lorry[] = []
  for (let i = 0; i < small; i++) lorries.push(await lorryOf(stage, 48, i))
  tell(`${small} lorries of 48 units are declared`)
  for (let i = 0; i < large; i++) lorries.push(await lorryOf(stage, 10_000, small + i))
  tell(`${large} lorries of 10,000 units are declared`)

  const verbs = new Map<string, number>()
  const ways = ['id', 'plate', 'sscc', 'unit', 'moved'] as const
  const ask = async (n: number, dueMs: number): Promise<{ way: string; ms: number }> => {
    const way = ways[n % ways.length] ?? 'id'
    const code = lorries[Math.floor(n / ways.length) % lorries.length]?.[way]
    const { verb } = await stage.call<{ verb: string }>('POST', '/border/scans', { code }, officer.key)
    verbs.set(verb, (verbs.get(verb) ?? 0) + 1)
    return { way, ms: performance.now() - dueMs }
  }
  const perRound = quick ? 200 : 500
  const play = async () => {
    const asked: Promise<{ way: string; ms: number }>[] = []
    const startedMs = performance.now()
    while (asked.length < 2 * perRound) {
      const n = asked.length
      const dueMs = startedMs + (n * everyMs) / 2
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())))
      asked.push(n % 2 === 0 ? ask(n / 2, dueMs) : ready(dueMs))
    }
    return Promise.all(asked)
  }
  /** One question to the database and no more: what the machine makes of any request at this moment. */
  const ready = async (dueMs: number) => {
    await fetch(`${stage.service.url}/ready`).then((answer) => answer.text())
    return { way: 'ready', ms: performance.now() - dueMs }
  }
  await play()
  const results: { way: string; ms: number }[][] = []
  for (let round = 1; round <= rounds; round++) {
    tell(`round ${round} of ${rounds}`)
    results.push(await play())
  }
  const all = results.flat()
  const scans = (took: readonly { way: string; ms: number }[]) => took.filter(({ way }) => way !== 'ready')
  const bare = all.filter(({ way }) => way === 'ready')
  const p99s = results.map((took) => quantile(scans(took), 0.99))
  const byWay = ways
    .map(
      (way) =>
        `${way} ${quantile(
          all.filter((each) => each.way === way),
          0.99,
        ).toFixed(0)}`,
    )
    .join(', ')
  const told = [...verbs].map(([verb, count]) => `${verb} ${count}`).join(', ')
  const p99 = median(p99s)
  const row: Row = {
    name: 'border-scan',
    ours: p99,
    yardstick: boundMs,
    ratio: p99 / boundMs,
    spread: (Math.max(...p99s) - Math.min(...p99s)) / p99,
    unit: 'ms (p99)',
    must: 1,
    aim: 0.5,
    less: true,
    note: `p50 ${quantile(scans(all), 0.5).toFixed(1)} ms; GET /ready beside it p50 ${quantile(bare, 0.5).toFixed(1)}, p99 ${quantile(bare, 0.99).toFixed(0)}; p99 by ${byWay}; ${told}`,
  }
  return [row]
}

function quantile(took: readonly { ms: number }[], q: number): number {
  const sorted = took.map(({ ms }) => ms).sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0
}

/** A declared lorry: every tenth has a unit too many and is red; half of every pallet is on another one by now. */
async function lorryOf(stage: Stage, units: number, n: number): Promise<Lorry> {
  const { maker, call } = stage
  const { codes } = await stage.order(units)
  await stage.commission(codes)
  const ssccOf = (serial: number) => {
    const body = `0470444${String(serial).padStart(10, '0')}`
    return `(00)${body}${checkDigit(body)}`
  }
  const [sscc, moved] = [ssccOf(2 * n), ssccOf(2 * n + 1)]
  await call('POST', '/scans', { codes, step: 'packing', parent: sscc }, maker.key)
  const plate = `01 KG ${n} BEN`
  const line = {
    number: 1,
    hsCode: '2208601100',
    originCountry: 'KG',
    quantity: String(n % 10 === 0 ? units - 1 : units),
    unit: 'NAR',
    value: { amount: '100.00', currency: 'USD' },
  }
  const declaration = {
    reference: `BENCH-${n}`,
    flow: 'export',
    office: 'KG-BENCH',
    consignor: { name: 'Maker', country: 'KG' },
    consignee: { name: 'Buyer', country: 'KZ' },
    transport: { mode: 'road', id: plate },
    route: ['KG', 'KZ'],
    codes: [sscc],
    items: [line],
  }
  const { id } = await call<{ id: string }>('POST', '/declarations', declaration, maker.key)
  const half = codes.slice(0, units / 2)
  await call('POST', '/scans', { codes: half, step: 'unpacking', parent: sscc }, maker.key)
  await call('POST', '/scans', { codes: half, step: 'packing', parent: moved }, maker.key)
  return { id, plate, sscc, unit: codes.at(-1) ?? '', moved }
}
