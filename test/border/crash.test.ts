import t from 'tap'
import { tamper } from '../proof/bundle.ts'
import { testApp } from '../support/app.ts'
import { declaration, load, post, type Told } from './load.ts'

t.test('what a crash left unwritten is written at the next start, from the entries', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { maker } = border
  const long = await load(border, 12)
  const body = declaration(
    long.codes.map((code) => code),
    11,
  )
  const { id } = await maker.expect<Told>(201, 'POST', '/declarations', body)
  const seen = await border.officers[0].expect<Told>(200, 'GET', `/declarations/${id}`)
  await app.app.close()
  await tamper(
    app.database.adminUrl,
    'delete from declared_name',
    'delete from declared_line',
    'delete from declaration',
    'delete from border_act',
  )
  const again = await testApp(t, { database: app.database })
  t.same(await again.as(border.officers[0].key).expect(200, 'GET', `/declarations/${id}`), seen)
  const known = await again.as(maker.key).expect<Told>(200, 'POST', '/declarations', body)
  t.equal(known.id, id, 'and is known by its reference')
  t.ok(again.log.some((line) => line.includes('had no rows')))
})
