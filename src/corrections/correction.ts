import type { Capture } from '../capture/capture.ts'
import { eventKey } from '../capture/entry.ts'
import { findRecorded } from '../capture/store.ts'
import { undoUntilMs } from '../capture/take-back.ts'
import { type EpcisEvent, type JsonObject } from '../epcis/event.ts'
import { momentAt } from '../epcis/moment.ts'
import { Problem } from '../http/problem.ts'
import { type Actor, actingFor, seesAll } from '../participants/actor.ts'
import type { Directory } from '../participants/directory.ts'
import { type ChainDeps, findChain, type Link } from './chain.ts'
import type { Correction, NewAnswer, NewCorrection } from './schema.ts'
import * as store from './store.ts'

/**
 * Taking back what others have built on. Who recorded the event asks everybody who has acted on its goods since. When all agree,
 * everything is taken back, newest first, each event by an error declaration in the name of who recorded it; when one does not, or
 * says nothing in time, all stays as it is.
 */
export type CorrectionDeps = ChainDeps & {
  capture: Capture
  directory: Directory
  newId: () => string
  undoWindowDays: number
  correctionAnswerDays: number
}

const dayMs = 24 * 60 * 60 * 1000

/** @throws Problem not_found where it is no event of the caller's, wrong_state where nothing is left to take back or time is over */
export async function ask(deps: CorrectionDeps, actor: Actor, given: NewCorrection): Promise<Correction> {
  refuseMandate(actor)
  const me = actor.participant.no
  const original = await findRecorded(deps.pool, eventKey(given.eventID, undefined))
  if (!original || (original.principal ?? original.participant) !== me) {
    throw new Problem('not_found', { detail: 'You recorded no event with this id. Only who recorded an event asks.' })
  }
  const { log, position } = original
  const now = deps.now()
  if (now.getTime() > undoUntilMs(original.recordTime, deps.undoWindowDays)) {
    throw new Problem('wrong_state', {
      detail: `Events are taken back within ${deps.undoWindowDays} days. Record what happened since instead.`,
    })
  }
  const chain = await findChain(deps, log, position)
  for (const former of await store.findCorrectionsOf(deps.pool, log, position)) {
    if (former.done) throw new Problem('wrong_state', { detail: 'It was taken back already.' })
    if (stateOf(former, now) !== 'asked') continue
    throw new Problem('taken', { detail: `This was asked already. See GET /corrections/${former.id} for the answers.` })
  }
  const asked = [...new Set(chain.map(({ by }) => by))].filter((by) => by !== me)
  const id = deps.newId()
  await store.insertCorrection(deps.pool, {
    id,
    at: now,
    expiresAt: new Date(now.getTime() + deps.correctionAnswerDays * dayMs),
    log,
    position,
    eventID: given.eventID,
    reason: given.reason,
    text: given.text ?? null,
    participant: me,
    keyNo: actor.key.no,
    asked,
  })
  if (asked.length === 0) await carryOut(deps, await find(deps, id), chain)
  return tell(deps, await find(deps, id))
}

/** @throws Problem not_found for who was not asked; taken once it is decided */
export async function answer(deps: CorrectionDeps, actor: Actor, id: string, given: NewAnswer): Promise<Correction> {
  refuseMandate(actor)
  const row = await findSeen(deps, actor, id)
  const me = actor.participant.no
  if (!row.asked.includes(me)) throw new Problem('not_found', { detail: 'You are not asked. Those in "of" answer.' })
  const state = stateOf(row, deps.now())
  if (state !== 'asked') {
    throw new Problem('taken', { detail: `This is ${state} and takes no more answers. The goods stand as GET shows.` })
  }
  const isNew = await store.insertAnswer(deps.pool, row.no, {
    participant: me,
    at: deps.now(),
    agree: given.agree,
    text: given.text ?? null,
    keyNo: actor.key.no,
  })
  if (!isNew) throw new Problem('taken', { detail: 'You have answered this. An answer is not changed.' })
  const answered = await find(deps, id)
  if (everybodyAgreed(answered)) await carryOut(deps, answered, await findChain(deps, row.log, row.position))
  return tell(deps, await find(deps, id))
}

/** The firm itself answers for what its agents did: agreeing gives goods away. */
function refuseMandate(actor: Actor): void {
  if (!actor.principal) return
  throw new Problem('not_mandated', {
    detail:
      'Asking for a correction and agreeing to one is for the participant itself. Leave out the header Tamga-For.',
  })
}

export async function read(deps: CorrectionDeps, actor: Actor, id: string): Promise<Correction> {
  return tell(deps, await findSeen(deps, actor, id))
}

async function findSeen(deps: CorrectionDeps, actor: Actor, id: string): Promise<store.CorrectionRow> {
  const row = await store.findCorrection(deps.pool, id)
  const asker = actingFor(actor)
  const sees = row && (seesAll(asker) || row.participant === asker.no || row.asked.includes(asker.no))
  if (!row || !sees) throw new Problem('not_found')
  return row
}

async function find(deps: CorrectionDeps, id: string): Promise<store.CorrectionRow> {
  const row = await store.findCorrection(deps.pool, id)
  if (!row) throw new Error(`the correction ${id} is gone`)
  return row
}

const everybodyAgreed = ({ asked, answers }: store.CorrectionRow): boolean =>
  asked.every((no) => answers.some(({ participant, agree }) => participant === no && agree))

function stateOf(row: store.CorrectionRow, now: Date): Correction['state'] {
  if (row.done) return 'done'
  if (row.answers.some(({ agree }) => !agree)) return 'refused'
  if (everybodyAgreed(row)) return 'overtaken'
  return now >= row.expiresAt ? 'expired' : 'asked'
}

/** All of it or nothing: whoever has acted meanwhile was not asked, and keeps what he has. */
async function carryOut(deps: CorrectionDeps, row: store.CorrectionRow, chain: readonly Link[]): Promise<void> {
  const words = new Map([row, ...row.answers].map(({ participant, keyNo }) => [participant, keyNo]))
  const prepared = []
  for (const { event, by } of chain) {
    const keyNo = words.get(by)
    if (keyNo === undefined) return
    const actor = await actorOf(deps, by, keyNo)
    prepared.push(await deps.capture.prepare(actor, declared(event, row, deps.now()), { agreed: true }))
  }
  await deps.capture.commitAll(prepared, true)
}

async function actorOf({ pool, directory }: CorrectionDeps, no: number, keyNo: number): Promise<Actor> {
  const [participant, key] = await Promise.all([directory.byNo(no), store.findKey(pool, keyNo)])
  if (!participant) throw new Error(`there is no participant ${no}`)
  const { person, id, kind } = key
  return { participant, key: { no: keyNo, id, kind }, ...(person ? { person } : {}) }
}

/** The event with an error declaration that says under which agreement it was made. */
function declared(event: EpcisEvent, { id, reason }: store.CorrectionRow, now: Date): EpcisEvent {
  const extensions: JsonObject = { 'tamga:correction': `urn:tamga:correction:${id}` }
  const { prefixes, remote } = event.context
  return {
    ...event,
    context: { prefixes: new Map([...prefixes, ['tamga', 'urn:tamga:vocabulary:']]), remote },
    errorDeclaration: { declarationTime: momentAt(now), reason, correctiveEventIDs: [], extensions },
  }
}

export async function tell({ directory, now }: CorrectionDeps, row: store.CorrectionRow): Promise<Correction> {
  const idOf = async (no: number) => (await directory.byNo(no))?.id ?? ''
  return {
    id: row.id,
    eventID: row.eventID,
    reason: row.reason,
    ...(row.text === null ? {} : { text: row.text }),
    by: await idOf(row.participant),
    time: row.at.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    state: stateOf(row, now()),
    of: await Promise.all(row.asked.map(idOf)),
    answers: await Promise.all(
      row.answers.map(async ({ participant, agree, text, at }) => ({
        participant: await idOf(participant),
        agree,
        ...(text === null ? {} : { text }),
        time: at.toISOString(),
      })),
    ),
  }
}
