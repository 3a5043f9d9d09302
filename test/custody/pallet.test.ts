// A pallet of 10,000 units moves as one thing (design D5): what is written and read for it does not grow with what is on it.
// Counted in rows and buffers, which no busy machine changes; loadtest/pallet.ts measures the time.
import t from 'tap'
import { openBench } from '../../src/custody/judge.ts'
import type { Claim } from '../../src/custody/claim.ts'
import type { Act } from '../../src/custody/law.ts'
import type { Queryable } from '../../src/custody/store.ts'
import { testApp } from '../support/app.ts'
import { client } from '../support/connect.ts'
import { stage } from '../support/story.ts'

const units = 10_000

t.test('a pallet of 10,000 units', async (t) => {
  t.setTimeout(120_000)
  const app = await testApp(t)
  const home = await stage(app, { units: units + 1 })
  const maker = home.actors.get('maker')
  const shop = home.actors.get('shop')
  if (!maker || !shop) throw new Error('no cast')
  const database = await client(t, app.database.adminUrl)
  const onPallet = Array.from({ length: units }, (_, i) => home.code(`U${i + 1}`))
  const alone = home.code(`U${units + 1}`)
  await maker.expect(201, 'POST', '/scans', { step: 'commissioning', codes: [...onPallet, alone] })
  await maker.expect(201, 'POST', '/scans', { step: 'packing', codes: onPallet, parent: home.code('P1') })

  /** What one act adds to the tables. */
  const added = async (act: () => Promise<unknown>): Promise<Record<string, number>> => {
    const tables = ['step', 'entry', 'event_directory', 'head', 'code_list', 'finding', 'logistic_unit_directory']
    const ofMain = (table: string) => (['entry', 'head'].includes(table) ? ' where log_id = 1' : '')
    const counts = async () =>
      (
        await database.query<Record<string, number>>(
          `select ${tables.map((table) => `(select count(*)::int from ${table}${ofMain(table)}) as ${table}`).join(', ')}`,
        )
      ).rows[0] ?? {}
    const before = await counts()
    await act()
    const after = await counts()
    return Object.fromEntries(tables.map((table) => [table, (after[table] ?? 0) - (before[table] ?? 0)]))
  }
  const scan = (who: typeof maker, step: string, code: string, more = {}) =>
    who.expect(201, 'POST', '/scans', { step, codes: [code], ...more })
  const one = { step: 1, entry: 1, event_directory: 1, head: 1, code_list: 0, finding: 0, logistic_unit_directory: 0 }

  await t.test('shipping it writes what shipping one unit writes', async (t) => {
    t.same(await added(() => scan(maker, 'shipping', alone, { to: shop.id })), one)
    t.same(await added(() => scan(maker, 'shipping', home.code('P1'), { to: shop.id })), one)
  })

  await t.test('deciding about it reads what deciding about one unit reads', async (t) => {
    const { rows } = await database.query<{ unit: bigint; pallet: bigint; packed: bigint }>(
      `select (select max(object_id) from step where object_id > 0 and parent is null) as unit,
              (select min(object_id) from step) as pallet,
              (select max(object_id) from step where parent is not null) as packed`,
    )
    const ids = rows[0]
    if (!ids) throw new Error('nothing was recorded')
    const measure = async (id: bigint, act: Act) => {
      const counting = countingClient(database)
      const subject = { id, path: '', code: '', observe: false, orderedBy: null, orderObject: null }
      const claim: Claim = { principal: 0, eventTimeMs: 0, parts: [{ act, subjects: [subject] }] }
      await openBench(counting.client, 1, [claim], { nestingMax: 8, settles: true })
      return counting.sums()
    }
    await measure(ids.unit, 'ship') // What is planned and cached once does not count.
    const [unit, pallet, packed] = [
      await measure(ids.unit, 'receive'),
      await measure(ids.pallet, 'receive'),
      await measure(ids.packed, 'receive'),
    ]
    t.comment(`rows and buffers: one unit ${told(unit)}; the pallet ${told(pallet)}; a unit on it ${told(packed)}`)
    t.equal(pallet.rows, unit.rows)
    t.ok(pallet.buffers <= 2 * unit.buffers, 'no more than twice the pages')
    t.ok(packed.rows <= 3, 'a unit on it: its own step, and the pallet’s')
    t.ok(packed.buffers <= 4 * unit.buffers)
  })

  await t.test('all the way to the till', async (t) => {
    t.same(await added(() => scan(shop, 'receiving', home.code('P1'))), one)
    const [first = ''] = onPallet
    t.same(
      await added(() => scan(shop, 'retail_selling', first)),
      { ...one, step: 2 },
      'the unit, and the pallet it left',
    )
    const stands = await shop.expect<{ contents: { count: number }[] }>(
      200,
      'GET',
      `/logistic-units/${encodeURIComponent(home.code('P1'))}`,
    )
    t.same(
      stands.contents.map(({ count }) => count),
      [units - 1],
    )
    const all = await added(() =>
      shop.expect(201, 'POST', '/scans', { step: 'unpacking', codes: [], parent: home.code('P1') }),
    )
    t.equal(all['step'], units, 'emptying it is a step for each of 9,999 units, and one for the pallet')
  })
})

type Sums = { rows: number; buffers: number }
const told = ({ rows, buffers }: Sums): string => `${rows} rows, ${buffers} buffers`

type Plan = { 'QUERY PLAN': { Plan: { 'Shared Hit Blocks': number; 'Shared Read Blocks': number } }[] }

/** Answers like the client, and explains every statement on the way: what it gave back and which pages it touched. */
function countingClient(database: Awaited<ReturnType<typeof client>>): { client: Queryable; sums: () => Sums } {
  const sums = { rows: 0, buffers: 0 }
  const query = async ({ text, values }: { text: string; values: unknown[] }) => {
    const answer = await database.query(text, values)
    const plan = await database.query<Plan>(`explain (analyze, buffers, format json) ${text}`, values)
    const top = plan.rows[0]?.['QUERY PLAN'][0]?.Plan
    sums.rows += answer.rowCount ?? 0
    sums.buffers += (top?.['Shared Hit Blocks'] ?? 0) + (top?.['Shared Read Blocks'] ?? 0)
    return answer
  }
  return { client: { query: query as Queryable['query'] }, sums: () => sums }
}
