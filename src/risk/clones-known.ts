import { setTimeout as delay } from 'node:timers/promises'
import type { Pool } from 'pg'
import { readCloneCursor } from './facts-store.ts'

export type ClonesKnownDeps = {
  pool: Pool
  logNo: (name: string) => Promise<number>
  /** Brings the look for copies up to date, as far as it will come. */
  lookForClones: () => Promise<unknown>
}

/** Nobody waits longer for it at a barrier: what is not compared by then is unknown. */
const waitMaxMs = 1_000
const pauseMs = 20

/**
 * Of which logs everything below these positions was compared for copies. The look runs behind the commit path, and another process may
 * be at it, so it is asked until it is there.
 */
export async function clonesKnown(
  deps: ClonesKnownDeps,
  positions: Readonly<Record<string, number>>,
): Promise<Set<string>> {
  const known = new Set<string>()
  const until = performance.now() + waitMaxMs
  const look = async () => {
    for (const [name, before] of Object.entries(positions)) {
      if ((await readCloneCursor(deps.pool, await deps.logNo(name))) >= before) known.add(name)
    }
    return known.size === Object.keys(positions).length
  }
  while (!(await look())) {
    const left = until - performance.now()
    if (left <= 0) break
    await Promise.race([deps.lookForClones(), delay(left)])
    if (!(await look())) await delay(pauseMs)
  }
  return known
}
