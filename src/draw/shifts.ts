// Seeds of shifts: made and committed to before, used while it lasts, revealed after.
import { randomBytes } from 'node:crypto'
import type { ClientBase, Pool } from 'pg'
import type { Vault } from '../db/secret.ts'
import { type ActDeps, type Exclusively, recordBorderAct } from '../declarations/act.ts'
import { listActs } from '../declarations/act-store.ts'
import { commitmentOf } from './draw.ts'
import * as store from './store.ts'

export type ShiftDeps = ActDeps & { vault: Vault; exclusively: Exclusively; now: () => Date }

export type Seed = { shift: string; commitment: string; seed: Uint8Array }

const dayMs = 86_400_000
const purpose = 'draw-seed'

/** Shifts are days of UTC: one rule for every office, and none in which a seed is older than a day. */
export const shiftOf = (at: Date): string => at.toISOString().slice(0, 10)

export type Shifts = {
  /** The seed in force at a moment of today, made at once where the service just began. */
  seedAt(at: Date): Promise<Seed>
  seedOf(shift: string): Promise<Seed | undefined>
  /** Commits to the seeds of today and of tomorrow, and reveals those of what is over. */
  turn(): Promise<void>
}

export function createShifts(deps: ShiftDeps): Shifts {
  const { pool, vault, exclusively, now } = deps
  const known = new Map<string, Seed>()

  const open = (row: store.SeedRow): Seed => ({
    shift: row.shift,
    commitment: row.commitment.toString('hex'),
    seed: vault.open(row.secret, purpose),
  })

  async function seedOf(shift: string): Promise<Seed | undefined> {
    const warm = known.get(shift)
    if (warm) return warm
    const row = await store.findSeed(pool, shift)
    if (!row) return undefined
    const seed = open(row)
    known.set(shift, seed)
    return seed
  }

  async function make(client: ClientBase, shift: string): Promise<void> {
    if (await store.findSeed(client, shift)) return
    const seed = randomBytes(32)
    const commitment = commitmentOf(seed)
    const start = new Date(`${shift}T00:00:00Z`)
    const at = now()
    const from = at > start ? at : start
    const until = new Date(start.getTime() + dayMs)
    const body = { shift, commitment, from: from.toISOString(), until: until.toISOString() }
    const { position } = await recordBorderAct(deps, client, {
      kind: 'seed_committed',
      subject: shift,
      at,
      actor: undefined,
      body,
    })
    await store.insertSeed(client, {
      shift,
      from,
      until,
      commitment: Buffer.from(commitment, 'hex'),
      secret: vault.seal(seed, purpose),
      position,
    })
  }

  async function reveal(client: ClientBase, row: store.SeedRow): Promise<void> {
    const acts = await listActs(client, row.shift)
    if (acts.some(({ kind }) => kind === 'seed_revealed')) return
    const seed = Buffer.from(open(row).seed).toString('hex')
    await recordBorderAct(deps, client, {
      kind: 'seed_revealed',
      subject: row.shift,
      at: now(),
      actor: undefined,
      body: { shift: row.shift, seed },
    })
  }

  async function turn(): Promise<void> {
    const at = now()
    for (const shift of [shiftOf(at), shiftOf(new Date(at.getTime() + dayMs))]) {
      if (!(await seedOf(shift))) await exclusively(`shift ${shift}`, (client) => make(client, shift))
    }
    for (const row of await store.findUnrevealed(pool, at)) {
      await exclusively(`shift ${row.shift}`, (client) => reveal(client, row))
    }
  }

  return {
    seedOf,
    turn,
    async seedAt(at) {
      const found = await seedOf(shiftOf(at))
      if (found) return found
      await turn()
      const made = await seedOf(shiftOf(at))
      if (!made) throw new Error(`there is no seed for ${at.toISOString()}`)
      return made
    },
  }
}

export type Published = {
  shift: string
  from: string
  until: string
  commitment: string
  committedAt: number
  seed?: string
}

export async function publishedShift(pool: Pool, shift: string): Promise<Published | undefined> {
  const row = await store.findSeed(pool, shift)
  if (!row) return undefined
  const revealed = (await listActs(pool, shift)).find(({ kind }) => kind === 'seed_revealed')
  const body: { seed?: string } = revealed ? (JSON.parse(revealed.body) as { seed?: string }) : {}
  return {
    shift,
    from: row.from.toISOString(),
    until: row.until.toISOString(),
    commitment: row.commitment.toString('hex'),
    committedAt: row.position,
    ...(body.seed === undefined ? {} : { seed: body.seed }),
  }
}
