// Units that nobody ordered: in a group that only observes, an event about an unknown serial makes it known.
import type { Gtin, Serial } from '../gs1/identifiers.ts'
import * as store from './store.ts'

export type UnitName = { gtin: Gtin; serial: Serial }

/**
 * The object ids of units that no order knows, each made on first mention; the same serial of a GTIN always gets the same id.
 * Runs in the caller's transaction: what is rolled back was never claimed. If a serial was brought along with an order
 * meanwhile, its answer is that order's id.
 * @param units codes that the resolver did not find
 * @returns one id for each, in order
 */
export async function claimUnits(client: store.Connection, units: readonly UnitName[]): Promise<bigint[]> {
  if (units.length === 0) return []
  const byName = new Map(units.map((unit) => [unit.gtin + unit.serial, unit]))
  // Sorted, so that two batches that claim the same serials queue up behind each other instead of deadlocking.
  const names = [...byName.keys()].sort()
  const wanted = names.flatMap((name) => byName.get(name) ?? [])
  const gtins = wanted.map((unit) => unit.gtin)
  const serials = wanted.map((unit) => unit.serial)
  await store.insertClaimed(client, gtins, serials)
  // A statement of its own: the insert does not see what another transaction had inserted and it therefore left out.
  const rows = await store.findForeign(client, gtins, serials)
  const ids = new Map(rows.map((row) => [names[row.n - 1], row.unit_id]))
  return units.map((unit) => {
    const id = ids.get(unit.gtin + unit.serial)
    if (id === undefined) throw new Error(`Serial ${unit.serial} of ${unit.gtin} was claimed and is not there`)
    return id
  })
}
