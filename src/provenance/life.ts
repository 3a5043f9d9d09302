import type { Pool } from 'pg'
import { eventOf } from '../capture/recorded-event.ts'
import { isFinal } from '../custody/object.ts'
import type { Resolver } from '../codes/resolve.ts'
import { digitalLink } from '../gs1/write.ts'
import type { ParticipantRef } from '../participants/actor.ts'
import type { Directory } from '../participants/directory.ts'
import type { FoundObject } from './find-object.ts'
import { custodyOf, lifeOf, type Moment } from './history.ts'
import { type Sight, seesEntry, seesNames, seesOwner, sightOf } from './sight.ts'
import * as store from './store.ts'

export type LifeDeps = { pool: Pool; resolver: Resolver; directory: Directory }

/** A moment as the story tells it. */
export type Chapter = Moment & {
  /** The entry that declares it an error: it does not count any more. */
  takenBackAt?: number
  /** It happened under this code, before the unit got its new one. */
  code?: string
}

export type Life = {
  object: FoundObject
  /** What counts, in order of position. */
  moments: readonly Chapter[]
  /** The same, and what was taken back. */
  told: readonly Chapter[]
  entries: ReadonlyMap<number, store.EntryRow>
  sight: Sight
}

/** The whole life of an object, under its former codes too, and what the asker may see of it. */
export async function readLife(deps: LifeDeps, object: FoundObject, asker: ParticipantRef): Promise<Life> {
  const { pool } = deps
  const chapters = await readChapters(deps, object)
  const again = await store.findJudgedAgain(
    pool,
    object.log,
    chapters.map((moment) => moment.position),
  )
  const all = chapters.filter(({ position }) => !again.has(position))
  const positions = all.map((moment) => moment.position)
  const undone = await store.findTakenBack(pool, object.log, positions)
  const declarations = new Set(undone.values())
  const told = all
    .filter(({ position }) => !declarations.has(position))
    .map((moment) => {
      const takenBackAt = undone.get(moment.position)
      return takenBackAt === undefined ? moment : { ...moment, takenBackAt }
    })
  const moments = told.filter(({ takenBackAt }) => takenBackAt === undefined)
  const entries = await store.findEntries(pool, object.log, [...new Set([...positions, ...declarations])])
  return { object, moments, told, entries, sight: sightOf(moments, asker) }
}

/** Its own moments, and before them those of the codes that it replaced. */
async function readChapters({ pool, resolver }: LifeDeps, { id, log }: FoundObject): Promise<Chapter[]> {
  const readSpans = store.readSpans(pool, log)
  let chapters: Chapter[] = await lifeOf(id, readSpans)
  let former = await store.findReplaced(pool, log, id)
  while (former) {
    const { id: old, position } = former
    const code = await linkOf(resolver, old)
    const earlier = (await lifeOf(old, readSpans)).filter((moment) => moment.position < position)
    const known = new Set(chapters.map((moment) => moment.position))
    chapters = [
      ...chapters,
      ...earlier
        .filter((moment) => !known.has(moment.position))
        .map((moment) => ({ ...moment, ...(code === undefined ? {} : { code }) })),
    ].sort((a, b) => a.position - b.position)
    former = await store.findReplaced(pool, log, old, position)
  }
  return chapters
}

/** The state as it is called outside: under way is a state there. */
export const publicState = (moment: Pick<Moment, 'state' | 'underWay'>): string =>
  moment.underWay && !isFinal(moment.state) ? 'in_transit' : moment.state

/** One entry of the story for who may see names of it, and for who may only see where and when. */
export async function tellEntry(deps: LifeDeps, life: Life, moment: Chapter, asker: ParticipantRef) {
  const entry = life.entries.get(moment.position)
  if (!entry || !seesEntry(life.sight, moment.position)) return undefined
  const recordedBy = entry.principal ?? entry.participant
  const by = await deps.directory.byNo(recordedBy)
  const place = entry.place === null ? undefined : await deps.directory.placeByNo(entry.place)
  const country = place?.country ?? by?.country
  const event = eventOf(entry.bytes)
  const common = { bizStep: event['bizStep'], state: publicState(moment), ...(country ? { country } : {}) }
  if (!seesNames(life.sight, moment, asker, recordedBy)) {
    const eventTime = `${entry.eventTime.toISOString().slice(0, 10)}T00:00:00.000Z`
    return { ...common, eventTime, redacted: true, ...(await takenBack(deps, life, moment, false)) }
  }
  return {
    ...common,
    ...summary(event),
    eventTime: entry.eventTime.toISOString(),
    recordTime: entry.recordTime.toISOString(),
    log: life.object.logName,
    position: moment.position,
    ...(by ? { by: { id: by.id, name: by.name, country: by.country } } : {}),
    ...(place
      ? { place: { id: place.id, name: place.name, country: place.country, lat: place.lat, lon: place.lon } }
      : {}),
    ...(await parties(deps, life.sight, moment, asker)),
    ...(moment.own ? {} : { container: true }),
    ...(moment.code === undefined ? {} : { code: moment.code }),
    ...(await takenBack(deps, life, moment, true)),
  }
}

/** When and by whom it was declared an error; to whom names are not shown, that it was. */
async function takenBack({ directory }: LifeDeps, { entries }: Life, { takenBackAt }: Chapter, named: boolean) {
  const declaration = takenBackAt === undefined ? undefined : entries.get(takenBackAt)
  if (!declaration) return {}
  const time = declaration.recordTime.toISOString()
  if (!named) return { takenBack: { time: `${time.slice(0, 10)}T00:00:00.000Z` } }
  const by = await directory.byNo(declaration.principal ?? declaration.participant)
  return { takenBack: { time, ...(by ? { by: by.id } : {}) } }
}

/** What of the event a story needs; the whole event is at /events/{eventID}. */
function summary(event: Record<string, unknown>): Record<string, unknown> {
  const shown = ['eventID', 'type', 'action', 'disposition', 'bizTransactionList', 'ilmd', 'eventTimeZoneOffset']
  const reason = event['tamga:reason']
  return {
    ...Object.fromEntries(shown.flatMap((key) => (event[key] === undefined ? [] : [[key, event[key]]]))),
    ...(reason === undefined ? {} : { reason }),
  }
}

async function parties({ directory, resolver }: LifeDeps, sight: Sight, moment: Moment, asker: ParticipantRef) {
  const name = async (no: number | null) => (no === null ? undefined : (await directory.byNo(no))?.id)
  const [owner, holder, addressee] = await Promise.all([
    name(seesOwner(sight, moment.owner, asker) ? moment.owner : null),
    name(moment.holder),
    name(moment.addressee),
  ])
  const parent = await linkOf(resolver, moment.parent)
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(holder === undefined ? {} : { holder }),
    ...(addressee === undefined ? {} : { addressee }),
    ...(parent === undefined ? {} : { parent }),
  }
}

export async function linkOf(resolver: Resolver, id: bigint | null): Promise<string | undefined> {
  if (id === null) return undefined
  const [name] = await resolver.describe([id])
  return name && digitalLink(name)
}

/** Who held it from when to when, in event time; others than the asker by country alone unless he may see names. */
export async function tellCustody(deps: LifeDeps, life: Life, asker: ParticipantRef) {
  const timeOf = (position: number) => life.entries.get(position)?.eventTime.toISOString()
  const periods = custodyOf(life.moments).filter((period) => seesEntry(life.sight, period.from))
  return Promise.all(
    periods.map(async ({ holder, from, to }) => {
      const participant = await deps.directory.byNo(holder)
      const named = life.sight === 'all' || holder === asker.no
      return {
        ...(named && participant ? { holder: participant.id, name: participant.name } : { holder: null }),
        ...(participant ? { country: participant.country } : {}),
        from: timeOf(from) ?? null,
        to: to === undefined ? null : (timeOf(to) ?? null),
      }
    }),
  )
}
