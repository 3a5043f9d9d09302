import type { ActRow } from './act-store.ts'
import {
  type DecidedBody,
  harder,
  type InspectedBody,
  isHarder,
  type InspectorBody,
  type Lane,
  type LodgedBody,
  type OutcomeBody,
  type PresentedBody,
  type RaisedBody,
  type ReleasedBody,
} from './bodies.ts'

/**
 * Where a declaration stands: a fold over its acts, nothing else. There is no act that lowers a lane or takes a check away, so no
 * order of calls can (issue "No override").
 */

export type Said<Body> = { position: number; at: Date; participant: number; person: number | null; body: Body }

export type Check = {
  id: string
  /** Since which act it is required. */
  since: number
  /** By which act it was done; a later one where it was required again. */
  done: number | undefined
}

export type Standing = {
  id: string
  /** The declarant. */
  participant: number
  lodged: Said<LodgedBody>
  /** The newest version. */
  current: Said<LodgedBody>
  presentations: Said<PresentedBody>[]
  outcome: Said<OutcomeBody> | undefined
  decisions: Said<DecidedBody>[]
  raises: Said<RaisedBody>[]
  inspections: Said<InspectedBody>[]
  /** Who was drawn to inspect. */
  inspector: Said<InspectorBody> | undefined
  inspectorsDrawn: number
  /** Null until it is decided. */
  lane: Lane | null
  hold: boolean
  checks: Check[]
  /** Persons who would release it as it stands. */
  votes: Said<unknown>[]
  released: Said<ReleasedBody> | undefined
}

/** What a lane demands before release, whatever the rules add. */
export const laneChecks: Readonly<Record<Lane, readonly string[]>> = {
  green: [],
  blue: [],
  yellow: ['documents'],
  red: ['documents', 'goods'],
}

/** The invoice and the transport document: what an authorised operator shows where nothing speaks against the load. */
export const keyDocuments = 'key_documents'

/** @param acts of one declaration, in order; the first is its lodgement */
export function standingOf(participant: number, acts: readonly ActRow[]): Standing {
  const [first] = acts
  if (!first || first.kind !== 'lodged') throw new Error('a declaration begins with its lodgement')
  const lodged = said<LodgedBody>(first)
  const standing: Standing = {
    id: first.subject,
    participant,
    lodged,
    current: lodged,
    presentations: [],
    outcome: undefined,
    decisions: [],
    raises: [],
    inspections: [],
    inspector: undefined,
    inspectorsDrawn: 0,
    lane: null,
    hold: false,
    checks: [],
    votes: [],
    released: undefined,
  }
  for (const act of acts.slice(1)) apply(standing, act)
  return standing
}

// Only ever written by this service, through recordBorderAct with these very shapes; the entry pins each by its digest.
const said = <Body>(act: ActRow): Said<Body> => ({
  position: act.position,
  at: act.at,
  participant: act.participant,
  person: act.person,
  body: JSON.parse(act.body) as Body,
})

function apply(standing: Standing, act: ActRow): void {
  switch (act.kind) {
    case 'amended':
      standing.current = said(act)
      return
    case 'presented':
      standing.presentations.push(said(act))
      return
    case 'outcome':
      standing.outcome = said(act)
      return
    case 'inspector_drawn':
      standing.inspector = said(act)
      standing.inspectorsDrawn++
      return
    case 'decided':
      return decide(standing, said(act))
    case 'raised':
      return raise(standing, said(act))
    case 'inspected':
      return inspect(standing, said(act))
    case 'release_voted':
      standing.votes.push(said(act))
      return
    case 'released':
      standing.released = said(act)
      return
  }
}

function decide(standing: Standing, decision: Said<DecidedBody>): void {
  const { body, position } = decision
  const known = new Set(standing.decisions.flatMap(({ body: { reasons } }) => reasons.map(reasonKey)))
  const isNew = body.reasons.some((reason) => !known.has(reasonKey(reason)))
  const rises = standing.lane === null || isHarder(body.lane, standing.lane)
  standing.decisions.push(decision)
  standing.lane = standing.lane === null ? body.lane : harder(standing.lane, body.lane)
  // A new version, or goods that were marked meanwhile: what must not move is looked at anew.
  standing.hold = body.hold
  const marking = standing.checks.find(({ id }) => id === 'marking')
  if (marking && !body.hold) marking.done ??= position
  const own = laneChecks[body.lane].map((id) => (id === 'documents' && body.keyDocuments ? keyDocuments : id))
  demand(standing, [...own, ...body.checks], position, rises || isNew)
}

const reasonKey = ({ rule, item, lane }: { rule: string; item?: number; lane: Lane | null }): string =>
  `${rule} ${item ?? ''} ${lane ?? ''}`

function raise(standing: Standing, raised: Said<RaisedBody>): void {
  standing.raises.push(raised)
  standing.lane = harder(standing.lane ?? 'green', raised.body.lane)
  demand(standing, laneChecks[raised.body.lane], raised.position, true)
}

/** @param again what was done before does not count for this */
function demand(standing: Standing, ids: readonly string[], since: number, again: boolean): void {
  let added = false
  for (const id of new Set(ids)) {
    const check = standing.checks.find((known) => known.id === id)
    if (!check) standing.checks.push({ id, since, done: undefined })
    else if (again) Object.assign(check, { since, done: undefined })
    else continue
    added = true
  }
  if (!added) return
  // What was released is not any more: something is to be done first.
  standing.released = undefined
  standing.votes = []
}

function inspect(standing: Standing, inspection: Said<InspectedBody>): void {
  const { body, position, person } = inspection
  standing.inspections.push(inspection)
  standing.votes = []
  for (const check of standing.checks) {
    if (!body.checks.includes(check.id) || check.since > position) continue
    if (check.id === secondInspection && !isSecond(standing, person)) continue
    check.done = position
  }
  if (body.result === 'differs' && standing.lane !== 'red') {
    standing.lane = 'red'
    demand(standing, [secondInspection], position, true)
  }
  if (body.again) demand(standing, [secondInspection], position, true)
  if (body.witness !== undefined && body.scanned.some(({ found }) => found !== 'found')) {
    demand(standing, [witnessCheck], position, true)
  }
}

/** The word of the second person whom an inspector named: his own. */
export const witnessCheck = 'witness'

/** Who must give it, as a person's id. */
export const namedWitness = ({ inspections }: Standing): string | undefined =>
  inspections.flatMap(({ body }) => body.witness ?? []).at(-1)

export const secondInspection = 'second_inspection'

/** Whether this person has not inspected it before. */
const isSecond = (standing: Standing, person: number | null): boolean =>
  !standing.inspections.slice(0, -1).some((earlier) => earlier.person === person)

export const outstanding = (standing: Standing): Check[] => standing.checks.filter(({ done }) => done === undefined)

export const isPresented = ({ presentations }: Standing): boolean => presentations.length > 0

/** Nothing more is to happen to it. */
export const isClosed = (standing: Standing): boolean => standing.outcome !== undefined

/** As the declarant is told. */
export function statusOf(standing: Standing): string {
  if (standing.outcome) return standing.outcome.body.outcome
  if (standing.released) return 'released'
  if (standing.hold) return 'hold'
  if (!isPresented(standing)) return 'accepted'
  return standing.lane === 'green' || standing.lane === 'blue' ? 'accepted' : 'control'
}
