import type { Claim, Subject } from './claim.ts'
import type { Act } from './law.ts'
import type { Lot, Recall } from './lots.ts'
import { flag, type Step } from './object.ts'
import { type History, loadHistory } from './rewind.ts'
import * as store from './store.ts'
import { loadUndos, type UndoData } from './undo.ts'
import * as waitingStore from './waiting-store.ts'
import { type Past, subjectsOf, type WaitingFact } from './waiting.ts'

/** What the judge reads, under the lock, before it decides a batch. */
export type BenchData = {
  /** The last step of everything the claims name, of the containers around it, and of what waiting facts name. */
  steps: Map<bigint, Step>
  /** What was packed since the container was opened: for "unpack everything", a case that is sold whole, goods of several owners. */
  contents: ReadonlyMap<bigint, readonly bigint[]>
  /** Who holds, as an authority, what is to be lifted. */
  heldBy: Map<bigint, number>
  /** The GTINs of what is sold with its case. */
  gtins: ReadonlyMap<bigint, string>
  /** Logistic units that live in another log. */
  elsewhere: ReadonlySet<bigint>
  /** Facts that an act on one of their objects may settle, by object. */
  facts: Map<bigint, WaitingFact[]>
  /** Of objects that waiting claims name. */
  pasts: Map<bigint, Past>
  /** The same of what is taken back, as it is without that. */
  pastsWithout: ReadonlyMap<bigint, Past>
  /** Of what is to be sold: lot and dates, and the recalls of its GTINs. */
  lots: Map<bigint, Lot>
  recalls: readonly Recall[]
  /** What each claim needs that takes something back. */
  undos: ReadonlyMap<Claim, UndoData>
  /** What may have to be rewound for facts that come late. */
  history: History
}

/** @param settles false for questions, which settle nothing: what waits is then not looked up */
export async function loadBench(
  client: store.Queryable,
  log: number,
  claims: readonly Claim[],
  settles: boolean,
): Promise<BenchData> {
  const undos = await loadUndos(client, log, claims)
  const asked = new Set(claims.flatMap(idsOf))
  for (const { before } of undos.values()) for (const id of before.keys()) asked.add(id)
  const steps = new Map<bigint, Step>()
  const found = new Map<number, WaitingFact>()
  const facts = new Map<bigint, WaitingFact[]>()
  const lots = new Map<bigint, Lot>()
  const recalls: Recall[] = []
  let unread = claims
  for (let fresh = [...asked]; fresh.length > 0;) {
    // In one go: each of these travels alone otherwise, and the log is locked meanwhile.
    const [, waiting] = await Promise.all([
      readWithContainers(client, log, fresh, steps),
      settles ? waitingStore.findWaiting(client, log, fresh) : [],
      readLots(client, log, unread, lots, recalls),
    ])
    unread = waiting.map((fact) => fact.claim)
    for (const fact of waiting) found.set(fact.position, fact)
    const next = new Set<bigint>(waiting.flatMap((fact) => idsOf(fact.claim)))
    for (const id of fresh) for (let at = steps.get(id)?.parent; at; at = steps.get(at)?.parent) next.add(at)
    fresh = [...next].filter((id) => !asked.has(id))
    for (const id of fresh) asked.add(id)
  }
  for (const fact of found.values()) rememberFact(facts, fact, steps)
  const late = [...claims.filter((claim) => claim.waits), ...[...found.values()].map((fact) => fact.claim)]
  const history = await loadHistory(client, log, settles ? late : [], found)
  const all = [...claims, ...late]
  const contents = await readContents(client, log, all, steps)
  const lifted = [...subjectsIn(all, 'lift_hold')]
  const heldBy = lifted.length === 0 ? new Map<bigint, number>() : await store.findHoldsOf(client, log, lifted)
  const gtins = await readSoldInside(client, log, all, { steps, contents, lots, recalls })
  const lateIds = [...new Set(late.flatMap(idsOf))]
  const pasts = await waitingStore.findPasts(client, log, lateIds)
  for (const id of lateIds) if (!pasts.has(id)) pasts.set(id, { newestMs: 0, had: new Set() })
  const undone = [...undos.values()].flatMap(({ positions }) => positions)
  const pastsWithout = undone.length === 0 ? pasts : await waitingStore.findPasts(client, log, lateIds, undone)
  await readStanding(client, log, history, steps)
  await readLots(client, log, toldIn(history), lots, recalls)
  const unknown = [...asked].filter((id) => id < 0n && !steps.has(id))
  const elsewhere = unknown.length === 0 ? [] : await store.findElsewhere(client, log, unknown)
  return {
    ...{ steps, contents, heldBy, gtins, elsewhere: new Set(elsewhere) },
    ...{ facts, pasts, pastsWithout, lots, recalls, undos, history },
  }
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

/** Where everything stands now that may be rewound. */
async function readStanding(
  client: store.Queryable,
  log: number,
  { steps: past }: History,
  steps: Map<bigint, Step>,
): Promise<void> {
  for (const [id, [newest]] of past) if (newest && !steps.has(id)) steps.set(id, newest.step)
  const unread = [...past.values()].flatMap((each) => each.flatMap(({ step }) => step.parent ?? []))
  await readWithContainers(
    client,
    log,
    [...new Set(unread)].filter((id) => !steps.has(id)),
    steps,
  )
}

const toldIn = ({ facts }: History): Claim[] => [...new Set([...facts.values()].flat())].map((fact) => fact.claim)

/** Everything that could wake the fact: its objects, and the containers they are in now. */
export function rememberFact(
  facts: Map<bigint, WaitingFact[]>,
  fact: WaitingFact,
  steps: ReadonlyMap<bigint, Step>,
): { id: bigint; waits: boolean }[] {
  const wakers = new Map<bigint, boolean>()
  for (const { id } of subjectsOf(fact.claim)) {
    wakers.set(id, fact.open.has(id) || fact.settled.has(id))
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
  let order: bigint | null = null
  for (const { subjects } of claim.parts) {
    for (const subject of subjects) {
      ids.push(subject.id)
      if (subject.orderObject === null || subject.orderObject === order) continue
      order = subject.orderObject // Ten thousand codes of one order name it once.
      ids.push(order)
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
  const read = async (id: bigint): Promise<readonly bigint[]> => {
    const step = steps.get(id)
    if (!step || step.opened === null || contents.has(step.id)) return []
    const ids = await store.findPackedSince(client, log, step.id, step.opened)
    contents.set(step.id, ids)
    const unread = ids.filter((inner) => !steps.has(inner))
    for (const last of await store.findLastSteps(client, log, unread)) steps.set(last.id, last)
    return ids
  }
  for (const { everything, container } of claims) if (everything === true && container) await read(container.id)
  for (let next = [...subjectsIn(claims, 'sell'), ...mixedPackedBy(claims, steps)]; next.length > 0;) {
    const inside: bigint[] = []
    for (const id of next) inside.push(...(await read(id)))
    next = inside
  }
  return contents
}

function* subjectsIn(claims: readonly Claim[], wanted: Act): Generator<bigint> {
  for (const { parts } of claims)
    for (const { act, subjects } of parts) if (act === wanted) for (const { id } of subjects) yield id
}

/** Containers of several owners' goods that are packed in another. */
function* mixedPackedBy(claims: readonly Claim[], steps: ReadonlyMap<bigint, Step>): Generator<bigint> {
  for (const id of subjectsIn(claims, 'pack')) if (((steps.get(id)?.flags ?? 0) & flag.mixed) !== 0) yield id
}

/** Who sells a case sells what is in it: its lots and recalls count as if each were sold by itself. */
async function readSoldInside(
  client: store.Queryable,
  log: number,
  claims: readonly Claim[],
  data: Pick<BenchData, 'steps' | 'contents' | 'lots'> & { recalls: Recall[] },
): Promise<Map<bigint, string>> {
  const ids = new Set<bigint>()
  const walk = (id: bigint): void => {
    for (const inner of data.contents.get(id) ?? []) {
      if (data.steps.get(inner)?.parent !== id) continue
      ids.add(inner)
      walk(inner)
    }
  }
  for (const id of subjectsIn(claims, 'sell')) walk(id)
  if (ids.size === 0) return new Map()
  const gtins = await store.findGtins(client, [...ids])
  const [lots, said] = await Promise.all([
    store.findLots(client, log, [...ids]),
    store.findRecalls(client, [...new Set(gtins.values())], [...ids]),
  ])
  for (const [id, lot] of lots) data.lots.set(id, lot)
  data.recalls.push(...said)
  return gtins
}
