import t from 'tap'
import type { TestApp } from '../support/app.ts'
import { testApp } from '../support/app.ts'
import * as given from '../support/given.ts'
import { declaration, load, lodge, post, type Post, type Told, verdict } from './load.ts'

/** P07 in force, as a profile of the office's own. */
async function enforce(border: Post, rules: unknown[]): Promise<void> {
  const [author, second, third] = border.officers
  const { id } = await author.expect<{ id: string }>(201, 'POST', '/risk/profiles', { name: 'own', rules })
  await second.expect(201, 'POST', `/risk/profiles/${id}/approvals`, {})
  await third.expect(201, 'POST', `/risk/profiles/${id}/approvals`, {})
}

const p07 = [{ id: 'P07', when: 'decl.parallelUnits > 0.0', lane: 'red', legalBasis: 'Art. 7', disclosure: 'full' }]

const ofCustoms = ({ officers }: Post, id: string) => officers[0].expect<Told>(200, 'GET', `/declarations/${id}`)

async function prepared(t: { teardown: (done: () => Promise<void>) => void }): Promise<{ app: TestApp; border: Post }> {
  const app = await testApp(t)
  const border = await post(app)
  await enforce(border, p07)
  return { app, border }
}

t.test('the same goods declared twice in one flow raise both', async (t) => {
  const { border } = await prepared(t)
  const { maker } = border
  const { codes, sscc } = await load(border)
  const first = await lodge(border, maker, declaration([sscc], 12))
  t.equal(verdict(first), 'green')
  const second = await lodge(border, maker, declaration(codes.slice(0, 6), 6))
  t.equal(verdict(second), 'red P07')
  t.match(await ofCustoms(border, first.id), { lane: 'red', releasedAt: null })
  const transit = await lodge(border, maker, declaration([sscc], 12, { flow: 'transit', procedure: 'T1' }))
  t.equal(verdict(transit), 'green', 'another flow')
  const next = await lodge(border, maker, declaration([sscc], 12, { previousDocuments: [first.reference] }))
  t.equal(verdict(next), 'green', 'it names what it follows')
})

t.test('who names goods that are nothing to him raises only his own declaration', async (t) => {
  const { app, border } = await prepared(t)
  const { maker, rival } = border
  const { sscc } = await load(border)
  const first = await lodge(border, maker, declaration([sscc], 12))
  const strange = await lodge(border, rival, declaration([sscc], 12))
  t.equal(verdict(strange), 'red P07')
  t.match(strange.decisions?.[0]?.facts.decl, { strangerUnits: { value: 12 } })
  t.equal(verdict(await ofCustoms(border, first.id)), 'green')

  const broker = await given.participant(app, { roles: ['broker'] })
  const agent = await given.agent(app, maker, broker, ['declare'])
  const known = await lodge(border, agent, declaration([sscc], 12))
  t.equal(verdict(known), 'red P07', 'under a mandate it is the principal’s own')
  t.equal(verdict(await ofCustoms(border, first.id)), 'red P07')
})

t.test('goods that are lodged again have one chance in the draw', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const [author, second, third] = border.officers
  const rules = [{ id: 'N', when: 'item.value < 0.0', lane: 'red' }]
  const { id } = await author.expect<{ id: string }>(201, 'POST', '/risk/profiles', {
    name: 'd',
    rules,
    random: { yellow: 0.5 },
  })
  await second.expect(201, 'POST', `/risk/profiles/${id}/approvals`, {})
  await third.expect(201, 'POST', `/risk/profiles/${id}/approvals`, {})
  const lanes = new Set<string>()
  for (let i = 0; i < 4; i++) {
    const { codes } = await load(border)
    const seen = new Set<string>()
    for (let again = 0; again < 4; again++) {
      const told = await lodge(border, border.maker, declaration(codes.slice(again % 2), 12 - (again % 2)))
      await border.officers[0].call('POST', `/declarations/${told.id}/outcomes`, { outcome: 'returned' })
      seen.add(String(told.lane))
      lanes.add(String(told.lane))
    }
    t.equal(seen.size, 1, 'always the same lane')
  }
  t.ok(lanes.size >= 1)
})
