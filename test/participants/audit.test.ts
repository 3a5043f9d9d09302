// Each administrative act is an entry of the log `audit`: who, what, when, and no secret. A new route that writes fails this test until
// somebody says in the table where what it does is told.
import t from 'tap'
import { type Caller, type Method, testApp, testClock } from '../support/app.ts'
import * as given from '../support/given.ts'
import { routesIn } from '../support/routes.ts'
import { stage } from '../support/story.ts'

/** `audit <kind>`: done below, one by one. Else the log that tells it, or why there is nothing to tell. */
const table = `
  POST /participants:                                audit participant_registered
  POST /participants/:id/company-prefixes:           audit company_prefix_registered
  POST /participants/:id/people:                     audit person_registered
  POST /participants/:id/keys:                       audit key_issued
  POST /participants/:id/keys/:keyId/confirmations:  audit key_confirmed
  DELETE /participants/:id/keys/:keyId:              audit key_withdrawn
  POST /mandates:                                    audit mandate_given
  DELETE /mandates/:id:                              audit mandate_withdrawn
  POST /places:                                      audit place_registered
  POST /product-groups:                              audit product_group_changed
  PATCH /product-groups/:id:                         audit product_group_changed
  POST /products:                                    audit product_registered
  POST /products/:gtin/importers:                    audit importer_registered
  DELETE /products/:gtin/importers/:id:              audit importer_withdrawn
  POST /keys/rotations:                              audit tail_keys_rotated
  POST /recalls:                                     audit recalled
  POST /recalls/:id/ends:                            audit recall_lifted
  POST /findings/:id/responses:                      audit, with the next digest
  POST /findings/:id/resolutions:                    audit, with the next digest
  POST /declarations:                                customs
  POST /declarations/:id/versions:                   customs
  POST /declarations/:id/presentations:              customs
  POST /declarations/:id/outcomes:                   customs
  POST /declarations/:id/inspections:                customs
  POST /declarations/:id/release:                    customs
  POST /declarations/:id/raises:                     customs
  POST /draws/:shift/shares:                         customs
  POST /risk/profiles:                               customs
  POST /risk/profiles/:id/approvals:                 customs
  POST /risk/rules/:id/withdrawals:                  customs
  POST /border/duty:                                 customs
  POST /border/authorised-operators:                 customs
  POST /border/authorised-operators/:id/approvals:   customs
  POST /border/authorised-operators/:id/suspensions: customs
  POST /border/capacities:                           customs
  POST /border/combinations:                         customs
  POST /border/combinations/:id/approvals:           customs
  POST /border/combinations/:id/ends:                customs
  POST /receipts:                                    main
  POST /returns:                                     main
  POST /events:                                      main
  POST /scans:                                       main
  POST /capture:                                     main
  POST /corrections:                                 main
  POST /corrections/:id/answers:                     main
  POST /code-orders/:id/close:                       main
  POST /code-orders/:id/voids:                       main
  POST /code-orders:                                 rows that cannot be changed
  POST /risk/profiles/:id/backtests:                 changes nothing
  POST /border/scans:                                changes nothing
  POST /sale-checks:                                 changes nothing
`

const lines = table.trim().split('\n')
const rows = new Map(
  lines.map((line) => {
    const [route = '', where = ''] = line.trim().split(/: +/)
    return [route, where]
  }),
)

type Entry = {
  act: { kind: string; at: string; subject: Record<string, unknown> }
  by: { participant?: string; key?: string }
}

t.test('each administrative act is an entry: who, what, when, and no secret', async (t) => {
  const clock = testClock()
  const started = { rateLimit: 0, migrated: ['0001_roles'] }
  const app = await testApp(t, { now: clock.now, started })
  const written = routesIn(app.app.printRoutes({ commonPrefix: false }))
    .filter(({ method, path }) => method !== 'GET' && !path.startsWith('/app'))
    .map(({ method, path }) => `${method} ${path}`)
  t.same(written.sort(), [...rows.keys()].sort(), 'the table names every route that writes')

  let last = -1
  const texts: string[] = []
  const fresh = async (): Promise<Entry[]> => {
    const { rows } = await app.app.pg.query<{ position: bigint; text: string }>(
      `select position, convert_from(bytes, 'UTF8') as text from entry
       where log_id = (select id from log where name = 'audit') and position > $1 order by position`,
      [last],
    )
    last = Number(rows.at(-1)?.position ?? last)
    texts.push(...rows.map(({ text }) => text))
    return rows.map(({ text }) => JSON.parse(text) as Entry)
  }
  const [first] = (await fresh()).reverse()
  t.match(
    first,
    { act: { kind: 'service_started', subject: started }, by: { service: 'tamga' } },
    'a start is told too',
  )
  const done = new Set<string>()
  const secrets: string[] = []
  const keyOf = async (caller: Caller) =>
    (await caller.expect<{ id: string; key: { id: string } }>(200, 'GET', '/participants/me')).key.id

  /** Does it, and looks for the one entry that tells it. */
  async function act<Body = Record<string, string>>(
    by: Caller,
    route: string,
    url: string,
    body: unknown,
    names: readonly string[] = [],
  ): Promise<Body> {
    clock.forward(1_000)
    const before = await fresh()
    const [method = ''] = route.split(' ')
    const answer = await by.call(method as Method, url, body)
    t.match(String(answer.statusCode), /^20[014]$/, `${method} ${url}: ${answer.body}`)
    const entries = await fresh()
    t.same(
      entries.map(({ act }) => `audit ${act.kind}`),
      [rows.get(route)],
      `${route}: one entry (${before.length} before)`,
    )
    const [entry] = entries
    t.equal(entry?.act.at, clock.now().toISOString(), 'when')
    t.equal(entry?.by.key, await keyOf(by), 'who')
    const parsed = answer.body === '' ? {} : answer.json<Record<string, string>>()
    const subject = JSON.stringify(entry?.act.subject)
    for (const name of [...names, ...(parsed['id'] === undefined ? [] : [parsed['id']])]) {
      t.ok(subject.includes(name), `what: ${subject} names ${name}`)
    }
    if (parsed['key'] !== undefined) secrets.push(parsed['key'])
    done.add(route)
    return parsed as Body
  }

  const { operator } = app
  const { play, code, actors, gtin } = await stage(app)
  const [maker, customs] = [actors.get('maker')!, actors.get('customs')!]
  await play('maker commission U1 = ok')
  const importer = await given.participant(app, { roles: ['importer'] })
  const until = new Date(clock.now().getTime() + 86_400_000).toISOString()

  const firm = await act(operator, 'POST /participants', '/participants', {
    name: 'F',
    country: 'KG',
    roles: ['broker'],
  })
  await act(
    operator,
    'POST /participants/:id/company-prefixes',
    `/participants/${firm.id}/company-prefixes`,
    { prefix: '4709999' },
    ['4709999'],
  )
  await act(operator, 'POST /participants/:id/people', `/participants/${firm.id}/people`, { name: 'A' })
  const key = await act(operator, 'POST /participants/:id/keys', `/participants/${firm.id}/keys`, { label: 'x' }, [
    firm.id!,
  ])
  await act(operator, 'DELETE /participants/:id/keys/:keyId', `/participants/${firm.id}/keys/${key.id}`, undefined, [
    key.id!,
  ])
  const mandate = await act(maker, 'POST /mandates', '/mandates', { to: importer.id, may: ['shipping'], until }, [
    importer.id,
  ])
  await act(maker, 'DELETE /mandates/:id', `/mandates/${mandate.id}`, undefined, [mandate.id!])
  await act(maker, 'POST /places', '/places', { name: 'Yard', kind: 'warehouse', country: 'KG', lat: 42, lon: 74 }, [
    'Yard',
  ])
  await act(operator, 'POST /product-groups', '/product-groups', { id: 'water', name: 'Water' })
  await act(operator, 'PATCH /product-groups/:id', '/product-groups/water', { enforcement: 'enforce' }, [
    'water',
    'enforce',
  ])
  const other = given.gtin()
  const card = { gtin: other, name: 'Juice', group: 'water', hsCode: '2009000000', originCountry: 'KG' }
  await act(maker, 'POST /products', '/products', card, [other, 'water'])
  await maker.expect(200, 'POST', '/products', card)
  t.same(await fresh(), [], 'the same again is no act')
  await act(importer, 'POST /products/:gtin/importers', `/products/${other}/importers`, {}, [other, importer.id])
  await importer.expect(200, 'POST', `/products/${other}/importers`, {})
  t.same(await fresh(), [], 'the same again is no act')
  const claim = `/products/${other}/importers/${importer.id}`
  await act(maker, 'DELETE /products/:gtin/importers/:id', claim, undefined, [other, importer.id])
  await act<unknown>(operator, 'POST /keys/rotations', '/keys/rotations', { kind: 'mac' })
  const recall = await act(customs, 'POST /recalls', '/recalls', { code: code('U1'), reason: 'glass' }, [gtin, 'glass'])
  await act(customs, 'POST /recalls/:id/ends', `/recalls/${recall.id}/ends`, { reason: 'cleared' }, ['cleared'])
  const { id: house } = await operator.expect<{ id: string }>(201, 'POST', '/participants', {
    name: 'C',
    country: 'KG',
    roles: ['customs'],
  })
  const [one, two] = [await given.officer(app, house), await given.officer(app, house)]
  const { id: third } = await one.expect<{ id: string }>(201, 'POST', `/participants/${house}/people`, {
    name: 'Third',
  })
  const waiting = await given.issued(one, house, { kind: 'person', person: third })
  const confirm = `/participants/${house}/keys/${waiting.id}/confirmations`
  await act(two, 'POST /participants/:id/keys/:keyId/confirmations', confirm, undefined, [waiting.id])

  const wanted = [...rows].filter(([, where]) => /^audit \w/.test(where)).map(([route]) => route)
  t.same([...done].sort(), wanted.sort(), 'all of them were done')
  // Also what authorities look at is told without the tail of a code.
  const looked = `/units/${encodeURIComponent(code('U1'))}`
  const read = await customs.call('GET', looked, undefined, { 'tamga-purpose': 'case 17' })
  t.equal(read.statusCode, 200)
  await fresh()
  const tail = code('U1').split('\x1d').at(-1)!
  t.ok(tail.length > 10, 'there is a tail')
  secrets.push(waiting.key, one.key, maker.key, tail.slice(2))
  for (const secret of secrets) t.notOk(texts.join('\n').includes(secret), 'no secret is told')
  t.comment(`${done.size} administrative routes, ${texts.length} entries`)
})
