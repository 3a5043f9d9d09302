import { createHash } from 'node:crypto'
import * as store from './border-store.ts'
import type { Client } from './database-store.ts'
import type { Fault } from './source.ts'

/**
 * What customs did against the entries that pin it. The entries' own hashes are verified with the log `customs`; here each row must be
 * what its entry says, none may be missing and none may be there without one: a release that nobody recorded, or a raise that is gone,
 * is found.
 */
export type BorderReport = { acts: number; declarations: number; faults: readonly Fault[] }

type Lodged = { reference: string; flow: string; declarant: string; version: number; units: Map<string, string> }

export async function checkBorder(client: Client): Promise<BorderReport> {
  const faults: Fault[] = []
  const lodged = new Map<number, Lodged>()
  const first = new Map<string, number>()
  const versions = new Map<string, Lodged>()
  let acts = 0
  for await (const row of store.readActs(client)) {
    acts++
    const fault = faultOf(row)
    if (fault !== undefined) faults.push({ position: row.position, text: `entry ${row.position} of customs: ${fault}` })
    if (row.body === null || row.subject === null || (row.kind !== 'lodged' && row.kind !== 'amended')) continue
    const body = lodgedOf(row.body)
    if (row.kind === 'lodged') {
      lodged.set(row.position, body)
      first.set(row.subject, row.position)
    }
    versions.set(`${first.get(row.subject) ?? -1} ${body.version}`, body)
  }
  const declarations = await store.listDeclarations(client)
  for (const row of declarations) {
    const body = lodged.get(row.position)
    const same =
      body && body.reference === row.reference && body.flow === row.flow && body.declarant === row.participant
    if (!same)
      faults.push({ position: row.position, text: `the declaration ${row.id} is not what entry ${row.position} says` })
  }
  if (declarations.length < lodged.size) {
    faults.push({ text: `${lodged.size} declarations were lodged and ${declarations.length} are there` })
  }
  faults.push(...(await checkLines(client, versions)))
  return { acts, declarations: declarations.length, faults }
}

function faultOf(row: store.StoredAct): string | undefined {
  if (row.entry === null) return 'an act is stored that no entry tells of'
  const entry: unknown = JSON.parse(row.entry.toString('utf8'))
  const act = memberOf(entry, 'act')
  const subject = memberOf(act, 'subject')
  if (row.body === null) return `what it tells of (${textOf(memberOf(act, 'kind'))}) is not stored`
  const digest = createHash('sha256').update(row.body).digest('hex')
  if (digest !== memberOf(subject, 'sha256')) return `the ${row.kind} that is stored is not the one that it pins`
  const same =
    row.kind === memberOf(act, 'kind') &&
    row.subject === memberOf(subject, 'about') &&
    row.at?.toISOString() === memberOf(act, 'at') &&
    row.participant === row.entryParticipant &&
    row.person === row.entryPerson
  return same ? undefined : `the ${row.kind} is stored about something else, of another time, or by others`
}

function lodgedOf(body: string): Lodged {
  const parsed: unknown = JSON.parse(body)
  const content = memberOf(parsed, 'content')
  const parts = memberOf(memberOf(parsed, 'goods'), 'parts')
  const units = new Map<string, string>()
  for (const part of Array.isArray(parts) ? parts : []) {
    const key = `${textOf(memberOf(part, 'item'))} ${textOf(memberOf(part, 'log'))}`
    units.set(key, [units.get(key), textOf(memberOf(part, 'units'))].filter((text) => text !== undefined).join(' '))
  }
  return {
    reference: textOf(memberOf(content, 'reference')),
    flow: textOf(memberOf(content, 'flow')),
    declarant: textOf(memberOf(parsed, 'declarant')),
    version: Number(memberOf(parsed, 'version')),
    units,
  }
}

/** The units that are searched for the same goods declared twice are those that were frozen. */
async function checkLines(client: Client, versions: ReadonlyMap<string, Lodged>): Promise<Fault[]> {
  const faults: Fault[] = []
  for (const line of await store.listLines(client)) {
    const frozen = versions.get(`${line.position} ${line.version}`)?.units
    const wanted = line.log === null ? '' : frozen?.get(`${line.item} ${line.log}`)
    if (wanted !== undefined && idsIn(wanted) === idsIn(line.units)) continue
    const text = `line ${line.item} of the declaration of entry ${line.position} has other units than were frozen`
    faults.push({ position: line.position, text })
  }
  return faults
}

/** Ranges, however they are put together. */
function idsIn(text: string): string {
  const ranges = [...text.matchAll(/\[(-?\d+),(-?\d+)\)/g)].map(
    ([, from = '', to = '']) => [BigInt(from), BigInt(to)] as const,
  )
  const merged: [bigint, bigint][] = []
  for (const [from, to] of ranges.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))) {
    const last = merged.at(-1)
    if (last && from <= last[1]) last[1] = to > last[1] ? to : last[1]
    else merged.push([from, to])
  }
  return merged.map(([from, to]) => `${from}-${to}`).join(' ')
}

const textOf = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined
