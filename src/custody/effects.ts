import type { Claim, Subject } from './claim.ts'
import type { Act } from './law.ts'
import { law } from './law.ts'
import {
  containersMax,
  flag,
  isFinal,
  type LastStep,
  levelsInside,
  type Standing,
  standing as standingOf,
  type State,
  states,
  type Step,
  withLevelsInside,
} from './object.ts'

/** The steps that one event has made so far, over those of earlier events. */
export type Pending = {
  last: LastStep
  put: (step: Step) => void
  position: number
  /** What is directly in a container; known where somebody asked for it. */
  inside: (container: bigint) => readonly bigint[]
}

const transit = flag.underWay | flag.ownershipPasses

/** The object as it stands, written down as a step of its own at this position: what it has from its containers becomes its own. */
function takenOut(standing: Standing, pending: Pending, travels: boolean): Step {
  const { own, owner, ownerAt, holder, containers } = standing
  const innermost = containers[0]
  const outermost = containers.at(-1)
  if (innermost === undefined || outermost === undefined) return { ...own, position: pending.position }
  leave(innermost.id, pending)
  return {
    ...own,
    position: pending.position,
    // What its container brought about (a recalled pallet, a case sold whole) does not end with the wrapping.
    state: isFinal(standing.state) ? standing.state : own.state,
    parent: null,
    owner,
    ownerAt,
    holder,
    addressee: travels ? outermost.addressee : null,
    sender: travels ? outermost.sender : null,
    // A hold does not end with the wrapping either: only customs lift it.
    flags: (own.flags & ~transit) | (standing.held ? flag.held : 0) | (travels ? outermost.flags & transit : 0),
  }
}

/** One object fewer in the container; an emptied one is closed, and packing opens it again. */
function leave(container: bigint, pending: Pending): void {
  const step = pending.last(container)
  if (!step) throw new Error(`the container ${container} has no step`)
  const contents = Math.max((step.contents ?? 1) - 1, 0)
  const { position } = pending
  if (contents > 0) return pending.put({ ...step, position, contents })
  pending.put({ ...step, position, contents, opened: null, flags: withLevelsInside(step.flags & ~flag.mixed, 0) })
}

/** The step that follows from an act which was not refused (or was let pass). */
export function apply(claim: Claim, act: Act, subject: Subject, found: Standing, pending: Pending): void {
  const rule = law[act]
  const { position } = pending
  const standing = begun(claim, act, found, position)
  const stays =
    rule.packed === 'stays' ||
    standing.own.parent === null ||
    (act === 'pack' && standing.own.parent === claim.container?.id)
  // What customs unpack on a lorry is still on its way.
  const travels = claim.customs === true && act === 'unpack' && standing.underWay
  const step = stays ? { ...standing.own, position } : takenOut(standing, pending, travels)
  if (rule.becomes) step.state = claim.becomes ?? rule.becomes
  switch (act) {
    case 'commission':
    case 'encode':
    case 'create_logistic_unit':
    case 'produce':
    case 'close_order':
      return pending.put(step.owner === null ? { ...step, ...ownedBy(claim.principal, position) } : step)
    case 'void_code': // It has an owner, who is told what becomes of it; there is nothing to hold.
      return pending.put({ ...step, ...ownedBy(claim.principal, position), holder: null })
    case 'ship':
      return pending.put(shipped(claim, step))
    case 'void_shipping':
      return pending.put({ ...step, ...arrived(step), holder: claim.principal })
    case 'receive':
      return pending.put({
        ...step,
        ...arrived(step),
        holder: claim.principal,
        ...(standing.ownershipPasses ? { owner: claim.principal, ownerAt: position } : {}),
      })
    case 'redirect':
      return pending.put({
        ...step,
        flags: (step.flags & ~flag.ownershipPasses) | (claim.ownershipPasses === true ? flag.ownershipPasses : 0),
        addressee: claim.to && 'participant' in claim.to ? claim.to.participant : null,
      })
    case 'reject':
      return pending.put({ ...step, flags: step.flags & ~flag.ownershipPasses, addressee: step.sender })
    case 'come_back':
      return pending.put({ ...step, holder: claim.principal, ...returned(standing.own) })
    case 'seize':
      return pending.put({ ...step, ...arrived(step), ...seizedBy(claim.principal, step) })
    case 'destroy':
    case 'lose':
      return pending.put({ ...step, ...arrived(step) })
    case 'sell':
      return pending.put(soldOf(claim, subject, standing, step))
    case 'hold':
    case 'lift_hold':
      return pending.put({ ...step, flags: act === 'hold' ? step.flags | flag.held : step.flags & ~flag.held })
    case 'replace':
      return replace(subject, standing, pending)
    case 'mark_anew':
      return // The old code's step brings it about.
    case 'pack':
      return pack(claim, subject, standing, step, pending)
    case 'open_container':
      return open(claim, step, pending)
    default:
      return pending.put(step)
  }
}

/** What has no state yet, and an act was let pass that needs one: it begins with what is claimed (D9). */
function begun(claim: Claim, act: Act, standing: Standing, position: number): Standing {
  const { own } = standing
  if (own.state !== 'ordered' || law[act].from.includes('ordered')) return standing
  // Customs, and who only writes down a transaction, do not say that it is theirs.
  const claimsIt = own.owner === null && law[act].who !== 'authority' && act !== 'record'
  const born: Step = { ...own, state: 'active', ...(claimsIt ? ownedBy(claim.principal, position) : {}) }
  const { owner, holder } = own.parent === null ? born : standing
  return { ...standing, own: born, state: 'active', owner, holder }
}

const ownedBy = (participant: number, position: number) => ({
  owner: participant,
  ownerAt: position,
  holder: participant,
})

const seizedBy = (customs: number, step: Step) => ({ flags: (step.flags & ~transit) | flag.held, holder: customs })

const arrived = (step: Step) => ({ flags: step.flags & ~transit, addressee: null, sender: null })

/** Sold, or opened where only a part of it was. */
function soldOf(claim: Claim, { portion }: Subject, { own, state }: Standing, step: Step): Step {
  const { position } = step
  if (state === 'sold') return { ...own, position }
  const isPart = (own.contents ?? 0) === 0 && (portion === 'part' || (portion !== undefined && state === 'opened'))
  return {
    ...step,
    ...(isPart ? { state: 'opened' } : {}),
    ...arrived(step),
    // A sale that was let pass although the ledger knew another owner: it is under this name that it was sold.
    ...(step.owner === claim.principal ? {} : ownedBy(claim.principal, position)),
  }
}

function shipped(claim: Claim, step: Step): Step {
  const to = claim.to
  if (to && 'outside' in to) {
    return { ...step, state: 'exported', holder: null, flags: step.flags | (leftAs[step.state] ?? 0) }
  }
  return {
    ...step,
    flags: step.flags | flag.underWay | (claim.ownershipPasses === true ? flag.ownershipPasses : 0),
    holder: claim.carrier ?? claim.principal,
    addressee: to?.participant ?? null,
    sender: claim.principal,
  }
}

const before = flag.encodedBefore | flag.withdrawnBefore

/** How it is remembered what left the system; what is not here leaves as active. */
const leftAs: Partial<Record<State, number>> = {
  encoded: flag.encodedBefore,
  withdrawn: flag.withdrawnBefore,
  opened: before,
}

/** What came back is what it was before it left; a part of what left in a container is what it was in there. */
function returned(own: Step): Pick<Step, 'state' | 'flags'> {
  const was = states.find((state) => leftAs[state] === (own.flags & before))
  return { state: own.state === 'exported' ? (was ?? 'active') : own.state, flags: own.flags & ~(before | transit) }
}

/** The new code stands where the old one stood, in its container too; the old one keeps its owner and is nowhere. */
function replace(subject: Subject, standing: Standing, pending: Pending): void {
  const { own, owner } = standing
  const { position } = pending
  const fresh = subject.replacedBy === undefined ? undefined : BigInt(subject.replacedBy)
  // A new code that is in use already was let pass (observe only), and cannot stand for two things.
  const takesPlace = fresh !== undefined && (pending.last(fresh)?.state ?? 'ordered') === 'ordered'
  if (takesPlace) pending.put({ ...own, id: fresh, position })
  const left = takesPlace
    ? { ...own, parent: null, owner, ownerAt: position, holder: null }
    : takenOut(standing, pending, false)
  pending.put({ ...left, ...arrived(own), position, state: 'withdrawn' })
}

/** A new or emptied container starts anew; one in use stays as it is and takes what follows. */
function open(claim: Claim, step: Step, pending: Pending): void {
  if (step.opened !== null) return pending.put(step)
  const fresh = step.owner === null
  pending.put({
    ...step,
    state: step.state === 'ordered' ? 'active' : step.state,
    opened: pending.position,
    contents: 0,
    // The marks of what was in it before go; a logistic unit's owner is the one of what is packed first.
    flags:
      withLevelsInside(step.flags & (flag.held | transit), 0) |
      (step.id < 0n ? flag.observed : step.flags & flag.observed),
    ...(fresh ? ownedBy(claim.principal, pending.position) : {}),
  })
}

function pack(claim: Claim, subject: Subject, standing: Standing, step: Step, pending: Pending): void {
  const container = claim.container && pending.last(claim.container.id)
  if (!container || !claim.container) throw new Error('packing needs a container')
  // Let pass where a group only observes, and still no place that a thing can be in: in itself, or in an endless nest.
  const outer = standingOf(container, pending.last)
  const inItself = container.id === step.id || outer.containers.some(({ id }) => id === step.id)
  if (inItself || 1 + outer.containers.length + levelsInside(step.flags) > containersMax) return pending.put(step)
  const first = container.contents === 0
  const owner = standing.owner
  // A case that is a unit is somebody's even while it is empty.
  const another = owner !== outer.owner && !(first && container.id < 0n)
  const mixed = standing.mixedOwners || another
  if (standing.mixedOwners) nameOwners(step.id, owner, pending)
  const levels = Math.max(levelsInside(container.flags), levelsInside(step.flags) + 1)
  // What customs took out on a lorry they put on another pallet, which goes where it went.
  const travels = claim.customs === true && first && container.id < 0n && container.parent === null
  // Field by field: ten thousand times an event, and spreading what may be nothing takes five times as long.
  const { id, position, state, flags, holder, opened, contents } = step
  pending.put({
    id,
    position,
    state,
    flags: flags & ~transit,
    owner,
    ownerAt: another ? pending.position : step.ownerAt,
    holder,
    addressee: null,
    sender: null,
    parent: container.id,
    opened,
    contents,
  })
  // A case that is a unit keeps its owner; a logistic unit has the one of what is in it.
  const takesOwner = first && container.id < 0n
  pending.put({
    id: container.id,
    position: pending.position,
    state: container.state,
    flags:
      (withLevelsInside(travels ? (container.flags & ~transit) | (flags & transit) : container.flags, levels) |
        (mixed ? flag.mixed : 0)) &
      ~(observes(subject, standing) ? 0 : flag.observed),
    owner: takesOwner ? owner : container.owner,
    ownerAt: takesOwner ? pending.position : container.ownerAt,
    holder: takesOwner ? standing.holder : container.holder,
    addressee: travels ? step.addressee : container.addressee,
    sender: travels ? step.sender : container.sender,
    parent: container.parent,
    opened: container.opened,
    contents: (container.contents ?? 0) + (standing.own.parent === container.id ? 0 : 1),
  })
}

/** The newest container that names an owner names him for all that is in it; so whoever else owns something in it is named again. */
function nameOwners(container: bigint, owner: number | null, pending: Pending): void {
  for (const id of pending.inside(container)) {
    const step = pending.last(id)
    if (!step) continue
    const now = standingOf(step, pending.last)
    // Before the step: a container that is named again would name its owner for what in it is somebody else's.
    nameOwners(id, now.owner, pending)
    if (now.owner !== owner)
      pending.put({ ...step, position: pending.position, owner: now.owner, ownerAt: pending.position })
  }
}

/** Whether only findings follow from what is wrong with it: a unit's product group says so, a logistic unit's contents do. */
export const observes = (subject: Subject, standing: Standing): boolean =>
  subject.id < 0n ? (standing.own.flags & flag.observed) !== 0 : subject.observe

/** What packing changes for the containers around the container: they are as deep, and may hold several owners' goods too. */
export function spreadOutwards(container: bigint, pending: Pending): void {
  let inner = pending.last(container)
  while (inner && inner.parent !== null) {
    const outer = pending.last(inner.parent)
    if (!outer) return
    const levels = Math.max(levelsInside(outer.flags), levelsInside(inner.flags) + 1)
    // An emptied container within another takes the owner of what it holds next.
    const another = standingOf(inner, pending.last).owner !== standingOf(outer, pending.last).owner
    const flags = withLevelsInside(outer.flags, levels) | (another ? flag.mixed : inner.flags & flag.mixed)
    if (flags === outer.flags) return
    inner = { ...outer, position: pending.position, flags }
    pending.put(inner)
  }
}
