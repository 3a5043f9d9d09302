import { eventKey } from '../capture/entry.ts'
import { codesOf, eventOf, withLists } from '../capture/recorded-event.ts'
import { Problem } from '../http/problem.ts'
import { actingFor, type Actor, seesAll } from '../participants/actor.ts'
import { readCode } from '../gs1/read.ts'
import type { LifeDeps } from './life.ts'
import * as store from './store.ts'

/** GET /events/{eventID}: the event as it was recorded, its code lists put back, for who may see it. */
export async function tellEvent(deps: LifeDeps, actor: Actor, eventID: string): Promise<Record<string, unknown>> {
  const found = await store.findPosition(deps.pool, eventKey(eventID, undefined))
  const entry = found && (await store.findEntries(deps.pool, found.log, [found.position])).get(found.position)
  if (!found || !entry) throw unknown()
  const event = await withLists(deps.pool, eventOf(entry.bytes))
  if (!(await maySee(deps, actor, found, entry, event))) throw unknown()
  const recorded = { ...event, recordTime: entry.recordTime.toISOString() }
  const declaredAt = (await store.findTakenBack(deps.pool, found.log, [found.position])).get(found.position)
  if (declaredAt === undefined) return recorded
  return { ...recorded, errorDeclarations: [await tellDeclaration(deps, found.log, declaredAt)] }
}

/** Whether an entry is the asker's own, or moved what was, is or was to be the asker's. */
async function maySee(
  deps: LifeDeps,
  actor: Actor,
  { log, position }: { log: number; position: number },
  { participant, principal }: { participant: number; principal: number | null },
  event: Record<string, unknown>,
): Promise<boolean> {
  const asker = actingFor(actor)
  if (participant === asker.no || principal === asker.no || seesAll(asker)) return true
  return store.isInvolved(deps.pool, log, position, await objectIds(deps, event), asker.no)
}

/** The same question about the entry at a position: false where there is none. */
export async function maySeeEntry(deps: LifeDeps, actor: Actor, log: number, position: number): Promise<boolean> {
  const entry = (await store.findEntries(deps.pool, log, [position])).get(position)
  if (!entry) return false
  return maySee(deps, actor, { log, position }, entry, await withLists(deps.pool, eventOf(entry.bytes)))
}

/** The event once more, as it was sent to say that it was an error: only what it adds, and when it was recorded. */
async function tellDeclaration(deps: LifeDeps, log: number, position: number) {
  const entry = (await store.findEntries(deps.pool, log, [position])).get(position)
  if (!entry) throw new Error(`there is no entry ${position} in log ${log}`)
  const by = await deps.directory.byNo(entry.principal ?? entry.participant)
  const declaration = eventOf(entry.bytes)['errorDeclaration']
  return {
    ...(typeof declaration === 'object' ? declaration : {}),
    recordTime: entry.recordTime.toISOString(),
    ...(by ? { by: by.id } : {}),
    position,
  }
}

const unknown = () =>
  new Problem('not_found', { detail: 'There is no event with this id, or none that you may see. Check the id.' })

async function objectIds({ resolver }: LifeDeps, event: Record<string, unknown>): Promise<bigint[]> {
  const readings = codesOf(event).flatMap((text) => readCode(text).reading ?? [])
  const resolved = await resolver.resolve(readings)
  return resolved.flatMap((answer) => (answer.kind === 'fault' ? [] : [answer.objectId]))
}
