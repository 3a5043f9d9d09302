import t from 'tap'
import { testApp } from '../support/app.ts'
import * as given from '../support/given.ts'

t.test('a participant is registered by the operator, and has keys of its own', async (t) => {
  const app = await testApp(t)
  const answer = await app.operator.call('POST', '/participants', {
    name: 'Kara-Balta Distillery',
    country: 'KG',
    roles: ['producer'],
    taxId: '0123',
  })
  t.equal(answer.statusCode, 201)
  const body = answer.json()
  t.match(body, { id: /^[a-z0-9]{12}$/, name: 'Kara-Balta Distillery', country: 'KG', roles: ['producer'] })
  const maker = await given.participant(app, { roles: ['producer'] })
  t.match(await maker.expect(200, 'GET', '/participants/me'), {
    id: maker.id,
    roles: ['producer'],
    key: { kind: 'system' },
  })
})
