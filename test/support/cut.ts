// A line to PostgreSQL that can be cut: at a chosen statement on its way in, or at its answer on the way back, so that it took effect
// and nobody heard of it. It can be slow too, and tell another time.
import { once } from 'node:events'
import { createServer, Socket, type AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

type Teardown = { teardown: (done: () => Promise<void>) => void }

export type Cut = {
  /** Cut when this text passes: a statement's name or text on the way in, a command's tag on the way back. */
  text: string
  /** `asked`: what came before it is passed on, it is not. `taken`: it is passed on too, and nobody hears what became of it. */
  when: 'asked' | 'taken' | 'answered'
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
  /** Ends every connection there is. */
  cutAll(): void
  /**
   * Whoever is connected now is neither heard nor answered any more, and not told: as when a host stands still.
   * @param newcomers whoever connects neither, until all are cut
   */
  deafen(newcomers?: boolean): void
  /** Each answer comes so many milliseconds late. */
  slow(ms: number): void
  /** Says something else in what is asked: of the same length, or the protocol would break. Statements that are known stay as they are. */
  say(words: { instead: string; of: string } | undefined): void
}

/** What was taken shall have taken effect before the connection ends. */
const takenMs = 50

export async function lineTo(t: Teardown, url: string): Promise<Line> {
  const { hostname, port } = new URL(url)
  let next: Cut | undefined
  let count = 0
  let lateMs = 0
  let words: { instead: string; of: string } | undefined
  const sockets = new Set<Socket>()
  const deafened = new Set<Socket>()
  let deafToAll = false

  const isNext = (chunk: Buffer, when: Cut['when'], isTheOne: boolean): boolean =>
    next?.when === when && chunk.includes(next.text) && (next.on === undefined || isTheOne)

  const join = (near: Socket, far: Socket): void => {
    const end = (): void => {
      near.destroy()
      far.destroy()
    }
    for (const socket of [near, far]) {
      sockets.add(socket)
      if (deafToAll) deafened.add(socket)
      socket.on('error', end)
      socket.on('close', () => {
        sockets.delete(socket)
        deafened.delete(socket)
        end()
      })
    }
    let isTheOne = false
    let deaf = false
    let before = idle
    // Statements of ours are short and travel in one piece; what is split over two would only be cut a time later.
    near.on('data', (chunk: Buffer) => {
      if (deafened.has(near)) return
      if (next?.on !== undefined && chunk.includes(next.on)) isTheOne = true
      if (isNext(chunk, 'asked', isTheOne)) {
        const at = chunk.indexOf(next?.text ?? '')
        next = undefined
        count++
        far.end(chunk.subarray(0, at))
        near.destroy()
        return
      }
      if (deaf) return
      if (isNext(chunk, 'taken', isTheOne)) {
        const taken = chunk.subarray(0, endOfStatement(chunk, chunk.indexOf(next?.text ?? '')))
        next = undefined
        count++
        deaf = true
        setTimeout(end, takenMs)
        return void far.write(taken)
      }
      far.write(words ? replaced(chunk, words) : chunk)
    })
    far.on('data', (chunk: Buffer) => {
      if (deaf || deafened.has(far)) return
      if (isNext(chunk, 'answered', isTheOne)) {
        next = undefined
        count++
        return end()
      }
      if (lateMs === 0 && before === idle) return void near.write(chunk)
      const at = performance.now() + lateMs
      const mine = (before = before.then(async () => {
        await delay(Math.max(0, at - performance.now()))
        if (!near.destroyed) near.write(chunk)
        if (before === mine) before = idle
      }))
    })
  }

  const server = createServer((near) => {
    const far = new Socket()
    join(near, far)
    far.connect(Number(port), hostname)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cutAll = (): void => {
    deafToAll = false
    for (const socket of sockets) socket.destroy()
  }
  t.teardown(async () => {
    cutAll()
    server.close()
    await once(server, 'close')
  })
  const line = new URL(url)
  line.hostname = '127.0.0.1'
  line.port = String((server.address() as AddressInfo).port)
  return {
    url: line.toString(),
    cut: (at) => void (next = at),
    cuts: () => count,
    cutAll,
    deafen: (newcomers = false) => {
      deafToAll = newcomers
      for (const socket of sockets) deafened.add(socket)
    },
    slow: (ms) => void (lateMs = ms),
    say: (what) => void (words = what),
  }
}

/** Several statements travel in one piece; each ends with a Sync message of the protocol, but for a bare COMMIT, which comes last. */
function endOfStatement(chunk: Buffer, from: number): number {
  const sync = chunk.indexOf(Buffer.from('S\0\0\0\u0004', 'latin1'), from)
  return sync === -1 ? chunk.length : sync + 5
}

/** Nothing is on its way. */
const idle = Promise.resolve()

function replaced(chunk: Buffer, { instead, of }: { instead: string; of: string }): Buffer {
  if (instead.length !== of.length)
    throw new Error(`${JSON.stringify(instead)} is not as long as ${JSON.stringify(of)}`)
  const at = chunk.indexOf(of)
  if (at === -1) return chunk
  return Buffer.concat([chunk.subarray(0, at), Buffer.from(instead), chunk.subarray(at + of.length)])
}
