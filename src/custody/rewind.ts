import type { Claim } from './claim.ts'
import { type Step, unborn } from './object.ts'
import * as store from './rewind-store.ts'
import { findPackedSince, type Queryable } from './store.ts'
import { claimIds, type WaitingFact } from './waiting.ts'

/**
 * Late truth in its order (D11). A fact that was recorded without a line may fit when it comes although something that happened before
 * it is still to come: an emptied pallet leaves before anybody says that it was emptied. When that comes, what was judged too early
 * is rewound: its objects stand as before, the late fact takes its place, and the others are judged again, in the order in which
 * they happened, by entries of their own. Only facts that came without a line are rewound: what was judged on the spot stands.
 */

/** A step of an object's past. */
export type PastStep = {
  step: Step
  eventMs: number
  /** The fact that made it, where that can be judged again. */
  fact: WaitingFact | undefined
  /** It was rewound since, and says nothing any more. */
  rewound: boolean
}

export type History = {
  /** Of each object the newest steps, newest first. */
  steps: Map<bigint, PastStep[]>
  /** Objects whose past goes further back than was read. */
  longer: Set<bigint>
  /** The facts that name each object, whether they wait or took effect. */
  facts: Map<bigint, WaitingFact[]>
}

export const emptyHistory = (): History => ({ steps: new Map(), longer: new Set(), facts: new Map() })

/** So far back, so wide and so many: what is beyond is doubted where it contradicts, as it was before there was any rewinding. */
const stepsMax = 40
const objectsMax = 1_000
const factsMax = 100

/**
 * Reads what rewinding for these claims may need: the past of their objects, and of everything that was moved together with them since.
 * @param known facts that were read already; new ones are added
 */
export async function loadHistory(
  client: Queryable,
  log: number,
  claims: readonly Claim[],
  known: Map<number, WaitingFact>,
): Promise<History> {
  const history = emptyHistory()
  if (claims.length === 0) return history
  const sinceMs = Math.min(...claims.map((claim) => claim.eventTimeMs))
  for (let fresh = claims.flatMap(claimIds); fresh.length > 0 && history.steps.size < objectsMax;) {
    for (const id of fresh) history.steps.set(id, [])
    const rows = await store.findHistory(client, log, fresh, stepsMax + 1)
    const told = await store.findTold(
      client,
      log,
      fresh,
      [...new Set(rows.flatMap(({ factAt }) => factAt ?? []))],
      factsMax,
    )
    const next = new Set<bigint>()
    for (const fact of told) {
      const same = known.get(fact.position) ?? fact
      known.set(fact.position, same)
      // Of what waits only what waits was read; a part of it may have taken effect.
      for (const [id, at] of fact.settled) same.settled.set(id, at)
      for (const id of claimIds(same.claim)) remember(history, id, same)
      if (same.open.size > 0) for (const id of claimIds(same.claim)) next.add(id)
    }
    for (const { step, eventMs, factAt, rewound } of rows) {
      const past = history.steps.get(step.id)
      if (!past) continue
      if (past.length === stepsMax) {
        history.longer.add(step.id)
        continue
      }
      const fact = factAt === undefined ? undefined : known.get(factAt)
      past.push({ step, eventMs, fact, rewound })
      if (step.parent !== null) next.add(step.parent)
      if (!fact || eventMs <= sinceMs) continue
      for (const id of claimIds(fact.claim)) next.add(id)
      const { container, everything } = fact.claim
      if (!container || everything !== true) continue
      for (const id of await findPackedSince(client, log, container.id, 0)) next.add(id)
    }
    fresh = [...next].filter((id) => !history.steps.has(id))
  }
  return history
}

function remember({ facts }: History, id: bigint, fact: WaitingFact): void {
  const same = facts.get(id)
  if (!same) facts.set(id, [fact])
  else if (!same.includes(fact)) same.push(fact)
}

/** Adds what was done just now. */
export function note(history: History, step: Step, eventMs: number, fact: WaitingFact | undefined): void {
  history.steps.get(step.id)?.unshift({ step, eventMs, fact, rewound: false })
  if (fact) for (const id of claimIds(fact.claim)) remember(history, id, fact)
}

/** Whether how an object stands follows from a fact that happened after `after` and will be judged again if its predecessor comes. */
export function mayChange({ steps }: History, id: bigint, after: number): boolean {
  const newest = steps.get(id)?.find((past) => !past.rewound)
  return newest?.fact !== undefined && newest.eventMs > after
}

export type Rewinding = {
  /** How each object stood before; in place of its last step. */
  bases: ReadonlyMap<bigint, Step>
  /** When the newest thing happened to it that stands. */
  newestMs: ReadonlyMap<bigint, number>
  /** What is to be judged again. */
  facts: readonly WaitingFact[]
}

/** What has to be rewound so that the claim is judged where it belongs; undefined: nothing, or it cannot be. */
export function planRewinding(claim: Claim, history: History): Rewinding | undefined {
  const after = claim.eventTimeMs
  const depths = new Map<bigint, number>()
  const facts = new Set<WaitingFact>()
  const later = (past: PastStep) => !past.rewound && past.eventMs > after
  /** Goes back in an object's past as far as `back` holds; false where something on the way stands. */
  const goBack = (id: bigint, back: (past: PastStep) => boolean): boolean => {
    const past = history.steps.get(id)
    if (!past) return false
    const depth = past.findLastIndex(back) + 1
    const passed = past.slice(0, depth).filter((step) => !step.rewound)
    if (passed.some((step) => !step.fact || step.eventMs <= after)) return false
    for (const { fact } of passed) if (fact) facts.add(fact)
    depths.set(id, Math.max(depth, depths.get(id) ?? 0))
    return true
  }
  const baseOf = (id: bigint) =>
    history.steps
      .get(id)
      ?.slice(depths.get(id) ?? 0)
      .find((past) => !past.rewound)
  for (const id of claimIds(claim)) if (!goBack(id, later)) return undefined
  // Where it was packed then, its container's fate was its own. What was judged on the spot stands, all the same.
  const around = new Set<bigint>(claimIds(claim))
  for (const id of around) {
    const parent = baseOf(id)?.step.parent
    if (parent === undefined || parent === null || around.has(parent)) continue
    around.add(parent)
    goBack(parent, later)
  }
  if (facts.size === 0) return undefined
  // The set grows while it is walked: what was moved with it comes along.
  for (const fact of facts) {
    if (facts.size > factsMax) return undefined
    for (const id of claimIds(fact.claim)) if (!history.steps.has(id)) return undefined
    const made = (past: PastStep) => !past.rewound && past.fact === fact
    for (const [id, past] of history.steps) if (past.some(made) && !goBack(id, made)) return undefined
  }
  const bases = new Map<bigint, Step>()
  const newestMs = new Map<bigint, number>()
  for (const [id, back] of depths) {
    if (back === 0) continue
    const base = baseOf(id)
    if (!base && history.longer.has(id)) return undefined
    bases.set(id, base?.step ?? unborn(id))
    newestMs.set(id, base?.eventMs ?? 0)
  }
  for (const fact of idleFacts(history, bases, after)) facts.add(fact)
  return { bases, newestMs, facts: [...facts] }
}

/** What moved nothing because of what is rewound: it is judged again too. */
function* idleFacts(
  { facts, steps }: History,
  bases: ReadonlyMap<bigint, Step>,
  after: number,
): Generator<WaitingFact> {
  for (const id of bases.keys()) {
    for (const fact of facts.get(id) ?? []) {
      const settledAt = fact.settled.get(id)
      if (settledAt === undefined || fact.claim.eventTimeMs <= after) continue
      const moved = steps.get(id)?.some(({ step }) => step.position === settledAt)
      if (moved !== true) yield fact
    }
  }
}

/** The step that says that an object stands as before. An owner who was named by the step itself was named there, not now. */
export const standsAgain = (base: Step, position: number): Step => ({
  ...base,
  position,
  ownerAt: base.owner === null ? -1 : base.ownerAt,
})

/** The facts wait again for all their objects; gives what is to be written about that. */
export function revive(history: History, { facts }: Rewinding): { position: number; id: bigint; settledAt: number }[] {
  const rows: { position: number; id: bigint; settledAt: number }[] = []
  for (const fact of facts) {
    for (const past of history.steps.values()) for (const step of past) if (step.fact === fact) step.rewound = true
    for (const [id, settledAt] of fact.settled) {
      rows.push({ position: fact.position, id, settledAt })
      fact.open.add(id)
    }
    fact.settled.clear()
    fact.again = true
  }
  return rows
}
