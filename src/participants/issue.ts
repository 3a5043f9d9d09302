// Issuing, confirming and withdrawing keys (design D15). Customs keys need a second customs person's word, but for
// the first two persons, whose keys the operator issues: somebody has to begin.
import type { Tx } from '../db/connect.ts'
import { fieldProblem, Problem } from '../http/problem.ts'
import { hasRole, type Actor } from './actor.ts'
import { newKey, type KeyHasher } from './key.ts'
import * as keys from './key-store.ts'
import { administered, type RegisterDeps } from './participant.ts'
import type { Key, NewKey } from './schema.ts'
import * as store from './store.ts'

export type KeyDeps = RegisterDeps & {
  hasher: KeyHasher
  /** Called after a key changed, so that this process knows at once. */
  onChange: () => void
}

type Issued = { id: string; key: string; state: 'active' | 'pending' }

/** How many persons of customs begin without another person's word. */
const foundingPersons = 2

/** @throws Problem not_found, field_invalid, second_person_needed, key_limited */
export async function issueKey(deps: KeyDeps, actor: Actor, participantId: string, given: NewKey): Promise<Issued> {
  const { db, now, hasher } = deps
  const participant = await administered(db, actor, participantId)
  const kind = given.kind ?? 'system'
  if ((kind === 'person') !== (given.person !== undefined)) {
    throw fieldProblem(
      '/person',
      'A key of kind person names its person, and no other key does. Correct kind or person.',
    )
  }
  const expiresAt = expiry(given, now())
  const key = newKey()
  return db.transaction().execute(async (tx) => {
    await store.lockParticipant(tx, participant.no)
    const lastsUntil = await keys.expiryOf(tx, actor.key.no)
    if (lastsUntil && (!expiresAt || expiresAt > lastsUntil)) {
      throw fieldProblem(
        '/expiresAt',
        `The issuing key ends at ${lastsUntil.toISOString()}; no key that it issues lasts longer.`,
      )
    }
    const personNo = given.person === undefined ? undefined : await personOf(tx, participant.no, given.person)
    const placeNo = given.place === undefined ? undefined : await placeOf(tx, participant.no, given.place)
    const state = participant.roles.includes('customs')
      ? await customsState(tx, actor, participant.no, personNo)
      : 'active'
    const row = await keys.insertKey(tx, {
      participantNo: participant.no,
      hash: hasher.hash(key),
      label: given.label,
      kind,
      personNo,
      placeNo,
      steps: given.steps,
      state,
      expiresAt,
      createdBy: actor.key.no,
    })
    if (!row) throw new Error('a new key was not new')
    await deps.onAct({
      kind: 'key_issued',
      at: now(),
      actor,
      subject: {
        participant: participant.id,
        key: row.id,
        keyKind: kind,
        state,
        person: given.person,
        place: given.place,
        steps: given.steps,
        expiresAt: expiresAt?.toISOString(),
      },
    })
    return { id: row.id, key, state }
  })
}

/** A customs key counts at once only for the first two persons, by the operator's hand; any other waits for a person. */
async function customsState(
  tx: Tx,
  actor: Actor,
  participantNo: number,
  personNo: number | undefined,
): Promise<'active' | 'pending'> {
  if (hasRole(actor.participant, 'operator')) {
    const begins =
      personNo !== undefined &&
      !(await keys.isFoundingPerson(tx, personNo)) &&
      (await keys.countFoundingPersons(tx, participantNo, personNo)) < foundingPersons
    return begins ? 'active' : 'pending'
  }
  // Two persons, not a machine and a person.
  if (!actor.person) {
    throw new Problem('second_person_needed', {
      detail: 'Customs keys are issued by a person. Use the key of a person.',
    })
  }
  return 'pending'
}

/** @throws Problem not_found, second_person_needed */
export async function confirmKey(
  deps: KeyDeps,
  actor: Actor,
  participantId: string,
  keyId: string,
): Promise<{ id: string; state: 'active' }> {
  const { db, now } = deps
  if (actor.participant.id !== participantId) throw new Problem('not_found')
  const person = actor.person
  if (!person) throw new Problem('second_person_needed', { detail: 'A person confirms keys. Use the key of a person.' })
  await db.transaction().execute(async (tx) => {
    const row = await keys.lockKey(tx, actor.participant.no, keyId)
    if (!row || row.revoked_at !== null) throw new Problem('not_found')
    if (row.state === 'active') return
    if (row.person_no === person.no || row.issuer_person_no === person.no) {
      throw new Problem('second_person_needed', {
        detail: 'Whom the key is for and who issued it cannot confirm it. Have another person of customs do it.',
      })
    }
    await keys.activateKey(tx, row.no, person.no, now())
    await deps.onAct({
      kind: 'key_confirmed',
      at: now(),
      actor,
      subject: { participant: participantId, key: keyId, by: person.id },
    })
  })
  deps.onChange()
  return { id: keyId, state: 'active' }
}

/** Withdraws a key, for good. Repeating is no error. @throws Problem not_found */
export async function withdrawKey(deps: KeyDeps, actor: Actor, participantId: string, keyId: string): Promise<void> {
  const { db, now } = deps
  const participant = await administered(db, actor, participantId)
  await db.transaction().execute(async (tx) => {
    const row = await keys.lockKey(tx, participant.no, keyId)
    if (!row) throw new Problem('not_found')
    if (!(await keys.revokeKey(tx, row.no, now()))) return
    await deps.onAct({
      kind: 'key_withdrawn',
      at: now(),
      actor,
      subject: { participant: participant.id, key: keyId },
    })
  })
  deps.onChange()
}

function expiry(given: NewKey, now: Date): Date | undefined {
  if (given.expiresAt === undefined) return undefined
  const at = new Date(given.expiresAt)
  if (!(at > now)) throw fieldProblem('/expiresAt', 'This time is past. Choose one in the future.')
  return at
}

async function personOf(tx: Tx, participantNo: number, id: string): Promise<number> {
  const person = await store.findPerson(tx, participantNo, id)
  if (!person) throw fieldProblem('/person', 'This participant has no such person. Register the person first.')
  return person.no
}

async function placeOf(tx: Tx, participantNo: number, id: string): Promise<number> {
  const place = await store.findPlace(tx, { id })
  if (!place || place.participant_no !== participantNo) {
    throw fieldProblem('/place', 'This participant has no such place. Register the place first.')
  }
  return place.no
}

export function keyBody(row: keys.KeyRow, now: Date): Key {
  return {
    id: row.id,
    kind: row.kind,
    state: stateOf(row, now),
    createdAt: row.created_at.toISOString(),
    ...(row.label === null ? {} : { label: row.label }),
    ...(row.person === null ? {} : { person: row.person }),
    ...(row.place === null ? {} : { place: row.place }),
    ...(row.steps === null ? {} : { steps: row.steps }),
    ...(row.confirmed_by === null ? {} : { confirmedBy: row.confirmed_by }),
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at.toISOString() }),
    ...(row.revoked_at === null ? {} : { withdrawnAt: row.revoked_at.toISOString() }),
  }
}

function stateOf(row: keys.KeyRow, now: Date): Key['state'] {
  if (row.revoked_at !== null) return 'withdrawn'
  if (row.expires_at !== null && row.expires_at <= now) return 'expired'
  return row.state
}
