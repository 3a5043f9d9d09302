import { Problem } from '../http/problem.ts'
import { type Actor, actingFor } from '../participants/actor.ts'
import type { Finding, NewResolution, NewResponse } from './schema.ts'
import * as store from './store.ts'
import { type FindingViewDeps, maySee, tellFindings } from './view.ts'

/** How findings come to an end (D14): answered by whom they concern, resolved by an authority, by another person than who opened it. */

export type FindingDeps = FindingViewDeps & { now: () => Date }

/** @throws Problem not_found for who may not see it */
export async function readFinding(deps: FindingDeps, actor: Actor, id: string): Promise<Finding> {
  const [finding] = await tellFindings(deps, [await findSeen(deps, actor, id)], actingFor(actor))
  if (!finding) throw new Error('bad math: a finding was lost on its way')
  return finding
}

async function findSeen(deps: FindingDeps, actor: Actor, id: string): Promise<store.FindingRow> {
  const row = await store.findFinding(deps.db, id)
  if (!row || !maySee(row, actingFor(actor))) throw new Problem('not_found')
  return row
}

/**
 * Records what a party says about a finding that concerns it.
 * @throws Problem not_found; role_missing for authorities whom it does not concern; taken once it is resolved
 */
export async function respond(deps: FindingDeps, actor: Actor, id: string, given: NewResponse): Promise<Finding> {
  const row = await findSeen(deps, actor, id)
  if (!row.concerned.includes(actingFor(actor).no)) {
    throw new Problem('role_missing', {
      detail: 'Only those whom a finding concerns answer it. Resolve it instead (POST /findings/{id}/resolutions).',
    })
  }
  if (row.state === 'resolved')
    throw new Problem('taken', { detail: 'This finding is resolved; nothing is added to it.' })
  await store.insertResponse(deps.db, {
    findingNo: row.no,
    at: deps.now(),
    participant: actingFor(actor).no,
    person: actor.person?.no ?? null,
    text: given.text,
    documents: given.documents ?? [],
  })
  return readFinding(deps, actor, id)
}

/**
 * Resolves a finding, once and for all.
 * @throws Problem key_limited without a person's key, second_person_needed for who opened it, taken where it is resolved
 */
export async function resolve(deps: FindingDeps, actor: Actor, id: string, given: NewResolution): Promise<Finding> {
  const row = await findSeen(deps, actor, id)
  if (!actor.person) {
    throw new Problem('key_limited', {
      detail: 'A person resolves a finding. Use the key of a person of your authority.',
    })
  }
  if (row.person === actor.person.no) {
    throw new Problem('second_person_needed', {
      detail: 'You opened this finding by what you reported. Have another person of your authority resolve it.',
    })
  }
  const isNew = await store.insertResolution(deps.db, {
    findingNo: row.no,
    at: deps.now(),
    participant: actor.participant.no,
    person: actor.person.no,
    as: given.as,
    legalBasis: given.legalBasis ?? null,
    text: given.text,
  })
  if (!isNew) throw new Problem('taken', { detail: 'This finding is resolved already. See GET /findings/{id}.' })
  return readFinding(deps, actor, id)
}
