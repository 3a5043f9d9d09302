// What may still want something is found among all that is done, whoever asks and however much is done.
import t from 'tap'
import { withClient } from '../support/connect.ts'
import { testApp } from '../support/app.ts'
import { declaration, load, lodge, type Officer, post, type Told } from './load.ts'

async function inspected({ id }: Told, officer: Officer): Promise<void> {
  const { checks = [] } = await officer.expect<Told>(200, 'GET', `/declarations/${id}`)
  const units = [...new Set(checks.flatMap((check) => check.units ?? []))]
  const scanned = units.map((code) => ({ code, found: 'found' }))
  await officer.expect(201, 'POST', `/declarations/${id}/inspections`, {
    result: 'conforms',
    scanned,
    notes: 'as declared',
  })
}

t.test('open declarations: neither released nor closed, all pages of them, of one office, of one trader', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { maker, importer, officers } = border
  const [first, second, third, fourth] = officers
  const lodged = async (declared: number, changes: Record<string, unknown> = {}) =>
    lodge(border, maker, declaration([(await load(border)).sscc], declared, changes))
  const open = async (caller: typeof first | typeof maker, more = '') =>
    (await caller.expect<Told[]>(200, 'GET', `/declarations?open=true${more}`)).map(({ reference }) => reference)

  const green = await lodged(12)
  t.ok(green.releasedAt, 'released at lodgement')
  const red = await lodged(11)
  const other = await lodged(11, { office: 'KG-OSH' })
  const withdrawn = await lodged(11)
  t.same(await open(first), [withdrawn.reference, other.reference, red.reference])
  t.same(await open(maker), [withdrawn.reference, other.reference, red.reference], 'its own')
  t.same(await open(importer), [], 'nothing of others')
  t.same(await open(first, '&office=KG-OSH'), [other.reference])

  await maker.expect(201, 'POST', `/declarations/${withdrawn.id}/outcomes`, { outcome: 'withdrawn' })
  t.same(await open(first), [other.reference, red.reference], 'what has an outcome is done')

  await inspected(red, first)
  // One in some tens of inspections is drawn to be done twice.
  const again = (await first.expect<Told>(200, 'GET', `/declarations/${red.id}`)).checks?.some(({ done }) => !done)
  if (again === true) await inspected(red, second)
  await third.expect(202, 'POST', `/declarations/${red.id}/release`)
  t.same(await open(first), [other.reference, red.reference], 'one of two')
  await fourth.expect(200, 'POST', `/declarations/${red.id}/release`)
  t.same(await open(first), [other.reference], 'released')

  const until = new Date(Date.now() + 86_400_000).toISOString()
  await first.expect(201, 'POST', `/declarations/${green.id}/raises`, { lane: 'red', reason: 'information', until })
  t.same(await open(first), [other.reference, green.reference], 'a lane that rises after the release opens it again')

  const page = await first.call('GET', '/declarations?open=true&perPage=1')
  t.match(page.headers['link'], /rel="next"/)
  const next = /<([^>]+)>/.exec(String(page.headers['link']))?.[1] ?? ''
  t.same(
    (await first.expect<Told[]>(200, 'GET', next)).map(({ reference }) => reference),
    [green.reference],
  )

  await withClient(app.database.adminUrl, async (client) => {
    const { rows } = await client.query<{ id: string }>('select id from declaration_open order by id')
    t.same(
      rows.map(({ id }) => id),
      [other.id, green.id].sort(),
    )
    await client.query('set role tamga_app')
    await t.rejects(client.query('delete from declaration_open'), /permission denied/, 'nobody hides one by hand')
  })
})
