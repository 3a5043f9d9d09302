// The steps against the entries: what stories of every kind left behind follows from them, and what was changed does not.
import t from 'tap'
import { rebuild } from '../../src/proof/rebuild.ts'
import { testApp } from '../support/app.ts'
import { client } from '../support/connect.ts'
import { stage } from '../support/story.ts'
import { tamper } from './bundle.ts'

async function replayed(url: string): Promise<{ status: number; text: string }> {
  let text = ''
  const stream = { write: (chunk: string) => ((text += chunk), true) } as NodeJS.WritableStream
  const status = await rebuild(['--database', url], { out: stream, err: stream, env: {} })
  return { status, text }
}

const story = `
  maker commission U1,U2,U3,U4,U5,U6,U7,U8,U9,U10 = ok
  maker commission C1,C2,C3,C4 = ok
  maker pack U1,U2,U3 in C1 = ok
  maker pack U4,U5 in C2 = ok
  maker pack C1,C2 in P1 = ok
  maker ship P1 to trader by carrier = ok
  carrier loading P1 = ok
  trader receive P1 = ok
  trader unpack all in C1 = ok
  trader ship U1,U2 to shop = ok
  shop receive U1,U2 = ok
  shop sell U1 = ok
  shop sell U1 = already_sold
  trader ship U3 to store : transfer=possession = ok
  store receive U3 = ok
  maker destroy U6 = ok
  maker withdraw U7 = ok
  customs hold U8 = ok
  maker ship U8 to trader = on_hold
  maker ship U9 to outside:KZ = ok
  maker ship U10 to trader = ok
  maker void U10 = ok
  trader unpack C2 in P1 = ok
`

t.test('stories leave the steps that their entries make', async (t) => {
  const app = await testApp(t)
  const { play, actors, code } = await stage(app)
  await play(story)
  const [maker, shop] = [actors.get('maker')!, actors.get('shop')!]
  await maker.expect(201, 'POST', '/returns', {}).catch(() => undefined)
  await shop.call('POST', '/returns', { code: code('U1'), resaleable: false, reason: 'opened' })
  await shop.call('POST', '/scans', { step: 'retail_selling', codes: [code('U5')], offline: true })
  await shop.call('POST', '/receipts', {
    till: 'T1',
    number: '7',
    time: new Date().toISOString(),
    offline: true,
    lines: [{ code: code('U2') }, { code: code('U4') }, { code: code('U1') }],
  })
  // A receipt of goods before their dispatch: it waits, and an entry of its own settles it.
  await play('maker commission U11,U12 = ok')
  await shop.call('POST', '/scans', { step: 'receiving', codes: [code('U11'), code('U12')], offline: true })
  await play(`
    maker ship U11 to shop = ok
    maker ship U12 to shop = ok
    shop sell U11 = ok
  `)
  const { rows } = await (await client(t, app.database.adminUrl)).query('select from waiting_settled')
  t.ok(rows.length >= 2, 'both were settled')
  const { id } = await maker.expect<{ id: string }>(201, 'POST', '/code-orders', {
    gtin: (await maker.expect<{ gtin: string }[]>(200, 'GET', '/products'))[0]?.gtin,
    quantity: 5,
  })
  const codes = (await maker.call('GET', `/code-orders/${id}/codes`, undefined, { accept: 'text/plain' })).body
  await maker.expect(201, 'POST', `/code-orders/${id}/voids`, { codes: codes.split('\n').slice(0, 2), reason: 'lost' })
  await maker.expect(200, 'POST', `/code-orders/${id}/close`)

  const { adminUrl } = app.database
  const first = await replayed(adminUrl)
  t.match(first, { status: 0, text: /EQUAL/ }, first.text)

  for (const [what, sql, says] of [
    [
      'a holder changed',
      'update step set holder = holder + 1 where log_id = 1 and position = 5 and object_id < 0',
      /at entry 5: holder is/,
    ],
    [
      'a state changed',
      'update step set state = 4 where log_id = 1 and position = 0 and object_id = (select min(object_id) from step where position = 0)',
      /entry/,
    ],
    ['a step taken away', 'delete from step where log_id = 1 and position = 7 and object_id < 0', /entry/],
    [
      'a step added',
      'insert into step (log_id, object_id, position, state) values (1, 4242, 6, 2)',
      /entry 6 makes \d+ steps, and \d+ are stored/,
    ],
  ] as const) {
    await t.test(what, async (t) => {
      const copy = `create table kept as select * from step`
      await tamper(adminUrl, copy, sql)
      const { status, text } = await replayed(adminUrl)
      t.equal(status, 1, text)
      t.match(text, says)
      await tamper(adminUrl, 'delete from step', 'insert into step select * from kept', 'drop table kept')
    })
  }
  t.match(await replayed(adminUrl), { status: 0 })
})
