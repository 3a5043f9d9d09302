import type { Claim, Fault, FaultCode, Subject } from './claim.ts'
import { type Act, law, type Rule, type Who } from './law.ts'
import { flag, isFinal, levelsInside, type Standing } from './object.ts'

/**
 * The ordered list of refusals: the same object and the same claim always get the same answer, the first that applies.
 *
 *   code_unknown, code_forged     what the register of codes says
 *   already_sold, withdrawn       at the till these come before whose it is: a shop must not sell a recalled unit, whoever owns it
 *   wrong_state                   ordered and never marked
 *   not_owner, not_holder, not_addressed
 *   withdrawn, on_hold, wrong_state, packed_elsewhere
 */
export function refuse(
  claim: Claim,
  act: Act,
  subject: Subject,
  standing: Standing,
  around: Around,
): Fault | undefined {
  const found = firstOf(claim, act, law[act], subject, standing, around)
  if (!found) return undefined
  const [code, detail] = found
  const { owner, holder, addressee, sender } = standing
  const concerned = [owner, holder].filter((no) => no !== null)
  const sees = [owner, holder, addressee, sender, subject.orderedBy].includes(claim.principal)
  // When a unit was sold before is for everyone who offers it again.
  const position = sees || code === 'already_sold' ? { position: standing.own.position } : {}
  return { subject, code, concerned, ...(sees ? { detail } : {}), ...position }
}

/** The container that is packed into and those around it, and how deep they may be nested. */
export type Around = { ids: ReadonlySet<bigint>; nestingMax: number; container?: Standing }

const registerSays: Record<NonNullable<Subject['fault']>, string> = {
  code_unknown: 'This code was never issued. Keep the goods apart and report them.',
  code_forged: 'The verification tail does not fit this code. Keep the goods apart and report them.',
  code_malformed: 'This is no code. Scan it again.',
}

type Found = readonly [code: FaultCode, detail: string] | undefined

function firstOf(claim: Claim, act: Act, rule: Rule, subject: Subject, standing: Standing, around: Around): Found {
  const { state } = standing
  if (subject.fault) return [subject.fault, registerSays[subject.fault]]
  if (act === 'sell') {
    if (state === 'sold') return ['already_sold', 'It was sold before.']
    if (state === 'withdrawn' || state === 'stolen') return ['withdrawn', `It is ${state}.`]
  }
  if (state === 'ordered' && !rule.from.includes('ordered')) {
    // An SSCC has no order: without a step nobody has ever packed anything in it.
    return subject.id < 0n
      ? ['code_unknown', 'Nothing was ever packed in it.']
      : ['wrong_state', 'Its code was ordered, but it was never marked (commissioned).']
  }
  return (
    whoRefuses(claim, act, subject, standing, around) ??
    stateRefuses(claim, act, rule, standing) ??
    packingRefuses(claim, act, rule, standing, around)
  )
}

/** Whose act it is. A wrong state is named instead where the caller has the object but the act does not fit. */
function whoRefuses(claim: Claim, act: Act, subject: Subject, standing: Standing, around: Around): Found {
  // Customs need not hold what they open, re-pack or destroy; but what they pack comes to no other hands by that.
  if (claim.customs === true && customsMay.has(act)) return act === 'pack' ? handsRefuse(standing, around) : undefined
  // A shop sells what it owns from a warehouse's hands too.
  if (act === 'sell' && standing.owner === claim.principal && isTrusted(claim, subject, standing)) return undefined
  const found = whoseRefuses(law[act].who, claim.principal, subject, standing)
  return found && standing.state === 'withdrawn' && standing.holder === null
    ? ['withdrawn', 'No goods carry this code any more: it was voided, or replaced by another.']
    : found
}

function isTrusted({ trusted = [] }: Claim, { gtin }: Subject, { holder }: Standing): boolean {
  if (trusted === 'anyone') return true
  const covers = (gtins?: readonly string[]) => !gtins || (gtin !== undefined && gtins.includes(gtin))
  return trusted.some(({ participant, gtins }) => participant === holder && covers(gtins))
}

function handsRefuse(standing: Standing, { container }: Around): Found {
  if (!container || (container.own.id < 0n && container.own.contents === 0 && container.containers.length === 0))
    return undefined
  const alike = (['holder', 'underWay', 'addressee', 'sender'] as const).every(
    (key) => standing[key] === container[key],
  )
  return alike ? undefined : ['not_holder', 'Its container is in other hands, or on another way.']
}

/** What customs may do without holding the object. */
export const customsMay: ReadonlySet<Act> = new Set([
  'observe',
  'record',
  'carry',
  'open_container',
  'pack',
  'unpack_from',
  'unpack',
  'destroy',
])

function whoseRefuses(who: Who, principal: number, subject: Subject, standing: Standing): Found {
  const { owner, holder, addressee, sender, underWay, state } = standing
  const has = holder === principal || (underWay && sender === principal)
  switch (who) {
    case 'anyone':
    case 'authority':
    case 'recorder': // Known before the lock, and never changes.
      return undefined
    case 'orderer':
      // What was marked and passed on is its new owner's to bring into circulation.
      if (state !== 'ordered')
        return owner === principal ? undefined : ['not_owner', 'Another participant owns it now.']
      return subject.orderedBy === principal || subject.orderedBy === null
        ? undefined
        : ['not_owner', 'Another participant ordered this code.']
    case 'holder':
      // New containers are held by nobody yet.
      return has || state === 'ordered' ? undefined : ['not_holder', 'Another participant holds it.']
    case 'owner':
      return owner === principal ? undefined : ['not_owner', 'Another participant owns it.']
    case 'holder or sender':
      return has ? undefined : ['not_holder', 'Another participant answers for it now.']
    case 'holder or owner':
      return has || owner === principal ? undefined : ['not_holder', 'Another participant holds it.']
    case 'involved':
      return [owner, holder, addressee, sender].includes(principal) ? undefined : ['not_holder', 'It is not yours.']
    case 'owner and holder':
      if (owner !== principal) return ['not_owner', 'Another participant owns it.']
      return has ? undefined : ['not_holder', 'You own it, but another participant holds it.']
    case 'addressee':
      if (underWay && addressee === principal) return undefined
      if (!underWay && holder === principal)
        return ['wrong_state', isFinal(state) ? `It is ${state}.` : 'You hold it already; it is not under way.']
      return ['not_addressed', 'It is not under way to you.']
    case 'sender':
      if (underWay && sender === principal) return undefined
      if (!underWay && holder === principal) return ['wrong_state', 'It is not under way.']
      return ['not_holder', 'Another participant sent it.']
    case 'seller':
      if (owner !== principal) return ['not_owner', 'Another participant sold it.']
      return undefined
  }
}

function stateRefuses(claim: Claim, act: Act, rule: Rule, standing: Standing): Found {
  const { state, underWay, held } = standing
  if (state === 'withdrawn' && !rule.from.includes('withdrawn')) return ['withdrawn', 'It is withdrawn.']
  if (heldFast(claim, act, standing)) return ['on_hold', 'Customs hold it.']
  if (act === 'lift_hold' && (standing.own.flags & flag.held) === 0) {
    return ['wrong_state', held ? 'What it is packed in is on hold: lift that, or take it out.' : 'It is not on hold.']
  }
  if (!rule.from.includes(state)) return ['wrong_state', `It is ${state}.`]
  // Goods at a border are under way, and there customs open them.
  const opens = claim.customs === true && customsMay.has(act)
  if (rule.underWay === 'no' && underWay && !opens) return ['wrong_state', 'It is under way.']
  if (rule.underWay === 'yes' && !underWay) return ['wrong_state', 'It is not under way.']
  if (act === 'sell' && standing.own.id < 0n) return ['wrong_state', 'A logistic unit cannot be sold at a till.']
  if (act === 'ship' || act === 'redirect') return shippingRefuses(claim, act, standing)
  return undefined
}

const heldFast = (claim: Claim, act: Act, { held }: Standing): boolean =>
  held && claim.customs !== true && !movesNothing.has(act)

/** Acts that leave the object where it is, which a hold does not forbid. */
const movesNothing: ReadonlySet<Act> = new Set(['observe', 'record', 'carry', 'hold', 'lift_hold', 'seize', 'release'])

function shippingRefuses(claim: Claim, act: Act, standing: Standing): Found {
  const to = claim.to
  if (to === undefined) return ['not_addressed', 'The event names nobody to whom it goes (destinationList, to).']
  if (act === 'redirect' && 'outside' in to)
    return ['not_addressed', 'Who is not registered cannot receive it. Take it back (void_shipping) and ship it anew.']
  const keeps = 'participant' in to && to.participant === standing.owner
  if (claim.ownershipPasses !== true) return undefined
  // Not even to one of them: the others' goods would become his.
  if (standing.mixedOwners) return ['not_owner', 'It holds goods of several owners and moves by possession only.']
  if (standing.owner !== claim.principal && !keeps)
    return ['not_owner', 'You hold it, but do not own it: only possession can pass.']
  return undefined
}

function packingRefuses(claim: Claim, act: Act, rule: Rule, standing: Standing, around: Around): Found {
  const { own } = standing
  if (act === 'unpack' && own.parent !== claim.container?.id)
    return ['wrong_state', 'It is not packed in this container.']
  if (act === 'pack' && claim.container) {
    if (own.parent === claim.container.id) return ['wrong_state', 'It is packed in this container already.']
    if (around.ids.has(own.id)) return ['wrong_state', 'It cannot be packed in itself.']
    if (around.ids.size + levelsInside(own.flags) > around.nestingMax) {
      return ['wrong_state', `Containers may be nested ${around.nestingMax} deep.`]
    }
  }
  if (act === 'replace' && (own.contents ?? 0) > 0)
    return ['wrong_state', 'Other goods are packed in it. Unpack it first.']
  if (rule.packed === 'refused' && own.parent !== null) return ['packed_elsewhere', 'It is packed in something else.']
  if (act === 'open_container' && own.id >= 0n && own.state === 'ordered') {
    return ['wrong_state', 'Its code was ordered, but it was never marked (commissioned).']
  }
  return undefined
}

/** What a group that only observes lets pass with a finding (D9): order and state, never an authority's hold. */
export const waivable = (code: FaultCode, claim: Claim, act: Act, standing: Standing): boolean =>
  // Held goods stay where they are, whatever else is named first against moving them.
  code !== 'on_hold' && code !== 'several_logs' && !heldFast(claim, act, standing)
