// Whom a participant may choose by name: with whom it has dealt, and whoever it can name exactly. The register of all is the
// operator's; a stranger's guess at a part of a name shows nobody.
import type { Pool } from 'pg'
import { actingFor, type Actor, seesAll } from '../participants/actor.ts'
import * as store from './counterparty-store.ts'

const shown = 20

/** GET /counterparties?name=… */
export async function tellCounterparties(pool: Pool, actor: Actor, text: string) {
  const wanted = text.trim()
  if (wanted === '') return []
  const asker = actingFor(actor)
  const pattern = `%${wanted.replace(/[\\%_]/g, '\\$&')}%`
  const [exact, part] = await Promise.all([
    store.findExactly(pool, wanted, shown),
    seesAll(asker) ? store.findAnybody(pool, pattern, shown) : store.findKnown(pool, asker.no, pattern, shown),
  ])
  const found = new Map([...exact, ...part].map((row) => [row.id, row]))
  return [...found.values()]
    .filter(({ id }) => id !== asker.id)
    .slice(0, shown)
    .map(({ id, name, country, gln }) => ({ id, name, country, ...(gln === null ? {} : { gln }) }))
}
