// Goods that somebody wants to bring through without a look: declared again, in parts, at once, under another content.
import t from 'tap'
import { testApp } from '../support/app.ts'
import { declaration, load, lodge, post, type Told, verdict } from './load.ts'

type Seen = { decisions: { chance: { declaration: string; digest: string } }[] }

const until = () => new Date(Date.now() + 3_600_000).toISOString()

t.test('what was ordered stays ordered, however the goods are declared again', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { maker, rival, officers } = border
  const [first] = officers
  const raise = (id: string, lane = 'red') =>
    first.expect(201, 'POST', `/declarations/${id}/raises`, { lane, reason: 'information', until: until() })
  const withdraw = (id: string) => maker.expect(201, 'POST', `/declarations/${id}/outcomes`, { outcome: 'withdrawn' })
  const again = async (...body: Parameters<typeof declaration>) =>
    verdict(await lodge(border, maker, declaration(...body)))

  const { codes, sscc } = await load(border)
  const raised = await lodge(border, maker, declaration([sscc], 12))
  const parallel = await lodge(border, maker, declaration(codes.slice(0, 6), 6))
  t.equal(verdict(parallel), 'green')
  await raise(raised.id)
  t.match(
    await first.expect<Told>(200, 'GET', `/declarations/${parallel.id}`),
    { lane: 'red', releasedAt: null, checks: [{ id: 'documents' }, { id: 'goods' }] },
    'the other paper of the same goods',
  )
  await withdraw(raised.id)
  t.equal(await again([sscc], 12), 'red AGAIN')
  const fresh = await load(border, 24)
  t.equal(await again([...codes.slice(3, 5), fresh.sscc], 26), 'red AGAIN', 'in parts, among others')
  t.equal(await again([sscc], 12, { previousDocuments: [raised.reference] }), 'red AGAIN', 'named as what it follows')
  t.equal(await again([fresh.sscc], 24, { flow: 'transit', procedure: 'T1' }), 'green', 'other goods')

  const named = await load(border)
  const strange = await lodge(border, rival, declaration([named.sscc], 11))
  t.equal(strange.lane, 'red')
  t.equal(await again([named.sscc], 12), 'green', 'what a stranger named binds nobody else')

  const bare = (quantity: number, changes = {}) =>
    declaration([], quantity, changes, { hsCode: '9403601000', value: { amount: `${quantity}.10`, currency: 'USD' } })
  const chairs = await lodge(border, maker, bare(100))
  t.equal(verdict(chairs), 'green')
  await raise(chairs.id, 'yellow')
  const cheaper = await lodge(border, maker, bare(101))
  t.equal(verdict(cheaper), 'yellow AGAIN', 'a piece more, a som less')
  t.equal(verdict(await lodge(border, maker, bare(20))), 'green', 'another quantity')
  for (const { id } of [chairs, cheaper]) {
    await maker.expect(201, 'POST', `/declarations/${id}/presentations`, { office: 'KG-OSH', vehicle: 'X' })
  }
  t.equal(verdict(await lodge(border, maker, bare(100))), 'green', 'once the others are there it is another load')
})

t.test('one chance for the same goods, and none of theirs for others', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { maker, officers } = border
  const chanceOf = async (id: string) =>
    (await officers[0].expect<Seen>(200, 'GET', `/declarations/${id}`)).decisions.at(-1)?.chance
  const { codes } = await load(border)
  const large = await load(border, 24)
  const lodged = await Promise.all(
    [0, 1, 2, 3].map((i) => maker.expect<Told>(201, 'POST', '/declarations', declaration(codes.slice(i), 12 - i))),
  )
  const chances = new Set(await Promise.all(lodged.map(async ({ id }) => (await chanceOf(id))?.digest)))
  t.equal(chances.size, 1, 'lodged at the same moment')

  const box = await load(border)
  const { id, reference } = await maker.expect<Told>(201, 'POST', '/declarations', declaration([box.sscc], 12))
  const drawn = await chanceOf(id)
  const version = async (named: string[], pieces: number) => {
    await maker.expect(201, 'POST', `/declarations/${id}/versions`, { ...declaration(named, pieces), reference })
    return chanceOf(id)
  }
  t.same(await version(box.codes.slice(1), 11), drawn, 'a unit less')
  t.same(await version([box.sscc, ...large.codes.slice(0, 12)], 24), drawn, 'twice as many')
  const lorry = await version([box.sscc, large.sscc], 36)
  t.match(lorry, { declaration: id })
  t.not(lorry?.digest, drawn?.digest, 'a lucky draw for a box is none for a lorry')
  t.same(await version(box.codes, 12), drawn, 'and back')
})
