// Clients who record one event after the other, each until it is answered, and remember what they were told.
import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { sscc } from '../support/story.ts'
import type { Remote } from '../support/remote.ts'

/** The same seed gives the same numbers (xorshift over a hash of it). */
export function random(seed: string): () => number {
  let state = createHash('sha256').update(seed).digest().readUInt32LE() | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

export type Told = { body: Record<string, unknown>; eventID: string; answer: string }

export type Load = {
  /** Every event that was acknowledged, with the words of the first acknowledgement. */
  readonly told: readonly Told[]
  /** Calls without an answer, or with 503; how many of them turned out to be recorded. */
  readonly broken: () => number
  readonly brokenButRecorded: () => number
  /** Answers that nobody may get, whatever dies. */
  readonly wrong: readonly string[]
  /** Resolves at the next acknowledgement of an event that was first sent after this call. */
  next(): Promise<void>
  /** Resolves once so many more are acknowledged. */
  more(count: number): Promise<void>
  /** Lets each client finish the event it is at. */
  stop(): Promise<void>
}

/** Starts `clients` at once, each with units of its own: commissioned, packed, unpacked, sold, around and around. */
export function startLoad(client: () => Remote, codes: readonly string[], clients: number): Load {
  const told: Told[] = []
  const wrong: string[] = []
  const waiting: { since: number; count: number; go: () => void }[] = []
  let broken = 0
  let recorded = 0
  let sent = 0
  let stopped = false

  async function record(remote: Remote, scan: Record<string, unknown>): Promise<void> {
    const eventID = `urn:uuid:${randomUUID()}`
    const body = { ...scan, eventID, time: new Date().toISOString() }
    const serial = sent++
    for (let attempt = 0; ; attempt++) {
      const answer = await remote.send('POST', '/scans', body).catch(() => undefined)
      if (answer?.status === 201 || answer?.status === 200) {
        if (attempt > 0 && answer.status === 200) recorded++
        told.push({ body, eventID, answer: answer.text })
        for (const each of waiting) if (serial >= each.since && --each.count === 0) each.go()
        return
      }
      if (answer !== undefined && answer.status !== 503) {
        wrong.push(`${answer.status} ${answer.text}`)
        return
      }
      broken++
      await delay(20) // As a patient client does; without it they would spin while the service is away.
    }
  }

  async function live(own: string[]): Promise<void> {
    const remote = client()
    while (!stopped && own.length >= 3) {
      const units = own.splice(0, 3)
      const parent = `(00)${sscc()}`
      await record(remote, { step: 'commissioning', codes: units })
      await record(remote, { step: 'packing', codes: units, parent })
      await record(remote, { step: 'unpacking', codes: units.slice(0, 1), parent })
      await record(remote, { step: 'retail_selling', codes: units.slice(0, 2) })
    }
    if (!stopped) throw new Error('a client ran out of codes')
  }

  const share = Math.floor(codes.length / clients)
  const lives = Array.from({ length: clients }, (_, i) => live(codes.slice(i * share, (i + 1) * share)))
  const until = (since: number, count: number) => new Promise<void>((go) => waiting.push({ since, count, go }))
  const failed = Promise.all(lives).then(() => undefined)
  failed.catch(() => undefined)
  return {
    told,
    wrong,
    broken: () => broken,
    brokenButRecorded: () => recorded,
    next: () => Promise.race([until(sent, 1), failed]),
    more: (count) => Promise.race([until(0, count), failed]),
    stop: () => {
      stopped = true
      return failed
    },
  }
}
