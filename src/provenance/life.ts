import type { Pool } from 'pg'
import { isFinal } from '../custody/object.ts'
import type { Resolver } from '../codes/resolve.ts'
import { digitalLink } from '../gs1/write.ts'
import type { ParticipantRef } from '../participants/actor.ts'
import type { Directory } from '../participants/directory.ts'
import type { FoundObject } from './find-object.ts'
import { custodyOf, lifeOf, type Moment } from './history.ts'
import { type Sight, seesEntry, seesNames, sightOf } from './sight.ts'
import * as store from './store.ts'

export type LifeDeps = { pool: Pool; resolver: Resolver; directory: Directory }

export type Life = {
  object: FoundObject
  moments: readonly Moment[]
  entries: ReadonlyMap<number, store.EntryRow>
  sight: Sight
}

/** The whole life of an object, and what the asker may see of it. */
export async function readLife(deps: LifeDeps, object: FoundObject, asker: ParticipantRef): Promise<Life> {
  const moments = await lifeOf(object.id, store.readSpans(deps.pool, object.log))
  const entries = await store.findEntries(
    deps.pool,
    object.log,
    moments.map((moment) => moment.position),
  )
  return { object, moments, entries, sight: sightOf(moments, asker) }
}

/** The state as it is called outside: under way is a state there. */
export const publicState = (moment: Pick<Moment, 'state' | 'underWay'>): string =>
  moment.underWay && !isFinal(moment.state) ? 'in_transit' : moment.state

/** One entry of the story for who may see names of it, and for who may only see where and when. */
export async function tellEntry(deps: LifeDeps, life: Life, moment: Moment, asker: ParticipantRef) {
  const entry = life.entries.get(moment.position)
  if (!entry || !seesEntry(life.sight, moment.position)) return undefined
  const recordedBy = entry.principal ?? entry.participant
  const by = await deps.directory.byNo(recordedBy)
  const place = entry.place === null ? undefined : await deps.directory.placeByNo(entry.place)
  const country = place?.country ?? by?.country
  const event = eventOf(entry.bytes)
  const common = { bizStep: event['bizStep'], state: publicState(moment), ...(country ? { country } : {}) }
  if (!seesNames(life.sight, moment, asker, recordedBy)) {
    return { ...common, eventTime: `${entry.eventTime.toISOString().slice(0, 10)}T00:00:00.000Z`, redacted: true }
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
    ...(await parties(deps, moment)),
    ...(moment.own ? {} : { container: true }),
  }
}

/** What of the event a story needs; the whole event is at /events/{eventID}. */
function summary(event: Record<string, unknown>): Record<string, unknown> {
  const shown = ['eventID', 'type', 'action', 'disposition', 'bizTransactionList', 'ilmd', 'eventTimeZoneOffset']
  return Object.fromEntries(shown.flatMap((key) => (event[key] === undefined ? [] : [[key, event[key]]])))
}

async function parties({ directory, resolver }: LifeDeps, moment: Moment) {
  const name = async (no: number | null) => (no === null ? undefined : (await directory.byNo(no))?.id)
  const [owner, holder, addressee] = await Promise.all([
    name(moment.owner),
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

/** The event within an entry's bytes, as it was recorded. */
export function eventOf(bytes: Buffer): Record<string, unknown> {
  const entry: unknown = JSON.parse(bytes.toString('utf8'))
  if (typeof entry === 'object' && entry !== null && 'event' in entry && isRecord(entry.event)) return entry.event
  throw new Error('an entry of goods without an event')
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Who held it from when to when, in event time; others than the asker by country alone unless he may see names. */
export async function tellCustody(deps: LifeDeps, life: Life, asker: ParticipantRef) {
  const timeOf = (position: number) => life.entries.get(position)?.eventTime.toISOString()
  const periods = custodyOf(life.moments).filter((period) => seesEntry(life.sight, period.to ?? period.from))
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
