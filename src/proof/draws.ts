// GET /draws: the secrets of the draws of customs, committed to before and revealed after, with proofs of when.
import { canonicalJson, customsLog } from '../declarations/act.ts'
import { type ActRow, listActs } from '../declarations/act-store.ts'
import type { CommittedBody, ListBody, RevealedBody } from '../draw/listing.ts'
import type { ShareBody } from '../draw/shares.ts'
import { findSeed, listSeeds, type SeedRow } from '../draw/store.ts'
import { Problem } from '../http/problem.ts'
import { findLog, proveEntry, type ProveDeps } from './prove.ts'

/** Shifts, the newest first, with the seeds of those that are over. */
export async function tellShifts(deps: Pick<ProveDeps, 'pool'>, before: number | undefined, max: number) {
  return Promise.all(
    (await listSeeds(deps.pool, before, max)).map(async (row) => {
      const revealed = (await listActs(deps.pool, row.shift)).find(({ kind }) => kind === 'seed_revealed')
      const seed = revealed && bodyOf<RevealedBody>(revealed).seed
      return { ...shiftOf(row), position: row.position, ...(seed === undefined ? {} : { seed }) }
    }),
  )
}

const shiftOf = ({ shift, from, until, commitment }: SeedRow): CommittedBody => ({
  shift,
  from: from.toISOString(),
  until: until.toISOString(),
  commitment: commitment.toString('hex'),
})

// Written by draw/ and pinned by its entry.
const bodyOf = <Body>(act: ActRow): Body => JSON.parse(act.body) as Body

/**
 * A shift with everything that was drawn with its seed: all that is needed to compute it again, as canonical JSON.
 * @throws Problem not_found
 */
export async function tellShift(deps: ProveDeps, shift: string): Promise<string> {
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
