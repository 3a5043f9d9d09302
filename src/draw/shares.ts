// Secrets that other institutions hand in before a shift: with them no one institution knows or chooses what is drawn offline.
import { createHash } from 'node:crypto'
import type { ClientBase } from 'pg'
import type { Vault } from '../db/secret.ts'
import { type ActDeps, type Exclusively, recordBorderAct } from '../declarations/act.ts'
import { listActs } from '../declarations/act-store.ts'
import { fieldProblem, Problem } from '../http/problem.ts'
import { type Actor, actingFor } from '../participants/actor.ts'
import { shiftOf } from './draw.ts'
import * as store from './store.ts'

const purpose = 'draw-share'
const aheadMaxDays = 31
const dayMs = 86_400_000

export type ShareBody = { shift: string; institution: string; commitment: string }
export type Share = { institution: string; secret: string }

export type ShareDeps = ActDeps & { vault: Vault; exclusively: Exclusively; now: () => Date }

/**
 * Takes an institution's secret for a shift that has not begun, and commits to it in the log.
 * @param secret 32 bytes as hexadecimal digits
 * @throws Problem field_invalid, not_possible once the shift has begun, taken where it has handed one in
 */
export async function handIn(deps: ShareDeps, actor: Actor, shift: string, secret: string): Promise<ShareBody> {
  const { vault, exclusively, now } = deps
  const at = now()
  const start = new Date(`${shift}T00:00:00Z`)
  if (!/^\d{4}-\d\d-\d\d$/.test(shift) || Number.isNaN(start.getTime()) || shiftOf(start) !== shift) {
    throw fieldProblem('/shift', 'A shift is a day, such as 2026-03-01.')
  }
  if (start <= at || start.getTime() - at.getTime() > aheadMaxDays * dayMs) {
    throw new Problem('not_possible', {
      detail: `A secret is handed in before its shift begins (00:00 UTC) and at most ${aheadMaxDays} days ahead. Take a later one.`,
    })
  }
  const institution = actingFor(actor)
  const commitment = createHash('sha256').update(secret, 'hex').digest()
  const body: ShareBody = { shift, institution: institution.id, commitment: commitment.toString('hex') }
  await exclusively(`shift ${shift}`, async (client) => {
    if ((await store.listShares(client, shift)).some(({ participant }) => participant === institution.no)) {
      throw new Problem('taken', { detail: 'You handed in a secret for this shift already; it cannot be changed.' })
    }
    const { position } = await recordBorderAct(deps, client, {
      kind: 'share_committed',
      subject: shift,
      at,
      actor,
      body,
    })
    await store.insertShare(client, {
      shift,
      participant: institution.no,
      commitment,
      secret: vault.seal(Buffer.from(secret, 'hex'), purpose),
      position,
    })
  })
  return body
}

/** The secrets of a shift with whose they are, in the order in which they were handed in. */
export async function openShares(client: Pick<ClientBase, 'query'>, vault: Vault, shift: string): Promise<Share[]> {
  const rows = await store.listShares(client, shift)
  if (rows.length === 0) return []
  const acts = new Map((await listActs(client, shift)).map((act) => [act.position, act]))
  return rows.map(({ secret, position }) => {
    const act = acts.get(position)
    if (!act) throw new Error(`the act ${position} that pins a secret is missing`)
    const { institution } = JSON.parse(act.body) as ShareBody // Written by handIn, and pinned by its entry.
    return { institution, secret: vault.open(secret, purpose).toString('hex') }
  })
}

/** One XOR the other: as unpredictable as the least predictable of them. @param secrets 32 bytes each, at least one */
export function combine(secrets: readonly Uint8Array[]): string {
  const sum = Buffer.alloc(32)
  for (const secret of secrets) for (let i = 0; i < 32; i++) sum[i] = (sum[i] ?? 0) ^ (secret[i] ?? 0)
  return sum.toString('hex')
}
