/**
 * Where an object stands: its last step, and what the containers around it add to that (D4, D5). Pure.
 */

/** Where an object stands in its life. `ordered` is the absence of a step; the numbers are stored and never change. */
export const states = [
  'ordered',
  'encoded',
  'active',
  'opened',
  'sold',
  'exported',
  'destroyed',
  'withdrawn',
  'stolen',
  'closed', // Of an order: what is unused is cancelled.
] as const
export type State = (typeof states)[number]

const numbers: Record<State, number> = Object.fromEntries(states.map((state, i) => [state, i])) as Record<State, number>
export const stateNo = (state: State): number => numbers[state]
export function stateOf(no: number): State {
  const state = states[no]
  if (state === undefined) throw new Error(`the ledger holds a state ${no} that this version does not know`)
  return state
}

/** States in which an object has left: they win over whatever its container does, and hold for its contents. */
export const isFinal = (state: State): boolean =>
  state === 'sold' || state === 'exported' || state === 'destroyed' || state === 'withdrawn' || state === 'stolen'

/** Bits of `step.flags`. */
export const flag = {
  /** Under way: shipped and not received. */
  underWay: 1,
  /** While under way: receiving it makes the addressee the owner. */
  ownershipPasses: 2,
  /** Customs hold it. */
  held: 4,
  /** Somebody claimed it who was not known to have it (observe only): this step gives no sight of the object's past. */
  claimed: 8,
  /** A container of several owners' goods: moves by possession only. */
  mixed: 16,
  /** Of what left the system: what it was before; both: opened; neither: active. */
  encodedBefore: 64,
  withdrawnBefore: 128,
  /** A container whose contents are all of groups that only observe. */
  observed: 32,
} as const

const levelShift = 8

/** How many levels of packing are inside a container: 0 for a unit, 1 for a case of units, … Kept in the flags' upper byte. */
export const levelsInside = (flags: number): number => flags >> levelShift
export const withLevelsInside = (flags: number, levels: number): number =>
  (flags & ((1 << levelShift) - 1)) | (levels << levelShift)

/** What one entry did to one object. */
export type Step = {
  id: bigint
  position: number
  state: State
  flags: number
  owner: number | null
  /** The position at which this owner was named. */
  ownerAt: number
  holder: number | null
  addressee: number | null
  sender: number | null
  parent: bigint | null
  /** Of a container: since when what is packed in it counts. */
  opened: number | null
  /** Of a container: how many objects are directly in it. */
  contents: number | null
}

/** An object to which nothing has happened yet. */
export const unborn = (id: bigint): Step => ({
  id,
  position: -1,
  state: 'ordered',
  flags: 0,
  owner: null,
  ownerAt: -1,
  holder: null,
  addressee: null,
  sender: null,
  parent: null,
  opened: null,
  contents: null,
})

/** Looks up an object's last step. */
export type LastStep = (id: bigint) => Step | undefined

/** An object with what its containers decide for it. */
export type Standing = {
  own: Step
  /** Its own state, or the final state of the nearest container that has one. */
  state: State
  underWay: boolean
  ownershipPasses: boolean
  held: boolean
  /** A container with goods of several owners in it. */
  mixedOwners: boolean
  owner: number | null
  /** Where that was said; what was packed in it since may be somebody else's. */
  ownerAt: number
  holder: number | null
  addressee: number | null
  sender: number | null
  /** Innermost first; empty for what stands by itself. */
  containers: readonly Step[]
}

/** Far beyond what a law allows that may be waived (limits.nestingMax): here packing ends for groups that only observe too. */
export const containersMax = 32

/** The containers around an object, innermost first. Bounded: packing never nests deeper, so more is a broken ledger. */
export function containersOf(own: Step, lastStep: LastStep): Step[] {
  const containers: Step[] = []
  for (let parent = own.parent; parent !== null;) {
    const step = lastStep(parent)
    if (!step) throw new Error(`the ledger names a container ${parent} that has no step`)
    if (containers.length > containersMax) throw new Error(`the containers around ${own.id} form a circle`)
    containers.push(step)
    parent = step.parent
  }
  return containers
}

/**
 * Place, holder, addressee and transit come from the outermost container, the owner from whichever names the newest one, the
 * final states from the object itself before its containers (D5).
 */
export function standing(own: Step, lastStep: LastStep): Standing {
  const containers = own.parent === null ? [] : containersOf(own, lastStep)
  const outermost = containers.at(-1) ?? own
  let owner = own
  let state = own.state
  let held = (own.flags & flag.held) !== 0
  for (const container of containers) {
    if (container.ownerAt > owner.ownerAt && container.owner !== null) owner = container
    if (!isFinal(state) && isFinal(container.state)) state = container.state
    held ||= (container.flags & flag.held) !== 0
  }
  return {
    own,
    state,
    // Recalled goods still travel, back to who recalled them.
    underWay: (outermost.flags & flag.underWay) !== 0 && (!isFinal(state) || state === 'withdrawn'),
    ownershipPasses: (outermost.flags & flag.ownershipPasses) !== 0,
    held,
    mixedOwners: (own.flags & flag.mixed) !== 0,
    owner: owner.owner,
    ownerAt: owner.ownerAt,
    holder: isFinal(own.state) ? own.holder : outermost.holder,
    addressee: outermost.addressee,
    sender: outermost.sender,
    containers,
  }
}
