// What answers while a process is starting and its database is brought up to date, which may take long: that it is alive, and why it is
// not ready. Whoever watches it would end it otherwise, half-way.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Problem, problemDocument } from './problem.ts'
import { problemType } from './problem-handler.ts'

export type WaitingRoom = { close(): Promise<void> }

/** Where the address cannot be listened on there is no waiting room; the service itself says why when its turn comes. */
export async function openWaitingRoom(host: string, port: number): Promise<WaitingRoom> {
  const detail = 'The database is being brought up to date (migration). Ask again in a while; nothing was stored.'
  const errors = [{ path: '/migration', code: 'busy' as const, detail }]
  const refusal = JSON.stringify(problemDocument(new Problem('busy', { detail, errors })))
  const server = createServer((request, response) => {
    const alive = request.url === '/health'
    const body = alive ? '{"status":"ok"}' : refusal
    response.writeHead(alive ? 200 : 503, {
      'content-type': alive ? 'application/json; charset=utf-8' : problemType,
      'content-length': Buffer.byteLength(body),
      connection: 'close',
      ...(alive ? {} : { 'retry-after': '5' }),
    })
    response.end(body)
    request.resume()
  })
  const listening = await once(server.listen(port, host), 'listening').then(
    () => true,
    () => false,
  )
  return {
    close: async () => {
      if (!listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
