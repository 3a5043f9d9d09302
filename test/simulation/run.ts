// One run of the simulation: a world, clients, faults one after the other, and after each a look at everything.
import { setTimeout as delay } from 'node:timers/promises'
import { random } from '../support/orders.ts'
import { check } from './checks.ts'
import { startClients } from './clients.ts'
import { type FaultKind, faults, type Scene } from './faults.ts'
import { inTime } from './in-time.ts'
import { Journal } from './journal.ts'
import { type Blow, Report } from './report.ts'
import { startWitness } from './witness.ts'
import { openWorld, type Teardown } from './world.ts'

export type RunOptions = {
  seed: number
  seconds: number
  kinds?: readonly FaultKind[]
  clients?: number
  /** What a client thinks between two orders, on average. */
  thinkMs?: number
  tell?: (line: string) => void
}

/**
 * The same seed asks the same orders and injects the same faults in the same order; how they meet is up to the machine. Ends at the
 * first thing that is wrong.
 */
export async function run(t: Teardown, options: RunOptions): Promise<Report> {
  const { seed, seconds, kinds = allKinds, clients = 8, thinkMs = 4, tell = () => undefined } = options
  const report = new Report()
  const journal = new Journal()
  const world = await openWorld(t, journal)
  const crowd = await startClients({ seed, clients, thinkMs, journal, world })
  const witness = startWitness(world)
  const rng = random(seed)
  const { told } = journal
  const look = async (after: string): Promise<void> => {
    await inTime(crowd.pause(), `a verdict for everybody, after ${after}`)
    const asked = { url: world.adminUrl, told, lives: crowd.lives, actors: world.actors, shown: witness.shown }
    report.looked(await inTime(check(asked), `a look at everything, after ${after}`))
    crowd.resume()
  }
  const everyone = world.gates.map(({ name }) => name)
  const over = () => ({ overMs: performance.now(), served: journal.served(everyone) })
  try {
    await inTime(journal.served(everyone).all, 'every process serves after the start')
    const deadline = performance.now() + seconds * 1_000
    let deck: FaultKind[] = []
    while (performance.now() < deadline && journal.wrong.length + report.wrong.length === 0) {
      // Every kind comes before any comes again.
      if (deck.length === 0) deck = shuffled(kinds, rng.below)
      const kind = deck.pop()
      if (kind === undefined) break
      const blow = await strike(kind, { world, journal, rng, over })
      report.blows.push(blow)
      tell(`${kind}: ${blow.note}; served again after ${blow.anyMs} ms, by every process after ${blow.allMs} ms`)
      await look(`${kind}, ${blow.note}`)
    }
    await inTime(enough(told), `${acknowledgedMin} events`)
    await inTime(crowd.stop(), 'the last verdicts')
    await look('the last verdicts')
  } catch (error) {
    crowd.abandon()
    journal.wrong.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  await inTime(witness.stop(), 'an answer for the witness').catch((error: unknown) => journal.wrong.push(String(error)))
  journal.count('checkpoints seen', witness.shown.size)
  report.heard(journal)
  return report
}

/** However slow the machine, and however little of its time was without a fault. */
const acknowledgedMin = 30
const pollMs = 50

async function enough(told: readonly unknown[]): Promise<void> {
  while (told.length < acknowledgedMin) await delay(pollMs)
}

export const allKinds = Object.keys(faults) as FaultKind[]

async function strike(kind: FaultKind, scene: Scene): Promise<Blow> {
  const { note, overMs, served } = await inTime(faults[kind](scene), `${kind} is over`)
  const [any, all] = await inTime(
    Promise.all([served.any, served.all]),
    `every process serves again after ${kind}, ${note}`,
  )
  return { kind, note, anyMs: Math.round(any - overMs), allMs: Math.round(all - overMs) }
}

function shuffled<T>(list: readonly T[], below: (n: number) => number): T[] {
  const rest = [...list]
  return list.flatMap(() => rest.splice(below(rest.length), 1))
}
