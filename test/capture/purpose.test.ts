import t from 'tap'
import { testApp } from '../support/app.ts'
import { stage } from '../support/story.ts'

t.test('an authority says why it looks, and that is an entry', async (t) => {
  const app = await testApp(t)
  const { play, code, actors } = await stage(app)
  await play('maker commission U1 = ok')
  const unit = `/units/${encodeURIComponent(code('U1'))}`
  const purpose = { 'tamga-purpose': 'case 17/2026' }
  t.equal((await actors.get('customs')!.call('GET', unit, undefined, purpose)).statusCode, 200)
  t.equal((await actors.get('maker')!.call('GET', unit, undefined, purpose)).statusCode, 200, 'a firm need not say')
  t.equal((await actors.get('customs')!.call('GET', unit, undefined, { 'tamga-purpose': ' ' })).statusCode, 400)
  const { rows } = await app.app.pg.query<{ text: string }>(
    `select convert_from(bytes, 'UTF8') as text from entry e join log l on l.id = e.log_id
     where l.name = 'audit' order by position desc limit 1`,
  )
  t.match(rows[0]?.text, /"kind":"data_read".*case 17\/2026/)
})
