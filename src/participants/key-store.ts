// All SQL about API keys. A key's text never comes here, only its hash.
import { sql } from 'kysely'
import type { Db, Tx } from '../db/connect.ts'
import { newId } from '../db/id.ts'
import type { KeyKind, Role } from './actor.ts'

export type KeyRow = {
  no: number
  id: string
  label: string | null
  kind: KeyKind
  person: string | null
  place: string | null
  steps: string[] | null
  state: 'pending' | 'active'
  confirmed_by: string | null
  created_at: Date
  expires_at: Date | null
  revoked_at: Date | null
}

/** What a bearer of a key is: everything that an Actor needs, in one row. */
export type BearerRow = {
  no: number
  id: string
  hash: Buffer
  kind: KeyKind
  steps: string[] | null
  state: 'pending' | 'active'
  expires_at: Date | null
  revoked_at: Date | null
  person_no: number | null
  person_id: string | null
  place_no: number | null
  place_id: string | null
  participant_no: number
  participant_id: string
  name: string
  country: string
  roles: Role[]
  gln: string | null
}

export async function findBearer(db: Db, hash: Buffer): Promise<BearerRow | undefined> {
  const { rows } = await sql<BearerRow>`
    select key.no, key.id, key.hash, key.kind, key.steps, key.state, key.expires_at, key.revoked_at,
           person.no as person_no, person.id as person_id, place.no as place_no, place.id as place_id,
           participant.no as participant_no, participant.id as participant_id,
           participant.name, participant.country, participant.roles, participant.gln
    from api_key as key
    join participant on participant.no = key.participant_no
    left join person on person.no = key.person_no
    left join place on place.no = key.place_no
    where key.hash = ${hash}`.execute(db)
  return rows[0]
}

export type NewKey = {
  participantNo: number
  hash: Buffer
  label?: string | undefined
  kind: KeyKind
  personNo?: number | undefined
  placeNo?: number | undefined
  steps?: readonly string[] | undefined
  state: 'pending' | 'active'
  expiresAt?: Date | undefined
  createdBy?: number | undefined
  bootstrap?: boolean
}

/** Stores a key; undefined if the very same text is a key already. */
export async function insertKey(tx: Tx, key: NewKey): Promise<{ no: number; id: string } | undefined> {
  const { rows } = await sql<{ no: number; id: string }>`
    insert into api_key (id, participant_no, hash, label, kind, person_no, place_no, steps, state, expires_at, created_by, bootstrap)
    values (${newId()}, ${key.participantNo}, ${key.hash}, ${key.label ?? null}, ${key.kind}, ${key.personNo ?? null},
            ${key.placeNo ?? null}, ${key.steps ? [...key.steps] : null}::text[], ${key.state}, ${key.expiresAt ?? null},
            ${key.createdBy ?? null}, ${key.bootstrap ?? false})
    on conflict (hash) do nothing
    returning no, id`.execute(tx)
  return rows[0]
}

/** When a key ends; undefined if it does not. */
export async function expiryOf(tx: Tx, no: number): Promise<Date | undefined> {
  const { rows } = await sql<{ expires_at: Date | null }>`select expires_at from api_key where no = ${no}`.execute(tx)
  return rows[0]?.expires_at ?? undefined
}

export async function listKeys(db: Db, participantNo: number, after: number, limit: number): Promise<KeyRow[]> {
  const { rows } = await sql<KeyRow>`
    select key.no, key.id, key.label, key.kind, person.id as person, place.id as place, key.steps, key.state,
           confirmer.id as confirmed_by, key.created_at, key.expires_at, key.revoked_at
    from api_key as key
    left join person on person.no = key.person_no
    left join person as confirmer on confirmer.no = key.confirmed_by
    left join place on place.no = key.place_no
    where key.participant_no = ${participantNo} and key.no > ${after}
    order by key.no limit ${limit}`.execute(db)
  return rows
}

/** How many persons of a participant have ever been given a key without another person's word (design D15). */
export async function countFoundingPersons(tx: Tx, participantNo: number, except: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(distinct person_no)::int as count from api_key
    where participant_no = ${participantNo} and kind = 'person' and state = 'active' and confirmed_by is null
      and person_no <> ${except}`.execute(tx)
  return rows[0]?.count ?? 0
}

/** Whether this person has ever been given a key without another person's word. */
export async function isFoundingPerson(tx: Tx, personNo: number): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select from api_key where person_no = ${personNo} and state = 'active' and confirmed_by is null) as found`.execute(
    tx,
  )
  return rows[0]?.found === true
}

export type KeyToConfirm = {
  no: number
  state: 'pending' | 'active'
  revoked_at: Date | null
  person_no: number | null
  issuer_person_no: number | null
}

/** A key of a participant, locked, with whom it is for and which person issued it. */
export async function lockKey(tx: Tx, participantNo: number, id: string): Promise<KeyToConfirm | undefined> {
  const { rows } = await sql<KeyToConfirm>`
    select key.no, key.state, key.revoked_at, key.person_no, issuer.person_no as issuer_person_no
    from api_key as key
    left join api_key as issuer on issuer.no = key.created_by
    where key.participant_no = ${participantNo} and key.id = ${id}
    for update of key`.execute(tx)
  return rows[0]
}

export async function activateKey(tx: Tx, no: number, confirmedBy: number, at: Date): Promise<void> {
  await sql`update api_key set state = 'active', confirmed_by = ${confirmedBy}, confirmed_at = ${at} where no = ${no}`.execute(
    tx,
  )
}

/** Ends a key for good; true if it was not ended before. */
export async function revokeKey(tx: Tx, no: number, at: Date): Promise<boolean> {
  const { rows } = await sql`
    update api_key set revoked_at = ${at} where no = ${no} and revoked_at is null returning no`.execute(tx)
  return rows.length > 0
}

// One process at a time makes the first operator; the number is arbitrary and only has to differ from other locks'.
const bootstrapLock = 7_266_242

/** Holds other processes off that start at the same moment, until the transaction ends. */
export async function lockBootstrap(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${bootstrapLock})`.execute(tx)
}

export type BootstrapKeyRow = { no: number; id: string; participant_no: number; hash: Buffer; revoked_at: Date | null }

export async function listBootstrapKeys(tx: Tx): Promise<BootstrapKeyRow[]> {
  const { rows } = await sql<BootstrapKeyRow>`
    select no, id, participant_no, hash, revoked_at from api_key where bootstrap order by no`.execute(tx)
  return rows
}
