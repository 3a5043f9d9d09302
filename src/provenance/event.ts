import { promisify } from 'node:util'
import { inflateRaw } from 'node:zlib'
import { eventKey } from '../capture/entry.ts'
import { Problem } from '../http/problem.ts'
import { actingFor, type Actor, seesAll } from '../participants/actor.ts'
import { readCode } from '../gs1/read.ts'
import { eventOf, type LifeDeps } from './life.ts'
import * as store from './store.ts'

const inflate = promisify(inflateRaw)

const listFields = ['epcList', 'childEPCs', 'inputEPCList', 'outputEPCList'] as const

/** GET /events/{eventID}: the event as it was recorded, its code lists put back, for who may see it. */
export async function tellEvent(deps: LifeDeps, actor: Actor, eventID: string): Promise<Record<string, unknown>> {
  const found = await store.findPosition(deps.pool, eventKey(eventID, undefined))
  const entry = found && (await store.findEntries(deps.pool, found.log, [found.position])).get(found.position)
  if (!found || !entry) throw unknown()
  const event = await withLists(deps, eventOf(entry.bytes))
  const asker = actingFor(actor)
  const own = entry.participant === asker.no || entry.principal === asker.no
  if (!own && !seesAll(asker)) {
    const ids = await objectIds(deps, event)
    if (!(await store.isInvolved(deps.pool, found.log, found.position, ids, asker.no))) throw unknown()
  }
  return { ...event, recordTime: entry.recordTime.toISOString() }
}

const unknown = () =>
  new Problem('not_found', { detail: 'There is no event with this id, or none that you may see. Check the id.' })

/** Lists that are stored beside the entry, by their digest. */
async function withLists(deps: LifeDeps, event: Record<string, unknown>): Promise<Record<string, unknown>> {
  const whole = { ...event }
  for (const field of listFields) {
    const value = whole[field]
    if (typeof value !== 'object' || value === null || !('sha256' in value) || typeof value.sha256 !== 'string')
      continue
    const deflated = await store.findCodeList(deps.pool, Buffer.from(value.sha256, 'hex'))
    if (!deflated) throw new Error(`the code list ${value.sha256} is missing`)
    whole[field] = (await inflate(deflated)).toString('utf8').trimEnd().split('\n')
  }
  return whole
}

async function objectIds({ resolver }: LifeDeps, event: Record<string, unknown>): Promise<bigint[]> {
  const lists = listFields.flatMap((field) => event[field] ?? [])
  const texts = [...lists, event['parentID']].filter((text) => typeof text === 'string')
  const readings = texts.flatMap((text) => readCode(text).reading ?? [])
  const resolved = await resolver.resolve(readings)
  return resolved.flatMap((answer) => (answer.kind === 'fault' ? [] : [answer.objectId]))
}
