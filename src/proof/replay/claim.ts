// From an entry's bytes back to what the judge was asked. Everything that decides stands in the entry; what does not (whether a till
// was offline, whether a group only observed then) is tried out by who asks.
import type { Pool } from 'pg'
import { eventKey } from '../../capture/entry.ts'
import { interpret } from '../../capture/interpret.ts'
import { lotOf } from '../../capture/ilmd.ts'
import { transferOf } from '../../capture/parties.ts'
import { portionsOf } from '../../capture/portion.ts'
import { eventOf, withLists } from '../../capture/recorded-event.ts'
import { findSubjects, type SubjectSources } from '../../capture/subjects.ts'
import type { Claim, Subject } from '../../custody/claim.ts'
import { type Epc, type EpcisEvent, eventEpcs } from '../../epcis/event.ts'
import { parseEvent } from '../../epcis/parse.ts'
import { hasRole } from '../../participants/actor.ts'
import type { Directory } from '../../participants/directory.ts'
import type { StoredEntry } from './store.ts'

export type ClaimSources = SubjectSources & {
  pool: Pool
  directory: Directory
  /** Where the entry of an event stands, by the key of its id. */
  findPosition: (key: string) => Promise<number | undefined>
  orderByNo: (id: string) => Promise<{ firstId: bigint; participantNo: number } | undefined>
}

export type ReplayedEntry =
  | { kind: 'claim'; claim: Claim; waiting: boolean }
  /** The position of the waiting fact that it settles. */
  | { kind: 'settles'; position: number }
  /** An act of administration: it moves no goods. */
  | { kind: 'other' }

const orderUri = 'urn:tamga:code-order:'

/** @throws where the bytes are no entry of this service, or name what no register knows */
export async function claimOf(sources: ClaimSources, entry: StoredEntry): Promise<ReplayedEntry> {
  const whole: unknown = JSON.parse(entry.bytes.toString('utf8'))
  if (typeof whole !== 'object' || whole === null || !('event' in whole)) return { kind: 'other' }
  if ('settles' in whole && typeof whole.settles === 'number') return { kind: 'settles', position: whole.settles }
  const json = await withLists(sources.pool, eventOf(entry.bytes))
  // What was in the future then was refused then.
  const parsed = parseEvent(json, { now: new Date(8.64e15), clockAheadMaxMs: 0 })
  if (!parsed.event) throw new Error(`its event is none: ${parsed.problems[0]?.detail ?? 'nobody knows why'}`)
  const event = parsed.event
  const principal = await sources.directory.byNo(entry.principal)
  if (!principal) throw new Error(`nobody is participant ${entry.principal}`)
  const common = { principal: principal.no, eventTimeMs: event.eventTime.at.getTime() }
  const customs = hasRole(principal, 'customs')
  if (event.errorDeclaration)
    return { kind: 'claim', claim: await undoOf(sources, event, customs, common), waiting: false }
  const order = await orderActOf(sources, event, common)
  if (order) return { kind: 'claim', claim: order, waiting: false }
  const asked = interpret(event, customs)
  const epcs = [...(asked.container ? [asked.container] : []), ...asked.parts.flatMap((part) => part.epcs)]
  const { subjects } = await findSubjects(sources, epcs, true)
  const { recipient: _, ...transfer } = await transferOf(event, sources.directory)
  const container = asked.container && subjects.get(asked.container)
  const portions = await portionsOf(event, sources.catalogue)
  const subjectOf = (epc: Epc): Subject[] => {
    const portion = portions.get(epc)
    const found = subjects.get(epc)
    const subject = found && portion ? { ...found, portion } : found
    const successor = asked.successors?.get(epc)
    const fresh = successor && subjects.get(successor)
    return subject ? [fresh ? { ...subject, replacedBy: String(fresh.id) } : subject] : []
  }
  const lot = lotOf(event)
  const claim: Claim = {
    ...common,
    ...(customs ? { customs: true } : {}),
    parts: asked.parts.map((part) => ({ act: part.act, subjects: part.epcs.flatMap(subjectOf) })),
    ...(container ? { container } : {}),
    ...(asked.everything === true ? { everything: true } : {}),
    ...(asked.becomes === undefined ? {} : { becomes: asked.becomes }),
    trusted: 'anyone',
    ...(lot ? { ilmd: lot } : {}),
    ...transfer,
  }
  return { kind: 'claim', claim, waiting: 'waiting' in whole }
}

type Common = Pick<Claim, 'principal' | 'eventTimeMs'>

/** An error declaration: whether those concerned had to agree is not asked again. */
async function undoOf(sources: ClaimSources, event: EpcisEvent, customs: boolean, common: Common): Promise<Claim> {
  const eventID = event.eventID ?? ''
  const position = await sources.findPosition(eventKey(eventID, undefined))
  if (position === undefined) throw new Error(`it takes back ${eventID}, which is not in this log`)
  const { subjects } = await findSubjects(sources, eventEpcs(event), true)
  const named = interpret(event, customs).container
  const container = named && subjects.get(named)
  const known = [...new Map([...subjects.values()].map((subject) => [subject.id, subject])).values()]
  return {
    ...common,
    parts: [{ act: 'undo', subjects: known.filter(({ id }) => id !== 0n) }],
    takesBack: { position, eventID, ...(container ? { container: container.id } : {}) },
  }
}

/** Closing an order and voiding codes, which name their order. */
async function orderActOf(sources: ClaimSources, event: EpcisEvent, common: Common): Promise<Claim | undefined> {
  const uri = event.bizTransactionList.find(({ bizTransaction }) => bizTransaction.startsWith(orderUri))?.bizTransaction
  if (uri === undefined || !('action' in event) || event.action !== 'DELETE') return undefined
  const order = await sources.orderByNo(uri.slice(orderUri.length))
  if (!order) throw new Error(`there is no order ${uri}`)
  const orderObject = order.firstId - 1n
  const rest = { path: '', observe: false, orderedBy: order.participantNo, orderObject }
  if (event.type === 'TransactionEvent') {
    return { ...common, parts: [{ act: 'close_order', subjects: [{ ...rest, id: orderObject, code: uri }] }] }
  }
  if (event.type !== 'ObjectEvent' || event.bizStep !== 'decommissioning') return undefined
  const { subjects } = await findSubjects(sources, event.epcList, true)
  return {
    ...common,
    parts: [{ act: 'void_code', subjects: [...subjects.values()].map(({ id, code }) => ({ ...rest, id, code })) }],
    becomes: event.disposition === 'stolen' ? 'stolen' : 'withdrawn',
  }
}
