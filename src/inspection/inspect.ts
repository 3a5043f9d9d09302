import { recordBorderAct } from '../declarations/act.ts'
import type { Chance, DrawRecord, InspectedBody } from '../declarations/bodies.ts'
import { idAt, parseRanges, type Ranges, sizeOf, union } from '../declarations/ranges.ts'
import {
  namedWitness,
  outstanding,
  secondInspection,
  type Said,
  type Standing,
  standingOf,
  witnessCheck,
} from '../declarations/standing.ts'
import { listActs } from '../declarations/act-store.ts'
import type { DecidedBody } from '../declarations/bodies.ts'
import { draw, isSelected } from '../draw/draw.ts'
import { insertFindings } from '../findings/store.ts'
import { readCode } from '../gs1/read.ts'
import { digitalLink } from '../gs1/write.ts'
import { fieldProblem, Problem, type ProblemItem } from '../http/problem.ts'
import type { Actor } from '../participants/actor.ts'
import { chanceAt, randomnessOf } from '../risk/deciding.ts'
import { findPerson } from '../participants/store.ts'
import { goodsChecks } from './checks.ts'
import { drawnOnDuty, readyInspector } from './duty.ts'
import { type DeskDeps, demandOpen, personOf, withDeclaration } from './desk.ts'
import type { NewInspection } from './schema.ts'

/** Done by somebody else than an inspector: by the declarant, with a new version. */
const notByInspection: readonly string[] = ['marking']

/**
 * The act of an inspection. It cannot close without every unit that the machine drew: found, or not found with a photo, and then with
 * a substitute that the machine draws.
 * @throws Problem check_outstanding naming the units that are missing in it; second_person_needed; key_limited; not_found
 */
export async function inspect(deps: DeskDeps, actor: Actor, id: string, given: NewInspection) {
  const person = personOf(actor)
  await readyInspector(deps, actor, id)
  await demandWitness(deps, actor, given)
  return withDeclaration(deps, actor, id, async (client, standing) => {
    demandOpen(standing)
    const earlier = standing.inspections.some((inspection) => inspection.person === person.no)
    const isWitness = namedWitness(standing) === person.id
    const open = outstanding(standing).filter(
      (check) => !notByInspection.includes(check.id) && (check.id !== witnessCheck || isWitness),
    )
    const drawn = await drawnOnDuty(deps, client, standing)
    const others = open.filter((check) => byOthers.includes(check.id))
    const own = drawn === null || drawn === person.id ? open : others
    const wanted = given.checks ?? own.map((check) => check.id)
    if (wanted.includes(witnessCheck) && !isWitness) {
      throw new Problem('second_person_needed', { detail: 'Another person was named as the one who saw it too.' })
    }
    if (own === others && (wanted.length === 0 || !wanted.every((check) => byOthers.includes(check)))) {
      throw new Problem('second_person_needed', { detail: 'Another inspector was drawn for this declaration.' })
    }
    if (earlier && wanted.includes(secondInspection)) {
      if (open.every((check) => check.id === secondInspection)) {
        throw new Problem('second_person_needed', { detail: 'A second inspection is made by others than the first.' })
      }
    }
    const scanned = await readScanned(deps, given)
    const decision = standing.decisions.at(-1)
    const looksAtGoods = wanted.some((check) => goodsChecks.includes(check))
    const substitutes = decision && looksAtGoods ? await demandUnits(deps, standing, decision, scanned, given) : []
    const notFound = scanned.some(({ found }) => found !== 'found')
    const at = deps.now()
    const alone = notFound && given.witness === undefined
    const body: InspectedBody = {
      result: given.result,
      checks: wanted,
      second: standing.inspections.length > 0 && !earlier,
      ...(await drawAgain(deps, standing, decision, { alone, at })),
      scanned: scanned.map(({ code, found }) => ({ code, found })),
      notes: given.notes,
      ...(given.found ? { found: given.found } : {}),
      ...(given.photos ? { photos: given.photos } : {}),
      ...(given.witness === undefined ? {} : { witness: given.witness }),
      ...(substitutes.length > 0 ? { substitutes } : {}),
    }
    const { position, recordTime } = await recordBorderAct(deps, client, {
      kind: 'inspected',
      subject: id,
      at,
      actor,
      body,
    })
    if (given.result === 'differs') {
      await insertFindings(client, [
        differsFinding(
          standing,
          { position, at: recordTime, actor, body, units: scanned.flatMap((each) => each.id ?? []) },
          await logOf(deps),
        ),
      ])
    }
    return { standing: standingOf(standing.participant, await listActs(client, id)), position, at }
  })
}

const logOf = async ({ factDeps }: DeskDeps): Promise<number> => factDeps.logNo('customs')

/** What is done by others than who was drawn. */
const byOthers: readonly string[] = [secondInspection, witnessCheck]

/** The second person who saw that a unit cannot be read is a colleague, and will be asked. */
async function demandWitness({ factDeps }: DeskDeps, actor: Actor, { witness }: NewInspection): Promise<void> {
  if (witness === undefined) return
  const known = await findPerson(factDeps.db, actor.participant.no, witness)
  if (known && known.id !== actor.person?.id) return
  throw fieldProblem('/witness', 'Name another person of customs by id: whoever saw it too.')
}

type Scanned = { code: string; found: string; id: bigint | undefined }

async function readScanned({ resolver }: DeskDeps, { scanned }: NewInspection): Promise<Scanned[]> {
  const readings = scanned.map(({ code }, i) => {
    const { reading, fault } = readCode(code)
    if (!reading) throw fieldProblem(`/scanned/${i}/code`, fault.detail, fault.code)
    return reading
  })
  const resolved = await resolver.resolve(readings)
  return scanned.map(({ code, found }, i) => {
    const answer = resolved[i]
    return { code, found, id: answer && answer.kind !== 'fault' ? answer.objectId : undefined }
  })
}

/** @returns the substitutes that were drawn and accounted for */
async function demandUnits(
  deps: DeskDeps,
  standing: Standing,
  { body }: Said<DecidedBody>,
  scanned: readonly Scanned[],
  { photos }: NewInspection,
): Promise<string[]> {
  const told = new Map(scanned.flatMap(({ id, found }) => (id === undefined ? [] : [[id, found] as const])))
  const wanted = body.sample.map(BigInt)
  const frozen = union(standing.current.body.goods.parts.flatMap((part) => parseRanges(part.units)))
  const seed = await deps.shifts.seedOf(body.sampleShift)
  if (!seed) throw new Error(`the seed of ${body.sampleShift} is missing`)
  const substitutes: bigint[] = []
  const failed = (id: bigint) => told.has(id) && told.get(id) !== 'found'
  for (let i = 0; i < wanted.length; i++) {
    const id = wanted[i]
    if (id === undefined || !failed(id)) continue
    const next = substituteOf(frozen, wanted, (attempt) =>
      draw(seed.seed, randomnessOf(body.chance), body.chance.digest, `substitute/${id}/${attempt}`),
    )
    if (next === undefined) continue
    wanted.push(next)
    substitutes.push(next)
  }
  const missing = wanted.filter((id) => !told.has(id))
  if (missing.length > 0)
    await throwMissing(deps, missing, 'This unit was drawn: scan it, or say with a photo why it cannot be.')
  if (wanted.some(failed) && (photos ?? []).length === 0) {
    await throwMissing(deps, wanted.filter(failed), 'What is not found needs a photo.')
  }
  return (await deps.resolver.describe(substitutes)).flatMap((name) => (name ? [digitalLink(name)] : []))
}

/** A unit that was not drawn yet; undefined where all were. */
function substituteOf(frozen: Ranges, taken: readonly bigint[], u: (attempt: number) => number): bigint | undefined {
  const of = sizeOf(frozen)
  if (taken.length >= of) return undefined
  for (let attempt = 0; ; attempt++) {
    const id = idAt(frozen, Math.floor(u(attempt) * of))
    if (!taken.includes(id)) return id
  }
}

async function throwMissing({ resolver }: DeskDeps, ids: readonly bigint[], detail: string): Promise<never> {
  const names = await resolver.describe(ids)
  const errors = names.map((name): ProblemItem => ({
    path: '/scanned',
    code: 'check_outstanding',
    detail,
    ...(name ? { value: digitalLink(name) } : {}),
  }))
  throw new Problem('check_outstanding', {
    detail: `${ids.length} of the units that the machine drew are not accounted for. See errors for which.`,
    errors: errors.slice(0, 100),
    errorCount: errors.length,
  })
}

/** Some finished inspections are repeated by others; and what nobody else saw is looked at again. */
async function drawAgain(
  deps: DeskDeps,
  standing: Standing,
  decision: Said<DecidedBody> | undefined,
  { alone, at }: { alone: boolean; at: Date },
): Promise<{ again: boolean; chance?: Chance; draws?: readonly DrawRecord[] }> {
  if (standing.inspections.length > 0 || !decision) return { again: false }
  if (alone) return { again: true }
  const { chance, seed } = await chanceAt(deps, decision.body.chance, at)
  const rate = await deps.secondShare(decision.body.profile.hash)
  const u = draw(seed.seed, randomnessOf(chance), chance.digest, 'second')
  const selected = isSelected(u, rate)
  return { again: selected, chance, draws: [{ purpose: 'second', rate, u, selected }] }
}

type Done = { position: number; at: Date; actor: Actor; body: InspectedBody; units: readonly bigint[] }

/** For the declarant to answer, and for another officer to resolve: only what stays counts against anybody. */
function differsFinding(standing: Standing, { position, at, actor, body, units }: Done, log: number) {
  return {
    id: `inspection-${position}`,
    openedAt: at,
    kind: 'doubted' as const,
    code: 'declared_differently',
    participant: actor.participant.no,
    principal: null,
    person: actor.person?.no ?? null,
    log,
    position,
    eventKey: null,
    concerned: [standing.participant],
    objects: units.slice(0, 100),
    objectCount: body.scanned.length,
    detail: {
      act: 'inspected',
      eventTime: at.toISOString(),
      eventID: standing.id,
      text: 'An inspection found other goods than declared: difference to be explained.',
      objects: [],
    },
  }
}
