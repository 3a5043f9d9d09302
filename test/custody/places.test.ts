import t from 'tap'
import { testApp, testClock } from '../support/app.ts'
import { client } from '../support/connect.ts'
import * as given from '../support/given.ts'
import { stage } from '../support/story.ts'

// Persons, devices and places: what a key may be used for, and what the entry says of who used it.
t.test('people, devices and places', async (t) => {
  const clock = testClock()
  const app = await testApp(t, { now: clock.now })
  const { actors, code } = await stage(app, { clock })
  const maker = actors.get('maker')
  if (!maker) throw new Error('nobody makes anything')
  const here = await given.place(maker, { name: 'Line 1' })
  const there = await given.place(maker, { name: 'Warehouse' })
  const { id: person } = await maker.expect<{ id: string }>(201, 'POST', `/participants/${maker.id}/people`, {
    name: 'Aigul',
  })
  const keyed = async (body: Record<string, unknown>) => {
    const { id, key } = await given.issued(maker, maker.id, body)
    return { id, ...app.as(key) }
  }
  const scan = (unit: string, step = 'commissioning', more: object = {}) => ({ step, codes: [code(unit)], ...more })
  const database = await client(t, app.database.adminUrl)
  const last = async () => {
    const { rows } = await database.query<{ key: string; person: string | null; place: string | null; text: string }>(
      `select k.id as key, n.id as person, p.id as place, convert_from(e.bytes, 'UTF8') as text
       from entry e join api_key k on k.no = e.key_no left join person n on n.no = e.person left join place p on p.no = e.place
       join log on log.id = e.log_id where log.name = 'main' order by e.position desc limit 1`,
    )
    return rows[0]
  }

  await t.test('a key for one place', async (t) => {
    const device = await keyed({ kind: 'device', place: here.id })
    await device.expect(201, 'POST', '/scans', scan('U1'))
    t.match(await last(), { key: device.id, person: null, place: here.id }, 'the place of the key, where none is named')
    await device.expect(201, 'POST', '/scans', scan('U2', 'commissioning', { place: here.id }))
    const refused = await device.call('POST', '/scans', scan('U3', 'commissioning', { place: there.id }))
    t.match([refused.statusCode, refused.json().code], [403, 'key_limited'])
    await maker.expect(201, 'POST', '/scans', scan('U3', 'commissioning', { place: there.id }))
    t.match(await last(), { place: there.id })
    const nowhere = await maker.call('POST', '/scans', scan('U4', 'commissioning', { place: 'abcdefghijkl' }))
    t.match([nowhere.statusCode, nowhere.json().code], [400, 'field_invalid'])
  })

  await t.test('a key for some steps', async (t) => {
    const handheld = await keyed({ kind: 'device', steps: ['packing', 'unpacking'] })
    const refused = await handheld.call('POST', '/scans', scan('U5'))
    t.match([refused.statusCode, refused.json().code], [403, 'key_limited'])
    await handheld.expect(201, 'POST', '/scans', scan('U1', 'packing', { parent: code('P1') }))
    await handheld.expect(201, 'POST', '/scans', scan('U1', 'unpacking', { parent: code('P1') }))
    t.equal((await handheld.call('POST', '/scans', scan('U1', 'destroying'))).statusCode, 403)
  })

  await t.test('a key for some time', async (t) => {
    const expiresAt = new Date(clock.now().getTime() + 60_000).toISOString()
    const brief = await keyed({ expiresAt })
    await brief.expect(201, 'POST', '/scans', scan('U5'))
    clock.forward(61_000)
    t.equal((await brief.call('POST', '/scans', scan('U6'))).statusCode, 401)
    const withdrawn = await keyed({})
    await withdrawn.expect(201, 'POST', '/scans', scan('U6'))
    await maker.expect(204, 'DELETE', `/participants/${maker.id}/keys/${withdrawn.id}`)
    clock.forward(1_000)
    t.equal((await withdrawn.call('POST', '/scans', scan('U7'))).statusCode, 401)
  })

  await t.test('the entry says which person', async (t) => {
    const hers = await keyed({ kind: 'person', person, place: there.id })
    await hers.expect(201, 'POST', '/scans', scan('U8'))
    const entry = await last()
    t.match(entry, { key: hers.id, person, place: there.id })
    t.match(JSON.parse(entry?.text ?? '{}'), { by: { participant: maker.id, person } })
  })
})
