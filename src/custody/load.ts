import type { Claim, Subject } from './claim.ts'
import type { Lot, Recall } from './lots.ts'
import type { Step } from './object.ts'
import * as store from './store.ts'
import { loadUndos, type UndoData } from './undo.ts'
import { type Past, subjectsOf, type WaitingFact } from './waiting.ts'

/** What the judge reads, under the lock, before it decides a batch. */
export type BenchData = {
  /** The last step of everything the claims name, of the containers around it, and of what waiting facts name. */
  steps: Map<bigint, Step>
  /** For "unpack everything": what was packed since the container was opened. */
  contents: ReadonlyMap<bigint, readonly bigint[]>
  /** Logistic units that live in another log. */
  elsewhere: ReadonlySet<bigint>
  /** Facts that an act on one of their objects may settle, by object. */
  facts: Map<bigint, WaitingFact[]>
  /** Of objects that waiting claims name. */
  pasts: Map<bigint, Past>
  /** Of what is to be sold: lot and dates, and the recalls of its GTINs. */
  lots: Map<bigint, Lot>
  recalls: readonly Recall[]
  /** What each claim needs that takes something back. */
  undos: ReadonlyMap<Claim, UndoData>
}

/** @param settles false for questions, which settle nothing: what waits is then not looked up */
export async function loadBench(
  client: store.Queryable,
  log: number,
  claims: readonly Claim[],
  settles: boolean,
): Promise<BenchData> {
  const undos = await loadUndos(client, log, claims)
  const wanted = new Set(claims.flatMap(idsOf))
  for (const { before } of undos.values()) for (const id of before.keys()) wanted.add(id)
  const steps = new Map<bigint, Step>()
  const found = new Map<number, WaitingFact>()
  const facts = new Map<bigint, WaitingFact[]>()
  const asked = new Set<bigint>()
  const lots = new Map<bigint, Lot>()
  const recalls: Recall[] = []
  let unread = claims
  for (let fresh = [...wanted]; fresh.length > 0;) {
    for (const id of fresh) asked.add(id)
    // In one go: each of these travels alone otherwise, and the log is locked meanwhile.
    const [, waiting] = await Promise.all([
      readWithContainers(client, log, fresh, steps),
      settles ? store.findWaiting(client, log, fresh) : [],
      readLots(client, log, unread, lots, recalls),
    ])
    unread = waiting.map((fact) => fact.claim)
    for (const fact of waiting) found.set(fact.position, fact)
    const next = new Set<bigint>(waiting.flatMap((fact) => idsOf(fact.claim)))
    for (const id of fresh) for (let at = steps.get(id)?.parent; at; at = steps.get(at)?.parent) next.add(at)
    fresh = [...next].filter((id) => !asked.has(id))
  }
  for (const fact of found.values()) rememberFact(facts, fact, steps)
  const late = [...claims.filter((claim) => claim.waits), ...[...found.values()].map((fact) => fact.claim)]
  const all = [...claims, ...late]
  const contents = await readContents(client, log, all, steps)
  const lateIds = [...new Set(late.flatMap(idsOf))]
  const pasts = await store.findPasts(client, log, lateIds)
  for (const id of lateIds) if (!pasts.has(id)) pasts.set(id, { newestMs: 0, had: new Set() })
  const unknown = [...asked].filter((id) => id < 0n && !steps.has(id))
  const elsewhere = unknown.length === 0 ? [] : await store.findElsewhere(client, log, unknown)
  return { steps, contents, elsewhere: new Set(elsewhere), facts, pasts, lots, recalls, undos }
}

/** Lot, dates and recalls of what the claims sell, or give another code. */
async function readLots(
  client: store.Queryable,
  log: number,
  claims: readonly Claim[],
  lots: Map<bigint, Lot>,
  recalls: Recall[],
): Promise<void> {
  const parts = claims.flatMap((claim) => claim.parts.filter(({ act }) => act === 'sell' || act === 'replace'))
  const subjects: Subject[] = parts.flatMap((part) => part.subjects)
  if (subjects.length === 0) return
  const ids = subjects.map((subject) => subject.id)
  const gtins = new Set(subjects.flatMap((subject) => subject.gtin ?? []))
  const [found, said] = await Promise.all([
    store.findLots(client, log, ids),
    store.findRecalls(client, [...gtins], ids),
  ])
  for (const [id, lot] of found) lots.set(id, lot)
  recalls.push(...said)
}

/** Everything that could wake the fact: its objects, and the containers they are in now. */
export function rememberFact(
  facts: Map<bigint, WaitingFact[]>,
  fact: WaitingFact,
  steps: ReadonlyMap<bigint, Step>,
): { id: bigint; waits: boolean }[] {
  const wakers = new Map<bigint, boolean>()
  for (const { id } of subjectsOf(fact.claim)) {
    wakers.set(id, fact.open.has(id))
    for (let at = steps.get(id)?.parent; at; at = steps.get(at)?.parent) if (!wakers.has(at)) wakers.set(at, false)
  }
  const added: { id: bigint; waits: boolean }[] = []
  for (const [id, waits] of wakers) {
    const known = facts.get(id)
    if (known?.includes(fact)) continue
    if (known) known.push(fact)
    else facts.set(id, [fact])
    added.push({ id, waits })
  }
  return added
}

function idsOf(claim: Claim): bigint[] {
  const ids: bigint[] = claim.container ? [claim.container.id] : []
  for (const { subjects } of claim.parts) {
    for (const subject of subjects) {
      ids.push(subject.id)
      if (subject.orderObject !== null) ids.push(subject.orderObject)
    }
  }
  return ids
}

/** The last steps of objects, and of the containers around them. */
export async function readWithContainers(
  client: store.Queryable,
  log: number,
  ids: readonly bigint[],
  steps: Map<bigint, Step>,
): Promise<void> {
  for (let next = ids; next.length > 0;) {
    const parents = new Set<bigint>()
    for (const step of await store.findLastSteps(client, log, next)) {
      steps.set(step.id, step)
      if (step.parent !== null && !steps.has(step.parent)) parents.add(step.parent)
    }
    next = [...parents].filter((id) => !steps.has(id))
  }
}

async function readContents(
  client: store.Queryable,
  log: number,
  claims: readonly Claim[],
  steps: Map<bigint, Step>,
): Promise<Map<bigint, bigint[]>> {
  const contents = new Map<bigint, bigint[]>()
  for (const { everything, container } of claims) {
    const step = everything === true && container ? steps.get(container.id) : undefined
    if (!step || step.opened === null || contents.has(step.id)) continue
    const ids = await store.findPackedSince(client, log, step.id, step.opened)
    contents.set(step.id, ids)
    const unread = ids.filter((id) => !steps.has(id))
    for (const last of await store.findLastSteps(client, log, unread)) steps.set(last.id, last)
  }
  return contents
}
