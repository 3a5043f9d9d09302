// All SQL about participants, their people and places. Keys and mandates have files of their own beside this one.
import { sql } from 'kysely'
import type { Db, Tx } from '../db/connect.ts'
import { newId } from '../db/id.ts'
import type { ParticipantRef, Role } from './actor.ts'

export type ParticipantRow = {
  no: number
  id: string
  name: string
  country: string
  roles: Role[]
  gln: string | null
  tax_id: string | null
  created_at: Date
}

export type NewParticipant = { name: string; country: string; roles: readonly Role[]; gln?: string; taxId?: string }

const participantColumns = sql`no, id, name, country, roles, gln, tax_id, created_at`

/** Registers a participant; undefined if another has the GLN. */
export async function insertParticipant(tx: Tx, given: NewParticipant): Promise<ParticipantRow | undefined> {
  const { rows } = await sql<ParticipantRow>`
    insert into participant (id, name, country, roles, gln, tax_id)
    values (${newId()}, ${given.name}, ${given.country}, ${[...given.roles]}::text[], ${given.gln ?? null}, ${given.taxId ?? null})
    on conflict (gln) do nothing
    returning ${participantColumns}`.execute(tx)
  return rows[0]
}

export type ParticipantFilter = { role?: string; country?: string }

export async function listParticipants(
  db: Db,
  filter: ParticipantFilter,
  after: number,
  limit: number,
): Promise<ParticipantRow[]> {
  const { rows } = await sql<ParticipantRow>`
    select ${participantColumns} from participant
    where no > ${after}
      and (${filter.role ?? null}::text is null or ${filter.role ?? null} = any (roles))
      and (${filter.country ?? null}::text is null or country = ${filter.country ?? null})
    order by no limit ${limit}`.execute(db)
  return rows
}

/** By one of the three names that a participant has: the number inside, the id outside, its GLN. */
export async function findParticipant(
  db: Db | Tx,
  by: { no: number } | { id: string } | { gln: string },
): Promise<ParticipantRow | undefined> {
  const [column, value] = 'no' in by ? ['no', by.no] : 'id' in by ? ['id', by.id] : ['gln', by.gln]
  const { rows } = await sql<ParticipantRow>`
    select ${participantColumns} from participant where ${sql.ref(String(column))} = ${value}`.execute(db)
  return rows[0]
}

export const participantRef = (row: ParticipantRow): ParticipantRef => ({
  no: row.no,
  id: row.id,
  name: row.name,
  country: row.country,
  roles: row.roles,
  ...(row.gln === null ? {} : { gln: row.gln }),
})

/**
 * Holds everybody else off who changes the keys of this participant, until the transaction ends: "the first two
 * persons" must be counted by one at a time.
 */
export async function lockParticipant(tx: Tx, no: number): Promise<void> {
  await sql`select from participant where no = ${no} for update`.execute(tx)
}

export type PersonRow = { no: number; id: string; name: string; office: string | null }

export async function insertPerson(
  tx: Tx,
  participantNo: number,
  given: { name: string; office?: string },
): Promise<PersonRow> {
  const { rows } = await sql<PersonRow>`
    insert into person (id, participant_no, name, office)
    values (${newId()}, ${participantNo}, ${given.name}, ${given.office ?? null})
    returning no, id, name, office`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('an insert returned no row')
  return row
}

export async function listPeople(db: Db, participantNo: number, after: number, limit: number): Promise<PersonRow[]> {
  const { rows } = await sql<PersonRow>`
    select no, id, name, office from person
    where participant_no = ${participantNo} and no > ${after} order by no limit ${limit}`.execute(db)
  return rows
}

export async function findPerson(db: Db | Tx, participantNo: number, id: string): Promise<PersonRow | undefined> {
  const { rows } = await sql<PersonRow>`
    select no, id, name, office from person where participant_no = ${participantNo} and id = ${id}`.execute(db)
  return rows[0]
}

export type PlaceRow = {
  no: number
  id: string
  participant_no: number
  gln: string | null
  name: string
  kind: string
  country: string
  lat: string
  lon: string
  radius_m: number | null
  town: string | null
  licence: string | null
}

export type NewPlace = {
  gln?: string
  name: string
  kind: string
  country: string
  lat: string
  lon: string
  radiusM?: number
  town?: string
  licence?: string
}

const placeColumns = sql`no, id, participant_no, gln, name, kind, country, lat, lon, radius_m, town, licence`

/** Registers a place; undefined if another place has the GLN. */
export async function insertPlace(tx: Tx, participantNo: number, given: NewPlace): Promise<PlaceRow | undefined> {
  const { rows } = await sql<PlaceRow>`
    insert into place (id, participant_no, gln, name, kind, country, lat, lon, radius_m, town, licence)
    values (${newId()}, ${participantNo}, ${given.gln ?? null}, ${given.name}, ${given.kind}, ${given.country},
            ${given.lat}::numeric, ${given.lon}::numeric, ${given.radiusM ?? null}, ${given.town ?? null},
            ${given.licence ?? null})
    on conflict (gln) do nothing
    returning ${placeColumns}`.execute(tx)
  return rows[0]
}

/** @param participantNo whose places, or undefined for everyone's */
export async function listPlaces(
  db: Db,
  participantNo: number | undefined,
  after: number,
  limit: number,
): Promise<PlaceRow[]> {
  const { rows } = await sql<PlaceRow>`
    select ${placeColumns} from place
    where no > ${after} and (${participantNo ?? null}::integer is null or participant_no = ${participantNo ?? null})
    order by no limit ${limit}`.execute(db)
  return rows
}

export async function findPlace(
  db: Db | Tx,
  by: { no: number } | { id: string } | { gln: string },
): Promise<PlaceRow | undefined> {
  const [column, value] = 'no' in by ? ['no', by.no] : 'id' in by ? ['id', by.id] : ['gln', by.gln]
  const { rows } = await sql<PlaceRow>`
    select ${placeColumns} from place where ${sql.ref(String(column))} = ${value}`.execute(db)
  return rows[0]
}
