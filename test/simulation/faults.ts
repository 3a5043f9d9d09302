// What may happen to the service and its database. Each is over when it resolves, and says since when.
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../support/orders.ts'
import type { Journal } from './journal.ts'
import type { World } from './world.ts'

export type Scene = { world: World; journal: Journal; rng: Random }
/** `endedMs`: since when, by `performance.now`, nothing stands in the way any more. */
export type Fault = (scene: Scene) => Promise<{ note: string; endedMs: number }>

export const faults = {
  none: async ({ rng }) => {
    await delay(1_000 + rng.below(1_000))
    return { note: 'nothing happened', endedMs: performance.now() }
  },
} satisfies Record<string, Fault>

export type FaultKind = keyof typeof faults
