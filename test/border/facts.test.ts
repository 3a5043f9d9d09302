// Facts that compare with what a register or the past says: usual times, capacities, masses, papers, offices.
import t from 'tap'
import { nearestRank } from '../../src/risk/shipments.ts'
import { testApp, testClock } from '../support/app.ts'
import * as given from '../support/given.ts'
import { declaration, load, lodge, type Post, post } from './load.ts'

const hourMs = 3_600_000
type Fact = { value?: unknown; unknown?: string }

async function factsOf(border: Post, ...given: Parameters<typeof declaration>) {
  const told = await lodge(border, border.maker, declaration(...given))
  const decision = told.decisions?.[0]
  const line = decision?.facts.lines[0]
  const values = (facts: Record<string, unknown> = {}) =>
    Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, (fact as Fact).value ?? 'unknown']))
  return { id: told.id, ...values(decision?.facts.decl), ...values(line?.item), ...values(line?.led) }
}

t.test('a shipment is late by what is usual on its way', async (t) => {
  t.equal(nearestRank([5, 1, 3], 0.95), 5)
  t.equal(
    nearestRank(
      Array.from({ length: 100 }, (_, i) => i + 1),
      0.95,
    ),
    95,
  )
  const clock = testClock()
  const app = await testApp(t, { now: clock.now })
  const border = await post(app)
  const { maker, importer } = border
  const { codes, sscc } = await load(border, 24)
  await maker.expect(201, 'POST', '/scans', { codes, step: 'unpacking', parent: sscc })
  const ship = (of: string[]) => maker.expect(201, 'POST', '/scans', { codes: of, step: 'shipping', to: importer.id })
  for (const code of codes.slice(0, 20)) {
    await ship([code])
    if (code !== codes[19]) await importer.expect(201, 'POST', '/scans', { codes: [code], step: 'receiving' })
  }
  await ship(codes.slice(20))
  clock.forward(50 * hourMs)
  const before = await factsOf(border, codes.slice(20), 4)
  t.match(before, { shipmentBasis: 'deadline' }, 'nineteen say nothing')
  t.ok(Math.abs(Number(before['shipmentAgeRatio' as never]) - 50 / 240) < 0.01)
  await importer.expect(201, 'POST', '/scans', { codes: [codes[19]], step: 'receiving' })
  const after = await factsOf(border, codes.slice(20), 4)
  t.match(after, { shipmentBasis: 'history' })
  t.ok(Number(after['shipmentAgeRatio' as never]) > 2, 'usual within a day, and two days old')
})

t.test('what a maker can make, by register', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { maker } = border
  const agency = await given.participant(app, { roles: ['agency'], name: 'Licences' })
  const day = (n: number) => new Date(Date.now() + n * 24 * hourMs).toISOString()
  const body = {
    participant: maker.id,
    group: 'alcohol',
    perHour: 10,
    basis: 'licensed',
    from: day(-1),
    until: day(1),
    legalBasis: 'Licence 7',
  }
  const { sscc, codes } = await load(border)
  t.match(await factsOf(border, codes.slice(0, 2), 2), { commissionPeakPerHour: 12, capacityRatio: 'unknown' })
  await maker.expect(403, 'POST', '/border/capacities', body)
  for (const [wrong, field] of [
    [{ participant: 'aaaaaaaaaaaa' }, '/participant'],
    [{ group: 'nothing' }, '/group'],
    [{ until: body.from }, '/until'],
  ] as const) {
    t.match((await agency.call('POST', '/border/capacities', { ...body, ...wrong })).json(), {
      errors: [{ path: field }],
    })
  }
  const { id } = await agency.expect<{ id: string }>(201, 'POST', '/border/capacities', body)
  t.match(await factsOf(border, [sscc], 12), { capacityRatio: 1.2 })
  await app.operator.expect(201, 'POST', '/border/capacities', { ...body, perHour: 24, basis: 'declared' })
  t.match(await factsOf(border, [sscc], 12), { capacityRatio: 0.5 }, 'the newest counts')
  await app.operator.expect(201, 'POST', '/border/capacities', { ...body, perHour: 1, from: day(-9), until: day(-8) })
  t.match(await factsOf(border, [sscc], 12), { capacityRatio: 0.5 }, 'in date')
  t.match(await maker.expect(200, 'GET', '/border/capacities'), [
    { id, perHour: 10, entry: { log: 'customs' } },
    {},
    {},
  ])
  t.same(await border.rival.expect(200, 'GET', '/border/capacities'), [])
})

t.test('masses, papers and offices', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { maker, officers } = border
  const packs = await given.product(maker, { netContent: { value: '250', unit: 'g' } })
  const { sscc } = await load(border)
  const { sscc: weighed } = await load({ ...border, product: packs })
  const paper = (validUntil?: string) => ({
    documents: [{ type: 'certificate_of_origin', number: '7', country: 'KZ', ...(validUntil ? { validUntil } : {}) }],
  })
  const from = { originCountry: 'KZ' }
  t.match(await factsOf(border, [sscc], 12), {
    kgPerLitre: 1,
    massRatio: 'unknown',
    grossMassKg: 'unknown',
    expiredDocuments: 'unknown',
    permits: [],
    presentedElsewhere: 'unknown',
  })
  t.match(await factsOf(border, [weighed], 12, {}, { netMassKg: '6', grossMassKg: '7.5' }), {
    massRatio: 2,
    kgPerLitre: 'unknown',
    grossMassKg: 7.5,
  })
  t.match(await factsOf(border, [sscc], 12, paper(), from), { permits: ['certificate_of_origin'], otherOriginUnits: 0 })
  t.match(await factsOf(border, [sscc], 12, paper('2999-12-31'), from), { expiredDocuments: 0, otherOriginUnits: 0 })
  const old = await factsOf(border, [sscc], 12, paper('2020-12-31'), from)
  t.match(old, { expiredDocuments: 1, permits: [], otherOriginUnits: 12 }, 'a certificate that is over is none')
  type Presented = { decisions: { facts: { decl: Record<string, Fact> } }[] }
  for (const [office, wanted] of [
    ['KG-BISHKEK', false],
    ['KZ', false],
    ['KG-OSH', true],
  ] as const) {
    const told = await officers[0].expect<Presented>(201, 'POST', `/declarations/${old.id}/presentations`, {
      office,
      vehicle: 'X',
    })
    t.equal(told.decisions.at(-1)?.facts.decl['presentedElsewhere']?.value, wanted, office)
  }
})
