import { hash } from 'node:crypto'
import type { Fault } from '../custody/claim.ts'
import type { Accepted } from '../custody/judge.ts'
import { contentDigest } from '../epcis/canonical.ts'
import type { Epc, EpcisEvent } from '../epcis/event.ts'
import { eventHashId } from '../epcis/hash-id.ts'
import { Problem, type ProblemItem, problemItemsMax } from '../http/problem.ts'
import type { Outcome } from '../ledger/commit.ts'
import { isDiskFull, isOutage } from '../ledger/ledger.ts'
import { type Actor, actingFor } from '../participants/actor.ts'
import { type Identity, type PrepareOptions, type Prepared, placeIn, prepareEvent } from './prepare.ts'
import { withPairs } from './replace.ts'
import { prepareTakeBack, type TakeBackDeps } from './take-back.ts'

export type CaptureDeps = TakeBackDeps & {
  retryAfterSeconds: number
  /** What a refusal may say about the entry that made the object what it is. */
  describeFault: (fault: Fault, log: number, actor: Actor) => Promise<string | undefined>
  /** The recorded event, to name the field that differs; undefined for who did not record it. */
  differingField: (event: EpcisEvent, log: number, position: number, actor: Actor) => Promise<string | undefined>
  /** The codes that waited when the entry at this position was recorded. */
  waitingAt: (log: number, position: number) => Promise<string[]>
  /** What was left out when the event was recorded at this position, in its order: for the same answer to the same request. */
  leftOut: (prepared: Prepared, position: number) => Promise<LeftOut>
}

/** `faults`: those that can be named; `count`: how many codes are not in the entry. */
export type LeftOut = { faults: readonly Fault[]; count: number }

export type Recorded = {
  eventID: string
  recordTime: Date
  entries: { log: string; position: number }[]
  /** The same event had been recorded before; this is the answer of then. */
  again: boolean
  /** With `partial`: what was refused while the rest was recorded, the first hundred in the order of the request. */
  refused: ProblemItem[]
  refusedCount: number
  /** The codes that wait for their predecessor: recorded, and moved once it comes. */
  waiting: string[]
}

/** The one door in (design "The flow"): whatever changes the fate of an object goes through here to the ledger. */
export type Capture = {
  /** Everything that can be done before the lock: codes read and found, parties, place, the bytes of the entry. */
  prepare(actor: Actor, event: EpcisEvent, options?: PrepareOptions): Promise<Prepared>
  /** Queues it at once, so that what is committed in order is judged in order; answers once the verdict is durable. */
  commit(prepared: Prepared, options?: { partial?: boolean }): Promise<Recorded>
  /**
   * Queues several of one log as one, so that nothing comes between them; they are judged in order.
   * Answers for each what stands against it, if anything does.
   * @param whole all are recorded or none is; `kept` says which
   */
  commitAll(
    prepared: readonly Prepared[],
    whole: boolean,
  ): Promise<{ kept: boolean; problems: (Problem | undefined)[] }>
  /** Both, for one event. */
  record(actor: Actor, event: EpcisEvent, options?: { partial?: boolean }): Promise<Recorded>
}

export function createCapture(deps: CaptureDeps): Capture {
  const prepare: Capture['prepare'] = async (actor, sent, options) => {
    const event = withPairs(sent)
    // The content is what was sent, however much of it is recorded in the end: sending it again must find it.
    const said = options?.said ?? sent
    const known = identityOf(said === sent ? event : withPairs(said), actor)
    const identity = event === said ? known : { ...known, eventID: said.eventID ?? eventHashId(said) }
    return event.errorDeclaration
      ? prepareTakeBack(deps, actor, event, identity, options?.agreed)
      : prepareEvent(deps, actor, event, identity, options)
  }
  const commit: Capture['commit'] = async (prepared, options = {}) => {
    const outcome = await submit(deps, prepared)
    return options.partial === true ? recordPart(deps, prepared, outcome) : answer(deps, prepared, outcome)
  }
  return {
    prepare,
    commit,
    commitAll: (prepared, whole) => commitAll(deps, prepared, whole),
    record: async (actor, event, options) => commit(await prepare(actor, event), options),
  }
}

async function commitAll(deps: CaptureDeps, prepared: readonly Prepared[], whole: boolean) {
  const [first] = prepared
  if (!first) return { kept: true, problems: [] }
  const sum = (of: (work: Prepared['work']) => number) => prepared.reduce((total, { work }) => total + of(work), 0)
  const work = {
    events: prepared.length,
    codes: sum(({ codes }) => codes),
    bytes: sum(({ bytes }) => bytes),
  }
  const drafts = prepared.map(({ draft }) => draft)
  const { kept, outcomes } = await orUnknown(
    deps,
    deps.ledger.submitAll(first.log, drafts, work, whole) ?? refuseBusy(deps),
  )
  const problems: (Problem | undefined)[] = []
  for (const [i, one] of prepared.entries()) {
    const outcome = outcomes[i]
    if (!outcome) throw new Error('bad math: an event was not answered')
    // One after the other: describing two thousand refusals at once would take every connection.
    problems.push(await problemOf(deps, one, outcome))
  }
  return { kept, problems }
}

/**
 * Under which id an event is remembered, and by which content it is told from others with that id (D8). What another participant
 * says in the same words is not the same: it was not judged for him.
 */
export const identityOf = (event: EpcisEvent, actor: Actor): Identity => ({
  eventID: event.eventID ?? eventHashId(event),
  digest: hash('sha256', `${contentDigest(event)}\n${actingFor(actor).id}`).slice(0, 32),
})

type Verdict = Outcome<Accepted, readonly Fault[]>

function submit(deps: CaptureDeps, { log, draft, work }: Prepared): Promise<Verdict> {
  return orUnknown(deps, deps.ledger.submit(log, draft, work) ?? refuseBusy(deps))
}

/** The database went away in the middle: the one answer that cannot say whether anything was recorded. */
async function orUnknown<T>(deps: CaptureDeps, outcome: Promise<T>): Promise<T> {
  try {
    return await outcome
  } catch (error) {
    if (!isOutage(error)) throw error
    const what = isDiskFull(error)
      ? 'The disk of the database is full, and nothing can be recorded until its operator has made room. '
      : 'The database could not be reached, and whether this was recorded is not known. '
    const detail =
      what +
      `Send the same again, with the same id and time, in ${deps.retryAfterSeconds} s: what is recorded is not recorded twice.`
    throw new Problem('busy', { detail, headers: { 'retry-after': String(deps.retryAfterSeconds) }, cause: error })
  }
}

/**
 * With `partial` the good codes are recorded although others are refused: what was refused is left out and the rest is sent once
 * more. Between the two somebody else may have taken another one, so again, as long as fewer remain.
 */
async function recordPart(deps: CaptureDeps, whole: Prepared, first: Verdict): Promise<Recorded> {
  const refused: Fault[] = []
  const paths = new Set<string>()
  let prepared = whole
  let outcome = first
  while (outcome.kind === 'refused') {
    const faults = outcome.refusal
    for (const fault of faults) paths.add(fault.subject.path)
    const remaining = whole.options.without?.(paths) ?? withoutCodes(prepared.event, paths)
    if (remaining === undefined) return answer(deps, prepared, outcome)
    refused.push(...faults)
    prepared = await prepareEvent(deps, whole.actor, remaining, whole.identity, whole.options)
    outcome = await submit(deps, prepared)
  }
  const recorded = await answer(deps, whole, outcome)
  const position = recorded.entries[0]?.position ?? -1
  const left = recorded.again
    ? await deps.leftOut(whole, position)
    : { faults: inOrder(refused), count: refused.length }
  const shown = inOrder(left.faults).slice(0, problemItemsMax)
  const items = await Promise.all(shown.map((fault) => itemOf(deps, fault, whole.log, whole.actor)))
  return { ...recorded, refused: items, refusedCount: left.count }
}

/** In the order of the request, whichever round refused them and in whatever order they were judged. */
const inOrder = (faults: readonly Fault[]): Fault[] =>
  [...faults].sort((a, b) => placeIn(a.subject) - placeIn(b.subject))

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

function refuseBusy(deps: CaptureDeps): never {
  throw new Problem('busy', {
    detail: `Too much is waiting to be recorded; nothing was stored. Send the same again in ${deps.retryAfterSeconds} s.`,
    headers: { 'retry-after': String(deps.retryAfterSeconds) },
  })
}

/** In code order, so that the same event again gets the same answer. */
async function waitingOf(deps: CaptureDeps, log: number, outcome: Verdict): Promise<string[]> {
  if (outcome.kind === 'recorded') return outcome.decision.waiting.map((subject) => subject.code).sort()
  return outcome.kind === 'again' ? (await deps.waitingAt(log, outcome.position)).sort() : []
}

async function answer(deps: CaptureDeps, prepared: Prepared, outcome: Verdict): Promise<Recorded> {
  const problem = await problemOf(deps, prepared, outcome)
  if (problem) throw problem
  if (outcome.kind === 'taken' || outcome.kind === 'refused') throw new Error('bad math: refused for nothing')
  return {
    eventID: prepared.identity.eventID,
    recordTime: outcome.recordTime,
    entries: [{ log: prepared.logName, position: outcome.position }],
    again: outcome.kind === 'again',
    refused: [],
    refusedCount: 0,
    waiting: await waitingOf(deps, prepared.log, outcome),
  }
}

/** What stands against an event; undefined where it is recorded. */
async function problemOf(
  deps: CaptureDeps,
  { actor, event, log }: Prepared,
  outcome: Verdict,
): Promise<Problem | undefined> {
  switch (outcome.kind) {
    case 'recorded':
    case 'again':
      return undefined
    case 'taken': {
      const field = await deps.differingField(event, outcome.log, outcome.position, actor)
      const differs = field === undefined ? '' : ` It differs in ${field}.`
      const taken =
        event.eventID === undefined
          ? 'Another participant recorded an event of exactly this content.'
          : `An event with this id is recorded with other content, or by another participant.${differs}`
      return new Problem('event_id_taken', { detail: `${taken} Give the new event an id of its own.` })
    }
    case 'refused':
      return refusalOf(deps, outcome.refusal, log, actor)
  }
}

/** One code a line: what was refused, and why, as far as the caller may know. */
async function refusalOf(deps: CaptureDeps, faults: readonly Fault[], log: number, actor: Actor): Promise<Problem> {
  const shown = inOrder(faults).slice(0, problemItemsMax)
  const errors = await Promise.all(shown.map((fault) => itemOf(deps, fault, log, actor)))
  const first = errors[0]
  if (!first) throw new Error('bad math: a refusal without a fault')
  const more = faults.length > 1 ? ` ${faults.length} codes are refused; see errors.` : ''
  return new Problem(first.code, { detail: `${first.detail}${more}`, errors, errorCount: faults.length })
}

async function itemOf(deps: CaptureDeps, fault: Fault, log: number, actor: Actor): Promise<ProblemItem> {
  const { subject } = fault
  const known = fault.code === subject.fault ? subject.faultText : undefined
  const detail =
    (await deps.describeFault(fault, log, actor)) ?? known ?? fault.detail ?? new Problem(fault.code).message
  return { path: subject.path, code: fault.code, detail, value: subject.code }
}
