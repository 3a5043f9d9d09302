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
export const openLoad = async (load: OpenLoad): Promise<Opened> => (await standReady(load))()

/**
 * Its connections stand; what is returned begins. Of two loads that run beside each other neither begins while the other's are made:
 * thousands of callers who come at once are no part of what is measured.
 */
export async function standReady({
  on,
  path,
  key,
  perSecond,
  seconds,
  body,
}: OpenLoad): Promise<() => Promise<Opened>> {
  const { hostname, port } = new URL(on.url)
  const head = `POST ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\n${
    key === undefined ? '' : `authorization: Bearer ${key}\r\n`
  }content-length: `
  const free: Line[] = []
  const lines = new Set<Line>()
  const late: number[] = []
  const tookMs: number[] = []
  const refusedMs: number[] = []
  const total = Math.floor(perSecond * seconds)
  let [sent, answered, impolite, broken] = [0, 0, 0, 0]
  let over: () => void = () => undefined
  const ended = new Promise<void>((resolve) => (over = resolve))
  const count = () => {
    if (++answered === total) over()
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
    if (status < 300) tookMs.push(took)
    else if (status === 503) {
      refusedMs.push(took)
      if (!/\r\nretry-after:/i.test(header)) impolite++
    } else broken++
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
      broken++
      count()
    })
    await once(socket, 'connect')
    // A connection over which nothing was ever asked is closed after seconds (headersTimeoutMs), perhaps as its turn comes.
    socket.write(`GET /health HTTP/1.1\r\nhost: ${hostname}:${port}\r\n\r\n`)
    await once(socket, 'data')
    free.push(line)
  }
  const send = (line: Line, dueMs: number) => {
    line.dueMs = dueMs
    const text = JSON.stringify(body(sent++))
    line.socket.write(`${head}${Buffer.byteLength(text)}\r\n\r\n${text}`)
  }
  await Promise.all(Array.from({ length: linesOpen }, open))
  return async () => {
    const startedMs = performance.now()
    const ticking = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - startedMs) / 1000) * perSecond))
      for (let i = sent + late.length; i < due; i++) late.push(startedMs + (i * 1000) / perSecond)
      while (late.length > 0) {
        const line = free.pop()
        if (!line) break
        send(line, late.shift() ?? 0)
      }
      if (sent === total) clearInterval(ticking)
    }, tickMs)
    const giveUp = setTimeout(over, seconds * 1000 + patienceMs)
    await ended
    clearTimeout(giveUp)
    clearInterval(ticking)
    const tookSeconds = (performance.now() - startedMs) / 1000
    const closed = [...lines].map(({ socket }) => once(socket, 'close'))
    for (const { socket } of lines) socket.destroy()
    await Promise.all(closed)
    // Once it answers this it has seen that three thousand callers are gone: whatever is measured next has no part in that.
    await fetch(`${on.url}/health`)
    return {
      perSecond: tookMs.length / tookSeconds,
      p50: quantile(tookMs, 0.5),
      p99: quantile(tookMs, 0.99),
      refused: refusedMs.length,
      impolite,
      refusedP99: quantile(refusedMs, 0.99),
      broken: broken + (total - answered),
    }
  }
}
