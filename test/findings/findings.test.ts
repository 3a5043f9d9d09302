import { createHash } from 'node:crypto'
import t from 'tap'
import { testApp, type TestApp } from '../support/app.ts'
import { client } from '../support/connect.ts'
import * as given from '../support/given.ts'
import { checkLedger } from '../support/ledger.ts'
import { stage } from '../support/story.ts'

type Finding = {
  id: string
  kind: string
  code: string
  state: string
  text: string
  eventID?: string
  claimant: { id?: string; name?: string; country: string; person?: string }
  objects: { code: string }[]
  objectCount: number
  responses: { by: { name?: string; country: string }; text: string; documents: unknown[] }[]
  resolution?: { as: string; by: { name?: string; person?: string } }
}
type Refused = { code: string }

const list = (who: Pick<TestApp['operator'], 'expect'>, query = '') =>
  who.expect<Finding[]>(200, 'GET', `/findings?${query}`)

/** A rival sells what is the shop's and the trader's: one finding that concerns three. */
async function openCase(t: Parameters<typeof testApp>[0]) {
  const app = await testApp(t)
  const scene = await stage(app)
  const actor = (name: string) => {
    const found = scene.actors.get(name)
    if (!found) throw new Error(`nobody is called ${name}`)
    return found
  }
  await scene.play(`
    maker commission U1,U2,U3,U4 = ok
    maker ship U1 to shop = ok
    maker ship U2 to trader = ok
    shop receive U1 = ok
    trader receive U2 = ok
    rival sell U1,U2 = not_owner
  `)
  return {
    app,
    ...scene,
    actor,
    rival: actor('rival'),
    shop: actor('shop'),
    trader: actor('trader'),
    customs: actor('customs'),
  }
}

t.test('who sees a finding, and what of it', async (t) => {
  const { app, rival, shop, trader, customs, actor, code } = await openCase(t)
  const [whole] = await list(customs)
  if (!whole) throw new Error('no finding')
  t.match(whole, { kind: 'refused', code: 'not_owner', state: 'open', objectCount: 2, claimant: { id: rival.id } })
  t.match(whole.text, /to be explained/)

  const [own] = await list(rival)
  t.match(own, { id: whole.id, objectCount: 2, claimant: { id: rival.id }, eventID: String })
  const [theirs] = await list(shop)
  t.match(theirs, { id: whole.id, objectCount: 1, claimant: { country: 'KG' } })
  t.same(Object.keys(theirs?.claimant ?? {}), ['country'], 'the other side is a country')
  t.equal(theirs?.eventID, undefined)
  const serial = code('U1').split('\x1d')[0]?.slice(18) ?? ''
  t.ok(
    theirs?.objects.every((object) => object.code.endsWith(encodeURIComponent(serial))),
    "of others' goods nothing",
  )
  t.notMatch(JSON.stringify(theirs), trader.id)

  t.same(await list(actor('carrier')), [])
  await actor('carrier').expect(404, 'GET', `/findings/${whole.id}`)
  await shop.expect(200, 'GET', `/findings/${whole.id}`)
  await app.operator.expect(404, 'GET', '/findings/nothing')
  await app.anonymous.expect(401, 'GET', '/findings')

  const unit = await shop.expect<{ findingCount: number }>(200, 'GET', `/units/${encodeURIComponent(code('U1'))}`)
  t.equal(unit.findingCount, 1)
})

t.test('filters and pages', async (t) => {
  const { app, play, rival, shop, customs } = await openCase(t)
  await play(`
    shop sell U1 = ok
    shop sell U1 = already_sold
    rival sell U3 = not_owner
  `)
  const table: [query: string, codes: string[]][] = [
    ['', ['not_owner', 'already_sold', 'not_owner']],
    ['code=already_sold', ['already_sold']],
    ['kind=refused', ['not_owner', 'already_sold', 'not_owner']],
    ['kind=doubted', []],
    ['state=open', ['not_owner', 'already_sold', 'not_owner']],
    ['state=resolved', []],
    [`participant=${rival.id}`, ['not_owner', 'not_owner']],
    ['participant=nobody', []],
    ['from=2999-01-01T00:00:00Z', []],
    ['to=2999-01-01T00:00:00Z&code=not_owner', ['not_owner', 'not_owner']],
  ]
  for (const [query, codes] of table) {
    t.same(
      (await list(customs, query)).map((finding) => finding.code),
      codes,
      query,
    )
  }
  t.same(await list(shop, `participant=${rival.id}`), [], 'nobody looks for findings of others')
  const bad = [
    'kind=odd',
    'state=odd',
    'perPage=0',
    'from=yesterday',
    'from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z',
  ]
  for (const query of bad) t.equal((await customs.call('GET', `/findings?${query}`)).statusCode, 400, query)

  const seen: string[] = []
  let next: string | undefined = '/findings?perPage=1'
  while (next !== undefined) {
    const answer = await customs.call('GET', next)
    seen.push(...answer.json<Finding[]>().map((finding) => finding.id))
    next = /<(.+)>; rel="next"/.exec(String(answer.headers['link'] ?? ''))?.[1]
  }
  t.equal(new Set(seen).size, 3)
  t.equal((await list(app.operator)).length, 3)
})

t.test('answers and resolutions', async (t) => {
  const { app, rival, shop, customs, actor } = await openCase(t)
  const [finding] = await list(customs)
  const path = `/findings/${finding?.id ?? ''}`
  const words = {
    text: 'The pallet was mixed up.',
    documents: ['act 17', { name: 'CMR', uri: 'https://example.com/cmr/4' }],
  }

  t.equal((await actor('carrier').call('POST', `${path}/responses`, words)).statusCode, 404)
  t.equal((await customs.call('POST', `${path}/responses`, words)).json<Refused>().code, 'role_missing')
  t.equal((await rival.call('POST', `${path}/responses`, { text: ' ' })).statusCode, 400)
  const answered = await rival.expect<Finding>(201, 'POST', `${path}/responses`, words)
  t.match(answered, { state: 'answered', responses: [{ by: { id: rival.id }, ...words }] })
  const [theirs] = await list(shop)
  t.same(theirs?.responses[0]?.by, { country: 'KG' })
  t.equal(theirs?.responses[0]?.text, words.text)
  t.equal((await list(customs, 'state=answered')).length, 1)
  t.equal((await list(customs, 'state=open')).length, 0)

  const decision = { as: 'explained', legalBasis: 'Article 12', text: 'A mistake in the yard.' }
  t.equal((await shop.call('POST', `${path}/resolutions`, decision)).json<Refused>().code, 'role_missing')
  t.equal(
    (await app.operator.call('POST', `${path}/resolutions`, decision)).json<Refused>().code,
    'key_limited',
    'a system resolves nothing',
  )
  t.equal((await customs.call('POST', `${path}/resolutions`, { as: 'guilty', text: 'x' })).statusCode, 400)
  const resolved = await customs.expect<Finding>(201, 'POST', `${path}/resolutions`, decision)
  t.match(resolved, { state: 'resolved', resolution: { as: 'explained', by: { id: customs.id } } })
  t.equal((await customs.call('POST', `${path}/resolutions`, decision)).json<Refused>().code, 'taken', 'once only')
  t.equal((await rival.call('POST', `${path}/responses`, words)).json<Refused>().code, 'taken')
  const told = await rival.expect<Finding>(200, 'GET', path)
  t.match(told.resolution, { by: { name: customs.name } }, 'an authority decides under its name')
  t.equal(told.resolution?.by.person, undefined, 'its officers are not named')
})

t.test('who opened it does not resolve it', async (t) => {
  const { app, customs, code } = await openCase(t)
  const second = await given.officer(app, customs.id)
  const scan = await customs.call('POST', '/scans', {
    step: 'holding',
    disposition: 'available', // It is not held.
    codes: [code('U1')],
  })
  t.equal(scan.statusCode, 409)
  const [finding] = await list(customs, `participant=${customs.id}`)
  const path = `/findings/${finding?.id ?? ''}/resolutions`
  const decision = { as: 'ours', text: 'Scanned by mistake.' }
  t.equal((await customs.call('POST', path, decision)).json<Refused>().code, 'second_person_needed')
  await second.expect(201, 'POST', path, decision)
})

t.test('digests pin every finding, acts are entries of audit', async (t) => {
  const app = await testApp(t)
  const { play } = await stage(app)
  const admin = await client(t, app.database.adminUrl)
  await play(`
    maker commission U1 = ok
    rival sell U1 = not_owner
    rival ship U1 to shop = not_holder
  `)
  type Digest = { from_no: bigint; to_no: bigint; count: number; sha256: Buffer; position: bigint }
  await app.app.close() // Makes the last digest, of what the minute brought so far.
  const { rows: all } = await admin.query<Digest>('select * from finding_digest order by to_no')
  t.equal(
    all.reduce((sum, { count }) => sum + count, 0),
    2,
  )
  let next = 1n
  for (const { from_no, to_no, sha256, position } of all) {
    t.equal(from_no, next, 'ranges follow each other')
    next = to_no + 1n
    const { rows } = await admin.query<{ bytes: Buffer }>(
      `select bytes from entry where log_id = (select id from log where name = 'audit') and position = $1`,
      [position],
    )
    const entry = JSON.parse(rows[0]?.bytes.toString() ?? '{}') as {
      act: { subject: Record<string, unknown> }
      by: unknown
    }
    t.match(entry, { by: { service: 'tamga' }, act: { kind: 'findings_digest' } })
    t.match(entry.act.subject, { from: String(from_no), to: String(to_no), sha256: sha256.toString('hex') })
    t.equal(
      await digestBySql(admin, from_no, to_no),
      sha256.toString('hex'),
      'whoever reads the findings computes the same',
    )
  }
  const { rows: acts } = await admin.query<{ kind: string }>(
    `select distinct convert_from(bytes, 'UTF8')::json -> 'act' ->> 'kind' as kind from entry
     where log_id = (select id from log where name = 'audit')`,
  )
  const kinds = acts.map(({ kind }) => kind)
  for (const kind of ['participant_registered', 'key_issued', 'person_registered']) t.ok(kinds.includes(kind), kind)
  const reports = await checkLedger(app.database.adminUrl)
  t.ok((reports.find(({ log }) => log === 'audit')?.size ?? 0) > 8)
})

/** The digest as an auditor would make it, without our code. */
async function digestBySql(admin: Awaited<ReturnType<typeof client>>, from: bigint, to: bigint): Promise<string> {
  const { rows } = await admin.query<Record<string, unknown>>(
    'select * from finding where no between $1 and $2 order by no',
    [from, to],
  )
  const plain = (value: unknown): unknown => {
    if (typeof value === 'bigint') return Number(value)
    if (value instanceof Date) return value.toISOString()
    if (Array.isArray(value)) return value.map(plain)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.keys(value)
        .sort()
        .map((key) => [key, plain((value as Record<string, unknown>)[key])]),
    )
  }
  const hash = createHash('sha256')
  for (const row of rows) hash.update(JSON.stringify(plain(row)) + '\n')
  return hash.digest('hex')
}
