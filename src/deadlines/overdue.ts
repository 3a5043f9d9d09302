import type { ClientBase, Pool } from 'pg'
import { isOrigin } from '../capture/bench.ts'
import { stillUnderWay } from '../capture/by-document.ts'
import { codesOf, eventOf, withLists } from '../capture/recorded-event.ts'
import type { Resolver } from '../codes/resolve.ts'
import type { Limits } from '../config/limits.ts'
import { loadBench } from '../custody/load.ts'
import { standing, type Step, unborn } from '../custody/object.ts'
import { restricted, subjectsOf } from '../custody/waiting.ts'
import { findingObjectsMax, findingText, type NewFinding } from '../findings/finding.ts'
import { insertFindings } from '../findings/store.ts'
import * as store from './store.ts'

/**
 * Deadlines: a fact that waits in vain (D11), and goods that stay under way. Nothing is taken from anybody; a finding names who owes a
 * word, and what they answer stands beside it. Each is looked at once: what comes after the finding is its answer.
 */

export type DeadlineDeps = {
  pool: Pool
  resolver: Resolver
  now: () => Date
  limits: Pick<Limits, 'offlineWaitHours' | 'transitDeadlineHours'>
}

/** So many are looked at in one transaction, so that nothing is held for long. */
const portion = 50
/** So many portions a minute; after a long stop the rest follows in the next ones. */
const portionsMax = 40

const hourMs = 3_600_000

/** Looks at everything that is due, in portions. @returns how many findings were opened */
export async function lookAtDeadlines(deps: DeadlineDeps): Promise<number> {
  let opened = 0
  for (const look of [lookAtFacts, lookAtTransits]) {
    for (let i = 0; i < portionsMax; i++) {
      const found = await store.asOnlyWatcher(deps.pool, (client) => look(deps, client))
      if (!found) break
      opened += found.opened
      if (found.seen < portion) break
    }
  }
  return opened
}

type Looked = { seen: number; opened: number }

async function lookAtFacts(deps: DeadlineDeps, client: ClientBase): Promise<Looked> {
  const now = deps.now()
  const due = await store.findDueFacts(client, before(now, deps.limits.offlineWaitHours), portion)
  const findings: NewFinding[] = []
  for (const fact of due) if (fact.open.size > 0) findings.push(await unsettled(client, fact, now))
  if (due.length > 0) await store.markFacts(client, due, now)
  if (findings.length > 0) await insertFindings(client, findings)
  return { seen: due.length, opened: findings.length }
}

/** Who has the goods by the ledger's word owes the report of what came in between. */
async function unsettled(client: ClientBase, fact: store.DueFact, now: Date): Promise<NewFinding> {
  if (!isOrigin(fact.origin)) throw new Error(`the waiting fact ${fact.position} does not say where it came from`)
  const { columns, eventID } = fact.origin
  const claim = restricted(fact.claim, fact.open)
  const subjects = subjectsOf(claim).filter((subject) => fact.open.has(subject.id))
  const { steps } = await loadBench(client, fact.log, [claim], false)
  const objects = subjects
    .slice(0, findingObjectsMax)
    .map(({ id, path, code }) => ({ path, code, concerned: whoHas(id, steps) }))
  const owes = unique(objects.flatMap(({ concerned }) => concerned)).filter((no) => no !== claim.principal)
  return {
    id: `unsettled-${fact.log}-${fact.position}`,
    openedAt: now,
    kind: 'doubted',
    code: 'unsettled',
    participant: columns.participant,
    principal: columns.principal,
    person: columns.person,
    log: fact.log,
    position: fact.position,
    eventKey: null,
    concerned: owes,
    objects: subjects.slice(0, findingObjectsMax).map((subject) => subject.id),
    objectCount: subjects.length,
    detail: {
      act: claim.parts[0]?.act ?? 'unpack',
      eventTime: new Date(claim.eventTimeMs).toISOString(),
      eventID,
      text: findingText('unsettled'),
      objects,
      owes,
    },
  }
}

function whoHas(id: bigint, steps: ReadonlyMap<bigint, Step>): number[] {
  const { holder, owner, sender } = standing(steps.get(id) ?? unborn(id), (other) => steps.get(other))
  return unique([sender, holder, owner].filter((no) => no !== null))
}

async function lookAtTransits(deps: DeadlineDeps, client: ClientBase): Promise<Looked> {
  const now = deps.now()
  const due = await store.findDueTransits(client, before(now, deps.limits.transitDeadlineHours), portion)
  const findings: NewFinding[] = []
  for (const transit of due) {
    const event = await withLists(deps.pool, eventOf(transit.bytes))
    const objects = await stillUnderWay(deps, transit.log, codesOf(event), transit.addressee)
    const eventID = event['eventID']
    if (objects.length > 0) findings.push(overdue(transit, objects, typeof eventID === 'string' ? eventID : '', now))
  }
  if (due.length > 0) await store.markTransits(client, due, now)
  if (findings.length > 0) await insertFindings(client, findings)
  return { seen: due.length, opened: findings.length }
}

function overdue(
  transit: store.DueTransit,
  objects: readonly { id: bigint; code: string }[],
  eventID: string,
  now: Date,
): NewFinding {
  const { addressee, sender, carrier } = transit
  const shown = objects.slice(0, findingObjectsMax)
  const owes = unique([addressee, sender, ...(carrier === null ? [] : [carrier])])
  return {
    id: `overdue-${transit.log}-${transit.position}`,
    openedAt: now,
    kind: 'doubted',
    code: 'overdue',
    participant: transit.participant,
    principal: transit.principal,
    person: transit.person,
    log: transit.log,
    position: transit.position,
    eventKey: null,
    concerned: owes,
    objects: shown.map(({ id }) => id),
    objectCount: objects.length,
    detail: {
      act: 'ship',
      eventTime: transit.eventTime.toISOString(),
      eventID,
      text: findingText('overdue'),
      objects: shown.map(({ code }) => ({ path: '', code, concerned: owes })),
      owes,
    },
  }
}

const before = (now: Date, hours: number): Date => new Date(now.getTime() - hours * hourMs)

const unique = (nos: readonly number[]): number[] => [...new Set(nos)]

/**
 * Looks every so often until it is stopped.
 * @param onError hears what went wrong; the next look covers what this one should have
 */
export function startDeadlines(
  deps: DeadlineDeps,
  intervalMs: number,
  onError: (error: unknown) => void,
): { stop: () => Promise<void> } {
  let running: Promise<unknown> | undefined
  const timer = setInterval(() => {
    running ??= lookAtDeadlines(deps)
      .catch(onError)
      .finally(() => (running = undefined))
  }, intervalMs)
  timer.unref()
  return {
    stop: async () => {
      clearInterval(timer)
      await running
    },
  }
}
