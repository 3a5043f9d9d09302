// What surrounds the routes: health, metrics, reference, headers, limits, logs.
import t from 'tap'
import { operatorKey, testApp, testClock } from '../support/app.ts'
import * as given from '../support/given.ts'

t.test('health, readiness, figures, and where things are', async (t) => {
  const { app, anonymous, operator } = await testApp(t)
  t.same(await anonymous.expect(200, 'GET', '/health'), { status: 'ok' })
  t.same(await anonymous.expect(200, 'GET', '/ready'), { status: 'ready' })
  t.match(await anonymous.expect(200, 'GET', '/'), {
    name: 'Tamga',
    docs: '/docs',
    limits: { documentCodesMax: 30_000 },
  })
  await operator.call('GET', '/participants/secret-id-in-a-path')
  const metrics = await app.inject('/metrics')
  t.match(metrics.headers['content-type'], /text\/plain/)
  t.match(
    metrics.body,
    /tamga_http_request_duration_seconds_count\{method="GET",route="\/participants\/:id",status="404"\} 1/,
  )
  t.match(metrics.body, /tamga_problems_total\{code="not_found"\} 1/)
  t.notMatch(metrics.body, /secret-id/)
})

t.test('readiness tells when the database is away', async (t) => {
  const { app, anonymous } = await testApp(t)
  app.pg.pool.query = () => Promise.reject(new Error('away'))
  const answer = await anonymous.call('GET', '/ready')
  t.match([answer.statusCode, answer.json().code, answer.headers['retry-after']], [503, 'busy', '1'])
})

t.test('headers', async (t) => {
  const { app } = await testApp(t)
  const one = await app.inject({ url: '/health', headers: { 'x-request-id': 'mine' } })
  const two = await app.inject('/health')
  t.match(one.headers['x-request-id'], /^[a-z0-9]{12}$/)
  t.not(one.headers['x-request-id'], two.headers['x-request-id'])
  t.match(one.headers, { 'x-content-type-options': 'nosniff', 'content-security-policy': /default-src 'self'/ })
  t.equal(one.headers['access-control-allow-origin'], undefined)
})

t.test('the reference: a page without inline script, and an OpenAPI document that holds', async (t) => {
  const { app } = await testApp(t)
  const page = await app.inject('/docs')
  t.equal(page.statusCode, 200)
  t.match(page.headers['content-security-policy'], /script-src 'self'(;|$)/)
  t.notMatch(page.body, /<script(?![^>]*\bsrc=)[^>]*>\s*\S/, 'no inline script')
  for (const [, file] of page.body.matchAll(/(?:src|href)="\.?\/?([^"]+\.(?:js|css|png))"/g)) {
    const url = file?.startsWith('docs/') ? `/${file}` : `/docs/${file}`
    t.equal((await app.inject(url)).statusCode, 200, url)
  }
  const document = (await app.inject('/docs/json')).json()
  t.equal(document.openapi, '3.1.0')
  t.match(document.components.securitySchemes.key, { type: 'http', scheme: 'bearer' })
  const operations = Object.entries<Record<string, unknown>>(document.paths)
  t.ok(operations.length > 15)
  for (const [path, methods] of operations) {
    for (const [method, operation] of Object.entries(methods) as [string, Operation][]) {
      const name = `${method} ${path}`
      t.ok(operation.summary, `${name} has a summary`)
      t.ok((operation.tags ?? []).length > 0, `${name} has a tag`)
      t.ok(
        Object.keys(operation.responses).some((status) => status.startsWith('2')),
        `${name} says what comes back`,
      )
      const named = [...path.matchAll(/\{([^}]+)\}/g)].map(([, parameter]) => parameter)
      const declared = (operation.parameters ?? [])
        .filter((parameter) => parameter.in === 'path')
        .map((parameter) => parameter.name)
      t.same(declared.sort(), named.sort(), `${name} declares its path parameters`)
    }
  }
  for (const [, name] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
    t.ok(document.components.schemas?.[name ?? ''], `${name} is defined`)
  }
  t.same(document.paths['/health'].get.security, [])
  t.equal(document.paths['/participants'].post.security, undefined)
})

type Operation = {
  summary?: string
  tags?: string[]
  responses: Record<string, unknown>
  parameters?: { in: string; name: string }[]
}

t.test('rates: by key, by address without one, told in headers', async (t) => {
  const clock = testClock()
  const app = await testApp(t, { config: { rateLimit: 50 }, now: clock.now })
  const codes = async (count: number, call: () => Promise<{ statusCode: number }>): Promise<number[]> =>
    (await Promise.all(Array.from({ length: count }, call))).map((answer) => answer.statusCode)

  const first = await app.operator.call('GET', '/participants/me')
  t.match([first.headers['x-ratelimit-limit'], first.headers['x-ratelimit-remaining']], ['50', '49'])
  const keyed = await codes(60, () => app.operator.call('GET', '/participants/me'))
  t.equal(keyed.filter((code) => code === 429).length, 11, 'all at once: fifty are served')
  const open = await codes(30, () => app.anonymous.call('GET', '/'))
  t.equal(open.filter((code) => code === 429).length, 10)
  const refused = await app.as('tamga_guess').call('GET', '/participants/me')
  t.match(
    [refused.statusCode, refused.json().code, refused.headers['retry-after']],
    [429, 'too_many_requests', '1'],
    'guessing keys counts for the address',
  )
  t.equal((await app.anonymous.call('GET', '/health')).statusCode, 200, 'machines may ask on')
  t.equal((await app.anonymous.call('GET', '/docs')).statusCode, 200)
  clock.forward(1_000)
  for (const who of [app.operator, app.anonymous])
    t.equal((await who.call('GET', '/')).statusCode, 200, 'a second later')
})

t.test('no secret reaches the log', async (t) => {
  const app = await testApp(t)
  const maker = await given.participant(app, { roles: ['producer'], name: 'A name in a body' })
  await maker.call('POST', `/participants/${maker.id}/keys?x=${maker.key}`, {})
  await maker.call('GET', '/participants/0104700000000005215abc91XXXX92tailtailtail')
  await app.as('tamga_guessed').call('GET', '/participants/me')
  app.app.log.info(
    { authorization: 'Bearer tamga_direct', headers: { authorization: 'tamga_headers' }, key: 'tamga_field' },
    'careless',
  )
  const log = app.log.join('')
  t.match(log, maker.id)
  for (const secret of [
    maker.key,
    operatorKey,
    'tamga_guessed',
    'tailtailtail',
    'A name in a body',
    'tamga_direct',
    'tamga_headers',
    'tamga_field',
  ]) {
    t.notOk(log.includes(secret), secret)
  }
  for (const line of app.log) t.doesNotThrow(() => JSON.parse(line))
})
