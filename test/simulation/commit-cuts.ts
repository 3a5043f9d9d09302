// The line to the database is cut at one statement of the commit after the other: before it took effect, and after.
import type { Cut } from '../support/cut.ts'
import type { Fault } from './faults.ts'

/** In the order in which they are sent. All but the last have names; each connection is told the text once and the name ever after. */
export const statements = [
  ...['ledger_lock', 'ledger_head', 'ledger_events', 'custody_last_steps', 'custody_insert_steps', 'ledger_entries'],
  ...['ledger_directory', 'ledger_insert_head', 'commit'],
] as const

const cutsEach = 6
const patienceMs = 20_000
const pollMs = 5

/** Six cuts, one after the other, each on a process and at a statement that the seed chose. */
export const cutAtStatement: Fault = async ({ world, journal, rng, over }) => {
  const made: string[] = []
  for (let i = 0; i < cutsEach; i++) {
    const { line } = rng.of(world.gates)
    const text = rng.of(statements)
    const when = rng.of(['asked', 'taken'] as const)
    const cut: Cut = { text, when, ...(text === 'commit' ? { on: 'ledger_insert_head' } : {}) }
    const before = line.cuts()
    line.cut(cut)
    const deadline = performance.now() + patienceMs
    while (line.cuts() === before && performance.now() < deadline) await new Promise((go) => setTimeout(go, pollMs))
    if (line.cuts() === before) {
      line.cut(undefined)
      journal.wrong.push(`nobody sent ${text} within ${patienceMs} ms`)
      continue
    }
    const where = `${text} ${when === 'asked' ? 'before' : 'after'}`
    journal.count(`cut at ${where}`)
    made.push(where)
  }
  return { note: `cut at ${made.join(', ')}`, ...over() }
}
