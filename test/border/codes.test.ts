import t from 'tap'
import { testApp } from '../support/app.ts'
import * as given from '../support/given.ts'
import { sscc } from '../support/story.ts'
import { declaration, lodge, post, type Post, verdict } from './load.ts'

/** 24 bottles in two cases with codes of their own, on a pallet. */
async function cased({ maker, product }: Post) {
  const crate = await given.product(maker, { name: 'Case of 12', contains: [{ gtin: product.gtin, count: 12 }] })
  const order = async (gtin: string, quantity: number) => {
    const { id } = await maker.expect<{ id: string }>(201, 'POST', '/code-orders', { gtin, quantity })
    const answer = await maker.call('GET', `/code-orders/${id}/codes`, undefined, { accept: 'text/plain' })
    return { id, codes: answer.body.trim().split('\n') }
  }
  const bottles = await order(product.gtin, 24)
  const cases = await order(crate.gtin, 4)
  await maker.expect(201, 'POST', '/scans', { codes: bottles.codes, step: 'commissioning' })
  await maker.expect(201, 'POST', '/scans', { codes: cases.codes.slice(0, 3), step: 'commissioning' })
  const pallet = `(00)${sscc()}`
  for (const [i, parent] of cases.codes.slice(0, 2).entries()) {
    await maker.expect(201, 'POST', '/scans', {
      codes: bottles.codes.slice(i * 12, i * 12 + 12),
      step: 'packing',
      parent,
    })
  }
  await maker.expect(201, 'POST', '/scans', { codes: cases.codes.slice(0, 2), step: 'packing', parent: pallet })
  return { bottles, cases, pallet }
}

/** Bottles of 0.7 litres. */
async function litres({ maker }: Post, quantity: number): Promise<string[]> {
  const { gtin } = await given.product(maker, { netContent: { value: '0.7', unit: 'l' } })
  const { id } = await maker.expect<{ id: string }>(201, 'POST', '/code-orders', { gtin, quantity })
  const answer = await maker.call('GET', `/code-orders/${id}/codes`, undefined, { accept: 'text/plain' })
  const codes = answer.body.trim().split('\n')
  await maker.expect(201, 'POST', '/scans', { codes, step: 'commissioning' })
  return codes
}

t.test('codes of every kind mean the same consumer units', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { maker } = border
  const { bottles, cases, pallet } = await cased(border)
  const [first = '', second = '', empty = '', unborn = ''] = cases.codes
  const [plain] = declaration([], 24).items
  const lines = (...pieces: number[]) =>
    pieces.map((quantity, i) => ({ ...plain, number: i + 1, quantity: String(quantity) }))
  const large = await litres(border, 10)
  const item = (codes: unknown[], fields = {}) => ({
    ...declaration([], 24, {}, { codes, ...fields }),
    codes: undefined,
  })
  const ways: [name: string, wanted: string, body: unknown][] = [
    ['a pallet', 'green', declaration([pallet], 24)],
    ['its cases', 'green', declaration([first, second], 24)],
    ['its bottles', 'green', declaration(bottles.codes, 24)],
    ['a case and bottles', 'green', declaration([first, ...bottles.codes.slice(12)], 24)],
    ['the pallet and, once more, a case of it', 'green', declaration([pallet, first], 24)],
    ['a block of the order', 'green', { ...declaration([], 24), codes: [{ order: bottles.id, block: 0 }] }],
    ['a range of it', 'green', { ...declaration([], 12), codes: [{ order: bottles.id, block: 0, from: 12, to: 23 }] }],
    ['on the line', 'green', item([pallet])],
    ['two dozens', 'green', declaration([pallet], 24, {}, { quantity: '2', unit: 'DZN' })],
    ['thousands', 'green', declaration([pallet], 24, {}, { quantity: '0.024', unit: 'MIL' })],
    ['hectolitres', 'green', declaration([pallet], 24, {}, { quantity: '0.12', unit: 'HLT' })],
    ['pieces beside kilograms', 'red P10', declaration([pallet], 24, {}, { quantity: '20', unit: 'KGM', pieces: 23 })],
    ['an empty case: nobody knows', 'green', declaration([pallet, empty], 24)],
    ['an empty case, and too few without it', 'red P10', declaration([pallet, empty], 23)],
    ['a case that was never put on goods', 'red P01,P10', declaration([pallet, unborn], 24)],
    ['a range of cases', 'green', { ...declaration([], 24), codes: [{ order: cases.id, block: 0, from: 0, to: 1 }] }],
    ['a quantity beside the pieces', 'red P10', declaration([pallet], 24, {}, { quantity: '1', pieces: 24 })],
    ['litres beside them', 'green', declaration([pallet], 24, {}, { quantity: '12', unit: 'LTR', pieces: 24 })],
    ['litres that are rounded', 'green', declaration([pallet], 24, {}, { quantity: '0.1', unit: 'HLT', pieces: 24 })],
    ['other litres beside them', 'red P10', declaration([pallet], 24, {}, { quantity: '10', unit: 'LTR', pieces: 24 })],
    ['two lines of one heading', 'green', declaration([pallet], 24, { items: lines(10, 14) })],
    ['a unit too many for both', 'red P10', declaration([pallet], 24, { items: lines(10, 13) })],
    ['bottles of two sizes', 'green', declaration([pallet, ...large], 24, {}, { quantity: '19', unit: 'LTR' })],
    ['and one too many', 'red P10', declaration([pallet, ...large], 24, {}, { quantity: '18.5', unit: 'LTR' })],
    ['and one too few', 'yellow P10', declaration([pallet, ...large], 24, {}, { quantity: '19.6', unit: 'LTR' })],
  ]
  for (const [name, wanted, body] of ways) t.equal(verdict(await lodge(border, maker, body)), wanted, name)
  const answer = await maker.call('POST', '/declarations', {
    ...declaration([], 24),
    codes: [{ order: 'nope', block: 0 }],
  })
  t.match(answer.json(), { status: 400, code: 'field_invalid', errors: [{ path: '/codes/0' }] })
})

t.test('codes of the whole declaration go to the line that their GTIN fits', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { maker } = border
  const wine = await given.product(maker, { name: 'Wine', hsCode: '2204219800' })
  const make = async (gtin: string, quantity: number) => {
    const { id } = await maker.expect<{ id: string }>(201, 'POST', '/code-orders', { gtin, quantity })
    const codes = (await maker.call('GET', `/code-orders/${id}/codes`, undefined, { accept: 'text/plain' })).body
      .trim()
      .split('\n')
    await maker.expect(201, 'POST', '/scans', { codes, step: 'commissioning' })
    return codes
  }
  const codes = [...(await make(border.product.gtin, 5)), ...(await make(wine.gtin, 3))]
  const body = declaration(codes, 3, {}, { hsCode: '2204219800' })
  const [line] = body.items
  const both = (vodka: string) => ({
    ...body,
    reference: `two ${vodka}`,
    items: [line, { ...line, number: 2, hsCode: '22086011', quantity: vodka }],
  })
  t.equal(verdict(await lodge(border, maker, both('5'))), 'green')
  const short = await lodge(border, maker, both('6'))
  t.equal(verdict(short), 'yellow P10')
  t.match(short.decisions?.[0]?.reasons, [{ rule: 'P10', item: 2 }])
})
