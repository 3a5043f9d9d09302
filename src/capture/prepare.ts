import type { Claim, Fault, Subject } from '../custody/claim.ts'
import { staysOut } from '../custody/hearing.ts'
import type { Accepted } from '../custody/judge.ts'
import { type Act, law } from '../custody/law.ts'
import type { Epc, EpcisEvent } from '../epcis/event.ts'
import { Problem } from '../http/problem.ts'
import type { Work } from '../ledger/batch-queue.ts'
import type { Draft } from '../ledger/commit.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type Actor, actingFor, hasRole, type MandateRef, type Role } from '../participants/actor.ts'
import type { Directory } from '../participants/directory.ts'
import { toJsonLd } from '../epcis/write.ts'
import { entryBytes, entryLength, entryText, eventKey, type Origin, who } from './entry.ts'
import { lotOf } from './ilmd.ts'
import { interpret, type Interpretation, mandateFor } from './interpret.ts'
import { placeOf, transferOf } from './parties.ts'
import { portionsOf } from './portion.ts'
import { findSubjects, newUnitsIn, type SubjectSources } from './subjects.ts'

/** Everything that can be done to an event before the lock: who may, what is meant, which objects, the bytes of the entry. */

/** What the ledger hands to the judge: the claim, and what a finding about it must say. */
export type Order = {
  claim: Claim
  findingId: string
  eventID: string
  eventTime: Date
  key: string
  actor: Actor
  act: string
  /** How far the device's clock was from ours, where that is remarkable. */
  clockOffMs?: number
}

export type EventLedger = Ledger<Order, Accepted, readonly Fault[]>

export type PrepareDeps = SubjectSources & {
  ledger: EventLedger
  directory: Directory
  /** 16 random bytes of salt for each entry. */
  salt: () => Buffer
  newId: () => string
  entryBytesMax: number
  codesMax: number
}

export type Identity = { eventID: string; digest: string }

/** Where an event is recorded although some of its codes cannot be. */
export type PrepareOptions = {
  /** What the event says without the codes at these paths, where shortening its lists is not enough. */
  without?: (paths: ReadonlySet<string>) => EpcisEvent
  /** Codes that nobody can read are refused one by one, not with the whole. */
  keepMisread?: boolean
  /** It has happened already: see the claim of that name. Needs `without`. */
  neverRefused?: boolean
  /** Receiving by document: what was announced and did not come. */
  missing?: readonly Epc[]
  /** What is not ready for it waits instead of being refused (D11). */
  waits?: boolean
  /** Of an error declaration: those who have acted since have agreed. */
  agreed?: boolean
  /** The event by the word of the device that sent it, where its clock was corrected since: what it is known by. */
  said?: EpcisEvent
  /** How far that clock was from ours, where that is remarkable; see device-clock.ts. */
  clockOffMs?: number | undefined
  /** The log of logistic units that are in none yet: of a document, the one of its goods. */
  newUnitsLog?: string
}

/** An event that only waits for its turn. */
export type Prepared = {
  actor: Actor
  event: EpcisEvent
  identity: Identity
  options: PrepareOptions
  log: number
  logName: string
  draft: Draft<Order, Accepted>
  work: Work
}

export async function prepareEvent(
  deps: PrepareDeps,
  caller: Actor,
  event: EpcisEvent,
  identity: Identity,
  options: PrepareOptions = {},
): Promise<Prepared> {
  const asked = interpret(event, hasRole(actingFor(caller), 'customs'))
  const actor = permit(deps, caller, event, asked)
  const place = await placeOf(event, deps.directory)
  if (actor.place && place && place.no !== actor.place.no) {
    throw new Problem('key_limited', {
      detail: 'This key is for another place. Use the key of the place where this happened.',
    })
  }
  const placeNo = place?.no ?? actor.place?.no ?? null
  const sources = options.newUnitsLog === undefined ? deps : newUnitsIn(deps, options.newUnitsLog)
  const { subjects, log: logName } = await findSubjects(sources, epcsOf(asked), options.keepMisread)
  const lot = lotOf(event)
  const { recipient, ...transfer } = await transferOf(event, deps.directory)
  refuseSelf(actor, asked, recipient?.no)
  const claim: Claim = {
    principal: actingFor(actor).no,
    eventTimeMs: event.eventTime.at.getTime(),
    ...parts(asked, subjects, await portionsOf(event, deps.catalogue)),
  }
  Object.assign(claim, transfer)
  if (hasRole(actingFor(actor), 'customs')) claim.customs = true
  if (asked.everything === true) claim.everything = true
  if (lot) claim.ilmd = lot
  if (event.bizTransactionList.length > 0) claim.documents = documentsOf(event)
  if (options.missing) claim.missing = [...(await findSubjects(deps, options.missing)).subjects.values()]
  if (asked.becomes !== undefined) claim.becomes = asked.becomes
  if (asked.parts.some(({ act }) => act === 'sell'))
    claim.trusted = await deps.directory.sellingWith(actingFor(actor).no)
  if (options.neverRefused === true) claim.neverRefused = true
  if (options.waits === true) claim.waits = { origin: originOf(actor, event, identity.eventID, placeNo) }
  const recorded = options.neverRefused === true ? knownOnce(event, subjects.values(), options) : event
  const settled = { claim, logName, place: placeNo }
  const prepared = await prepareClaim(deps, actor, recorded, identity, settled)
  const { clockOffMs } = options
  if (clockOffMs !== undefined) prepared.draft.order = { ...prepared.draft.order, clockOffMs }
  return { ...prepared, options }
}

/**
 * What needs no look at the goods: roles, mandate, limits of the key, how many codes.
 * @returns the actor, with the mandate that covers the event
 */
export function permit(
  deps: Pick<PrepareDeps, 'codesMax'>,
  actor: Actor,
  event: EpcisEvent,
  asked: Interpretation,
): Actor {
  refuseRole(actor, asked)
  const covered = coveredBy(actor, asked)
  refuseKeyLimits(actor, event)
  refuseTooMany(deps, asked)
  return covered
}

/** What of an event that is never refused can be recorded: codes that name something, each once. The rest are findings. */
function knownOnce(event: EpcisEvent, subjects: Iterable<Subject>, { without }: PrepareOptions): EpcisEvent {
  const seen = new Set<string>()
  const paths = new Set<string>()
  for (const subject of subjects) {
    const stays = (!staysOut(subject) || subject.observe) && !seen.has(subject.code)
    if (stays) seen.add(subject.code)
    else paths.add(subject.path)
  }
  return paths.size === 0 ? event : (without?.(paths) ?? event)
}

/** For acts whose claim does not follow from the event alone (closing an order, voiding codes). */
export async function prepareClaim(
  deps: PrepareDeps,
  actor: Actor,
  event: EpcisEvent,
  identity: Identity,
  asked: { claim: Claim; logName: string; place: number | null },
): Promise<Prepared> {
  const { claim, logName, place } = asked
  const draft = await createDraft(deps, actor, event, identity, claim, place)
  const codes = claim.parts.reduce((sum, part) => sum + part.subjects.length, claim.container ? 1 : 0)
  // Roughly what one subject and one entry take while they wait.
  const work = { events: 1, codes, bytes: codes * 200 + 2_000 }
  return { actor, event, identity, options: {}, log: await deps.ledger.logNo(logName), logName, draft, work }
}

function epcsOf({ container, parts }: Interpretation): readonly Epc[] {
  const [first] = parts
  if (first && parts.length === 1 && !container) return first.epcs
  const epcs = parts.flatMap((part) => part.epcs)
  return container ? [container, ...epcs] : epcs
}

function parts(
  asked: Interpretation,
  subjects: ReadonlyMap<Epc, Subject>,
  portions: Awaited<ReturnType<typeof portionsOf>>,
): Pick<Claim, 'parts' | 'container'> {
  const container = asked.container && subjects.get(asked.container)
  return {
    parts: asked.parts.map(({ act, epcs }) => ({
      act,
      subjects: epcs.flatMap((epc) => {
        const subject = replaced(asked, epc, subjects)
        const portion = portions.get(epc)
        return subject ? [portion ? { ...subject, portion } : subject] : []
      }),
    })),
    ...(container ? { container } : {}),
  }
}

/** The subject of a code; of an old one with the code that takes its place. */
function replaced(asked: Interpretation, epc: Epc, subjects: ReadonlyMap<Epc, Subject>): Subject | undefined {
  const subject = subjects.get(epc)
  const successor = asked.successors?.get(epc)
  const fresh = successor && subjects.get(successor)
  return subject && fresh ? { ...subject, replacedBy: String(fresh.id) } : subject
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
  }
}

/**
 * The actor with the mandate that covers what is asked, where it holds several of one principal. Where the parts of an event need
 * different ones, the entry names the first part's.
 * @throws Problem not_mandated
 */
function coveredBy(actor: Actor, asked: Interpretation): Actor {
  if (!actor.principal) return actor
  const [mandate] = asked.parts.map(({ act }) => mandateOf(actor, act, asked))
  return mandate ? { ...actor, mandate } : actor
}

function mandateOf(actor: Actor, act: Act, asked: Interpretation): MandateRef {
  const may = mandateFor[act]
  const allowing = (actor.mandates ?? []).filter((mandate) => may !== undefined && mandate.may.includes(may))
  const [first] = allowing
  if (!first) {
    throw new Problem('not_mandated', {
      detail: `The mandate does not allow "${may ?? act}". Ask the principal for a mandate that does.`,
    })
  }
  const covering = allowing.find((mandate) => !beyond(mandate, asked))
  if (covering) return covering
  const detail = 'The mandate does not cover this GTIN. Ask the principal for a mandate that does.'
  const epc = beyond(first, asked)
  throw new Problem('not_mandated', {
    detail,
    ...(epc ? { errors: [{ path: epc.path, code: 'not_mandated', detail, value: epc.text }] } : {}),
  })
}

/** The first code whose GTIN a mandate does not name. */
const beyond = ({ gtins }: MandateRef, asked: Interpretation): Epc | undefined =>
  gtins && epcsOf(asked).find(({ reading }) => reading.kind === 'unit' && !gtins.includes(reading.gtin))

function refuseKeyLimits(actor: Actor, event: EpcisEvent): void {
  if (!actor.steps || (event.bizStep !== undefined && actor.steps.includes(event.bizStep))) return
  throw new Problem('key_limited', { detail: `This key may only record: ${actor.steps.join(', ')}. Use another key.` })
}

/** Where in its list the request names it; a container, which is in none, comes first. */
export const placeIn = ({ path }: { path: string }): number => Number(/\/(\d+)/.exec(path)?.[1] ?? -1)

function refuseTooMany(deps: Pick<PrepareDeps, 'codesMax'>, asked: Interpretation): void {
  const epcs = epcsOf(asked)
  if (epcs.length <= deps.codesMax) return
  const first = [...epcs].sort((a, b) => placeIn(a) - placeIn(b))[deps.codesMax]
  const detail = `One event may name ${deps.codesMax} codes; this one names ${epcs.length}. Split it.`
  throw new Problem('too_large', { detail, errors: [{ path: first?.path ?? '', code: 'too_large', detail }] })
}

/** Goods sent to oneself would stand under way for ever in one's own yard. */
function refuseSelf(actor: Actor, asked: Interpretation, recipient: number | undefined): void {
  if (recipient !== actingFor(actor).no || !asked.parts.some((part) => part.act === 'ship')) return
  throw new Problem('field_invalid', {
    detail: 'Goods cannot be shipped to oneself. Name another participant as addressee.',
  })
}

async function createDraft(
  deps: PrepareDeps,
  actor: Actor,
  event: EpcisEvent,
  { eventID, digest }: Identity,
  claim: Claim,
  place: number | null,
): Promise<Draft<Order, Accepted>> {
  const text = await entryText(actor, event, eventID, deps.salt())
  const length = entryLength(text) + (claim.waits ? waitingBytesMax : 0)
  if (length > deps.entryBytesMax) {
    const detail = `The event takes ${length} bytes without its codes; an entry has at most ${deps.entryBytesMax}. Split it.`
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
    columns: { eventTime: event.eventTime.at, signature: null, ...actorColumns(actor, place) },
    lists: text.lists,
    entry: (stamp, { waiting }) => entryBytes(text, stamp, waitingCodes(claim, waiting)),
  }
}

/** Room in an entry for the codes that turn out to wait: a hundred at most are named. */
const waitingBytesMax = 12_000

const actorColumns = (actor: Actor, place: number | null) => ({
  participant: actor.participant.no,
  principal: actor.principal?.no ?? null,
  person: actor.person?.no ?? null,
  key: actor.key.no,
  place,
  mandate: actor.mandate?.no ?? null,
})

function waitingCodes(claim: Claim, waiting: readonly Subject[]): readonly string[] | 'all' {
  const subjects = claim.parts.reduce((sum, part) => sum + part.subjects.length, 0)
  return waiting.length > 0 && waiting.length >= subjects ? 'all' : waiting.map((subject) => subject.code)
}

/** What a later settling entry needs of this event: everything but its codes. */
function originOf(actor: Actor, event: EpcisEvent, eventID: string, place: number | null): Origin {
  const bare: EpcisEvent =
    event.type === 'ObjectEvent'
      ? { ...event, epcList: [] }
      : event.type === 'AggregationEvent'
        ? { ...event, childEPCs: [] }
        : event
  return {
    by: who(actor),
    event: toJsonLd(bare, { eventID }),
    field: event.type === 'AggregationEvent' ? 'childEPCs' : 'epcList',
    eventID,
    columns: actorColumns(actor, place),
  }
}

/** Under which names a document may be asked for: its URI, and the number as its writer wrote it. */
const documentsOf = (event: EpcisEvent): string[] => [
  ...new Set(
    event.bizTransactionList.flatMap(({ bizTransaction }) => [
      bizTransaction,
      decodeURIComponentSafe(bizTransaction.slice(bizTransaction.lastIndexOf(':') + 1)),
    ]),
  ),
]

function decodeURIComponentSafe(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
