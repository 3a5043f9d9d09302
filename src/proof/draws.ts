// GET /draws: the secrets of the draws of customs, committed to before and revealed after, with proofs of when.
import { createLru, type Lru } from '../codes/lru.ts'
import { canonicalJson, customsLog } from '../declarations/act.ts'
import type { ActRow } from '../declarations/act-store.ts'
import type { CommittedBody, ListBody, RevealedBody } from '../draw/listing.ts'
import type { ShareBody } from '../draw/shares.ts'
import { findLists, findNewestAct, findSeed, listSeeds, listShiftActs, type SeedRow } from '../draw/store.ts'
import { Problem } from '../http/problem.ts'
import { findLog, proveEntry, type ProveDeps } from './prove.ts'

/** The last texts that were asked for, some megabytes each. */
export type ToldShift = { text: string; next: number | undefined }
export type ToldShifts = Lru<string, ToldShift>
export const createToldShifts = (): ToldShifts => createLru(toldMax)
const toldMax = 8
/** Of lists on a page: more is slow to send, and whoever verifies follows the pages. */
const pageCharacters = 4_000_000

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
 * A shift with what was drawn with its seed: all that is needed to compute it again, as canonical JSON. A long day comes in pages of
 * whole lists, each with the rest of the document; `next` is what the next page is after.
 * @param after position of the last list of the page before; -1: the first page
 * @throws Problem not_found
 */
export async function tellShift(deps: ProveDeps, shift: string, after: number, told: ToldShifts): Promise<ToldShift> {
  // Anybody may ask, and of a shift that is over nothing changes but what is listed later.
  const newest = await findNewestAct(deps.pool, shift)
  const known = newest === undefined ? undefined : told.get(`${shift} ${newest} ${after}`)
  if (known) return known
  const page = await readShift(deps, shift, after)
  if (newest !== undefined) told.set(`${shift} ${newest} ${after}`, page)
  return page
}

async function readShift(deps: ProveDeps, shift: string, after: number): Promise<ToldShift> {
  const row = await findSeed(deps.pool, shift)
  if (!row) throw new Problem('not_found', { detail: 'There is no such shift. GET /draws names them.' })
  const log = await findLog(deps, customsLog)
  const acts = await listShiftActs(deps.pool, shift)
  const page = await findLists(deps.pool, shift, after, pageCharacters)
  const lists: unknown[] = []
  for (const act of page.lists) {
    lists.push({ ...(await proveEntry(deps, log, act.position)), drawn: bodyOf<ListBody>(act).drawn })
  }
  const shares: unknown[] = []
  for (const act of acts.filter(({ kind }) => kind === 'share_committed')) {
    shares.push({ ...(await proveEntry(deps, log, act.position)), ...bodyOf<ShareBody>(act) })
  }
  const revealed = acts.find(({ kind }) => kind === 'seed_revealed')
  const said = revealed && bodyOf<RevealedBody>(revealed)
  const text = canonicalJson({
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
  return { text, next: page.more ? page.lists.at(-1)?.position : undefined }
}
