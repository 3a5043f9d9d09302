import t from 'tap'
import { testApp } from '../support/app.ts'
import { declaration, load, lodge, post, verdict } from './load.ts'

t.test('an honest load is released before the answer, and brought to the second once', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { codes, sscc } = await load(border)
  const body = declaration([sscc], codes.length)
  const first = await border.maker.expect<{ id: string; releasedAt: string | null }>(201, 'POST', '/declarations', body)
  t.match(first, { status: 'released', required: [], releasedAt: String })
  const again = await border.maker.expect<{ id: string }>(200, 'POST', '/declarations', body)
  t.equal(again.id, first.id)
  const other = await border.maker.call('POST', '/declarations', { ...body, office: 'KG-OSH' })
  t.equal(other.statusCode, 409)
  t.match(other.json(), { code: 'taken' })
  const told = await border.officers[0].expect(200, 'GET', `/declarations/${first.id}`)
  t.match(told, {
    lane: 'green',
    decisions: [{ lane: 'green', reasons: [], profile: { id: 'installation', version: 1 } }],
  })
  t.match(told, { provenance: [{ units: 12, makers: [border.maker.id], origin: 'KG' }] })
  await border.rival.expect(404, 'GET', `/declarations/${first.id}`)
})

t.test('what the ledger says of a load decides its lane', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { maker } = border
  const fresh = () => load(border, 12)
  const cases: [name: string, wanted: string, body: () => Promise<unknown>][] = [
    ['as it is', 'green', async () => declaration([(await fresh()).sscc], 12)],
    ['unit by unit', 'green', async () => declaration((await fresh()).codes, 12)],
    ['one too many', 'red P10', async () => declaration([(await fresh()).sscc], 11)],
    ['one too few', 'yellow P10', async () => declaration([(await fresh()).sscc], 13)],
    ['another origin', 'red P08', async () => declaration([(await fresh()).sscc], 12, {}, { originCountry: 'KZ' })],
    [
      'another origin, with a certificate',
      'green',
      async () =>
        declaration(
          [(await fresh()).sscc],
          12,
          { documents: [{ type: 'certificate_of_origin', number: '7', country: 'KZ' }] },
          { originCountry: 'KZ' },
        ),
    ],
    ['another heading', 'red P09', async () => declaration([(await fresh()).sscc], 12, {}, { hsCode: '2009' })],
    [
      'the same heading, less closely',
      'green',
      async () => declaration([(await fresh()).sscc], 12, {}, { hsCode: '2208' }),
    ],
    ['litres', 'green', async () => declaration([(await fresh()).sscc], 12, {}, { quantity: '6', unit: 'LTR' })],
    [
      'litres of alcohol',
      'green',
      async () => declaration([(await fresh()).sscc], 12, {}, { quantity: '2.4', unit: 'LPA' }),
    ],
    [
      'kilograms: nobody knows',
      'green',
      async () => declaration([(await fresh()).sscc], 12, {}, { quantity: '9', unit: 'KGM' }),
    ],
    [
      'an unknown code',
      'red P01',
      async () => declaration([(await fresh()).sscc, `(01)${border.product.gtin}(21)4NOTHING`], 12),
    ],
    [
      'a forged tail',
      'red P01,P10',
      async () => {
        const { codes } = await fresh()
        return declaration([...codes.slice(1), (codes[0] ?? '').replace(/.{4}$/, 'AAAA')], 12)
      },
    ],
    [
      'a destroyed unit',
      'red P02',
      async () => {
        const { codes } = await fresh()
        await maker.expect(201, 'POST', '/scans', { codes: [codes[0]], step: 'destroying' })
        return declaration(codes, 12)
      },
    ],
    [
      'breakage on the way',
      'green',
      async () => {
        const { codes, sscc } = await fresh()
        await maker.expect(201, 'POST', '/scans', { codes: [codes[0]], step: 'destroying' })
        return declaration([sscc], 12)
      },
    ],
    [
      'expired',
      'red P02',
      async () => declaration([(await load(border, 12, { lot: 'L', expiryDate: '2020-01-01' })).sscc], 12),
    ],
    ['due to be marked, and not', 'red MARK', async () => declaration([], 12)],
    ['exempt', 'green', async () => declaration([], 12, {}, { exemption: 'sample' })],
    ['never to be marked', 'green', async () => declaration([], 12, {}, { hsCode: '9403' })],
  ]
  for (const [name, wanted, body] of cases) {
    t.equal(verdict(await lodge(border, maker, await body())), wanted, name)
  }
})
