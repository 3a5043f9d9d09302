import type { ClientBase } from 'pg'
import { listActs } from '../declarations/act-store.ts'
import { recordBorderAct } from '../declarations/act.ts'
import type { InspectorBody } from '../declarations/bodies.ts'
import { isPresented, type Standing, standingOf } from '../declarations/standing.ts'
import { draw } from '../draw/draw.ts'
import { fieldProblem, Problem } from '../http/problem.ts'
import type { Actor } from '../participants/actor.ts'
import { chanceAt, randomnessOf } from '../risk/deciding.ts'
import { type DeskDeps, personOf, withDeclaration } from './desk.ts'

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

const officeOf = ({ presentations, current }: Standing): string =>
  presentations.at(-1)?.body.content.office ?? current.body.content.office

/**
 * Draws who inspects, once the goods are there and not before; again where that person went off shift. Where nobody is on shift, any
 * officer of customs may: a border that stands still would be worse, and who it was is recorded.
 */
export async function drawInspector(deps: DeskDeps, client: ClientBase, standing: Standing): Promise<Standing> {
  const decision = standing.decisions.at(-1)
  if (!isPresented(standing) || !decision || (standing.lane !== 'yellow' && standing.lane !== 'red')) return standing
  const at = deps.now()
  const candidates = await onDuty(client, officeOf(standing), at)
  const drawn = standing.inspector?.body.person ?? null
  if (candidates.length === 0 || (drawn !== null && candidates.includes(drawn))) return standing
  const { chance, seed } = await chanceAt(deps, decision.body.chance, at)
  const before = standing.inspectorsDrawn === 0 ? '' : `/${standing.inspectorsDrawn}`
  const purpose = `inspector/${standing.presentations.length}${before}`
  const u = draw(seed.seed, randomnessOf(chance), chance.digest, purpose)
  const of = candidates.length
  const rank = Math.floor(u * of)
  const person = candidates[rank] ?? null
  const body: InspectorBody = { person, of, u, decision: decision.position, chance, draws: [{ purpose, of, u, rank }] }
  await recordBorderAct(deps, client, { kind: 'inspector_drawn', subject: standing.id, at, actor: undefined, body })
  return standingOf(standing.participant, await listActs(client, standing.id))
}

/**
 * Who comes to inspect: where officers are on shift the machine has drawn one of them, or does so now. Nobody who was not drawn may
 * choose the goods, and nobody looks at goods that are not there.
 * @throws Problem not_possible before the goods are presented at a manned office
 */
export function readyInspector(deps: DeskDeps, actor: Actor, id: string): Promise<void> {
  const person = personOf(actor)
  return withDeclaration(deps, actor, id, async (client, standing) => {
    if (standing.outcome || standing.inspector?.body.person === person.id) return
    if (!isPresented(standing) && (await onDuty(client, officeOf(standing), deps.now())).length > 0) {
      throw new Problem('not_possible', {
        detail: 'The goods are not there. Have them presented: the inspector is drawn then.',
      })
    }
    await drawInspector(deps, client, standing)
  })
}

/** Whoever was drawn and is on shift still. */
export async function drawnOnDuty(deps: DeskDeps, client: ClientBase, standing: Standing): Promise<string | null> {
  const drawn = standing.inspector?.body.person ?? null
  if (drawn === null) return null
  return (await onDuty(client, officeOf(standing), deps.now())).includes(drawn) ? drawn : null
}
