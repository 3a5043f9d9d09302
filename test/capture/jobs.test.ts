import { randomUUID } from 'node:crypto'
import t from 'tap'
import { limits } from '../../src/config/limits.ts'
import { testApp } from '../support/app.ts'
import * as given from '../support/given.ts'
import { sscc } from '../support/story.ts'
import {
  capture,
  commission,
  destroy,
  documentOf,
  finished,
  frame,
  type Item,
  type Job,
  link,
  pack,
  proceed,
  scene,
  send,
  sizeOfMain,
  stateOf,
} from './documents.ts'

t.test('a document becomes a job, and its events are recorded in order', async (t) => {
  const { app, maker, actor, codes, code } = await scene(t)
  const answer = await send(maker, [
    commission(codes(1, 2, 3)),
    pack(code('P1'), codes(1, 2)),
    { type: 'ObjectEvent', ...frame, action: 'OBSERVE', bizStep: 'inspecting', epcList: [link(code('P1'))] },
  ])
  t.equal(answer.statusCode, 202)
  t.match(answer.headers, {
    location: /^\/capture\/[0-9a-z]{12}$/,
    'gs1-epcis-version': '2.0.0',
    'gs1-cbv-version': /^2/,
    'gs1-epcis-capture-limit': String(limits.documentEventsMax),
    'gs1-epcis-capture-file-size-limit': String(limits.documentBytesMax),
    'gs1-capture-error-behaviour': 'rollback',
  })
  const job = await finished(maker, answer.headers['location'])
  t.match(job, {
    captureID: String(answer.headers['location']).slice('/capture/'.length),
    finishedAt: /^\d{4}-/,
    running: false,
    success: true,
    captureErrorBehaviour: 'rollback',
    errors: [],
    progress: { events: 3, done: 3, recorded: 3 },
  })
  t.equal(await stateOf(app, code('U1')), 'active')
  const { parent } = await app.operator.expect<{ parent: string }>(
    200,
    'GET',
    `/units/${encodeURIComponent(code('U1'))}`,
  )
  t.equal(parent, link(code('P1')))

  t.comment('who may see it')
  const url = String(answer.headers['location'])
  t.equal((await actor('rival').call('GET', url)).statusCode, 404)
  t.equal((await actor('customs').call('GET', url)).statusCode, 200)
  t.same(await actor('rival').expect(200, 'GET', '/capture'), [])
  t.same(
    (await maker.expect<Job[]>(200, 'GET', '/capture')).map(({ captureID }) => captureID),
    [job.captureID],
  )
})

t.test('rollback: one refusal and nothing is recorded', async (t) => {
  const { app, maker, codes, code } = await scene(t)
  const job = await capture(maker, [
    commission(codes(1, 2)),
    commission(codes(3)),
    pack(code('P1'), codes(1, 9)),
    commission(codes(1)),
  ])
  t.match(job, { success: false, running: false, progress: { events: 4, done: 4, recorded: 0 }, errorCount: 2 })
  t.match(job.errors[0], {
    type: 'urn:tamga:problem:wrong_state',
    status: 409,
    code: 'wrong_state',
    path: '/epcisBody/eventList/2',
    eventID: /^ni:/,
    errors: [{ path: '/epcisBody/eventList/2/childEPCs/1', code: 'wrong_state' }],
  })
  t.equal(await stateOf(app, code('U1')), 'ordered')
  t.equal(await stateOf(app, code('U3')), 'ordered')
  t.equal((await maker.call('GET', `/logistic-units/${encodeURIComponent(code('P1'))}`)).statusCode, 404)
  const findings = await app.operator.expect<{ kind: string }[]>(200, 'GET', '/findings?perPage=100')
  t.ok(findings.length > 0 && findings.every(({ kind }) => kind === 'refused'), 'only what was refused is told')

  t.comment('the same goods are still free')
  t.match(await capture(maker, [commission(codes(1, 2)), commission(codes(3)), pack(code('P1'), codes(1, 2))]), {
    success: true,
  })

  t.comment('an event that cannot be read')
  const unreadable = await capture(maker, [commission(codes(4)), { ...commission(codes(5)), action: 'add' }])
  t.match(unreadable, {
    success: false,
    progress: { recorded: 0 },
    errors: [{ path: '/epcisBody/eventList/1', errors: [{ path: '/epcisBody/eventList/1/action' }] }],
  })
  t.equal(await stateOf(app, code('U4')), 'ordered')
})

t.test('proceed: what is good is recorded, what is not is told', async (t) => {
  const { app, maker, codes, code } = await scene(t)
  const job = await capture(
    maker,
    [
      commission(codes(1, 2)),
      { type: 'NoEvent' },
      pack(code('P1'), codes(1, 9)),
      pack(code('P1'), codes(1, 2)),
      commission(codes(1)),
      destroy([code('P1')]),
    ],
    proceed,
  )
  t.match(job, { success: false, captureErrorBehaviour: 'proceed', progress: { events: 6, done: 6, recorded: 3 } })
  t.same(
    job.errors.map(({ path, code: problem }) => `${path} ${problem}`),
    [
      '/epcisBody/eventList/1 field_invalid',
      '/epcisBody/eventList/2 wrong_state',
      '/epcisBody/eventList/4 wrong_state',
    ],
  )
  t.equal(await stateOf(app, code('U1')), 'destroyed')
})

t.test('what needs an event of the same document is read once that is recorded', async (t) => {
  const { app, maker, codes, code } = await scene(t)
  const wrong = commission(codes(2), { eventID: `urn:uuid:${randomUUID()}` })
  const errorDeclaration = { declarationTime: '2026-05-01T10:00:00.000+06:00', reason: 'did_not_occur' }
  const job = await capture(maker, [commission(codes(1)), wrong, { ...wrong, errorDeclaration }], proceed)
  t.match(job, { success: true, errors: [], progress: { recorded: 3 } })
  t.equal(await stateOf(app, code('U1')), 'active')
  t.equal(await stateOf(app, code('U2')), 'ordered')
})

t.test('the same document again records nothing twice', async (t) => {
  const { app, maker, codes } = await scene(t)
  const events = [commission(codes(1, 2)), commission(codes(3), { eventID: `urn:uuid:${randomUUID()}` })]
  for (const headers of [{}, proceed, {}]) {
    t.match(await capture(maker, events, headers), { success: true, progress: { recorded: 2 } })
  }
  t.equal(await sizeOfMain(app), 2)

  const [, second] = events
  const changed = await capture(maker, [commission(codes(4)), { ...second, bizLocation: { id: 'urn:example:x' } }])
  t.match(changed, {
    success: false,
    progress: { recorded: 0 },
    errors: [{ code: 'event_id_taken', path: '/epcisBody/eventList/1' }],
  })
})

t.test('a document is of one log', async (t) => {
  const { app, maker, codes, code } = await scene(t)
  await app.operator.expect(201, 'POST', '/product-groups', {
    id: 'timber',
    name: 'Timber',
    enforcement: 'enforce',
    tail: 'mac',
    log: 'timber',
  })
  const beam = await given.product(maker, { group: 'timber' })
  const order = await maker.expect<{ id: string }>(201, 'POST', '/code-orders', { gtin: beam.gtin, quantity: 2 })
  const beams = (await maker.call('GET', `/code-orders/${order.id}/codes`, undefined, { accept: 'text/plain' })).body
    .trim()
    .split('\n')

  const mixed = [commission(codes(1)), commission(beams)]
  t.match(await capture(maker, mixed), {
    success: false,
    progress: { recorded: 0 },
    errors: [{ code: 'several_logs', status: 409, path: '/epcisBody/eventList/1' }],
  })
  t.equal(await stateOf(app, code('U1')), 'ordered')
  t.match(await capture(maker, mixed, proceed), { success: true, progress: { recorded: 2 } })

  t.comment('a pallet that is named before its goods lives where they do')
  const pallet = `(00)${sscc()}`
  const made = { ...commission([pallet]), disposition: undefined }
  t.match(await capture(maker, [made, pack(pallet, beams), destroy([pallet])]), { success: true, errors: [] })
})

t.test('what is refused at once', async (t) => {
  const { app, maker, codes, code } = await scene(t)
  const refused = async (body: unknown, headers: Record<string, string> = {}) => {
    const answer = await maker.call('POST', '/capture', body, headers)
    return [answer.statusCode, answer.json<{ code: string; errors?: Item[] }>()] as const
  }
  const whole = documentOf([commission(codes(1))])
  for (const [change, path] of [
    [{ type: 'EPCISMasterDataDocument' }, '/type'],
    [{ schemaVersion: '1.2' }, '/schemaVersion'],
    [{ creationDate: 'today' }, '/creationDate'],
    [{ epcisBody: {} }, '/epcisBody/eventList'],
    [{ epcisBody: { eventList: [] } }, '/epcisBody/eventList'],
    [{ '@context': 7 }, '/@context'],
  ] as const) {
    const [status, { errors }] = await refused({ ...whole, ...change })
    t.same([status, errors?.[0]?.path], [400, path])
  }
  t.match(await refused(whole, { 'gs1-capture-error-behaviour': 'perhaps' }), [400, { code: 'field_invalid' }])
  t.match(await refused(whole, { 'gs1-epcis-version': '1.2' }), [400, { code: 'field_invalid' }])
  t.equal((await maker.call('POST', '/capture', whole, { 'content-type': 'application/xml' })).statusCode, 415)

  const post = (payload: string) =>
    app.app.inject({
      method: 'POST',
      url: '/capture',
      headers: { authorization: `Bearer ${maker.key}`, 'content-type': 'application/ld+json' },
      payload,
    })
  const text = JSON.stringify(whole, undefined, 1)
  for (const [name, broken] of [
    ['nothing', ''],
    ['half', text.slice(0, -40)],
    ['a broken event', text.replace('"action": "ADD"', '"action": ADD')],
    ['a broken frame', text.replace('"schemaVersion": "2.0"', '"schemaVersion": 2.0.0')],
    ['an empty place', text.replace('"eventList": [', '"eventList": [,')],
    ['two documents', text + text],
    ['no JSON', '<epcis/>'],
  ] as const) {
    const answer = await post(broken)
    t.same([answer.statusCode, answer.json<{ code: string }>().code], [400, 'body_malformed'], name)
  }

  t.comment('too much of it')
  const many = documentOf(Array.from({ length: limits.documentEventsMax + 1 }, () => ({})))
  const events = await maker.call('POST', '/capture', many)
  t.match([events.statusCode, events.json()], [413, { code: 'too_large' }])
  t.equal(events.headers['gs1-epcis-capture-limit'], String(limits.documentEventsMax))
  const long = new Array<string>(limits.documentCodesMax).fill(link(code('U1')))
  const tooMany = await maker.call(
    'POST',
    '/capture',
    documentOf([{ ...commission([]), epcList: long }, pack(code('P1'), codes(1))]),
  )
  t.equal(tooMany.statusCode, 413)
  const large = await post(text + ' '.repeat(limits.documentBytesMax))
  t.same([large.statusCode, large.headers['gs1-epcis-capture-file-size-limit']], [413, String(limits.documentBytesMax)])
  t.same(await maker.expect(200, 'GET', '/capture'), [], 'no job was made')
})

t.test('other shapes of a document, and discovery', async (t) => {
  const { app, maker, codes } = await scene(t)
  const query = {
    '@context': ['https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld', { ext: 'https://example.com/ns/' }],
    type: 'EPCISQueryDocument',
    schemaVersion: '2.0',
    creationDate: '2026-05-01T09:30:00.000+06:00',
    epcisBody: {
      queryResults: {
        queryName: 'x',
        resultsBody: { eventList: [commission(codes(1), { 'ext:note': 'an "eventList": [ ] in a text \\' })] },
      },
    },
  }
  const answer = await maker.call('POST', '/capture', query)
  t.match(await finished(maker, answer.headers['location']), { success: true, progress: { events: 1, recorded: 1 } })
  const single = await maker.call('POST', '/capture', { ...documentOf([]), epcisBody: { event: commission(codes(2)) } })
  t.match(await finished(maker, single.headers['location']), { success: true, progress: { events: 1, recorded: 1 } })
  const escaped = await app.app.inject({
    method: 'POST',
    url: '/capture',
    headers: { authorization: `Bearer ${maker.key}`, 'content-type': 'application/ld+json; charset=utf-8' },
    payload: JSON.stringify(documentOf([commission(codes(3))])).replace('"eventList"', '"event\\u004cist"'),
  })
  t.match(await finished(maker, escaped.headers['location']), { success: true, progress: { events: 1, recorded: 1 } })

  const discovery = await app.app.inject({ method: 'OPTIONS', url: '/capture' })
  t.equal(discovery.statusCode, 204)
  t.match(discovery.headers, {
    allow: /POST/,
    'gs1-epcis-version': '2.0.0',
    'gs1-epcis-min': '2.0.0',
    'gs1-epcis-max': '2.0.0',
    'gs1-epcis-capture-limit': '2000',
    'gs1-capture-error-behaviour': 'all',
  })
  t.equal((await app.anonymous.call('POST', '/capture', query)).statusCode, 401)

  const first = await maker.call('GET', '/capture?perPage=2')
  t.equal(first.json<Job[]>().length, 2)
  const next = /<([^>]+)>; rel="next"/.exec(String(first.headers['link']))?.[1] ?? ''
  t.equal((await maker.expect<Job[]>(200, 'GET', next)).length, 1)
})

t.test('a job goes on where a service left it', async (t) => {
  const units = 600
  const { app, maker, code } = await scene(t, units)
  const events = Array.from({ length: units }, (_, i) => commission([code(`U${i + 1}`)]))
  // One that is refused before and one after wherever the first service stops.
  const bad = [destroy([code('U500')]), destroy([code('C1')])]
  const sent = [
    ...(await Promise.all([proceed, {}].map((headers) => send(maker, [bad[0], ...events, bad[1]], headers)))),
  ]
  const urls = sent.map((answer) => String(answer.headers['location']))
  await app.app.close()

  const other = await testApp(t, { database: app.database })
  const again = other.as(maker.key)
  const seen = new Set<number>()
  for (const url of urls) {
    let job = await again.expect<Job>(200, 'GET', url)
    for (; job.running; job = await again.expect<Job>(200, 'GET', url)) seen.add(job.progress.done)
  }
  t.comment(`progress seen: ${[...seen].join(' ')}`)
  const [partly, wholly] = await Promise.all(urls.map((url) => finished(again, url)))
  t.match(partly, { success: false, progress: { events: units + 2, done: units + 2, recorded: units } })
  t.same(
    partly?.errors.map(({ path }) => path),
    ['/epcisBody/eventList/0', `/epcisBody/eventList/${units + 1}`],
    'each error once',
  )
  t.match(wholly, { success: false, progress: { recorded: 0 } })
  t.equal(await sizeOfMain(other), units, 'each event once')
})

t.test('two services work on one list of jobs', async (t) => {
  const units = 300
  const { app, maker, actor, code } = await scene(t, units)
  const other = await testApp(t, { database: app.database })
  const shares = Array.from({ length: 6 }, (_, share) =>
    Array.from({ length: units / 6 }, (_, i) => commission([code(`U${(share * units) / 6 + i + 1}`)])),
  )
  const rival = actor('rival')
  const callers = [maker, other.as(maker.key), rival]
  const sent = await Promise.all(
    shares.map(async (events, i) => {
      const caller = callers[i % 3] ?? maker
      const answer = await send(caller, [...events, destroy([code('C1')])], proceed)
      return { caller, url: answer.headers['location'] }
    }),
  )
  for (const [i, { caller, url }] of sent.entries()) {
    const mine = caller !== rival
    const { progress, errorCount } = await finished(caller, url)
    t.same([progress.recorded, errorCount], mine ? [50, 1] : [0, 51], `document ${i}`)
  }
  t.equal(await sizeOfMain(app), 200)
})
