import type { ClientBase } from 'pg'
import { listActs } from '../declarations/act-store.ts'
import { recordBorderAct } from '../declarations/act.ts'
import type { InspectorBody } from '../declarations/bodies.ts'
import { type Standing, standingOf } from '../declarations/standing.ts'
import { draw } from '../draw/draw.ts'
import { fieldProblem } from '../http/problem.ts'
import type { Actor } from '../participants/actor.ts'
import { chanceAt, randomnessOf } from '../risk/deciding.ts'
import { type DeskDeps, personOf } from './desk.ts'

type DutyBody = { person: string; office: string; until: string }

/** Says that one is on shift at an office: inspectors are drawn from those who are. */
export async function goOnDuty(deps: DeskDeps, actor: Actor, office: string, until: string): Promise<DutyBody> {
  const person = personOf(actor)
  const at = deps.now()
  if (new Date(until) <= at) throw fieldProblem('/until', 'The end of the shift must lie in the future.')
  const body: DutyBody = { person: person.id, office, until }
  await deps.exclusively(`office ${office}`, (client) =>
    recordBorderAct(deps, client, { kind: 'on_duty', subject: `office:${office}`, at, actor, body }),
  )
  return body
}

export async function onDuty(client: Pick<ClientBase, 'query'>, office: string, at: Date): Promise<string[]> {
  const until = new Map<string, Date>()
  for (const act of await listActs(client, `office:${office}`)) {
    const body = JSON.parse(act.body) as DutyBody
    until.set(body.person, new Date(body.until))
  }
  return [...until].flatMap(([person, end]) => (end > at ? [person] : [])).sort()
}

/**
 * Draws who inspects, once the goods are there and not before. Where nobody is on shift, any officer of customs may: a border that
 * stands still would be worse, and who it was is recorded.
 */
export async function drawInspector(deps: DeskDeps, client: ClientBase, standing: Standing): Promise<Standing> {
  const decision = standing.decisions.at(-1)
  if (standing.inspector || !decision || (standing.lane !== 'yellow' && standing.lane !== 'red')) return standing
  const office = standing.presentations.at(-1)?.body.content.office ?? standing.current.body.content.office
  const at = deps.now()
  const candidates = await onDuty(client, office, at)
  if (candidates.length === 0) return standing
  const { chance, seed } = await chanceAt(deps, decision.body.chance, at)
  const purpose = `inspector/${standing.presentations.length}`
  const u = draw(seed.seed, randomnessOf(chance), chance.digest, purpose)
  const of = candidates.length
  const rank = Math.floor(u * of)
  const person = candidates[rank] ?? null
  const body: InspectorBody = { person, of, u, decision: decision.position, chance, draws: [{ purpose, of, u, rank }] }
  await recordBorderAct(deps, client, { kind: 'inspector_drawn', subject: standing.id, at, actor: undefined, body })
  return standingOf(standing.participant, await listActs(client, standing.id))
}
