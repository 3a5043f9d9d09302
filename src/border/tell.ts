import type { Resolver } from '../codes/resolve.ts'
import type { DecidedBody, FactValue, Lane, Reason } from '../declarations/bodies.ts'
import {
  type Check,
  isPresented,
  laneChecks,
  outstanding,
  type Said,
  type Standing,
  statusOf,
} from '../declarations/standing.ts'
import { digitalLink } from '../gs1/write.ts'
import { checkTexts } from '../inspection/checks.ts'
import { type ParticipantRef, seesAll } from '../participants/actor.ts'
import type { Directory } from '../participants/directory.ts'

export type TellDeps = { resolver: Resolver; directory: Directory }

type Required = { check: string; text: string; legalBasis?: string }

/** POST /declarations: what the declarant is told at once. */
export const tellLodged = (standing: Standing) => ({
  id: standing.id,
  reference: standing.current.body.content.reference,
  version: standing.current.body.version,
  status: shownStatus(standing),
  required: requiredOf(standing),
  releasedAt: standing.released?.at.toISOString() ?? null,
})

export const mustNotLoad = (standing: Standing): boolean =>
  !isPresented(standing) && !standing.released && standing.decisions.some(({ body }) => body.doNotLoad)

const shownStatus = (standing: Standing): string =>
  mustNotLoad(standing) && !standing.outcome ? 'do_not_load' : statusOf(standing)

/** What the declarant must do. Before the goods are there it says nothing of a lane: only what the law says of every load. */
function requiredOf(standing: Standing): Required[] {
  if (standing.outcome || standing.released) return []
  const found: Required[] = []
  if (standing.hold) {
    const reason = reasonsOf(standing).find(({ rule }) => rule === 'MARK')
    found.push({ check: 'marking', text: checkTexts['marking'] ?? '', ...basis(reason) })
  }
  if (mustNotLoad(standing)) {
    found.push({
      check: 'do_not_load',
      text: 'Do not load these goods. See the reasons.',
      ...basis(demanding(standing, 'do_not_load')),
    })
  }
  if (!isPresented(standing)) {
    const { office } = standing.current.body.content
    found.push({ check: 'present', text: `Present the goods and the documents at ${office}.` })
    return found
  }
  for (const { id } of outstanding(standing)) {
    if (['marking', 'second_inspection', 'witness'].includes(id)) continue
    found.push({
      check: id,
      text: asked[id] ?? 'Keep the goods and the documents ready for control.',
      ...basis(demanding(standing, id)),
    })
  }
  return found
}

/** The hardest rule that demands a check, of those that may be told. */
function demanding(standing: Standing, check: string): Reason | undefined {
  const shown = reasonsOf(standing).filter(({ disclosure, lane }) => disclosure !== 'none' && lane !== null)
  const byLane = (lane: Lane) => laneChecks[lane].includes(check)
  return shown.find(({ checks }) => checks?.includes(check)) ?? shown.find(({ lane }) => lane !== null && byLane(lane))
}

const basis = (reason: Reason | undefined): { legalBasis?: string } =>
  reason && reason.legalBasis !== '' ? { legalBasis: reason.legalBasis } : {}

/** The same checks as the declarant's side of them. */
const asked: Readonly<Record<string, string>> = {
  documents: 'Hand in the documents that the declaration names.',
  key_documents: 'Hand in the invoice and the transport document.',
  goods: 'Make the goods accessible for control.',
  units: 'Make the goods accessible for control.',
  count: 'Make the goods accessible for counting.',
}

const reasonsOf = ({ decisions }: Standing): Reason[] => {
  const found = new Map<string, Reason>()
  for (const { body } of decisions)
    for (const reason of body.reasons) found.set(`${reason.rule} ${reason.item} ${reason.text}`, reason)
  return [...found.values()]
}

/** GET /declarations/{id}. */
export async function tellDeclaration(deps: TellDeps, standing: Standing, asker: ParticipantRef) {
  const { content, version } = standing.current.body
  const common = {
    ...tellLodged(standing),
    version,
    flow: content.flow,
    office: content.office,
    lodgedAt: standing.lodged.at.toISOString(),
    presentations: standing.presentations.map(({ body }) => ({
      at: body.at,
      office: body.content.office,
      vehicle: body.content.vehicle,
    })),
    ...(standing.outcome
      ? { outcome: { outcome: standing.outcome.body.outcome, at: standing.outcome.at.toISOString() } }
      : {}),
  }
  if (!seesAll(asker)) return { ...common, ...toldTrader(standing) }
  return { ...common, ...(await toldCustoms(deps, standing)) }
}

/** By each rule's disclosure; never other firms' entries. */
function toldTrader(standing: Standing) {
  if (!isPresented(standing) && !mustNotLoad(standing)) return {}
  const reasons = reasonsOf(standing).flatMap(
    ({ rule, text, category, legalBasis, disclosure, clearedBy, item, lane }) => {
      if (disclosure === 'none' || (lane === null && disclosure !== 'full')) return []
      const common = { ...(item === undefined ? {} : { item }), ...(legalBasis === '' ? {} : { legalBasis }) }
      if (disclosure === 'category') return [{ category, ...common }]
      return [{ rule, category, text, ...(clearedBy === undefined ? {} : { clearedBy }), ...common }]
    },
  )
  const legalBasis = [...new Set(reasons.flatMap((reason) => reason.legalBasis ?? []))]
  return { lane: standing.lane, reasons, legalBasis }
}

async function toldCustoms(deps: TellDeps, standing: Standing) {
  const { content, goods, declarant } = standing.current.body
  return {
    lane: standing.lane,
    declarant,
    declaration: content,
    bad: goods.bad,
    decisions: standing.decisions.map(tellDecision),
    checks: await Promise.all(standing.checks.map((check) => tellCheck(deps, standing, check))),
    raises: standing.raises.map(({ at, body }) => ({ at: at.toISOString(), ...body })),
    inspections: standing.inspections.map(({ at, position, body }) => ({ at: at.toISOString(), position, ...body })),
    ...(standing.inspector ? { inspector: standing.inspector.body } : {}),
    votes: standing.votes.length,
    provenance: provenanceOf(standing),
    names: await namesOf(deps, standing),
  }
}

/** Of every participant that is told of by its id, what people call it. */
async function namesOf({ directory }: TellDeps, standing: Standing): Promise<Record<string, string>> {
  const { content, declarant } = standing.current.body
  const told = provenanceOf(standing).flatMap(({ makers, holders }) => [makers, holders].flat())
  const ids = [declarant, content.declarant, content.consignor, content.consignee, ...told].filter(
    (id): id is string => typeof id === 'string',
  )
  const found = await Promise.all([...new Set(ids)].map((id) => directory.byId(id)))
  return Object.fromEntries(found.flatMap((participant) => (participant ? [[participant.id, participant.name]] : [])))
}

/** Position and profile with every reason: enough to decide it again. */
export function tellDecision({ position, body }: Said<DecidedBody>) {
  const own = Object.values(body.positions)
  return {
    at: body.at,
    position: own.length > 0 ? Math.max(...own) : body.customs,
    entry: { log: 'customs', position },
    positions: body.positions,
    trigger: body.trigger,
    version: body.version,
    lane: body.lane,
    hold: body.hold,
    profile: body.profile,
    reasons: body.reasons.map(({ rule, lane, text, item, codes, entries, legalBasis, clearedBy, disclosure }) => ({
      rule,
      lane,
      text,
      ...(item === undefined ? {} : { item }),
      ...(codes ? { codes } : {}),
      ...(entries ? { entries } : {}),
      legalBasis,
      disclosure,
      ...(clearedBy === undefined ? {} : { clearedBy }),
    })),
    facts: body.facts,
    results: body.results,
    score: body.score,
    chance: body.chance,
    draws: body.draws,
    ...(body.alarm === undefined ? {} : { alarm: body.alarm }),
  }
}

async function tellCheck({ resolver }: TellDeps, standing: Standing, { id, since, done }: Check) {
  const sample = standing.decisions.at(-1)?.body
  const withUnits = sample && sample.sample.length > 0 && ['goods', 'units', 'count', 'second_inspection'].includes(id)
  const units = withUnits ? await resolver.describe(sample.sample.map(BigInt)) : []
  return {
    id,
    text: checkTexts[id] ?? id,
    since,
    done: done !== undefined,
    ...(done === undefined ? {} : { doneBy: done }),
    ...(withUnits ? { units: units.flatMap((name) => (name ? [digitalLink(name)] : [])), of: sample.sampleOf } : {}),
  }
}

const valueOf = (fact: FactValue | undefined) => (fact && 'value' in fact ? fact.value : null)

/** What the goods really did, line by line: from the facts of the newest decision. */
export function provenanceOf(standing: Standing) {
  const lines = standing.decisions.at(-1)?.body.facts.lines ?? []
  return lines.map(({ number, led }) => ({
    item: number,
    units: valueOf(led['units']),
    products: valueOf(led['products']),
    makers: valueOf(led['makers']),
    markedIn: valueOf(led['markedIn']),
    origin: valueOf(led['origin']),
    originBasis: valueOf(led['originBasis']),
    holders: valueOf(led['holders']),
    containers: valueOf(led['containers']),
    underWay: valueOf(led['underWay']),
    ended: {
      sold: valueOf(led['sold']),
      exported: valueOf(led['exported']),
      destroyed: valueOf(led['destroyed']),
      withdrawn: valueOf(led['withdrawn']),
      stolen: valueOf(led['stolen']),
    },
    gapHours: valueOf(led['gapHours']),
  }))
}
