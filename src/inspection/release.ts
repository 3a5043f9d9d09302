import { listActs } from '../declarations/act-store.ts'
import { recordBorderAct } from '../declarations/act.ts'
import { isHarder, type ReleasedBody, type VoteBody } from '../declarations/bodies.ts'
import { outstanding, type Standing, standingOf } from '../declarations/standing.ts'
import { Problem, type ProblemItem } from '../http/problem.ts'
import type { Actor } from '../participants/actor.ts'
import { checkTexts } from './checks.ts'
import { type DeskDeps, demandOpen, personOf, withDeclaration } from './desk.ts'
import { type NewRaise, raiseReasons } from './schema.ts'
import { fieldProblem } from '../http/problem.ts'

/**
 * One person's word that the goods may go. Everything that was required must be recorded, by others; red needs two persons.
 * @returns how it stands then, and whether it is released
 * @throws Problem check_outstanding naming what is missing, second_person_needed, key_limited, not_found, not_possible
 */
export function release(deps: DeskDeps, actor: Actor, id: string): Promise<Standing> {
  const person = personOf(actor)
  return withDeclaration(deps, actor, id, async (client, standing) => {
    demandOpen(standing)
    if (standing.released) return standing
    const open = outstanding(standing)
    if (open.length > 0 || standing.hold) throwOutstanding(standing)
    if (standing.inspections.some((inspection) => inspection.person === person.no)) {
      throw new Problem('second_person_needed', {
        detail: 'Who inspected does not release. Have another person do it.',
      })
    }
    const lane = standing.lane ?? 'red'
    const voters = new Set(standing.votes.flatMap((vote) => vote.person ?? []))
    const at = deps.now()
    const vote: VoteBody = { lane }
    if (!voters.has(person.no)) {
      await recordBorderAct(deps, client, { kind: 'release_voted', subject: id, at, actor, body: vote })
      voters.add(person.no)
    }
    const needed = lane === 'red' ? 2 : 1
    if (voters.size < needed) return standingOf(standing.participant, await listActs(client, id))
    const persons = [...voters].map(String)
    const body: ReleasedBody = { lane, automatic: false, by: persons }
    await recordBorderAct(deps, client, { kind: 'released', subject: id, at, actor, body })
    await deps.onRelease(standing)
    return standingOf(standing.participant, await listActs(client, id))
  })
}

function throwOutstanding(standing: Standing): never {
  const errors = outstanding(standing).map((check): ProblemItem => ({
    path: '',
    code: 'check_outstanding',
    detail: checkTexts[check.id] ?? `The check ${check.id} is required by a rule and not recorded.`,
    value: check.id,
  }))
  throw new Problem('check_outstanding', {
    detail: `Not done yet: ${errors.map(({ value }) => value).join(', ') || 'the goods must not move as they are'}.`,
    errors,
  })
}

/**
 * A lane only rises. Whoever raises says why and until when it must be looked at; how often he was right is reported.
 * @throws Problem not_possible for a lane that is not harder, field_invalid, key_limited, not_found
 */
export function raise(deps: DeskDeps, actor: Actor, id: string, given: NewRaise): Promise<Standing> {
  personOf(actor)
  const at = deps.now()
  if (new Date(given.until) <= at) throw fieldProblem('/until', 'The deadline must lie in the future.')
  return withDeclaration(deps, actor, id, async (client, standing) => {
    demandOpen(standing)
    if (standing.lane !== null && !isHarder(given.lane, standing.lane)) {
      throw new Problem('not_possible', {
        detail: `A lane only rises: this declaration is ${standing.lane}. There is no way down.`,
      })
    }
    const coded = raiseReasons.find((code) => code === given.reason)
    const text = coded ? given.text : [given.reason, given.text].filter((part) => part !== undefined).join(': ')
    const body = {
      lane: given.lane,
      reason: coded ?? 'other',
      until: given.until,
      ...(text === undefined ? {} : { text }),
    }
    await recordBorderAct(deps, client, { kind: 'raised', subject: id, at, actor, body })
    return standingOf(standing.participant, await listActs(client, id))
  })
}
