// Participants, their people and places: who may see and change which.
import type { Db } from '../db/connect.ts'
import { fieldProblem, Problem } from '../http/problem.ts'
import { parseGln } from '../gs1/identifiers.ts'
import type { OnAdministrativeAct } from './act.ts'
import { hasRole, seesAll, type Actor } from './actor.ts'
import type { NewPlace, Participant, Person, Place } from './schema.ts'
import * as store from './store.ts'

export type RegisterDeps = { db: Db; now: () => Date; onAct: OnAdministrativeAct }

/** @throws Problem taken, gtin_check_digit */
export async function registerParticipant(
  { db, now, onAct }: RegisterDeps,
  actor: Actor,
  given: store.NewParticipant,
): Promise<Participant> {
  checkGln(given.gln)
  return db.transaction().execute(async (tx) => {
    const row = await store.insertParticipant(tx, { ...given, roles: [...new Set(given.roles)] })
    if (!row)
      throw new Problem('taken', {
        detail: `The GLN ${given.gln ?? ''} belongs to a registered participant. Leave it out or correct it.`,
      })
    await onAct({
      kind: 'participant_registered',
      at: now(),
      actor,
      subject: { participant: row.id, roles: row.roles },
    })
    return participantBody(row)
  })
}

/**
 * A participant that the actor may administer: itself, or any for the operator.
 * @throws Problem not_found for others, as if they did not exist
 */
export async function administered(db: Db, actor: Actor, id: string): Promise<store.ParticipantRow> {
  const isOwn = actor.participant.id === id
  const row = isOwn || hasRole(actor.participant, 'operator') ? await store.findParticipant(db, { id }) : undefined
  if (!row)
    throw new Problem('not_found', { detail: 'There is no such participant, or it is not yours. Check the id.' })
  return row
}

export async function registerPerson(
  { db, now, onAct }: RegisterDeps,
  actor: Actor,
  participantId: string,
  given: { name: string; office?: string },
): Promise<Person> {
  const participant = await administered(db, actor, participantId)
  return db.transaction().execute(async (tx) => {
    const row = await store.insertPerson(tx, participant.no, given)
    await onAct({
      kind: 'person_registered',
      at: now(),
      actor,
      subject: { participant: participant.id, person: row.id },
    })
    return personBody(row)
  })
}

/** @throws Problem taken, gtin_check_digit, field_invalid */
export async function registerPlace({ db, now, onAct }: RegisterDeps, actor: Actor, given: NewPlace): Promise<Place> {
  checkGln(given.gln)
  const lat = degrees('/lat', given.lat, 90)
  const lon = degrees('/lon', given.lon, 180)
  return db.transaction().execute(async (tx) => {
    const row = await store.insertPlace(tx, actor.participant.no, { ...given, lat, lon })
    if (!row)
      throw new Problem('taken', {
        detail: `The GLN ${given.gln ?? ''} belongs to a registered place. Leave it out or correct it.`,
      })
    const { name, kind: placeKind, country, gln } = given
    // Where it lies decides what is called a clone (findings of src/clones).
    const subject = { participant: actor.participant.id, place: row.id, name, placeKind, country, gln, lat, lon }
    await onAct({ kind: 'place_registered', at: now(), actor, subject })
    return placeBody(row)
  })
}

/** @throws Problem not_found where the place is another's and the actor is no authority */
export async function readPlace(db: Db, actor: Actor, id: string): Promise<Place> {
  const row = await store.findPlace(db, { id })
  if (!row || (row.participant_no !== actor.participant.no && !seesAll(actor.participant)))
    throw new Problem('not_found')
  return placeBody(row)
}

function checkGln(gln: string | undefined): void {
  if (gln === undefined) return
  const { fault } = parseGln(gln)
  if (fault) throw fieldProblem('/gln', fault.detail, fault.code)
}

/** Six decimals are 11 cm: what a telephone knows. */
function degrees(path: string, given: number | string, max: number): string {
  const value = Number(given)
  if (Math.abs(value) > max) throw fieldProblem(path, `Degrees lie between -${max} and ${max}. Correct it.`)
  return value.toFixed(6)
}

export const participantBody = (row: store.ParticipantRow): Participant => ({
  id: row.id,
  name: row.name,
  country: row.country,
  roles: row.roles,
  ...(row.gln === null ? {} : { gln: row.gln }),
  ...(row.tax_id === null ? {} : { taxId: row.tax_id }),
})

export const personBody = (row: store.PersonRow): Person => ({
  id: row.id,
  name: row.name,
  ...(row.office === null ? {} : { office: row.office }),
})

export const placeBody = (row: store.PlaceRow): Place => ({
  id: row.id,
  name: row.name,
  kind: row.kind,
  country: row.country,
  lat: Number(row.lat),
  lon: Number(row.lon),
  ...(row.gln === null ? {} : { gln: row.gln }),
  ...(row.radius_m === null ? {} : { radiusM: row.radius_m }),
  ...(row.town === null ? {} : { town: row.town }),
  ...(row.licence === null ? {} : { licence: row.licence }),
})
