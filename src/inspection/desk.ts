import type { FastifyBaseLogger } from 'fastify'
import type { ClientBase, Pool } from 'pg'
import type { Resolver } from '../codes/resolve.ts'
import type { Exclusively } from '../declarations/act.ts'
import { listActs, listActsOf } from '../declarations/act-store.ts'
import { type Standing, standingOf } from '../declarations/standing.ts'
import * as declarations from '../declarations/store.ts'
import { Problem } from '../http/problem.ts'
import { type Actor, actingFor, type ParticipantRef, seesAll } from '../participants/actor.ts'
import type { Directory } from '../participants/directory.ts'
import { type DecideDeps, decideDeclaration } from '../risk/deciding.ts'

export type DeskDeps = DecideDeps & {
  pool: Pool
  exclusively: Exclusively
  resolver: Resolver
  directory: Directory
  log: FastifyBaseLogger
  /** The share of finished inspections that a profile has repeated, by its hash. */
  secondShare: (profileHash: string) => Promise<number>
}

const unseen = () => new Problem('not_found', { detail: 'There is no such declaration, or none that you may see.' })

/** Its declarant, whoever lodged it for him, and those who see all. */
export function maySee(standing: Standing, asker: ParticipantRef): boolean {
  return seesAll(asker) || standing.participant === asker.no || standing.lodged.participant === asker.no
}

/** @throws Problem not_found */
export async function findStanding(client: Pick<ClientBase, 'query'>, id: string): Promise<Standing> {
  const row = await declarations.findDeclaration(client, id)
  if (!row) throw unseen()
  return standingOf(row.participant, await listActs(client, id))
}

/** @throws Problem not_found where it is not there, or not for the asker */
export async function seenStanding(client: Pick<ClientBase, 'query'>, actor: Actor, id: string): Promise<Standing> {
  const standing = await findStanding(client, id)
  if (!maySee(standing, actingFor(actor))) throw unseen()
  return standing
}

/** A page of declarations, in the order given: all that was said of them in one question. Those that the asker may not see are left out. */
export async function seenStandings(
  client: Pick<ClientBase, 'query'>,
  actor: Actor,
  rows: readonly declarations.DeclarationRow[],
): Promise<Standing[]> {
  const acts = await listActsOf(
    client,
    rows.map(({ id }) => id),
  )
  return rows
    .map((row) => standingOf(row.participant, acts.get(row.id) ?? []))
    .filter((standing) => maySee(standing, actingFor(actor)))
}

/** Works on a declaration alone, after deciding it where a crash came before that. */
export function withDeclaration<T>(
  deps: DeskDeps,
  actor: Actor,
  id: string,
  work: (client: ClientBase, standing: Standing) => Promise<T>,
): Promise<T> {
  return deps.exclusively(`declaration ${id}`, async (client) => {
    const found = await seenStanding(client, actor, id)
    const standing = found.lane === null ? await decideDeclaration(deps, client, found, 'late') : found
    return work(client, standing)
  })
}

/** What is done at the border is done by a person, who can be named. */
export function personOf(actor: Actor): { no: number; id: string } {
  if (actor.person) return actor.person
  throw new Problem('key_limited', {
    detail: "This is done by a person: use a person's key, not a system's or a device's.",
  })
}

/** @throws Problem not_possible once it has an outcome */
export function demandOpen(standing: Standing): void {
  if (!standing.outcome) return
  throw new Problem('not_possible', {
    detail: `This declaration is closed (${standing.outcome.body.outcome}). Lodge a new one.`,
  })
}
