// GET /draws: the secrets of the draws of customs, committed to before and revealed after, with proofs of when.
import { createLru, type Lru } from '../codes/lru.ts'
import { canonicalJson, customsLog } from '../declarations/act.ts'
import { type ActRow, listActs } from '../declarations/act-store.ts'
import type { CommittedBody, ListBody, RevealedBody } from '../draw/listing.ts'
import type { ShareBody } from '../draw/shares.ts'
import { findNewestAct, findSeed, listSeeds, type SeedRow } from '../draw/store.ts'
import { Problem } from '../http/problem.ts'
import { findLog, proveEntry, type ProveDeps } from './prove.ts'

/** The last texts that were asked for, some megabytes each. */
export type ToldShifts = Lru<string, { text: string }>
export const createToldShifts = (): ToldShifts => createLru(toldMax)
const toldMax = 8

/** Shifts, the newest first, with the seeds of those that are over. */
export async function tellShifts(deps: Pick<ProveDeps, 'pool'>, before: number | undefined, max: number) {
  return (await listSeeds(deps.pool, before, max)).map((row) => {
    const revealed = row.revealed === null ? undefined : bodyOf<RevealedBody>({ body: row.revealed })
    return { ...shiftOf(row), position: row.position, ...(revealed ? { seed: revealed.seed } : {}) }
  })
}

const shiftOf = ({ shift, from, until, commitment }: SeedRow): CommittedBody => ({
  shift,
  from: from.toISOString(),
  until: until.toISOString(),
  commitment: commitment.toString('hex'),
})

// Written by draw/ and pinned by its entry.
const bodyOf = <Body>(act: Pick<ActRow, 'body'>): Body => JSON.parse(act.body) as Body

/**
 * A shift with everything that was drawn with its seed: all that is needed to compute it again, as canonical JSON.
 * @throws Problem not_found
 */
export async function tellShift(deps: ProveDeps, shift: string, told: ToldShifts): Promise<string> {
  // Anybody may ask, and of a shift that is over nothing changes but what is listed later.
  const newest = await findNewestAct(deps.pool, shift)
  const known = newest === undefined ? undefined : told.get(`${shift} ${newest}`)
  if (known) return known.text
  const text = await readShift(deps, shift)
  if (newest !== undefined) told.set(`${shift} ${newest}`, { text })
  return text
}

async function readShift(deps: ProveDeps, shift: string): Promise<string> {
  const row = await findSeed(deps.pool, shift)
  if (!row) throw new Problem('not_found', { detail: 'There is no such shift. GET /draws names them.' })
  const log = await findLog(deps, customsLog)
  const acts = await listActs(deps.pool, shift)
  const lists: unknown[] = []
  for (const act of acts.filter(({ kind }) => kind === 'draws_listed')) {
    lists.push({ ...(await proveEntry(deps, log, act.position)), drawn: bodyOf<ListBody>(act).drawn })
  }
  const shares: unknown[] = []
  for (const act of acts.filter(({ kind }) => kind === 'share_committed')) {
    shares.push({ ...(await proveEntry(deps, log, act.position)), ...bodyOf<ShareBody>(act) })
  }
  const revealed = acts.find(({ kind }) => kind === 'seed_revealed')
  const said = revealed && bodyOf<RevealedBody>(revealed)
  return canonicalJson({
    ...shiftOf(row),
    committed: await proveEntry(deps, log, row.position),
    ...(revealed && said
      ? {
          seed: said.seed,
          listed: said.listed,
          held: said.held,
          secrets: said.shares,
          revealed: await proveEntry(deps, log, revealed.position),
        }
      : {}),
    lists,
    shares,
  })
}
