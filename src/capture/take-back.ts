import type { Claim } from '../custody/claim.ts'
import { canonicalEvent, differingField } from '../epcis/canonical.ts'
import { type EpcisEvent, eventEpcs } from '../epcis/event.ts'
import { Problem } from '../http/problem.ts'
import { type Actor, actingFor, hasRole } from '../participants/actor.ts'
import { eventKey } from './entry.ts'
import { interpret } from './interpret.ts'
import { placeOf } from './parties.ts'
import { type Identity, prepareClaim, type PrepareDeps, type Prepared, permit } from './prepare.ts'
import type { RecordedEntry } from './store.ts'
import { findSubjects } from './subjects.ts'

export type TakeBackDeps = PrepareDeps & {
  /** The entry of an event, by the key of its id. */
  findRecorded: (key: string) => Promise<RecordedEntry | undefined>
  undoWindowDays: number
}

const dayMs = 24 * 60 * 60 * 1000

/** An error declaration may come this much later than what it takes back. */
export const undoUntilMs = (recordTime: Date, undoWindowDays: number): number =>
  recordTime.getTime() + undoWindowDays * dayMs

/**
 * Prepares an error declaration (EPCIS 2.0, section 7.4.1.2): the event once more, with its id, and why it shall not count. It is an
 * entry of its own; custody decides under the lock whether all can still stand as before.
 * @param agreed those who have acted since have agreed: the undo window does not count
 * @throws Problem not_found where the caller recorded no such event; event_rule where it differs from what was recorded
 */
export async function prepareTakeBack(
  deps: TakeBackDeps,
  caller: Actor,
  event: EpcisEvent,
  identity: Identity,
  agreed = false,
): Promise<Prepared> {
  const { eventID } = identity
  const original = await deps.findRecorded(eventKey(eventID, undefined))
  if (!original || (original.principal ?? original.participant) !== actingFor(caller).no) {
    throw new Problem('not_found', {
      detail: 'You recorded no event with this id. Only who recorded an event takes it back.',
    })
  }
  refuseDifference(event, eventID, original.bytes)
  const asked = interpret(event, hasRole(actingFor(caller), 'customs'))
  // Who may not do it may not undo it either; when those concerned agreed, that was asked before.
  const actor = agreed ? caller : permit(deps, caller, event, asked)
  refuseOrderActs(event)
  const { subjects } = await findSubjects(deps, eventEpcs(event), true)
  const container = asked.container && subjects.get(asked.container)
  const known = [...new Map([...subjects.values()].map((subject) => [subject.id, subject])).values()]
  const claim: Claim = {
    principal: actingFor(actor).no,
    eventTimeMs: event.eventTime.at.getTime(),
    parts: [{ act: 'undo', subjects: known.filter(({ id }) => id !== 0n) }],
    takesBack: {
      position: original.position,
      eventID,
      ...(container ? { container: container.id } : {}),
      ...(agreed ? {} : { untilMs: undoUntilMs(original.recordTime, deps.undoWindowDays) }),
    },
  }
  const place = (await placeOf(event, deps.directory))?.no ?? actor.place?.no ?? null
  return prepareClaim(deps, actor, event, identity, { claim, logName: original.logName, place })
}

/** The standard wants the event as it was, but for the declaration and the time of recording. */
function refuseDifference(event: EpcisEvent, eventID: string, bytes: Buffer): void {
  const entry: unknown = JSON.parse(bytes.toString('utf8'))
  if (typeof entry !== 'object' || entry === null || !('event' in entry)) throw new Error('an event without its entry')
  const bare: EpcisEvent = { ...event, errorDeclaration: undefined }
  const field = differingField(canonicalEvent(bare, { eventID }).text, JSON.stringify(entry.event))
  if (field === undefined) return
  const detail = `An error declaration must equal the event that it takes back; ${field} differs. Send it as GET /events/${eventID} shows it, with errorDeclaration.`
  throw new Problem('event_rule', { detail, errors: [{ path: `/${field}`, code: 'event_rule', detail }] })
}

/** Closing an order and voiding its codes are for good: what was cancelled may be on the market of copies. */
export function refuseOrderActs(event: EpcisEvent): void {
  if (!event.bizTransactionList.some(({ bizTransaction }) => bizTransaction.startsWith('urn:tamga:code-order:'))) return
  throw new Problem('not_possible', {
    detail: 'Codes that were voided, and orders that were closed, stay so. Order new codes.',
  })
}
