import t from 'tap'
import { testApp } from '../support/app.ts'
import { declaration, load, post } from './load.ts'

type Seen = {
  status: string
  lane?: string
  reasons?: Record<string, unknown>[]
  legalBasis?: string[]
  required: { check: string }[]
}

t.test('each rule says how much of it the trader learns, and when', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { maker } = border
  const [author, second, third] = border.officers
  const rule = (id: string, disclosure: string, fields = {}) => ({
    id,
    text: `secret of ${id}`,
    when: 'item.value > 0.0',
    lane: 'yellow',
    legalBasis: `Article of ${id}`,
    category: `kind of ${id}`,
    disclosure,
    ...fields,
  })
  const inForce = async (rules: unknown[]) => {
    const { id } = await author.expect<{ id: string }>(201, 'POST', '/risk/profiles', { name: 'told', rules })
    await second.expect(201, 'POST', `/risk/profiles/${id}/approvals`, {})
    await third.expect(201, 'POST', `/risk/profiles/${id}/approvals`, {})
  }
  const lodged = async () => {
    const { id } = await maker.expect<{ id: string }>(
      201,
      'POST',
      '/declarations',
      declaration([(await load(border)).sscc], 12),
    )
    return `/declarations/${id}`
  }
  await inForce([rule('A', 'full'), rule('B', 'category'), rule('C', 'none')])
  const path = await lodged()
  const before = await maker.expect<Seen>(200, 'GET', path)
  t.notOk('lane' in before || 'reasons' in before)
  t.same(
    before.required.map(({ check }) => check),
    ['present'],
  )
  await maker.expect(201, 'POST', `${path}/presentations`, { office: 'KG-OSH', vehicle: 'A 1' })
  const after = await maker.expect<Seen>(200, 'GET', path)
  t.match(after, { status: 'control', lane: 'yellow', required: [{ check: 'documents', legalBasis: 'Article of A' }] })
  t.same(after.reasons, [
    { rule: 'A', category: 'kind of A', text: 'secret of A', item: 1, legalBasis: 'Article of A' },
    { category: 'kind of B', item: 1, legalBasis: 'Article of B' },
  ])
  t.notMatch(JSON.stringify(after), /secret of [BC]|Article of C|profile|facts/)

  await inForce([rule('D', 'full', { lane: 'red', doNotLoad: true })])
  const loading = await maker.expect<Seen>(200, 'GET', await lodged())
  t.match(loading, { status: 'do_not_load', lane: 'red', reasons: [{ rule: 'D' }] }, 'told before the goods come')
})
