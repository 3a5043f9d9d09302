import type { Claim, Fault, Subject } from '../custody/claim.ts'
import type { Accepted } from '../custody/judge.ts'
import { law } from '../custody/law.ts'
import { contentDigest } from '../epcis/canonical.ts'
import type { Epc, EpcisEvent } from '../epcis/event.ts'
import { eventHashId } from '../epcis/hash-id.ts'
import { Problem, type ProblemItem, problemItemsMax } from '../http/problem.ts'
import type { Draft, Outcome } from '../ledger/commit.ts'
import type { Work } from '../ledger/batch-queue.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type Actor, actingFor, hasRole, type Role } from '../participants/actor.ts'
import type { Directory } from '../participants/directory.ts'
import { entryBytes, entryLength, entryText, eventKey } from './entry.ts'
import { interpret, type Interpretation, mandateFor } from './interpret.ts'
import { placeOf, transferOf } from './parties.ts'
import { findSubjects, type SubjectSources } from './subjects.ts'

/** What the ledger hands to the judge: the claim, and what a finding about it must say. */
export type Order = {
  claim: Claim
  findingId: string
  eventID: string
  eventTime: Date
  key: string
  actor: Actor
  act: string
}

export type EventLedger = Ledger<Order, Accepted, readonly Fault[]>

export type CaptureDeps = SubjectSources & {
  ledger: EventLedger
  directory: Directory
  /** 16 random bytes of salt for each entry. */
  salt: () => Buffer
  newId: () => string
  entryBytesMax: number
  codesMax: number
  retryAfterSeconds: number
  /** What a refused sale may say about the earlier one. */
  describeFault: (fault: Fault, log: number, actor: Actor) => Promise<string | undefined>
  /** The recorded event, to name the field that differs; undefined for who did not record it. */
  differingField: (event: EpcisEvent, log: number, position: number, actor: Actor) => Promise<string | undefined>
  /** What was refused of a partly recorded event, by its key: for the same answer to the same request. */
  refusedWith: (key: string) => Promise<ProblemItem[]>
}

export type Recorded = {
  eventID: string
  recordTime: Date
  entries: { log: string; position: number }[]
  /** The same event had been recorded before; this is the answer of then. */
  again: boolean
  /** With `partial`: what was refused while the rest was recorded. */
  refused: ProblemItem[]
}

/** The one door in (design "The flow"): whatever changes the fate of an object goes through here to the ledger. */
export type Capture = {
  /** Everything that can be done before the lock: codes read and found, parties, place, the bytes of the entry. */
  prepare(actor: Actor, event: EpcisEvent): Promise<Prepared>
  /** Queues it at once, so that what is committed in order is judged in order; answers once the verdict is durable. */
  commit(prepared: Prepared, options?: { partial?: boolean }): Promise<Recorded>
  /** Both, for one event. */
  record(actor: Actor, event: EpcisEvent, options?: { partial?: boolean }): Promise<Recorded>
}

export function createCapture(deps: CaptureDeps): Capture {
  const prepare = (actor: Actor, event: EpcisEvent) =>
    // The content is what was sent, however much of it is recorded in the end: sending it again must find it.
    prepareEvent(deps, actor, event, {
      eventID: event.eventID ?? eventHashId(event),
      digest: contentDigest(event).slice(0, 32),
    })
  const commit: Capture['commit'] = async (prepared, options = {}) => {
    const outcome = await submit(deps, prepared)
    return options.partial === true ? recordPart(deps, prepared, outcome) : answer(deps, prepared, outcome)
  }
  return {
    prepare,
    commit,
    record: async (actor, event, options) => commit(await prepare(actor, event), options),
  }
}

type Identity = { eventID: string; digest: string }

/** An event that only waits for its turn. */
export type Prepared = {
  actor: Actor
  event: EpcisEvent
  identity: Identity
  log: number
  logName: string
  draft: Draft<Order>
  work: Work
}

type Verdict = Outcome<Accepted, readonly Fault[]>

async function prepareEvent(deps: CaptureDeps, actor: Actor, event: EpcisEvent, identity: Identity): Promise<Prepared> {
  const asked = interpret(event, hasRole(actingFor(actor), 'customs'))
  refuseRole(actor, asked)
  refuseKeyLimits(actor, event)
  refuseTooMany(deps, asked)
  const place = await placeOf(event, deps.directory)
  if (actor.place && place && place.no !== actor.place.no) {
    throw new Problem('key_limited', {
      detail: 'This key is for another place. Use the key of the place where this happened.',
    })
  }
  const { subjects, log: logName } = await findSubjects(deps, epcsOf(asked))
  const { recipient, ...transfer } = await transferOf(event, deps.directory)
  refuseSelf(actor, asked, recipient?.no)
  const claim: Claim = {
    principal: actingFor(actor).no,
    ...parts(asked, subjects),
    ...(asked.everything === true ? { everything: true } : {}),
    ...transfer,
  }
  const draft = await createDraft(deps, actor, event, identity, claim, place?.no ?? actor.place?.no ?? null)
  const work = { events: 1, codes: subjects.size, bytes: subjects.size * 200 + 2_000 }
  const log = await deps.ledger.logNo(logName)
  return { actor, event, identity, log, logName, draft, work }
}

function submit(deps: CaptureDeps, { log, draft, work }: Prepared): Promise<Verdict> {
  return deps.ledger.submit(log, draft, work) ?? refuseBusy(deps)
}

/**
 * With `partial` the good codes are recorded although others are refused: what was refused is left out and the rest is sent once
 * more. Between the two somebody else may have taken another one, so again, as long as fewer remain.
 */
async function recordPart(deps: CaptureDeps, whole: Prepared, first: Verdict): Promise<Recorded> {
  const refused: ProblemItem[] = []
  let prepared = whole
  let outcome = first
  while (outcome.kind === 'refused') {
    const faults = outcome.refusal
    const remaining = withoutCodes(prepared.event, new Set(faults.map((fault) => fault.subject.path)))
    if (remaining === undefined) return answer(deps, prepared, outcome)
    const { actor, log } = whole
    refused.push(...(await Promise.all(faults.map((fault) => itemOf(deps, fault, log, actor)))))
    prepared = await prepareEvent(deps, actor, remaining, whole.identity)
    outcome = await submit(deps, prepared)
  }
  const recorded = await answer(deps, whole, outcome)
  return { ...recorded, refused: recorded.again ? await deps.refusedWith(whole.draft.key) : refused }
}

/** The event without the codes at `paths`; undefined where nothing would be left, or its container is among them. */
function withoutCodes(event: EpcisEvent, paths: ReadonlySet<string>): EpcisEvent | undefined {
  const good = (epcs: readonly Epc[]) => epcs.filter((epc) => !paths.has(epc.path))
  switch (event.type) {
    case 'ObjectEvent': {
      const epcList = good(event.epcList)
      return epcList.length === 0 || epcList.length === event.epcList.length ? undefined : { ...event, epcList }
    }
    case 'AggregationEvent': {
      const childEPCs = good(event.childEPCs)
      return childEPCs.length === 0 || childEPCs.length === event.childEPCs.length ? undefined : { ...event, childEPCs }
    }
    default:
      return undefined
  }
}

const epcsOf = (asked: Interpretation): Epc[] => [
  ...(asked.container ? [asked.container] : []),
  ...asked.parts.flatMap((part) => part.epcs),
]

function parts(asked: Interpretation, subjects: ReadonlyMap<Epc, Subject>): Pick<Claim, 'parts' | 'container'> {
  const container = asked.container && subjects.get(asked.container)
  return {
    parts: asked.parts.map(({ act, epcs }) => ({ act, subjects: epcs.flatMap((epc) => subjects.get(epc) ?? []) })),
    ...(container ? { container } : {}),
  }
}

/** Roles count only where the law names them; the rest turns on owner, holder and addressee. */
function refuseRole(actor: Actor, asked: Interpretation): void {
  for (const { act } of asked.parts) {
    const roles: readonly Role[] | undefined = law[act].roles
    if (roles && !hasRole(actingFor(actor), ...roles)) {
      const names = roles.join(' or ')
      throw new Problem('role_missing', {
        detail: `Only a ${names} may do this. Use a key of a participant with the role ${names}.`,
      })
    }
    const may = mandateFor[act]
    if (actor.mandate && (may === undefined || !actor.mandate.may.includes(may))) {
      throw new Problem('not_mandated', {
        detail: `The mandate does not allow "${may ?? act}". Ask the principal for a mandate that does.`,
      })
    }
    refuseGtins(actor, asked)
  }
}

function refuseGtins(actor: Actor, asked: Interpretation): void {
  const gtins = actor.mandate?.gtins
  if (!gtins) return
  const beyond = epcsOf(asked).find(({ reading }) => reading.kind === 'unit' && !gtins.includes(reading.gtin))
  if (!beyond) return
  const detail = 'The mandate does not cover this GTIN. Ask the principal for a mandate that does.'
  throw new Problem('not_mandated', {
    detail,
    errors: [{ path: beyond.path, code: 'not_mandated', detail, value: beyond.text }],
  })
}

function refuseKeyLimits(actor: Actor, event: EpcisEvent): void {
  if (!actor.steps || (event.bizStep !== undefined && actor.steps.includes(event.bizStep))) return
  throw new Problem('key_limited', { detail: `This key may only record: ${actor.steps.join(', ')}. Use another key.` })
}

function refuseTooMany(deps: CaptureDeps, asked: Interpretation): void {
  const epcs = epcsOf(asked)
  const first = epcs[deps.codesMax]
  if (!first) return
  const detail = `One event may name ${deps.codesMax} codes; this one names ${epcs.length}. Split it.`
  throw new Problem('too_large', { detail, errors: [{ path: first.path, code: 'too_large', detail }] })
}

/** Goods sent to oneself would stand under way for ever in one's own yard. */
function refuseSelf(actor: Actor, asked: Interpretation, recipient: number | undefined): void {
  if (recipient !== actingFor(actor).no || !asked.parts.some((part) => part.act === 'ship')) return
  throw new Problem('field_invalid', {
    detail: 'Goods cannot be shipped to oneself. Name another participant as addressee.',
  })
}

async function createDraft(
  deps: CaptureDeps,
  actor: Actor,
  event: EpcisEvent,
  { eventID, digest }: Identity,
  claim: Claim,
  place: number | null,
): Promise<Draft<Order>> {
  const text = await entryText(actor, event, eventID, deps.salt())
  if (entryLength(text) > deps.entryBytesMax) {
    const detail = `The event takes ${entryLength(text)} bytes without its codes; an entry has at most ${deps.entryBytesMax}. Split it.`
    throw new Problem('event_too_large', { detail })
  }
  const key = eventKey(eventID, event.errorDeclaration?.declarationTime.at.toISOString())
  return {
    key,
    digest,
    order: {
      claim,
      findingId: deps.newId(),
      eventID,
      eventTime: event.eventTime.at,
      key,
      actor,
      act: claim.parts[0]?.act ?? 'record',
    },
    columns: {
      eventTime: event.eventTime.at,
      participant: actor.participant.no,
      principal: actor.principal?.no ?? null,
      person: actor.person?.no ?? null,
      key: actor.key.no,
      place,
      mandate: actor.mandate?.no ?? null,
      signature: null,
    },
    lists: text.lists,
    entry: (stamp) => entryBytes(text, stamp),
  }
}

function refuseBusy(deps: CaptureDeps): never {
  throw new Problem('busy', {
    detail: `Too much is waiting to be recorded; nothing was stored. Send the same again in ${deps.retryAfterSeconds} s.`,
    headers: { 'retry-after': String(deps.retryAfterSeconds) },
  })
}

async function answer(deps: CaptureDeps, prepared: Prepared, outcome: Verdict): Promise<Recorded> {
  const { actor, event, log, logName } = prepared
  switch (outcome.kind) {
    case 'recorded':
    case 'again':
      return {
        eventID: prepared.identity.eventID,
        recordTime: outcome.recordTime,
        entries: [{ log: logName, position: outcome.position }],
        again: outcome.kind === 'again',
        refused: [],
      }
    case 'taken': {
      const field = await deps.differingField(event, outcome.log, outcome.position, actor)
      const differs = field === undefined ? '' : ` It differs in ${field}.`
      throw new Problem('event_id_taken', {
        detail: `An event with this id is recorded with other content.${differs} Give the new event an id of its own.`,
      })
    }
    case 'refused':
      throw await refusalOf(deps, outcome.refusal, log, actor)
  }
}

/** One code a line: what was refused, and why, as far as the caller may know. */
async function refusalOf(deps: CaptureDeps, faults: readonly Fault[], log: number, actor: Actor): Promise<Problem> {
  const errors = await Promise.all(faults.slice(0, problemItemsMax).map((fault) => itemOf(deps, fault, log, actor)))
  const first = errors[0]
  if (!first) throw new Error('bad math: a refusal without a fault')
  const more = faults.length > 1 ? ` ${faults.length} codes are refused; see errors.` : ''
  return new Problem(first.code, { detail: `${first.detail}${more}`, errors, errorCount: faults.length })
}

async function itemOf(deps: CaptureDeps, fault: Fault, log: number, actor: Actor): Promise<ProblemItem> {
  const detail = (await deps.describeFault(fault, log, actor)) ?? fault.detail ?? new Problem(fault.code).message
  return { path: fault.subject.path, code: fault.code, detail, value: fault.subject.code }
}
