// Who is given an easier way: proposed by one person of customs, granted by another, ended by any one at once.
import { Type, type Static } from 'typebox'
import { listActs, listActsOfKind } from '../declarations/act-store.ts'
import { recordBorderAct } from '../declarations/act.ts'
import { newId } from '../db/id.ts'
import { fieldProblem, Problem } from '../http/problem.ts'
import { Country, Id, Time } from '../http/schema.ts'
import { personOf } from '../inspection/desk.ts'
import type { Actor } from '../participants/actor.ts'
import { authorisationKinds, combinationKinds, type Privilege, listPrivileges } from '../risk/privileges.ts'
import type { BorderDeps } from './lodge.ts'

const closed = { additionalProperties: false }
const Text = Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' })

export const NewAuthorisation = Type.Object(
  {
    participant: Id,
    type: Type.String({ minLength: 1, maxLength: 60, examples: ['AEO-C'] }),
    from: Time,
    until: Time,
    legalBasis: Text,
  },
  closed,
)
export type NewAuthorisation = Static<typeof NewAuthorisation>

export const NewCombination = Type.Object(
  {
    consignor: Type.String({ minLength: 1, maxLength: 200, description: 'A participant id, or the name as declared' }),
    importer: Type.String({ minLength: 1, maxLength: 200, description: 'The consignee, in the same way' }),
    filer: Id,
    hsCode: Type.String({ pattern: '^[0-9]{4,10}$', description: 'The beginning of the heading' }),
    route: Type.Optional(
      Type.Array(Type.Union([Country, Text]), { maxItems: 50, description: 'As declared; none: any' }),
    ),
    from: Time,
    until: Time,
  },
  closed,
)
export type NewCombination = Static<typeof NewCombination>

export const NewEnd = Type.Object({ reason: Text }, closed)

/** The two kinds of privileges: the acts that propose, grant and end one. */
export const privileges = {
  operator: { proposed: 'operator_proposed', granted: authorisationKinds[0], ended: authorisationKinds[1] },
  combination: { proposed: 'combination_proposed', granted: combinationKinds[0], ended: combinationKinds[1] },
} as const
export type PrivilegeKind = keyof typeof privileges

type Proposal = NewAuthorisation | (NewCombination & { route: string[] })
export type KnownPrivilege = { id: string; state: 'proposed' | 'granted' | 'ended'; endedFor?: string; body: Proposal }

/** @throws Problem key_limited; field_invalid */
export async function propose(deps: BorderDeps, actor: Actor, kind: PrivilegeKind, body: Proposal): Promise<string> {
  personOf(actor)
  if (!(new Date(body.from) < new Date(body.until))) throw fieldProblem('/until', 'It must end after it begins.')
  const named = 'participant' in body ? (['participant', body.participant] as const) : (['filer', body.filer] as const)
  if (!(await deps.directory.byId(named[1]))) throw fieldProblem(`/${named[0]}`, 'There is no such participant.')
  const id = newId()
  const act = { kind: privileges[kind].proposed, subject: id, at: deps.now(), actor, body }
  await deps.exclusively(`privilege ${id}`, (client) => recordBorderAct(deps, client, act))
  return id
}

/**
 * Grants what another proposed.
 * @throws Problem not_found, second_person_needed, taken, key_limited
 */
export async function grant(deps: BorderDeps, actor: Actor, kind: PrivilegeKind, id: string): Promise<void> {
  const person = personOf(actor)
  await deps.exclusively(`privilege ${id}`, async (client) => {
    const acts = await listActs(client, id)
    const [proposal] = acts
    if (proposal?.kind !== privileges[kind].proposed) throw unknown()
    if (acts.length > 1) throw new Problem('taken', { detail: 'It is granted already, or over. Propose a new one.' })
    if (proposal.person === person.no) {
      throw new Problem('second_person_needed', { detail: 'Another person than who proposed it grants it.' })
    }
    const body: unknown = JSON.parse(proposal.body)
    const act = { kind: privileges[kind].granted, subject: id, at: deps.now(), actor, body }
    await recordBorderAct(deps, client, act)
  })
}

/** Ends or suspends it, from the next declaration on. @throws Problem not_found, key_limited */
export async function end(
  deps: BorderDeps,
  actor: Actor,
  kind: PrivilegeKind,
  id: string,
  reason: string,
): Promise<void> {
  personOf(actor)
  await deps.exclusively(`privilege ${id}`, async (client) => {
    const acts = await listActs(client, id)
    if (acts[0]?.kind !== privileges[kind].proposed) throw unknown()
    if (acts.some((act) => act.kind === privileges[kind].ended)) return
    const act = { kind: privileges[kind].ended, subject: id, at: deps.now(), actor, body: { reason } }
    await recordBorderAct(deps, client, act)
  })
}

const unknown = () => new Problem('not_found', { detail: 'There is none with this id. See the list.' })

/** All of a kind, the oldest first; those that are over too. */
export async function listKnown({ pool }: BorderDeps, kind: PrivilegeKind): Promise<KnownPrivilege[]> {
  const { proposed, granted, ended } = privileges[kind]
  const given = new Map<string, Privilege<Proposal>>(
    (await listPrivileges<Proposal>(pool, [granted, ended])).map((privilege) => [privilege.id, privilege]),
  )
  const over = new Set((await listActsOfKind(pool, [ended])).map(({ subject }) => subject))
  return (await listActsOfKind(pool, [proposed])).map(({ subject: id, body }) => {
    const endedFor = given.get(id)?.endedFor
    return {
      id,
      state: over.has(id) ? 'ended' : given.has(id) ? 'granted' : 'proposed',
      ...(endedFor === undefined ? {} : { endedFor }),
      body: JSON.parse(body) as Proposal, // Written by propose, and pinned by its entry.
    }
  })
}
