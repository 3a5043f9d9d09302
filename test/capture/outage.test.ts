// The database goes away while an event is being recorded: the caller hears that nobody knows, and sending the same again settles it.
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { limits } from '../../src/config/limits.ts'
import { testApp } from '../support/app.ts'
import { lineTo } from '../support/cut.ts'
import { testDatabase } from '../support/database.ts'
import { stage } from '../support/story.ts'

t.test('an answer that nobody can give', async (t) => {
  const database = await testDatabase(t)
  const line = await lineTo(t, database.appUrl)
  // Not tried again by the service itself, so that the caller is the one who hears of it.
  const config = { limits: { ...limits, commitRetryMs: 0 } }
  const app = await testApp(t, { database: { ...database, appUrl: line.url }, config })
  const home = await stage(app)
  const maker = home.actors.get('maker')
  if (!maker) throw new Error('no maker')
  const scan = (unit: string) => ({
    step: 'commissioning',
    codes: [home.code(unit)],
    eventID: `urn:uuid:${randomUUID()}`,
    time: new Date().toISOString(),
  })
  await maker.expect(201, 'POST', '/scans', scan('U1'))
  for (const [unit, cut, then] of [
    ['U2', { text: 'commit', when: 'asked', on: 'ledger_insert_head' }, 201],
    ['U3', { text: 'COMMIT', when: 'answered', on: 'ledger_insert_head' }, 200],
  ] as const) {
    const body = scan(unit)
    line.cut(cut)
    const answer = await maker.call('POST', '/scans', body)
    t.equal(answer.statusCode, 503, `${cut.text} is ${cut.when}`)
    t.match(answer.json(), { code: 'busy', detail: /is not known\. Send the same again/ })
    t.equal(answer.headers['retry-after'], '1')
    await maker.expect(then, 'POST', '/scans', body)
    await maker.expect(200, 'POST', '/scans', body)
  }
  t.equal(line.cuts(), 2)
})
