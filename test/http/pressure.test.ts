// Too much at once: who cannot be served in time hears it at once, and everybody else is served as before.
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { answerWithProblems } from '../../src/http/problem-handler.ts'
import { refuseExcess } from '../../src/http/pressure.ts'

/** A service whose work ends when the test says so. */
async function busy(t: Test, requestsAtWorkMax: number, requestsPerTurnMax = 1_000) {
  const app = Fastify()
  answerWithProblems(app)
  await refuseExcess(app, {
    requestsAtWorkMax,
    requestsPerTurnMax,
    turnMaxMs: 60_000,
    requestsBegunPerTurnMax: 2,
    loopLateMaxMs: 60_000,
  })
  const finish: (() => void)[] = []
  app.post('/work', async () => {
    await new Promise<void>((resolve) => finish.push(resolve))
    return { done: true }
  })
  app.get('/quick', async () => ({ done: true }))
  app.get('/health', { config: { public: true, unlimited: true } }, async () => ({ status: 'ok' }))
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => app.close())
  const { port } = app.server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const work = (signal?: AbortSignal) => fetch(`${url}/work`, { method: 'POST', ...(signal ? { signal } : {}) })
  return { app, url, port, work, finish }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

t.test('the excess is refused before its body is read', async (t) => {
  const { url, port, work, finish } = await busy(t, 2)
  const first = work()
  const second = work()
  await until(() => finish.length >= 2)

  // A megabyte is announced and never sent: the answer does not wait for it.
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write('POST /work HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n')
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  const answer = bytes.toString()
  t.match(answer, /^HTTP\/1\.1 503 /)
  t.match(answer, /\r\nretry-after: 1\r\n/i)
  t.match(answer, /"code":"busy"/)
  t.equal((await fetch(`${url}/health`)).status, 200, 'health still answers')

  for (const end of finish) end()
  t.same(await Promise.all([first, second].map(async (one) => (await one).status)), [200, 200])
  const third = work()
  await until(() => finish.length >= 3)
  finish[2]?.()
  t.equal((await third).status, 200, 'and there is room again')
})

t.test('who hangs up leaves his place, and a slow body takes none', async (t) => {
  const { app, port, work, finish } = await busy(t, 1)
  const slow = connect(port, '127.0.0.1')
  t.teardown(() => slow.destroy())
  const seen = once(app.server, 'request')
  slow.write('POST /work HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{')
  await seen

  const hangUp = new AbortController()
  const left = once(app.server, 'request').then(([, response]) => once(response as NodeJS.EventEmitter, 'close'))
  work(hangUp.signal).catch(() => undefined) // It ends in an error, which is the point.
  await until(() => finish.length >= 1)
  hangUp.abort()
  await left
  const next = work()
  await until(() => finish.length >= 2)
  for (const end of finish) end()
  t.equal((await next).status, 200)
})

t.test('who comes faster than can be taken in is told so, once it is more than a moment', async (t) => {
  const { port } = await busy(t, 1_000, 3)
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  let told = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => (told += chunk))
  /** So many requests in one piece, which one turn of the event loop reads. */
  const turn = async (count: number) => {
    told = ''
    socket.write('GET /quick HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(count))
    const statuses = () => [...told.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status))
    await until(() => statuses().length === count)
    return statuses()
  }
  t.same(await turn(5), [200, 200, 200, 200, 200], 'a moment')
  t.same(await turn(5), [200, 200, 200, 503, 503], 'again')
  t.same(await turn(2), [200, 200], 'it is over')
  t.same(await turn(5), [200, 200, 200, 200, 200])
})

t.test('a till does not stand in line, and the others are begun a few in each turn', async (t) => {
  const app = Fastify()
  await refuseExcess(app, {
    requestsAtWorkMax: 100,
    requestsPerTurnMax: 100,
    turnMaxMs: 60_000,
    requestsBegunPerTurnMax: 2,
    loopLateMaxMs: 60_000,
  })
  t.teardown(() => app.close())
  const begun: string[] = []
  let turns = 0
  app.get('/scan', async () => void begun.push(`scan in turn ${turns}`))
  app.get('/till', { config: { urgent: true } }, async () => void begun.push(`till in turn ${turns}`))
  await app.ready()
  const asked = Promise.all(['/scan', '/scan', '/scan', '/scan', '/scan', '/till'].map((url) => app.inject(url)))
  // Queued before theirs, so that it is counted before each of their turns.
  const turn = () => {
    turns++
    if (begun.length < 6) setImmediate(turn)
  }
  setImmediate(turn)
  await asked
  const ofTurn = (n: number) => begun.filter((text) => text === `scan in turn ${n}`).length
  t.equal(begun[0], 'till in turn 0', 'before everybody who came earlier')
  const counts = Array.from({ length: turns + 1 }, (_, n) => ofTurn(n)).filter((n) => n > 0)
  t.same(counts, [2, 2, 1])
})
