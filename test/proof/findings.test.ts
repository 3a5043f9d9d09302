// Findings cannot be made to vanish, nor what was said and decided about them (design D14): what was changed is named by the entry of
// audit that pins it.
import t from 'tap'
import * as given from '../support/given.ts'
import { testApp } from '../support/app.ts'
import { client } from '../support/connect.ts'
import { stage } from '../support/story.ts'
import { tamper, verify } from './bundle.ts'

type Finding = { id: string }

t.test('changed findings, responses and resolutions', async (t) => {
  const app = await testApp(t)
  const { play, actors } = await stage(app)
  await play(`
    maker commission U1,U2 = ok
    rival sell U1 = not_owner
    rival ship U2 to shop = not_holder
  `)
  const rival = actors.get('rival')!
  const officer = await given.officer(app, actors.get('customs')!.id)
  const findings = await rival.expect<Finding[]>(200, 'GET', '/findings')
  for (const { id } of findings) {
    await rival.expect(201, 'POST', `/findings/${id}/responses`, { text: 'The pallet was mixed up.', documents: ['1'] })
    await officer.expect(201, 'POST', `/findings/${id}/resolutions`, { as: 'confirmed', text: 'It was not his.' })
  }
  await app.app.close() // Makes the last digest.
  const { adminUrl } = app.database
  const check = () => verify('log', '--database', adminUrl, '--no-steps')
  t.match(await check(), { status: 0, text: /findings: 2 against \d digests in audit, and 4 answers and resolutions/ })
  const admin = await client(t, adminUrl)
  const pinned = await admin.query<{ count: number }>('select count(*)::int as count from finding_answer_pin')
  t.same(pinned.rows, [{ count: 4 }])

  const cases: [what: string, table: string, sql: string, says: RegExp][] = [
    [
      'a finding changed',
      'finding',
      `update finding set code = 'wrong_state' where no = 1`,
      /the findings 1 to \d are not those that entry \d+ of audit pins: at least one was changed/,
    ],
    [
      'who it concerns changed',
      'finding',
      `update finding set concerned = '{}' where no = 2`,
      /at least one was changed/,
    ],
    [
      'a finding deleted',
      'finding',
      `delete from finding_object where finding_no = 2; alter table finding_response drop constraint finding_response_finding_no_fkey;
       alter table finding_resolution drop constraint finding_resolution_finding_no_fkey; delete from finding where no = 2`,
      /\d are there instead of \d/,
    ],
    [
      'the words of a response changed',
      'finding_response',
      `update finding_response set text = 'I did it.' where finding_no = 1`,
      /the response \d+ is not what it was when entry \d+ of audit pinned it/,
    ],
    [
      'a response taken away',
      'finding_response',
      'delete from finding_response where finding_no = 2',
      /the response \d+ is gone when entry \d+ of audit pinned it/,
    ],
    [
      'a resolution turned round',
      'finding_resolution',
      `update finding_resolution set resolved_as = 'ours' where finding_no = 1`,
      /the resolution of finding 1 is not what it was when entry \d+ of audit pinned it/,
    ],
    [
      'a resolution taken away',
      'finding_resolution',
      'delete from finding_resolution where finding_no = 2',
      /the resolution of finding 2 is gone/,
    ],
  ]
  for (const [what, table, sql, says] of cases) {
    await tamper(adminUrl, `create table kept as select * from ${table}`, sql)
    const { status, text } = await check()
    t.equal(status, 1, `${what}: ${text}`)
    t.match(text, says, what)
    const generated = table === 'finding_resolution' ? '' : 'overriding system value'
    await tamper(
      adminUrl,
      `delete from ${table}`,
      `insert into ${table} ${generated} select * from kept`,
      'drop table kept',
    )
    t.equal((await check()).status, 0, `${what}, and put back`)
  }
})
