// Seeds of shifts: made and committed to before, used while it lasts, revealed after.
import { randomBytes } from 'node:crypto'
import type { ClientBase } from 'pg'
import type { Vault } from '../db/secret.ts'
import { type ActDeps, type Exclusively, recordBorderAct } from '../declarations/act.ts'
import { listActs } from '../declarations/act-store.ts'
import type { Chance } from '../declarations/bodies.ts'
import type { Actor } from '../participants/actor.ts'
import { commitmentOf, shiftOf } from './draw.ts'
import { listDraws, type RevealedBody } from './listing.ts'
import { combine, handIn, openShares, type ShareBody } from './shares.ts'
import * as store from './store.ts'

export type ShiftDeps = ActDeps & { vault: Vault; exclusively: Exclusively; now: () => Date }

export type Seed = { shift: string; commitment: string; seed: Uint8Array }

const dayMs = 86_400_000
const purpose = 'draw-seed'

export type Shifts = {
  /** The seed in force at a moment of today, made at once where the service just began. */
  seedAt(at: Date): Promise<Seed>
  seedOf(shift: string): Promise<Seed | undefined>
  /** What draws of a shift rest on beside its seed where no beacon answers: the secrets of institutions, if any handed one in. */
  withoutBeacon(shift: string, offline: string): Promise<Chance['beacon']>
  /** Takes an institution's secret for a shift that has not begun; see shares.ts. */
  handIn(actor: Actor, shift: string, secret: string): Promise<ShareBody>
  /** Commits to the seeds of today and of tomorrow; lists the draws of what is over and reveals its seed. */
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

  /** The seed of a shift that is over, after the list of what was drawn with it. */
  async function reveal(client: ClientBase, row: store.SeedRow): Promise<void> {
    const acts = await listActs(client, row.shift)
    if (acts.some(({ kind }) => kind === 'seed_revealed')) return
    const listed = await listDraws(deps, client, row.shift)
    const shares = await openShares(client, vault, row.shift)
    const held = (await store.countUnlisted(client)).find(({ shift }) => shift === row.shift)?.held ?? 0
    const body: RevealedBody = {
      shift: row.shift,
      seed: Buffer.from(open(row).seed).toString('hex'),
      listed,
      held,
      shares,
    }
    await recordBorderAct(deps, client, {
      kind: 'seed_revealed',
      subject: row.shift,
      at: now(),
      actor: undefined,
      body,
    })
  }

  async function turn(): Promise<void> {
    const at = now()
    for (const shift of [shiftOf(at), shiftOf(new Date(at.getTime() + dayMs))]) {
      if (!(await seedOf(shift))) await exclusively(`shift ${shift}`, (client) => make(client, shift))
    }
    const over = await store.findUnrevealed(pool, at)
    for (const row of over) await exclusively(`shift ${row.shift}`, (client) => reveal(client, row))
    if (over.length === 0) return
    // Once a shift: what was held back in earlier ones, and what was drawn again with their seeds.
    for (const { shift, due } of await store.countUnlisted(pool)) {
      if (due === 0 || shift >= shiftOf(at)) continue
      await exclusively(`shift ${shift}`, (client) => listDraws(deps, client, shift))
    }
  }

  return {
    seedOf,
    turn,
    handIn: (actor, shift, secret) => handIn(deps, actor, shift, secret),
    async withoutBeacon(shift, offline) {
      const secrets = (await openShares(pool, vault, shift)).map(({ secret }) => Buffer.from(secret, 'hex'))
      if (secrets.length === 0) return { offline }
      return { offline, shift, institutions: secrets.length, randomness: combine(secrets) }
    },
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

/** Turns the shifts from time to time; a turn that fails is made up for by the next. */
export function startTurning(
  shifts: Pick<Shifts, 'turn'>,
  intervalMs: number,
  onError: (error: unknown) => void,
): { stop: () => Promise<void> } {
  let running: Promise<void> | undefined
  const timer = setInterval(() => {
    running ??= shifts
      .turn()
      .catch(onError)
      .finally(() => (running = undefined))
  }, intervalMs)
  timer.unref()
  return {
    stop: async () => {
      clearInterval(timer)
      await running
    },
  }
}
