import t from 'tap'
import { createKeyHasher, newKey } from '../../src/participants/key.ts'
import { masterKey, testApp, testClock } from '../support/app.ts'
import { client } from '../support/connect.ts'
import * as given from '../support/given.ts'

t.test('keys are long, alike in form, and hashed under the master key', async (t) => {
  const keys = new Set(Array.from({ length: 1_000 }, newKey))
  t.equal(keys.size, 1_000)
  for (const key of keys) t.match(key, /^tamga_[0-9A-Za-z]{44}$/)
  const a = createKeyHasher(Buffer.alloc(32, 1))
  const b = createKeyHasher(Buffer.alloc(32, 2))
  t.ok(a.equal(a.hash('x'), a.hash('x')))
  t.notOk(a.equal(a.hash('x'), b.hash('x')))
  t.notOk(a.equal(a.hash('x'), a.hash('y')))
})

t.test('a key is shown once and stored as a hash', async (t) => {
  const app = await testApp(t)
  const maker = await given.participant(app, { roles: ['producer'] })
  const issued = await maker.call('POST', `/participants/${maker.id}/keys`, {
    label: 'line 1',
    kind: 'device',
    steps: ['packing'],
  })
  t.equal(issued.statusCode, 201)
  t.equal(issued.headers['cache-control'], 'no-store')
  const { id, key } = issued.json<{ id: string; key: string }>()
  const list = await maker.expect<Record<string, unknown>[]>(200, 'GET', `/participants/${maker.id}/keys`)
  t.match(list.at(-1), { id, label: 'line 1', kind: 'device', steps: ['packing'], state: 'active' })
  t.notMatch(JSON.stringify(list), key)
  const database = await client(t, app.database.adminUrl)
  const { rows } = await database.query<{ everything: string; hash: Buffer }>(
    'select api_key::text as everything, hash from api_key',
  )
  for (const row of rows) t.notOk(row.everything.includes(key.slice(6)))
  t.ok(rows.some((row) => row.hash.equals(createKeyHasher(masterKey).hash(key))))
})

t.test('without a key, with a wrong one', async (t) => {
  const app = await testApp(t)
  for (const headers of [
    {},
    { authorization: 'Basic abc' },
    { authorization: 'Bearer ' },
    { authorization: `Bearer ${'x'.repeat(300)}` },
  ]) {
    const answer = await app.anonymous.call('GET', '/participants/me', undefined, headers)
    t.match([answer.statusCode, answer.json().code], [401, 'key_missing'])
    t.match(answer.headers['www-authenticate'], /^Bearer/)
  }
  const answer = await app.as('tamga_wrong').call('GET', '/participants/me')
  t.match([answer.statusCode, answer.json().code], [401, 'key_unknown'])
  t.equal((await app.as('tamga_wrong').call('GET', '/')).statusCode, 200, 'public calls do not mind')
})

t.test('a deletion takes effect within a second, in another process too; a key expires', async (t) => {
  const clock = testClock()
  const app = await testApp(t, { now: clock.now })
  const other = await testApp(t, { now: clock.now, database: app.database })
  const maker = await given.participant(app, { roles: ['producer'] })
  const { id, key } = await given.issued(maker, maker.id, {
    expiresAt: new Date(clock.now().getTime() + 60_000).toISOString(),
  })
  for (const process of [app, other]) await process.as(key).expect(200, 'GET', '/participants/me')
  await maker.expect(204, 'DELETE', `/participants/${maker.id}/keys/${id}`)
  t.equal((await app.as(key).call('GET', '/participants/me')).statusCode, 401, 'here at once')
  clock.forward(1_000)
  t.equal((await other.as(key).call('GET', '/participants/me')).statusCode, 401, 'there within a second')
  await maker.expect(204, 'DELETE', `/participants/${maker.id}/keys/${id}`) // Repeating is no error.
  const list = await maker.expect<{ id: string; state: string }[]>(200, 'GET', `/participants/${maker.id}/keys`)
  t.equal(list.find((row) => row.id === id)?.state, 'withdrawn')

  const short = await given.issued(maker, maker.id, {
    expiresAt: new Date(clock.now().getTime() + 60_000).toISOString(),
  })
  await app.as(short.key).expect(200, 'GET', '/participants/me')
  clock.forward(60_000)
  t.equal((await app.as(short.key).call('GET', '/participants/me')).statusCode, 401)
})

t.test('what cannot be issued', async (t) => {
  const app = await testApp(t)
  const maker = await given.participant(app, { roles: ['producer'] })
  const other = await given.participant(app, { roles: ['retailer'] })
  const foreignPlace = await given.place(other)
  const { id: person } = await maker.expect<{ id: string }>(201, 'POST', `/participants/${maker.id}/people`, {
    name: 'Aida',
  })
  const keys = `/participants/${maker.id}/keys`
  const cases: [Record<string, unknown>, string][] = [
    [{ kind: 'robot' }, '/kind'],
    [{ kind: 'person' }, '/person'],
    [{ kind: 'device', person }, '/person'],
    [{ kind: 'person', person: 'nobody' }, '/person'],
    [{ place: foreignPlace.id }, '/place'],
    [{ expiresAt: '2020-01-01T00:00:00Z' }, '/expiresAt'],
    [{ expiresAt: 'tomorrow' }, '/expiresAt'],
    [{ steps: [] }, '/steps'],
    [{ secret: 'mine' }, '/secret'],
  ]
  for (const [body, path] of cases) {
    const answer = await maker.call('POST', keys, body)
    t.match([answer.statusCode, answer.json().errors?.[0]?.path], [400, path], JSON.stringify(body))
  }
  t.equal((await other.call('POST', keys, {})).statusCode, 404, "another's keys are not there")
  t.equal((await other.call('GET', keys)).statusCode, 404)
  t.equal((await maker.call('DELETE', `${keys}/nothing`)).statusCode, 404)
  t.equal(
    (await other.call('DELETE', `/participants/${other.id}/keys/${(await given.issued(maker, maker.id)).id}`))
      .statusCode,
    404,
  )
})

t.test('a limited key changes no register and issues nothing that outlives it', async (t) => {
  const app = await testApp(t)
  const maker = await given.participant(app, { roles: ['producer'] })
  const place = await given.place(maker)
  const limits: Record<string, unknown>[] = [{ kind: 'device' }, { steps: ['shipping'] }, { place: place.id }]
  for (const body of limits) {
    const limited = app.as((await given.issued(maker, maker.id, body)).key)
    const answer = await limited.call('POST', `/participants/${maker.id}/keys`, {})
    t.match([answer.statusCode, answer.json().code], [403, 'key_limited'], JSON.stringify(body))
    await limited.expect(200, 'GET', '/participants/me')
  }
  const soon = new Date(Date.now() + 60_000).toISOString()
  const brief = app.as((await given.issued(maker, maker.id, { expiresAt: soon })).key)
  t.equal((await brief.call('POST', `/participants/${maker.id}/keys`, {})).statusCode, 400)
  t.equal((await brief.call('POST', `/participants/${maker.id}/keys`, { expiresAt: soon })).statusCode, 201)
})

t.test('every issue, confirmation and end of a key is an entry of the log audit', async (t) => {
  const app = await testApp(t)
  const database = await client(t, app.database.adminUrl)
  const acts = async (): Promise<string[]> => {
    const { rows } = await database.query<{ text: string }>(
      "select convert_from(bytes, 'UTF8') as text from entry join log on log.id = log_id where log.name = 'audit' order by position",
    )
    return rows.map((row) => row.text)
  }
  const maker = await given.participant(app, { roles: ['producer'] })
  const before = (await acts()).length
  const { id, key } = await given.issued(maker, maker.id)
  await maker.expect(204, 'DELETE', `/participants/${maker.id}/keys/${id}`)
  const after = (await acts()).slice(before)
  t.equal(after.length, 2)
  t.match(after[0], /key_issued/)
  t.match(after[1], /key_withdrawn/)
  for (const entry of after) {
    t.match(entry, id)
    t.notOk(entry.includes(key))
  }
})
