// What attackers send to any HTTP service, over real sockets: slowness, wrong framing, size, poison. After each the service serves on.
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { limits } from '../../src/config/limits.ts'
import { csvField } from '../../src/codes/download.ts'
import { operatorKey, testApp, testClock } from '../support/app.ts'
import * as given from '../support/given.ts'

async function serving(t: Pick<Test, 'teardown'>, changed: Partial<Record<keyof typeof limits, number>> = {}) {
  const app = await testApp(t, { config: { limits: { ...limits, ...changed } } })
  await app.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.app.server.address() as AddressInfo
  const dial = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }
  /** Everything that comes back until the service hangs up. */
  const told = async (socket: Socket): Promise<string> => {
    let answer = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk))
    await once(socket, 'close')
    return answer
  }
  const say = async (bytes: string | Buffer): Promise<string> => {
    const socket = await dial()
    const answer = told(socket)
    socket.write(bytes)
    return answer
  }
  return { ...app, port, dial, told, say }
}

const statuses = (answer: string): number[] =>
  [...answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status))

const key = `authorization: Bearer ${operatorKey}\r\n`

t.test('who is slow is hung up on, and keeps nobody from anything', async (t) => {
  const { dial, told, anonymous } = await serving(t, {
    ...{ headersTimeoutMs: 150, requestTimeoutMs: 300, slowLookMs: 20 },
    connectionsMax: 80,
  })
  const starts = [
    'GET / HTTP/1.1\r\nhost: x\r\nx-a: b\r\n',
    'POST /scans HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n' +
      key +
      '\r\n{"codes"',
    'POST /scans HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n' +
      key +
      '\r\n5\r\n{"a":',
    '',
  ]
  const slow = await Promise.all(Array.from({ length: 80 }, dial))
  const beyond = await dial()
  await once(beyond.resume(), 'close')
  t.equal(
    slow.filter((socket) => socket.readable).length,
    80,
    'a connection too many is closed at once, and who is there stays',
  )
  const ends = slow.map((socket, i) => {
    socket.write(starts[i % starts.length] ?? '')
    return told(socket)
  })
  t.equal((await anonymous.call('GET', '/')).statusCode, 200, 'others are served meanwhile')
  for (const [i, answer] of (await Promise.all(ends)).entries()) {
    if (i % starts.length === 3 ? statuses(answer).length > 1 : statuses(answer).join() !== '408')
      t.fail(`${JSON.stringify(starts[i % starts.length])}: ${answer.slice(0, 200)}`)
  }
  t.equal((await anonymous.call('GET', '/')).statusCode, 200)
})

// RFC 9112, section 6: what says its length in two ways, or wrongly, may be read as two requests by a proxy and as one by us.
const smuggled = `GET /participants/me HTTP/1.1\r\nhost: x\r\n${key}\r\n`
const post = (headers: string, body: string): string =>
  `POST /sale-checks HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${headers}\r\n${body}`
const framings: Readonly<Record<string, string>> = {
  'both lengths': post('content-length: 4\r\ntransfer-encoding: chunked\r\n', `0\r\n\r\n${smuggled}`),
  'both, the other way': post('transfer-encoding: chunked\r\ncontent-length: 6\r\n', `0\r\n\r\n${smuggled}`),
  'two lengths': post('content-length: 0\r\ncontent-length: 44\r\n', smuggled),
  'two lengths in one': post('content-length: 0, 44\r\n', smuggled),
  'a length with a sign': post('content-length: +0\r\n', smuggled),
  'a negative length': post('content-length: -1\r\n', smuggled),
  'a length that is none': post('content-length: 0x10\r\n', smuggled),
  'a space before the colon': post('content-length : 44\r\n', smuggled),
  'chunked, obfuscated': post('transfer-encoding: xchunked\r\n', `0\r\n\r\n${smuggled}`),
  'chunked, twice': post('transfer-encoding: chunked, identity\r\n', `0\r\n\r\n${smuggled}`),
  'a folded header': post('x: a\r\n transfer-encoding: chunked\r\n', smuggled),
  'a bare carriage return': post('x: a\rtransfer-encoding: chunked\r\n', smuggled),
  'a chunk with a sign': post('transfer-encoding: chunked\r\n', `+0\r\n\r\n${smuggled}`),
  'a chunk of no length': post('transfer-encoding: chunked\r\n', `\r\n${smuggled}`),
  'a chunk longer than said': post('transfer-encoding: chunked\r\n', `1\r\nabc\r\n0\r\n\r\n${smuggled}`),
  'a null in a header': post('x: a\0b\r\n', smuggled),
  'no host': `GET / HTTP/1.1\r\n\r\n${smuggled}`,
  'HTTP/2 in plain': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a method that is none': `GETT / HTTP/1.1\r\nhost: x\r\n\r\n`,
}
const service = await serving(t)

t.test('wrong framing: one refusal, and the connection is closed', async (t) => {
  const { say } = service
  for (const [name, bytes] of Object.entries(framings)) {
    const answer = await say(bytes)
    // Who is refused for want of a key is refused before a chunk is read: the connection is closed all the same.
    t.match(statuses(answer).join(), /^40[01]$/, name)
    t.notMatch(answer, /"roles"/, `${name}: what was smuggled is not answered`)
  }
})

t.test('size and depth', async (t) => {
  const { say, operator, port } = service
  const url = `http://127.0.0.1:${port}`
  const json = { 'content-type': 'application/json', authorization: `Bearer ${operatorKey}` }
  const send = async (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${url}/participants`, { method: 'POST', body, headers: { ...json, ...headers } })
    return { status: answer.status, code: ((await answer.json()) as { code: string }).code }
  }
  t.same(await send('['.repeat(1_000_000)), { status: 400, code: 'field_invalid' }, 'a million deep')
  t.same(await send(`${'{"a":'.repeat(200)}1${'}'.repeat(200)}`), { status: 400, code: 'field_invalid' })
  t.same(await send(JSON.stringify({ name: 'x'.repeat(20_000_000), country: 'KG', roles: ['producer'] })), {
    status: 400,
    code: 'field_invalid',
  })
  const many = `{${Array.from({ length: 200_000 }, (_, i) => `"k${i}":1`).join(',')}}`
  t.same(await send(many), { status: 400, code: 'field_invalid' }, '200,000 names')
  const bomb = gzipSync(Buffer.alloc(50_000_000, 0x20), { level: 9 })
  for (const encoding of ['gzip', 'br', 'deflate', 'gzip, gzip'])
    t.same(await send(bomb, { 'content-encoding': encoding }), { status: 415, code: 'media_type' }, encoding)
  const large = `POST /capture HTTP/1.1\r\nhost: x\r\n${key}content-type: application/json\r\nconnection: close\r\ncontent-length: 99999999999\r\n\r\n`
  t.same(statuses(await say(large)), [413], 'said to be 99 GB, and refused before it comes')
  const headers = Array.from({ length: 3_000 }, (_, i) => `x-${i}: y\r\n`).join('')
  t.same(statuses(await say(`GET / HTTP/1.1\r\nhost: x\r\n${headers}\r\n`)), [431], 'many headers')
  t.same(statuses(await say(`GET /${'a'.repeat(17_000)} HTTP/1.1\r\nhost: x\r\n\r\n`)), [431], 'a long address')
  t.equal((await operator.call('GET', '/participants/me')).statusCode, 200, 'and it serves on')
})

t.test('poisoned prototypes', async (t) => {
  const { operator } = service
  const clean = Object.getOwnPropertyNames(Object.prototype).sort()
  const bodies = [
    '{"name":"A","country":"KG","roles":["producer"],"__proto__":{"polluted":1}}',
    '{"name":"A","country":"KG","roles":["producer"],"constructor":{"prototype":{"polluted":1}}}',
    '{"__proto__":{"name":"A","country":"KG","roles":["operator"]}}',
    '{"name":"A","country":"KG","roles":{"__proto__":["operator"],"length":1}}',
  ]
  for (const payload of bodies) {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${operatorKey}` }
    const answer = await service.app.inject({ method: 'POST', url: '/participants', headers, payload })
    t.equal(answer.statusCode, 400, payload)
  }
  for (const query of [
    '__proto__[polluted]=1',
    'constructor[prototype][polluted]=1',
    '__proto__=1',
    'limit[]=1&limit=2',
  ]) {
    const answer = await operator.call('GET', `/participants?${query}`)
    t.ok([200, 400].includes(answer.statusCode), query)
  }
  for (const id of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    for (const path of [
      '/participants/',
      '/places/',
      '/product-groups/',
      '/code-orders/',
      '/logs/',
      '/risk/profiles/',
      '/findings/',
    ])
      t.ok([400, 404].includes((await operator.call('GET', path + id)).statusCode), path + id)
  }
  t.same(Object.getOwnPropertyNames(Object.prototype).sort(), clean)
})

t.test('tables to download hold no formula', async (t) => {
  for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])
    t.match(csvField(text), /^"'/, JSON.stringify(text))
  t.equal(csvField('a "b",\r\n=c'), '"a ""b"",\r\n=c"')
})

t.test('one unit is not asked about without end, from however many addresses', async (t) => {
  const clock = testClock()
  const app = await testApp(t, { config: { rateLimit: 1_000 }, now: clock.now })
  const maker = await given.participant(app, { roles: ['producer'] })
  const { gtin } = await given.product(maker)
  const order = await maker.expect<{ id: string }>(201, 'POST', '/code-orders', { gtin, quantity: 2 })
  const [one = '', other = ''] = (await maker.call('GET', `/code-orders/${order.id}/codes?format=text`)).body.split(
    '\n',
  )
  const ask = async (code: string, remoteAddress: string) => {
    const url = `/check/${encodeURIComponent(code)}`
    return (await app.app.inject({ method: 'GET', url, remoteAddress })).statusCode
  }
  const withoutTail = `https://id.gs1.org/01/${gtin}/21/${/21([^\x1d]+)\x1d/.exec(one)?.[1] ?? ''}`
  const asked: number[] = []
  for (let i = 0; i < 8; i++) asked.push(await ask(i % 2 === 0 ? one : withoutTail, `198.51.100.${i}`))
  t.same(asked, [200, 200, 200, 200, 200, 429, 429, 429], 'whatever its spelling')
  t.equal(await ask(other, '198.51.100.1'), 200, 'another unit')
  clock.forward(1_000)
  t.equal(await ask(one, '198.51.100.9'), 200, 'a second later')
})

t.test('pages of other origins get nothing', async (t) => {
  const { app } = service
  for (const method of ['GET', 'OPTIONS'] as const) {
    const { headers } = await app.inject({
      method,
      url: '/participants/me',
      headers: {
        origin: 'https://evil.example',
        'access-control-request-method': 'GET',
        authorization: `Bearer ${operatorKey}`,
      },
    })
    t.notOk(
      Object.keys(headers).some((name) => name.startsWith('access-control-')),
      method,
    )
  }
})
