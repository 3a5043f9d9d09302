import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { Type } from 'typebox'
import { createClient } from '../../src/demo/client.ts'
import { createTeller } from '../../src/demo/tell.ts'
import { kept } from './world.ts'

/** A service that gives these answers, one after the other, the last one for ever. */
async function scripted(t: Test, answers: { status: number; headers?: Record<string, string>; body?: unknown }[]) {
  let asked = 0
  const server = createServer((_, response) => {
    const { status, headers, body } = answers[Math.min(asked++, answers.length - 1)] ?? { status: 500 }
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(body ?? {}))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked }
}

t.test('a busy service is waited for as long as it asks', async (t) => {
  const { url } = await scripted(t, [
    { status: 429, headers: { 'retry-after': '3' } },
    { status: 503, headers: { 'retry-after': '2' } },
    { status: 503 },
    { status: 200, body: { id: 'a' } },
  ])
  const waited: number[] = []
  const client = createClient(url, 'key', { wait: async (ms) => void waited.push(ms), triesMax: 10 })
  t.same(await client.ask(Type.Object({ id: Type.String() }), 'GET', '/'), { id: 'a' })
  t.same(waited, [3_000, 2_000, 1_000])
  t.equal(client.requests(), 4)
})

t.test('but not for ever', async (t) => {
  const service = await scripted(t, [
    { status: 503, headers: { 'retry-after': '1' }, body: { code: 'busy', detail: 'Wait.' } },
  ])
  const client = createClient(service.url, 'key', { wait: async () => undefined, triesMax: 4 })
  await t.rejects(client.ask(Type.Unknown(), 'GET', '/'), { message: /503 busy: Wait\./ })
  t.equal(service.asked(), 4)
})

t.test('lists are read to their end, and what is not understood is said', async (t) => {
  const { url } = await scripted(t, [
    { status: 200, body: [1, 2], headers: { link: '</list?nextPageToken=x>; rel="next"' } },
    { status: 200, body: [3] },
    { status: 200, body: { not: 'a list' } },
  ])
  const client = createClient(url)
  t.same(await client.list(Type.Integer(), '/list'), [1, 2, 3])
  await t.rejects(client.list(Type.Integer(), '/list'), { message: /does not understand/ })
})

t.test('a bar at a terminal, a line elsewhere', async (t) => {
  for (const isTTY of [true, false]) {
    const out = kept(isTTY)
    const progress = createTeller(out, () => 0).progress('Counts', 2)
    progress.advance()
    progress.advance()
    progress.done()
    t.match(out.text(), /Counts .*2\/2/)
    t.equal(out.text().includes('█'), isTTY)
    if (!isTTY) t.equal(out.text().split('\n').length, 2)
  }
})
