// What was drawn with a seed, for everybody: the digest of what was declared, the beacon, and every u. Nothing of the trade.
import type { ClientBase } from 'pg'
import { type ActDeps, recordBorderAct } from '../declarations/act.ts'
import type { Chance, DrawRecord, RankRecord } from '../declarations/bodies.ts'
import type { Share } from './shares.ts'
import * as store from './store.ts'

export type Drawn = {
  /** Of the act in the log `customs`. */
  position: number
  at: string
  /** When the goods were lodged for the first time: the beacon's round must be later. */
  lodgedAt: string
  digest: string
  beacon: Chance['beacon']
  draws: readonly (DrawRecord | RankRecord)[]
}

export type ListBody = { shift: string; drawn: readonly Drawn[] }
export type CommittedBody = { shift: string; commitment: string; from: string; until: string }
/** `listed`: draws in lists before it; `held`: of goods that were not presented yet, listed once they are. */
export type RevealedBody = { shift: string; seed: string; listed: number; held: number; shares: readonly Share[] }

/** Acts to a list: some megabytes. */
const listMax = 5_000

/** Publishes what is drawn with a shift's seed and in no list yet. @returns how many acts */
export async function listDraws(
  deps: Pick<ActDeps, 'recordAct'> & { now: () => Date },
  client: ClientBase,
  shift: string,
): Promise<number> {
  for (let listed = 0; ;) {
    const rows = await store.findUnlisted(client, shift, listMax)
    if (rows.length === 0) return listed
    const body: ListBody = { shift, drawn: rows.map(drawnOf) }
    const act = { kind: 'draws_listed', subject: shift, at: deps.now(), actor: undefined, body }
    const { position } = await recordBorderAct(deps, client, act)
    await store.insertListed(
      client,
      position,
      rows.map((row) => row.position),
    )
    listed += rows.length
  }
}

function drawnOf({ position, at, lodgedAt, body }: store.DrawnRow): Drawn {
  // Written by risk/deciding.ts and inspection, and pinned by its entry.
  const { chance, draws } = JSON.parse(body) as { chance: Chance; draws: Drawn['draws'] }
  const lodged = (lodgedAt ?? at).toISOString()
  return { position, at: at.toISOString(), lodgedAt: lodged, digest: chance.digest, beacon: chance.beacon, draws }
}
