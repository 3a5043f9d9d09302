import type { Pool } from 'pg'
import type { Claim, Fault } from './claim.ts'
import { type Bench, openBench } from './judge.ts'
import { subjectsOf } from './waiting.ts'

export type Questions = {
  /** What would stand against the claim if it were recorded now. Nothing is recorded, and no lock is taken. */
  ask(log: number, claim: Claim): Promise<readonly Fault[]>
}

export type QuestionsOptions = {
  nestingMax: number
  /** Objects read by one round of statements; more wait for the next round. */
  objectsPerRead: number
  /** Rounds that may be under way at once, each on a connection of its own. */
  readsAtOnce: number
}

type Asked = {
  log: number
  claim: Claim
  answer: (faults: readonly Fault[]) => void
  fail: (error: unknown) => void
}

/**
 * Questions that come while others are being answered are read together: a till's question costs a share of a statement, not
 * statements of its own. Each is judged by itself, as if nobody else had asked.
 * @param connections pipelined ones, `readsAtOnce` of them: the statements of a round travel together
 */
export function createQuestions(connections: Pick<Pool, 'connect'>, options: QuestionsOptions): Questions {
  const waiting: Asked[] = []
  let underWay = 0

  /** The next round: questions about one log, as many as are read at once, at least one. */
  function next(): Asked[] {
    const [first] = waiting
    if (!first) return []
    const round: Asked[] = []
    let objects = 0
    for (const asked of waiting) {
      if (asked.log !== first.log) continue
      objects += subjectsOf(asked.claim).length
      if (round.length > 0 && objects > options.objectsPerRead) break
      round.push(asked)
    }
    const taken = new Set(round)
    waiting.splice(0, waiting.length, ...waiting.filter((asked) => !taken.has(asked)))
    return round
  }

  async function answerRound(round: readonly Asked[]): Promise<void> {
    try {
      const bench = await openRound(round)
      for (const { claim, answer } of round) answer(bench.ask(claim))
    } catch (error) {
      for (const { fail } of round) fail(error)
    }
  }

  async function openRound(round: readonly Asked[]): Promise<Bench> {
    const client = await connections.connect()
    try {
      const claims = round.map(({ claim }) => claim)
      return await openBench(client, round[0]?.log ?? 0, claims, { nestingMax: options.nestingMax, settles: false })
    } finally {
      client.release()
    }
  }

  function go(): void {
    while (underWay < options.readsAtOnce && waiting.length > 0) {
      underWay++
      void answerRound(next()).finally(() => {
        underWay--
        go()
      })
    }
  }

  return {
    ask: (log, claim) =>
      new Promise((answer, fail) => {
        waiting.push({ log, claim, answer, fail })
        // What else came with the same read of the sockets is asked along.
        if (waiting.length === 1) setImmediate(go)
      }),
  }
}
