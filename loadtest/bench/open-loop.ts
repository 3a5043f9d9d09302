// An open loop: requests are due at their times, whatever becomes of those before, as tills send them. (A client that waits for an
// answer before it sends the next measures how slow it was itself: autocannon's rate lets each connection burst once a second.)
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Load } from './load.ts'

export type OpenLoad = Omit<Load, 'amount' | 'connections'> & { perSecond: number; seconds: number }

export type Opened = {
  /** Answers of 2xx a second. */
  perSecond: number
  /** Milliseconds from when a request was due to its answer; of 2xx alone. */
  p50: number
  p99: number
  /** Requests sent away with 503, how many of them without Retry-After, and milliseconds until they knew it. */
  refused: number
  impolite: number
  refusedP99: number
  /** Anything else: other statuses, lost connections. */
  broken: number
}

type Line = { socket: Socket; dueMs: number; pending: string }

/**
 * Connections that stand before the load begins, as a proxy or tills keep them: Node accepts one a turn of its loop, so that who
 * connects in the rush is measured by that. What is due when all of them wait for answers is sent later, and late from its own time on.
 */
const linesOpen = 3_000
const tickMs = 2
/** What is not answered by then is lost. */
const patienceMs = 30_000

const quantile = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0
}

/** Sends so many requests a second for so long, then waits for what is still to be answered. */
export async function openLoad(load: OpenLoad): Promise<Opened> {
  const callers = await standReady(load)
  const opened = await callers.send()
  await callers.leave()
  return opened
}

/** Callers whose connections stand: neither that they come nor that they go is a part of what is measured. */
export type Callers = { send(): Promise<Opened>; leave(): Promise<void> }

/** What was heard since the load began. */
type Heard = { took: number[]; refused: number[]; impolite: number; broken: number; left: number; over: () => void }

export async function standReady({ on, path, key, perSecond, seconds, body }: OpenLoad): Promise<Callers> {
  const { hostname, port } = new URL(on.url)
  const head = `POST ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\n${
    key === undefined ? '' : `authorization: Bearer ${key}\r\n`
  }content-length: `
  const free: Line[] = []
  const lines = new Set<Line>()
  let heard: Heard = { took: [], refused: [], impolite: 0, broken: 0, left: 0, over: () => undefined }
  const count = () => {
    if (--heard.left === 0) heard.over()
  }

  const hear = (line: Line, chunk: string) => {
    line.pending += chunk
    const end = line.pending.indexOf('\r\n\r\n')
    if (end < 0) return
    const header = line.pending.slice(0, end)
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(header)?.[1] ?? 0)
    if (line.pending.length < end + 4 + length) return
    line.pending = ''
    if (line.dueMs === 0) return // The answer to the first question, which is not counted.
    const status = Number(header.slice(9, 12))
    const took = performance.now() - line.dueMs
    if (status < 300) heard.took.push(took)
    else if (status === 503) {
      heard.refused.push(took)
      if (!/\r\nretry-after:/i.test(header)) heard.impolite++
    } else heard.broken++
    line.dueMs = 0
    if (/\r\nconnection: close/i.test(header)) line.socket.destroy()
    else free.push(line)
    count()
  }
  const open = async (): Promise<void> => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    const line: Line = { socket, dueMs: 0, pending: '' }
    lines.add(line)
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => hear(line, chunk))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      lines.delete(line)
      if (free.includes(line)) free.splice(free.indexOf(line), 1)
      if (line.dueMs === 0) return
      heard.broken++
      count()
    })
    await once(socket, 'connect')
    // A connection over which nothing was ever asked is closed after seconds (headersTimeoutMs), perhaps as its turn comes.
    socket.write(`GET /health HTTP/1.1\r\nhost: ${hostname}:${port}\r\n\r\n`)
    await once(socket, 'data')
    free.push(line)
  }
  await Promise.all(Array.from({ length: linesOpen }, open))
  let asked = 0

  async function send(): Promise<Opened> {
    const total = Math.floor(perSecond * seconds)
    const late: number[] = []
    const ended = new Promise<void>((over) => {
      heard = { took: [], refused: [], impolite: 0, broken: 0, left: total, over }
    })
    const { took, refused } = heard
    let sent = 0
    const startedMs = performance.now()
    const ticking = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - startedMs) / 1000) * perSecond))
      for (let i = sent + late.length; i < due; i++) late.push(startedMs + (i * 1000) / perSecond)
      while (late.length > 0) {
        const line = free.pop()
        if (!line) break
        line.dueMs = late.shift() ?? 0
        sent++
        const text = JSON.stringify(body(asked++))
        line.socket.write(`${head}${Buffer.byteLength(text)}\r\n\r\n${text}`)
      }
      if (sent === total) clearInterval(ticking)
    }, tickMs)
    const giveUp = setTimeout(heard.over, seconds * 1000 + patienceMs)
    await ended
    clearTimeout(giveUp)
    clearInterval(ticking)
    return {
      perSecond: took.length / ((performance.now() - startedMs) / 1000),
      p50: quantile(took, 0.5),
      p99: quantile(took, 0.99),
      refused: refused.length,
      impolite: heard.impolite,
      refusedP99: quantile(refused, 0.99),
      broken: heard.broken + heard.left,
    }
  }

  return {
    send,
    leave: async () => {
      const closed = [...lines].map(({ socket }) => once(socket, 'close'))
      for (const { socket } of lines) socket.destroy()
      await Promise.all(closed)
      // Once it answers this it has seen that three thousand callers are gone.
      await fetch(`${on.url}/health`)
    },
  }
}
