// Every route of the OpenAPI document with bodies that nearly fit it: whatever is sent, the answer is the caller's to understand, never a
// fault of ours. SEED=… plays a run again, REQUESTS=… makes it longer (`npm run loadtest:fuzz`: 50,000) and tells the slowest answer and the
// memory in use, a tenth of the run at a time.
import fc from 'fast-check'
import t from 'tap'
import { type Caller, type Method, testApp } from '../support/app.ts'
import * as given from '../support/given.ts'
import { stage } from '../support/story.ts'

const seed = Number(process.env['SEED'] ?? 20_260_501)
const requests = Number(process.env['REQUESTS'] ?? 3_000)
/** Much longer than any of them takes, on any machine; who hangs for good is found by the test's own limit. */
const slowMs = 30_000

type Schema = {
  $ref?: string
  type?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  items?: Schema
  minItems?: number
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | boolean
}
type Parameter = { name: string; in: string; schema?: Schema }
type Operation = { parameters?: Parameter[]; requestBody?: { content: Record<string, { schema?: Schema }> } }
type OpenApi = { paths: Record<string, Record<string, Operation>>; components: { schemas?: Record<string, Schema> } }

const nasty: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(
    '',
    '\u0000',
    '__proto__',
    'constructor',
    '%00',
    '../..',
    "'; drop table step; --",
    '<script>',
    '\ud800',
    '=1+1',
  ),
  fc.constantFrom(-1, 0, 1e308, 2 ** 53, 0.1, null, true, [], {}, [[[[]]]], { __proto__: 1 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }),
)

/** A value that the schema may accept, now and then one that it does not. */
function like(schema: Schema, api: OpenApi, pool: fc.Arbitrary<string>, depth = 0): fc.Arbitrary<unknown> {
  const of = (inner: Schema) => like(inner, api, pool, depth + 1)
  if (depth > 8) return nasty
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? ''
    return of(api.components.schemas?.[name] ?? {})
  }
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  const [first, ...more] = schema.anyOf ?? schema.oneOf ?? schema.allOf ?? []
  if (first) return fc.oneof(of(first), ...more.map(of))
  switch (schema.type) {
    case 'object': {
      const properties = Object.entries(schema.properties ?? {})
      const fields = Object.fromEntries(properties.map(([name, inner]) => [name, seldomWrong(of(inner))]))
      return fc.record(fields, { requiredKeys: (schema.required ?? []).filter((name) => name in fields) })
    }
    case 'array':
      return fc.array(of(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: (schema.minItems ?? 0) + 3,
      })
    case 'integer':
    case 'number':
      return fc.oneof(fc.integer({ min: 0, max: 50 }), fc.double(), fc.integer())
    case 'boolean':
      return fc.boolean()
    default:
      return pool
  }
}

const seldomWrong = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 19, arbitrary: value }, { weight: 1, arbitrary: nasty })

t.test(`whatever is sent (SEED=${seed})`, { timeout: 240_000 + requests * 20 }, async (t) => {
  const app = await testApp(t)
  const { actors, code, gtin, play } = await stage(app)
  await play('maker commission U1,U2,U3 = ok\nmaker pack U1,U2 in P1 = ok\nmaker ship P1 to shop = ok')
  const importer = await given.participant(app, { roles: ['importer'] })
  const callers: Caller[] = [app.operator, app.anonymous, importer, ...actors.values()]
  const known = [code('U1'), code('U3'), code('U9'), code('P1'), gtin, ...[...actors.values()].map(({ id }) => id)]
  const words = [
    'commissioning',
    'shipping',
    'ObjectEvent',
    'ADD',
    'OBSERVE',
    'main',
    '1',
    '12.50',
    'KG',
    '2208',
    '4',
    '#all',
  ]
  const times = [new Date().toISOString(), '2026-05-01T09:30:00+06:00', '2026-05-01', '9999-12-31T23:59:59Z']
  const pool = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...known, ...words, ...times) },
    { weight: 1, arbitrary: fc.string({ maxLength: 30 }) },
  )
  const api = (await app.app.inject('/docs/json')).json<OpenApi>()
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase() as Method, operation })),
  )
  const one = fc.constantFrom(...operations).chain(({ path, method, operation }) => {
    const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema
    const parameters = operation.parameters ?? []
    return fc.record({
      method: fc.constant(method),
      path: fc.constant(path),
      caller: fc.integer({ min: 0, max: callers.length - 1 }),
      names: fc.record(
        Object.fromEntries(parameters.map(({ name, schema }) => [name, seldomWrong(like(schema ?? {}, api, pool))])),
      ),
      body: body ? seldomWrong(like(body, api, pool)) : fc.constant(undefined),
    })
  })
  const counts = new Map<number, number>()
  let slowestMs = 0
  let answered = 0
  const memoryMb: number[] = []
  await fc.assert(
    fc.asyncProperty(one, async ({ method, path, caller, names, body }) => {
      const text = (value: unknown) =>
        encodeURIComponent(wellFormed(typeof value === 'string' ? value : JSON.stringify(value)))
      const filled = path.replaceAll(/\{([^}]+)\}/g, (_, name: string) =>
        text((names as Record<string, unknown>)[name] ?? 'x'),
      )
      const query = Object.entries(names)
        .filter(([name]) => !path.includes(`{${name}}`))
        .map(([name, value]) => `${encodeURIComponent(name)}=${text(value)}`)
      const url = query.length > 0 ? `${filled}?${query.join('&')}` : filled
      const startedMs = performance.now()
      const answer = await callers[caller]?.call(method, url, method === 'GET' ? undefined : body)
      const tookMs = performance.now() - startedMs
      slowestMs = Math.max(slowestMs, tookMs)
      if (++answered % Math.ceil(requests / 10) === 0) memoryMb.push(Math.round(process.memoryUsage.rss() / 2 ** 20))
      if (!answer || tookMs > slowMs) throw new Error(`${method} ${url} takes too long`)
      counts.set(answer.statusCode, (counts.get(answer.statusCode) ?? 0) + 1)
      if (answer.statusCode >= 500 && answer.statusCode !== 501) throw new Error(`${method} ${url}: ${answer.body}`)
    }),
    { numRuns: requests, seed, endOnFailure: true },
  )
  const told = [...counts].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`)
  t.comment(`${requests} requests to ${operations.length} routes: ${told.join(', ')}`)
  t.comment(`slowest answer ${Math.round(slowestMs)} ms; resident memory ${memoryMb.join(', ')} MB`)
  t.ok((counts.get(200) ?? 0) + (counts.get(201) ?? 0) > requests / 100, 'some of it was accepted')
  t.equal((await app.anonymous.call('GET', '/ready')).statusCode, 200)
})

const wellFormed = (text: string | undefined): string => (text ?? '').replaceAll(/[\ud800-\udfff]/g, '?')
