// Design D15: a customs key needs a second customs person's word, but for the first two.
import t from 'tap'
import { testApp } from '../support/app.ts'
import * as given from '../support/given.ts'

async function customs(t: Parameters<typeof testApp>[0]) {
  const app = await testApp(t)
  const first = await given.officer(
    app,
    (
      await app.operator.expect<{ id: string }>(201, 'POST', '/participants', {
        name: 'Customs',
        country: 'KG',
        roles: ['customs'],
      })
    ).id,
  )
  const keys = `/participants/${first.id}/keys`
  const person = async (name: string): Promise<string> =>
    (await app.operator.expect<{ id: string }>(201, 'POST', `/participants/${first.id}/people`, { name })).id
  return { app, first, keys, person }
}

t.test(
  'the operator issues person keys to the first two persons; any later key waits for another person',
  async (t) => {
    const { app, first, keys, person } = await customs(t)
    const second = await given.officer(app, first.id)
    await first.expect(200, 'GET', '/participants/me')
    await second.expect(200, 'GET', '/participants/me')

    const later: [string, Record<string, unknown>][] = [
      ['a third person', { kind: 'person', person: await person('Third') }],
      ['another key of the first person', { kind: 'person', person: first.person }],
      ['a device', { kind: 'device' }],
      ['a system', {}],
    ]
    for (const [name, body] of later) {
      const issued = await given.issued(app.operator, first.id, body)
      t.equal(issued.state, 'pending', name)
      t.equal(
        (await app.as(issued.key).call('GET', '/participants/me')).json().code,
        'key_unknown',
        `${name} does not count yet`,
      )
      const confirmed = await second.call('POST', `${keys}/${issued.id}/confirmations`)
      t.match([confirmed.statusCode, confirmed.json()], [201, { id: issued.id, state: 'active' }], name)
      await app.as(issued.key).expect(200, 'GET', '/participants/me')
      t.equal((await second.call('POST', `${keys}/${issued.id}/confirmations`)).statusCode, 201, 'again is no error')
    }
  },
)

t.test("a key that is no person's waits even as the very first one", async (t) => {
  const app = await testApp(t)
  const { id } = await app.operator.expect<{ id: string }>(201, 'POST', '/participants', {
    name: 'Customs',
    country: 'KG',
    roles: ['customs'],
  })
  t.equal((await given.issued(app.operator, id)).state, 'pending')
  t.equal((await given.issued(app.operator, id, { kind: 'device' })).state, 'pending')
})

t.test('who is involved cannot confirm', async (t) => {
  const { app, first, keys, person } = await customs(t)
  const second = await given.officer(app, first.id)
  const byFirst = await given.issued(first, first.id, { kind: 'person', person: await person('Third') })
  t.equal(byFirst.state, 'pending')
  const refused = async (by: { call: typeof first.call }, keyId: string): Promise<[number, string]> => {
    const answer = await by.call('POST', `${keys}/${keyId}/confirmations`)
    return [answer.statusCode, answer.json().code]
  }
  t.same(await refused(first, byFirst.id), [409, 'second_person_needed'], 'not the issuer')
  const forFirst = await given.issued(app.operator, first.id, { kind: 'person', person: first.person })
  t.same(await refused(first, forFirst.id), [409, 'second_person_needed'], 'not whom it is for')
  t.same(await refused(app.operator, byFirst.id), [403, 'role_missing'], 'not the operator')
  const system = await given.issued(first, first.id)
  await second.expect(201, 'POST', `${keys}/${system.id}/confirmations`)
  t.same(await refused(app.as(system.key), byFirst.id), [409, 'second_person_needed'], 'not a machine')
  const machine = await app.as(system.key).call('POST', keys, {})
  t.match([machine.statusCode, machine.json().code], [409, 'second_person_needed'], 'nor does a machine issue')
  const abroad = await given.participant(app, { roles: ['customs'] })
  t.same(await refused(abroad, byFirst.id), [404, 'not_found'], 'not the customs of another')
  await first.expect(204, 'DELETE', `${keys}/${byFirst.id}`)
  t.same(await refused(second, byFirst.id), [404, 'not_found'], 'a withdrawn key stays withdrawn')
})

t.test('two operators at once cannot make three first persons', async (t) => {
  const { app, first, person } = await customs(t)
  const people = await Promise.all(['B', 'C', 'D', 'E'].map(person))
  const issued = await Promise.all(
    people.map((id) => given.issued(app.operator, first.id, { kind: 'person', person: id })),
  )
  t.equal(issued.filter((key) => key.state === 'active').length, 1)
  await Promise.all(issued.map(({ id }) => app.operator.expect(204, 'DELETE', `/participants/${first.id}/keys/${id}`)))
  t.equal(
    (await given.issued(app.operator, first.id, { kind: 'person', person: await person('F') })).state,
    'pending',
    'nor by withdrawing and beginning again',
  )
})
