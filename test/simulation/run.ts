// One run of the simulation: a world, clients, faults one after the other, and after each a look at everything.
import { startClients } from './clients.ts'
import { check } from './checks.ts'
import { type Fault, type FaultKind, faults } from './faults.ts'
import { Journal } from './journal.ts'
import { openWorld, type Teardown, type World } from './world.ts'
import { random } from '../support/orders.ts'

export type RunOptions = {
  seed: number
  seconds: number
  kinds?: readonly FaultKind[]
  clients?: number
  /** What a client thinks between two orders, on average. */
  thinkMs?: number
  tell?: (line: string) => void
}

/** One fault: milliseconds from its end (for what ends, the blow itself) until any, and until every, process recorded something new. */
export type Blow = { kind: FaultKind; note: string; anyMs: number; allMs: number }

export type Report = {
  seed: number
  blows: Blow[]
  acknowledged: number
  lost: number
  doubled: number
  compared: number
  counted: ReadonlyMap<string, number>
  /** Empty, or something is broken. */
  wrong: string[]
}

/** What does not serve again within this is told as wrong. */
const patienceMs = 60_000

/** The same seed asks the same orders and injects the same faults in the same order; how they meet is up to the machine. */
export async function run(t: Teardown, options: RunOptions): Promise<Report> {
  const { seed, seconds, kinds = Object.keys(faults) as FaultKind[], clients = 6, thinkMs = 4 } = options
  const tell = options.tell ?? (() => undefined)
  const journal = new Journal()
  const world = await openWorld(t, journal)
  const crowd = await startClients({ seed, clients, thinkMs, journal, world })
  const rng = random(seed)
  const blows: Blow[] = []
  const report: Report = {
    seed,
    blows,
    acknowledged: 0,
    lost: 0,
    doubled: 0,
    compared: 0,
    counted: journal.counted(),
    wrong: journal.wrong,
  }
  const look = async (): Promise<void> => {
    await crowd.pause()
    const found = await check({ url: world.adminUrl, told: journal.told, lives: crowd.lives, actors: world.actors })
    journal.count('looks')
    report.lost = Math.max(report.lost, found.lost)
    report.doubled = Math.max(report.doubled, found.doubled)
    report.compared = found.compared
    journal.wrong.push(...found.faults)
    crowd.resume()
  }
  await journal.served(world.gates.map(({ name }) => name)).all
  const deadline = performance.now() + seconds * 1_000
  let deck: FaultKind[] = []
  while (performance.now() < deadline && journal.wrong.length === 0) {
    // Every kind comes before any comes again.
    if (deck.length === 0) deck = shuffled(kinds, rng.below)
    const kind = deck.pop()
    if (kind === undefined) break
    const blow = await strike(kind, faults[kind], world, journal, rng)
    blows.push(blow)
    tell(
      `${kind}: ${blow.note}; any serves after ${blow.anyMs} ms, every one after ${blow.allMs} ms; ${journal.told.length} recorded`,
    )
    await look()
  }
  await crowd.stop()
  await look()
  report.acknowledged = journal.told.length
  return report
}

async function strike(
  kind: FaultKind,
  fault: Fault,
  world: World,
  journal: Journal,
  rng: ReturnType<typeof random>,
): Promise<Blow> {
  const over = () => ({ overMs: performance.now(), served: journal.served(world.gates.map(({ name }) => name)) })
  const { note, overMs, served } = await fault({ world, journal, rng, over })
  const tooLate = new Promise<never>((_, reject) =>
    setTimeout(
      () => reject(new Error(`it does not serve again within ${patienceMs} ms after: ${kind}, ${note}`)),
      patienceMs,
    ).unref(),
  )
  const [any, all] = await Promise.all([Promise.race([served.any, tooLate]), Promise.race([served.all, tooLate])])
  return { kind, note, anyMs: Math.round(any - overMs), allMs: Math.round(all - overMs) }
}

function shuffled<T>(list: readonly T[], below: (n: number) => number): T[] {
  const rest = [...list]
  return list.flatMap(() => rest.splice(below(rest.length), 1))
}
