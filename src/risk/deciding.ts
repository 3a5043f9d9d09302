import type { FastifyBaseLogger } from 'fastify'
import type { ClientBase } from 'pg'
import { type ActDeps, customsLog, recordBorderAct } from '../declarations/act.ts'
import { listActs } from '../declarations/act-store.ts'
import type { Chance, DecidedBody, DrawRecord, Facts, LodgedBody, ReleasedBody } from '../declarations/bodies.ts'
import { readPositions } from '../declarations/goods-store.ts'
import { idAt, parseRanges, sizeOf, union } from '../declarations/ranges.ts'
import { outstanding, type Standing, standingOf } from '../declarations/standing.ts'
import type { Beacon } from '../draw/beacon.ts'
import { draw, drawRanks, isSelected, sampleSize } from '../draw/draw.ts'
import type { Seed, Shifts } from '../draw/shifts.ts'
import { decide, type Decided } from './decide.ts'
import type { RuleEngine } from './engine.ts'
import * as store from './facts-store.ts'
import { type FactDeps, readFacts } from './facts.ts'
import { withdrawnRules } from './privileges.ts'
import type { ReadyProfile } from './profile.ts'
import { inForce, type KnownProfile, readProfiles } from './profiles.ts'

export type DecideDeps = ActDeps & {
  factDeps: FactDeps
  engine: RuleEngine
  ready: (known: Pick<KnownProfile, 'hash' | 'profile'>) => ReadyProfile
  shifts: Shifts
  beacon: Beacon
  now: () => Date
  log: Pick<FastifyBaseLogger, 'error'>
  /** Goods that customs' release brings into circulation. */
  onRelease: (standing: Standing) => Promise<void>
}

const noFacts: Facts = { decl: {}, lines: [] }

/**
 * Decides a declaration as it stands and records why. Called with the declaration in hand, so that nothing comes in between.
 * @returns how it stands afterwards
 */
export async function decideDeclaration(
  deps: DecideDeps,
  client: ClientBase,
  standing: Standing,
  trigger: string,
): Promise<Standing> {
  const at = deps.now()
  const { goods, version } = standing.current.body
  const logs = [...new Set([...goods.parts.map(({ log }) => log), ...Object.keys(goods.positions), customsLog])]
  const sizes = await readPositions(deps.pool, logs)
  const positions = Object.fromEntries(
    logs.filter((log) => log !== customsLog).map((log) => [log, sizes.get(log)?.size ?? 0]),
  )
  const customs = sizes.get(customsLog)?.size ?? 0
  const known = inForce(await readProfiles(deps.pool), at)
  if (!known) throw new Error('no profile is in force')
  const profile = deps.ready(known)
  const { facts, alarm } = await factsOrAlarm(deps, { standing, at, positions, customs })
  const { chance, seed } = await chanceOf(deps, standing)
  const since = new Date(`${at.toISOString().slice(0, 10)}T00:00:00Z`)
  const quota = profile.quota
    ? await store.countDecided(deps.pool, standing.current.body.content.office, since, customs)
    : { decided: 0, selected: 0 }
  const withdrawn = await withdrawnRules(deps.pool, known.position, customs)
  const decided = safely(
    deps,
    { engine: deps.engine, profile, facts, withdrawn, quota, draw: drawer(seed, chance) },
    alarm,
  )
  const late = await chanceAt(deps, chance, at)
  const { sample, sampleOf } = sampleOfUnits(standing, late.seed, late.chance)
  const body: DecidedBody = {
    trigger,
    version,
    at: at.toISOString(),
    positions,
    customs,
    profile: { id: known.id, version: known.version, hash: known.hash },
    facts,
    chance,
    sample,
    sampleOf,
    sampleShift: late.seed.shift,
    quota,
    withdrawn: [...withdrawn].sort(),
    ...decided,
  }
  const act = { kind: 'decided', subject: standing.id, at, actor: undefined, body }
  await recordBorderAct(deps, client, act)
  return releaseIfFree(deps, client, standing.id, standing.participant)
}

/** Green goes by itself: nobody has to be asked, and nobody can be. */
export async function releaseIfFree(
  deps: Pick<DecideDeps, 'pool' | 'recordAct' | 'now' | 'onRelease'>,
  client: ClientBase,
  id: string,
  participant: number,
): Promise<Standing> {
  const standing = standingOf(participant, await listActs(client, id))
  const { lane } = standing
  const free = (lane === 'green' || lane === 'blue') && !standing.hold && outstanding(standing).length === 0
  if (!free || standing.released || standing.outcome) return standing
  const body: ReleasedBody = { lane, automatic: true, by: [] }
  await recordBorderAct(deps, client, { kind: 'released', subject: id, at: deps.now(), actor: undefined, body })
  await deps.onRelease(standing)
  return standingOf(participant, await listActs(client, id))
}

async function factsOrAlarm(deps: DecideDeps, question: Parameters<typeof readFacts>[1]) {
  try {
    return { facts: await readFacts(deps.factDeps, question), alarm: undefined }
  } catch (error) {
    deps.log.error({ err: error, declaration: question.standing.id }, 'the facts of a declaration could not be read')
    return { facts: noFacts, alarm: 'the facts could not be read' }
  }
}

/** Whatever goes wrong in here, the answer is yellow and never green. */
function safely(deps: DecideDeps, input: Parameters<typeof decide>[0], alarm: string | undefined): Decided {
  let failed = alarm
  try {
    if (failed === undefined) {
      const decided = decide(input)
      if (decided.alarm !== undefined) deps.log.error({ alarm: decided.alarm }, 'a rule could not be asked')
      return decided
    }
  } catch (error) {
    deps.log.error({ err: error }, 'the engine failed')
    failed = 'the engine failed'
  }
  const text = `The machine could not decide (${failed}). What cannot be decided is not green.`
  return {
    lane: 'yellow',
    hold: false,
    doNotLoad: false,
    results: {},
    score: { sum: 0, families: {} },
    reasons: [{ rule: 'ENGINE', lane: 'yellow', text, category: 'Technical', legalBasis: '', disclosure: 'category' }],
    checks: [],
    draws: [],
    authorised: false,
    alarm: failed,
  }
}

/** The chance of the first declaration of these goods, from its first draw on; whoever lodges them again gets no other. */
async function chanceOf(deps: DecideDeps, standing: Standing): Promise<{ chance: Chance; seed: Seed }> {
  const { declaration, digest } = standing.current.body.chance
  const acts = await listActs(deps.pool, declaration)
  // Written above and in border/lodge.ts, and pinned by their entries.
  const bodies = acts.map((act) => ({ ...act, body: JSON.parse(act.body) as Partial<DecidedBody & LodgedBody> }))
  const earlier = bodies.find(({ kind, body }) => kind === 'decided' && body.chance?.digest === digest)?.body.chance
  const lodged =
    bodies.find(({ kind, body }) => kind !== 'decided' && body.digest === digest)?.at ?? standing.current.at
  const known = earlier && 'shift' in earlier ? earlier : undefined
  const seed = known ? await deps.shifts.seedOf(known.shift) : await deps.shifts.seedAt(lodged)
  if (!seed) throw new Error(`the seed of ${known?.shift} is missing`)
  const beacon = known?.beacon ?? (await beaconFor(deps, seed.shift, lodged))
  return { chance: { shift: seed.shift, commitment: seed.commitment, beacon, declaration, digest }, seed }
}

async function beaconFor({ beacon, shifts }: DecideDeps, shift: string, lodgedAt: Date): Promise<Chance['beacon']> {
  const round = await beacon.after(lodgedAt)
  return 'offline' in round ? shifts.withoutBeacon(shift, round.offline) : round
}

/** The same chance with the seed of a later moment: the seed of the lodgement is public once its shift is over. */
export async function chanceAt(
  { shifts }: Pick<DecideDeps, 'shifts'>,
  chance: Chance,
  at: Date,
): Promise<{ chance: Chance; seed: Seed }> {
  const seed = await shifts.seedAt(at)
  return { chance: { ...chance, shift: seed.shift, commitment: seed.commitment }, seed }
}

export const randomnessOf = ({ beacon }: Pick<Chance, 'beacon'>): string =>
  'randomness' in beacon ? beacon.randomness : ''

const drawer =
  ({ seed }: Seed, chance: Chance) =>
  (purpose: string, rate: number): DrawRecord => {
    const u = draw(seed, randomnessOf(chance), chance.digest, purpose)
    return { purpose, rate, u, selected: isSelected(u, rate) }
  }

/** The units that an inspector will be told to scan: the same however often it is decided in a shift. */
function sampleOfUnits(standing: Standing, { seed }: Seed, chance: Chance): { sample: string[]; sampleOf: number } {
  const units = union(standing.current.body.goods.parts.flatMap((part) => parseRanges(part.units)))
  const of = sizeOf(units)
  const ranks = drawRanks(seed, randomnessOf(chance), chance.digest, 'sample', sampleSize(of), of)
  return { sample: ranks.map((rank) => String(idAt(units, rank))), sampleOf: of }
}
