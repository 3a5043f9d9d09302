import { promisify } from 'node:util'
import { inflateRaw } from 'node:zlib'
import type { Pool } from 'pg'
import * as store from './store.ts'

const inflate = promisify(inflateRaw)

export const listFields = ['epcList', 'childEPCs', 'inputEPCList', 'outputEPCList'] as const

/** The event within an entry's bytes, as it was recorded. */
export function eventOf(bytes: Buffer): Record<string, unknown> {
  const recorded = eventIn(bytes)
  if (!recorded) throw new Error('an entry of goods without an event')
  return recorded.event
}

/** The same, and whether the entry only settles what waited; undefined for acts that have no event. */
export function eventIn(bytes: Buffer): { event: Record<string, unknown>; settles: boolean } | undefined {
  const entry: unknown = JSON.parse(bytes.toString('utf8'))
  if (typeof entry !== 'object' || entry === null || !('event' in entry) || !isRecord(entry.event)) return undefined
  return { event: entry.event, settles: 'settles' in entry }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** The event with the code lists put back that are stored beside the entry by their digest. */
export async function withLists(pool: Pool, event: Record<string, unknown>): Promise<Record<string, unknown>> {
  let whole = event
  for (const field of listFields) {
    const value = event[field]
    if (!isRecord(value) || typeof value['sha256'] !== 'string') continue
    if (whole === event) whole = { ...event }
    const deflated = await store.findCodeList(pool, Buffer.from(value['sha256'], 'hex'))
    if (!deflated) throw new Error(`the code list ${value['sha256']} is missing`)
    whole[field] = (await inflate(deflated)).toString('utf8').trimEnd().split('\n')
  }
  return whole
}

/** Every code that the recorded event names, as canonical links. */
export function codesOf(event: Record<string, unknown>): string[] {
  const lists = listFields.flatMap((field) => event[field] ?? [])
  return [...lists, event['parentID']].filter((text) => typeof text === 'string')
}
