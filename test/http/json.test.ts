import fc from 'fast-check'
import t from 'tap'
import { limits } from '../../src/config/limits.ts'
import { findJsonFault } from '../../src/http/json-fault.ts'
import { isStorable, parseJson } from '../../src/http/json.ts'
import { Problem } from '../../src/http/problem.ts'

const parse = (text: string): unknown => parseJson(Buffer.from(text))

/** The problem that a text is refused with: code and the paths of its errors. */
function refusal(body: string | Buffer): { code: string; paths: string[]; detail: string } {
  try {
    parseJson(Buffer.from(body))
  } catch (error) {
    if (error instanceof Problem) {
      return { code: error.code, paths: (error.errors ?? []).map((item) => item.path), detail: error.message }
    }
    throw error
  }
  throw new Error('it was accepted')
}

t.test('good JSON is read as JSON.parse reads it', async (t) => {
  for (const text of [
    '{"a":[1,"é",null,true,{"b":"\\u00e9\\ud83d\\ude00"}]}',
    ' [] ',
    '"x"',
    '-0.5e-3',
    '\ufeff{"a":1}',
  ]) {
    t.same(parse(text), JSON.parse(text.replace('\ufeff', '')), text)
  }
})

t.test('malformed JSON is located by line, column and path', async (t) => {
  const cases: [string, string, string][] = [
    ['{"a":1,}', 'line 1, column 8', ''],
    ['{"a":[1,2', 'line 1, column 10', '/a/1'],
    ['{\n  "a": tru\n}', 'line 2, column 8', '/a'],
    ['{"a" 1}', 'line 1, column 6', '/a'],
    ["{'a':1}", 'line 1, column 2', ''],
    ['{"a":"\\x"}', 'line 1, column 7', '/a'],
    ['{"a":"\u0001"}', 'line 1, column 7', '/a'],
    ['[1] 2', 'line 1, column 5', ''],
    ['[1, 2]]', 'line 1, column 7', ''],
    ['{"a":"x', 'line 1, column 8', '/a'],
    ['{"a":01}', 'line 1, column 7', '/a'],
    ['NaN', 'line 1, column 1', ''],
    ['', 'line 1, column 1', ''],
  ]
  for (const [text, where, path] of cases) {
    const { code, detail, paths } = refusal(text)
    t.equal(code, 'body_malformed', text)
    t.match(detail, where, text)
    t.equal(paths[0]?.startsWith(path), true, `${text}: ${paths[0]}`)
  }
})

t.test('what is not UTF-8 is refused', async (t) => {
  t.equal(refusal(Buffer.from([0x22, 0xff, 0x22])).code, 'body_malformed')
  t.equal(refusal(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])).code, 'body_malformed', 'a surrogate encoded as UTF-8')
})

t.test('NUL and half surrogate pairs are refused where they stand, escaped names included', async (t) => {
  t.same(refusal('{"a":[{"b":"x\\u0000"}]}'), {
    code: 'field_invalid',
    paths: ['/a/0/b'],
    detail: refusal('{"a":[{"b":"x\\u0000"}]}').detail,
  })
  t.same(refusal('{"a":"\\ud800"}').paths, ['/a'])
  t.same(refusal('{"a":"\\ude00\\ud83d"}').paths, ['/a'], 'a pair in the wrong order')
  t.same(refusal('{"a":{"x\\u0000":1}}').paths, ['/a/x\ufffd'])
  t.same(refusal('["\\u0000","\\ud800"]').paths, ['/0', '/1'], 'all of them are named')
  t.equal(refusal(JSON.stringify(Array.from({ length: 500 }, () => '\0'))).paths.length, 100, 'at most 100')
  t.same(parse('{"a":"\\u0001\\ud83d\\ude00"}'), { a: '\u0001😀' }, 'other control characters and whole pairs may pass')
})

t.test('names that poison prototypes are refused', async (t) => {
  t.same(refusal('{"a":{"__proto__":{"x":1}}}').paths, ['/a/__proto__'])
  t.same(refusal('{"\\u005f_proto__":1}').paths, ['/__proto__'], 'escaped too')
  t.same(refusal('{"constructor":{"prototype":{}}}').paths, ['/constructor'])
  t.same(parse('{"constructor":"ACME"}'), { constructor: 'ACME' })
})

t.test('numbers beyond a double are refused', async (t) => {
  t.same(refusal('{"a":[1e400]}').paths, ['/a/0'])
  t.same(refusal(`{"a":${'9'.repeat(400)}}`).paths, ['/a'])
  t.equal(refusal(`{"a":-1e999}`).code, 'field_invalid')
})

t.test('depth is bounded, and deep text costs no memory', async (t) => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
  t.ok(parse(nested(limits.jsonDepthMax)))
  const { code, paths } = refusal(nested(limits.jsonDepthMax + 1))
  t.equal(code, 'field_invalid')
  t.equal(paths[0], '/0'.repeat(limits.jsonDepthMax))
  const before = process.memoryUsage().heapUsed
  t.equal(refusal('{"a":'.repeat(2_000_000)).code, 'field_invalid')
  t.ok(process.memoryUsage().heapUsed - before < 200e6)
  t.same(
    parse(`["${'['.repeat(1000)}","\\"${'{'.repeat(1000)}"]`),
    ['['.repeat(1000), `"${'{'.repeat(1000)}`],
    'brackets in strings do not count',
  )
})

t.test('hostile text is linear', async (t) => {
  const started = performance.now()
  for (const text of [
    '"' + '\\'.repeat(3_000_001),
    '"' + '\\"'.repeat(3_000_000),
    '1'.repeat(3_000_000) + 'x',
    '{"' + 'a'.repeat(3_000_000),
  ]) {
    t.equal(refusal(text).code, 'body_malformed')
  }
  t.ok(performance.now() - started < 4_000)
})

t.test('the fault finder and JSON.parse agree on every text', async (t) => {
  const isJson = (text: string): boolean => {
    try {
      JSON.parse(text)
      return true
    } catch {
      return false
    }
  }
  const mutated = fc
    .tuple(
      fc.json({ maxDepth: 4 }),
      fc.nat(),
      fc.constantFrom('', ',', '"', '\\', '}', ']', '{', '0', '-', 'e', '.', '\n', '\t', ':', 'u'),
    )
    .map(
      ([text, at, put]) =>
        text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + (at % 3)),
    )
  fc.assert(
    fc.property(fc.oneof(mutated, fc.json(), fc.string()), (text) => {
      const fault = findJsonFault(text, 1000)
      return isJson(text) ? fault === undefined : fault !== undefined && fault.at >= 0 && fault.at <= text.length
    }),
    { numRuns: 3_000 },
  )
  t.pass()
})

t.test('storable text', async (t) => {
  for (const good of ['', 'Бишкек', '😀', '\x1d']) t.ok(isStorable(good))
  for (const bad of ['\0', 'a\ud800', '\udc00b']) t.notOk(isStorable(bad))
})
