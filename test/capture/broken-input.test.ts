// What no caller should ever send, and each of it answered with a place and a reason: never a 500, and nothing is stored.
import t from 'tap'
import { operatorKey, testApp, type TestApp } from '../support/app.ts'
import { client } from '../support/connect.ts'
import { checkLedger } from '../support/ledger.ts'
import { type Stage, stage } from '../support/story.ts'
import { type Case, eventCases } from '../support/broken-events.ts'
import { receiptCases, registerCases, scanCases } from '../support/broken.ts'

const counted = [
  ...['step', 'code_list', 'logistic_unit_directory', 'foreign_serial', 'code_order', 'code_block'],
  ...['participant', 'person', 'api_key', 'place', 'mandate', 'product', 'product_group'],
]
const rowCounts = `select ${counted.map((table) => `(select count(*)::int from ${table}) as ${table}`).join(', ')},
  (select count(*)::int from entry where log_id = 1) as entries, (select count(*)::int from event_directory where log_id = 1) as events,
  (select count(*)::int from head where log_id = 1) as heads`

async function send(
  app: TestApp,
  home: Stage,
  { url, body, who = 'maker', type = 'application/json', method = 'POST' }: Case,
) {
  const key = who === 'operator' ? operatorKey : home.actors.get(who)?.key
  const caller = key === undefined ? app.anonymous : app.as(key)
  if (!Buffer.isBuffer(body)) return caller.call(method, url, body)
  return app.app.inject({
    method,
    url,
    headers: { authorization: `Bearer ${key}`, 'content-type': type },
    payload: body,
  })
}

t.test('broken input', async (t) => {
  t.setTimeout(120_000)
  const app = await testApp(t)
  const home = await stage(app)
  const database = await client(t, app.database.adminUrl)
  const before = (await database.query<Record<string, number>>(rowCounts)).rows[0]
  const findings = async (): Promise<number> =>
    (await database.query<{ n: number }>('select count(*)::int as n from finding')).rows[0]?.n ?? 0

  const cases = [...eventCases(home), ...scanCases(home), ...receiptCases(home), ...registerCases(home)]
  for (const each of cases) {
    await t.test(`${each.url}: ${each.name}`, async (t) => {
      const told = await findings()
      const answer = await send(app, home, each)
      const problem = answer.json<{
        code: string
        detail: string
        status: number
        errors?: { path: string; code: string }[]
      }>()
      const [code = '', path] = each.is.split(' at ')
      const [first] = problem.errors ?? []
      const found = path === undefined ? problem.code : `${problem.code} at ${first?.path}`
      if (found !== each.is || answer.statusCode >= 500) t.comment(answer.body.slice(0, 500))
      t.equal(found, each.is)
      t.ok(answer.statusCode >= 400 && answer.statusCode < 500, `${answer.statusCode} for ${code}`)
      t.match(answer.headers['content-type'], 'application/problem+json')
      t.ok(problem.detail.length > 10 && (problem.errors ?? []).length <= 100)
      t.equal(
        (await findings()) - told,
        each.judged === true ? 1 : 0,
        'a finding where the judge refused, and only there',
      )
    })
  }
  t.comment(`${cases.length} documents`)
  t.ok(cases.length > 100)
  t.same((await database.query(rowCounts)).rows[0], before, 'nothing was stored')
  await checkLedger(app.database.adminUrl)
  // The goods of all these attempts are as fresh as before.
  await home.play('maker commission U1,U2 = ok')
})
