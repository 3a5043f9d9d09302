// Who is who, for the hot path: look-ups that may be half a second old.
import type { Db } from '../db/connect.ts'
import { createCached } from '../db/cached.ts'
import type { ParticipantRef } from './actor.ts'
import { mandatesToSell } from './mandate-store.ts'
import * as store from './store.ts'

/** A place as events need it. */
export type PlaceRef = {
  no: number
  id: string
  participantNo: number
  gln?: string
  name: string
  country: string
  lat: number
  lon: number
  radiusM?: number
  town?: string
}

/** In whose hands somebody's goods are for sale all the same, because a mandate between the two says so. */
export type Trusted = { participant: number; gtins?: readonly string[] }

/** Finds participants and places by any of their names; undefined where there is none. Nothing here checks rights. */
export type Directory = {
  byId(id: string): Promise<ParticipantRef | undefined>
  byNo(no: number): Promise<ParticipantRef | undefined>
  byGln(gln: string): Promise<ParticipantRef | undefined>
  placeById(id: string): Promise<PlaceRef | undefined>
  placeByNo(no: number): Promise<PlaceRef | undefined>
  placeByGln(gln: string): Promise<PlaceRef | undefined>
  /** With whom a participant has a mandate to sell, in either direction, that is in force now. */
  sellingWith(no: number): Promise<Trusted[]>
}

/** Beyond this many at once the oldest are looked up again: some 10 MB. */
const entriesMax = 20_000

export function createDirectory(db: Db, now: () => Date): Directory {
  const participants = <Key>(by: (key: Key) => Parameters<typeof store.findParticipant>[1]) =>
    createCached<Key, ParticipantRef>({
      load: async (key) => optional(await store.findParticipant(db, by(key)), store.participantRef),
      now,
      entriesMax,
    }).get
  const places = <Key>(by: (key: Key) => Parameters<typeof store.findPlace>[1]) =>
    createCached<Key, PlaceRef>({
      load: async (key) => optional(await store.findPlace(db, by(key)), placeRef),
      now,
      entriesMax,
    }).get
  const selling = createCached({ load: (no: number) => mandatesToSell(db, no), now, entriesMax })
  return {
    byId: participants((id: string) => ({ id })),
    byNo: participants((no: number) => ({ no })),
    byGln: participants((gln: string) => ({ gln })),
    placeById: places((id: string) => ({ id })),
    placeByNo: places((no: number) => ({ no })),
    placeByGln: places((gln: string) => ({ gln })),
    sellingWith: async (no) =>
      ((await selling.get(no)) ?? [])
        .filter(({ until }) => until > now())
        .map(({ other, gtins }) => ({ participant: other, ...(gtins ? { gtins } : {}) })),
  }
}

const optional = <From, To>(value: From | undefined, map: (value: From) => To): To | undefined =>
  value === undefined ? undefined : map(value)

const placeRef = (row: store.PlaceRow): PlaceRef => ({
  no: row.no,
  id: row.id,
  participantNo: row.participant_no,
  name: row.name,
  country: row.country,
  lat: Number(row.lat),
  lon: Number(row.lon),
  ...(row.gln === null ? {} : { gln: row.gln }),
  ...(row.radius_m === null ? {} : { radiusM: row.radius_m }),
  ...(row.town === null ? {} : { town: row.town }),
})
