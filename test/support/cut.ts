// A line to PostgreSQL that can be cut: at a chosen statement on its way in, or at its answer on the way back, so that it took effect
// and nobody heard of it.
import { once } from 'node:events'
import { createServer, Socket, type AddressInfo } from 'node:net'

type Teardown = { teardown: (done: () => Promise<void>) => void }

export type Cut = {
  /** Cut when this text passes: a statement's name or text on the way in, a command's tag on the way back. */
  text: string
  when: 'asked' | 'answered'
  /** Only on a connection that asked for this, then or before: a service has many. */
  on?: string
}

export type Line = {
  /** The same database, over this line. */
  readonly url: string
  /** Cuts once; undefined: nothing is cut. */
  cut(at: Cut | undefined): void
  /** How often it was cut. */
  cuts(): number
}

export async function lineTo(t: Teardown, url: string): Promise<Line> {
  const { hostname, port } = new URL(url)
  let next: Cut | undefined
  let count = 0
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = new Socket()
    const end = (): void => {
      near.destroy()
      far.destroy()
    }
    let isTheOne = false
    const pass = (from: Socket, to: Socket, when: Cut['when']): void => {
      sockets.add(from)
      from.on('error', end)
      from.on('close', () => {
        sockets.delete(from)
        end()
      })
      from.on('data', (chunk) => {
        // Statements of ours are short and travel in one piece; what is split over two would only be cut a time later.
        if (when === 'asked' && next?.on !== undefined && chunk.includes(next.on)) isTheOne = true
        if (next?.when === when && chunk.includes(next.text) && (next.on === undefined || isTheOne)) {
          next = undefined
          count++
          return end()
        }
        to.write(chunk)
      })
    }
    pass(near, far, 'asked')
    pass(far, near, 'answered')
    far.connect(Number(port), hostname)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  const line = new URL(url)
  line.hostname = '127.0.0.1'
  line.port = String((server.address() as AddressInfo).port)
  return { url: line.toString(), cut: (at) => void (next = at), cuts: () => count }
}
