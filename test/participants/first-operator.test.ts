import t from 'tap'
import { operatorKey, testApp } from '../support/app.ts'

t.test('OPERATOR_KEY opens the door, and changing it closes the old one', async (t) => {
  const app = await testApp(t)
  const me = await app.operator.expect<{ id: string }>(200, 'GET', '/participants/me')
  t.match(me, { roles: ['operator'] })

  const again = await testApp(t, { database: app.database })
  t.match(await again.operator.expect(200, 'GET', '/participants/me'), { id: me.id }, 'starting again changes nothing')
  t.equal((await again.operator.expect<unknown[]>(200, 'GET', '/participants')).length, 1)

  const newKey = 'another-operator-key-0123456789abcdef'
  const changed = await testApp(t, { database: app.database, operatorKey: newKey })
  t.match(await changed.as(newKey).expect(200, 'GET', '/participants/me'), { id: me.id }, 'the same operator')
  t.equal((await changed.operator.call('GET', '/participants/me')).statusCode, 401)

  const back = await testApp(t, { database: app.database, operatorKey })
  t.equal((await back.operator.call('GET', '/participants/me')).statusCode, 401, 'what was withdrawn stays so')
  t.ok(back.log.some((line) => line.includes('OPERATOR_KEY was withdrawn')))
  await back.as(newKey).expect(200, 'GET', '/participants/me')
})

t.test('two processes that start at once make one operator', async (t) => {
  const { testDatabase } = await import('../support/database.ts')
  const database = await testDatabase(t)
  const apps = await Promise.all([testApp(t, { database }), testApp(t, { database }), testApp(t, { database })])
  const ids = await Promise.all(
    apps.map(async (app) => (await app.operator.expect<{ id: string }>(200, 'GET', '/participants/me')).id),
  )
  t.equal(new Set(ids).size, 1)
})
