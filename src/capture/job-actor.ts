import type { Db } from '../db/connect.ts'
import type { Actor } from '../participants/actor.ts'
import type { Directory } from '../participants/directory.ts'
import { mandatesBetween } from '../participants/mandate-store.ts'

/**
 * Who sent a document, as he stands now: a job may be worked on long after it was accepted. Undefined where he has no mandate in force
 * any more.
 */
export async function renewActor(
  { db, directory, now }: { db: Db; directory: Directory; now: () => Date },
  actor: Actor,
): Promise<Actor | undefined> {
  const participant = await directory.byId(actor.participant.id)
  if (!participant) return undefined
  if (!actor.principal) return { ...actor, participant }
  const principal = await directory.byId(actor.principal.id)
  const between = await mandatesBetween(db, participant.no, actor.principal.no)
  const mandates = between.filter(({ until }) => until > now()).map(({ until: _, ...mandate }) => mandate)
  const [mandate] = mandates
  return principal && mandate && { ...actor, participant, principal, mandate, mandates }
}
