import { Problem } from '../http/problem.ts'

/** Lets so many in at a time; the others wait in order, and beyond `waitingMax` are told to come back. */
export type Gate = <Result>(work: () => Promise<Result>) => Promise<Result>

export function createGate(atOnceMax: number, waitingMax: number): Gate {
  const waiting: (() => void)[] = []
  let inside = 0
  return async (work) => {
    if (inside >= atOnceMax) {
      if (waiting.length >= waitingMax) throw new Problem('busy', { headers: { 'retry-after': '5' } })
      // Whoever leaves hands over the place, so `inside` stays as it is.
      await new Promise<void>((enter) => waiting.push(enter))
    } else inside++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else inside--
    }
  }
}
