import { readWithContainers } from '../custody/load.ts'
import type { Step } from '../custody/object.ts'
import { Problem } from '../http/problem.ts'
import { actingFor, type Actor, type ParticipantRef, seesAll } from '../participants/actor.ts'
import { type FindDeps, type FoundObject, findObject, notFound } from './find-object.ts'
import { type Life, type LifeDeps, linkOf, publicState, readLife, tellCustody, tellEntry } from './life.ts'
import { seesEntry, seesNames, seesOwner } from './sight.ts'
import * as store from './store.ts'

export type QuestionDeps = FindDeps &
  LifeDeps & {
    /** Findings about an object that the asker may see. */
    listFindings: (objectId: bigint, asker: ParticipantRef) => Promise<Record<string, unknown>[]>
  }

const productOf = ({ product }: FoundObject) =>
  product
    ? {
        product: {
          gtin: product.gtin,
          name: product.name,
          group: product.group.id,
          hsCode: product.hsCode,
          originCountry: product.originCountry,
        },
      }
    : {}

/** GET /units/{code}: where one unit stands. */
export async function tellUnit(deps: QuestionDeps, actor: Actor, text: string) {
  const { object, unit, life, asker } = await lookAt(deps, actor, text)
  const findings = await deps.listFindings(object.id, asker)
  const common = { code: object.code, ...productOf(object), tail: unit.tail, findingCount: findings.length }
  const last = life.moments.at(-1)
  if (!last) {
    const state = (await isCancelled(deps, object)) ? 'withdrawn' : 'ordered'
    return { ...common, state, owner: null, holder: null, parent: null, eventCount: 0 }
  }
  const start = await commissioned(deps, life, asker)
  return {
    ...common,
    ...(await standingNow(deps, life, asker)),
    ...(start ? { commissioned: start } : {}),
    ...(await labels(deps, object)),
  }
}

/** A code that was not used before its order was closed is cancelled for good. */
async function isCancelled({ pool }: LifeDeps, { log, unit }: FoundObject): Promise<boolean> {
  if (!unit?.order) return false
  const order = unit.order.firstId - 1n
  const steps = new Map<bigint, Step>()
  await readWithContainers(pool, log, [order], steps)
  return steps.get(order)?.state === 'closed'
}

/** The code that it had before, and the one that took its place. */
async function labels({ pool, resolver }: LifeDeps, { id, log }: FoundObject) {
  const [former, successor] = await Promise.all([store.findReplaced(pool, log, id), store.findSuccessor(pool, log, id)])
  const replaces = await linkOf(resolver, former?.id ?? null)
  const replacedBy = await linkOf(resolver, successor ?? null)
  return { ...(replaces === undefined ? {} : { replaces }), ...(replacedBy === undefined ? {} : { replacedBy }) }
}

/** GET /units/{code}/history: its whole life, oldest first. */
export async function tellHistory(deps: QuestionDeps, actor: Actor, text: string) {
  const { object, life, asker } = await lookAt(deps, actor, text)
  const events = await Promise.all(life.told.map((moment) => tellEntry(deps, life, moment, asker)))
  return {
    code: object.code,
    ...productOf(object),
    events: events.filter((event) => event !== undefined),
    custody: await tellCustody(deps, life, asker),
    findings: await deps.listFindings(object.id, asker),
  }
}

/** A code that was ordered and not used yet is for who ordered it, and for those who see all. */
async function lookAt(deps: QuestionDeps, actor: Actor, text: string) {
  const object = await findObject(deps, text)
  const { unit } = object
  if (!unit) throw new Problem('not_found', { detail: 'This is a logistic unit. Ask GET /logistic-units/{sscc}.' })
  if (unit.tail === 'forged') {
    throw new Problem('code_forged', {
      detail: 'The verification tail of this code is wrong. Keep the goods apart and report them.',
    })
  }
  const asker = actingFor(actor)
  const life = await readLife(deps, object, asker)
  const ordered = seesAll(asker) || unit.order?.participantNo === asker.no
  if (life.sight === 'none' && !(life.moments.length === 0 && ordered)) throw notFound()
  return { object, unit, life, asker }
}

/** What a unit and a logistic unit have in common now. */
export async function standingNow(deps: LifeDeps, life: Life, asker: ParticipantRef) {
  const last = life.moments.at(-1)
  if (!last) throw notFound()
  const entry = life.entries.get(last.position)
  const named = seesNames(life.sight, last, asker, entry?.principal ?? entry?.participant)
  const nameOf = async (no: number | null) =>
    no === null || !(named || no === asker.no) ? null : ((await deps.directory.byNo(no))?.id ?? null)
  return {
    state: publicState(last),
    owner: await nameOf(seesOwner(life.sight, last.owner, asker) ? last.owner : null),
    holder: await nameOf(last.holder),
    ...(last.underWay ? { addressee: await nameOf(last.addressee) } : {}),
    parent: (await linkOf(deps.resolver, last.parent)) ?? null,
    lastSeen: await lastSeen(deps, life, named),
    eventCount: life.moments.filter((moment) => seesEntry(life.sight, moment.position)).length,
  }
}

async function commissioned(deps: LifeDeps, life: Life, asker: ParticipantRef) {
  const first = life.moments[0]
  const entry = first && life.entries.get(first.position)
  if (!first || !entry || !seesEntry(life.sight, first.position)) return undefined
  // A code that was voided before it was used was never on goods.
  if (first.state === 'withdrawn' || first.state === 'stolen') return undefined
  const recordedBy = entry.principal ?? entry.participant
  const by = await deps.directory.byNo(recordedBy)
  const place = entry.place === null ? undefined : await deps.directory.placeByNo(entry.place)
  const country = place?.country ?? by?.country ?? null
  const named = seesNames(life.sight, first, asker, recordedBy)
  if (!named) return { by: null, country, time: dateOf(entry.eventTime) }
  return { by: by?.id ?? null, country, time: entry.eventTime.toISOString(), ...(place ? { place: place.id } : {}) }
}

/** Of others' steps the day is shown, not the hour. */
const dateOf = (time: Date): string => `${time.toISOString().slice(0, 10)}T00:00:00.000Z`

/** The last entry with a place of the register; without one the time of the last entry. */
async function lastSeen(deps: LifeDeps, life: Life, named: boolean) {
  const seen =
    life.moments.findLast((moment) => life.entries.get(moment.position)?.place !== null) ?? life.moments.at(-1)
  const entry = seen && life.entries.get(seen.position)
  if (!entry) return null
  const place = entry.place === null ? undefined : await deps.directory.placeByNo(entry.place)
  const shown =
    place && (named ? { id: place.id, name: place.name, country: place.country } : { country: place.country })
  return { place: shown ?? null, time: named ? entry.eventTime.toISOString() : dateOf(entry.eventTime) }
}
