import type { ClientBase, Pool } from 'pg'
import { codesOf, eventIn, withLists } from '../capture/recorded-event.ts'
import type { Resolver } from '../codes/resolve.ts'
import type { Limits } from '../config/limits.ts'
import { flag } from '../custody/object.ts'
import { readCode } from '../gs1/read.ts'
import type { Directory } from '../participants/directory.ts'
import { insertFindings } from '../findings/store.ts'
import { isSerious, judgeCustody, judgeSeal, judgeTravel, type Sighting, type Spot, type Verdict } from './clone.ts'
import { type Contradiction, contradictionFinding, seriousFinding } from './finding.ts'
import * as store from './store.ts'

/**
 * Follows every log and compares each entry with what was seen of its objects before. It runs behind the commit path and never in it:
 * what it finds is a finding, not a refusal.
 */
export type CloneDeps = { pool: Pool; resolver: Resolver; directory: Directory; now: () => Date; limits: Limits }

/** Entries that are compared in one transaction. */
const portion = 200
/** Of a longer event the first hundred stand for the rest: they travelled together. */
const objectsMax = 100
/** Of an object so many steps back: what contradicts the newest sightings is what matters. */
const pastMax = 10

/** Compares everything that was not compared yet. @returns how many entries were */
export async function lookForClones(deps: CloneDeps): Promise<number> {
  let compared = 0
  for (const log of await store.findBehind(deps.pool)) {
    for (;;) {
      const done = await store.withCursor(deps.pool, log, (client, from) => comparePortion(deps, client, log, from))
      compared += done ?? 0
      if (done === undefined || done < portion) break
    }
  }
  return compared
}

async function comparePortion(deps: CloneDeps, client: ClientBase, log: number, from: number): Promise<number> {
  const entries = await store.findEntries(client, log, from, portion)
  const last = entries.at(-1)
  if (!last) return 0
  const seen = await Promise.all(entries.map((entry) => readEntry(deps, entry)))
  const past = await readPast(
    client,
    log,
    seen.flatMap((each) => each?.objects.map(({ id }) => id) ?? []),
    last.position + 1,
  )
  const spots = await readSpots(deps, [...entries, ...[...past.values()].flat()])
  const found: Contradiction[] = []
  for (const each of seen) if (each) found.push(...compare(deps.limits, each, past, spots))
  if (found.length > 0) await tell(deps, client, log, found)
  await store.moveCursor(client, log, last.position + 1)
  return entries.length
}

type Seen = {
  entry: store.Entry
  step: string
  eventID: string
  objects: { id: bigint; code: string }[]
  /** The container that an event packs into or unpacks from. */
  parent: string | undefined
}

/** The goods of an entry; undefined for acts that have none, and for what only settles an entry that was compared already. */
async function readEntry({ pool, resolver }: CloneDeps, entry: store.Entry): Promise<Seen | undefined> {
  const recorded = eventIn(entry.bytes)
  if (!recorded || recorded.settles) return undefined
  const event = await withLists(pool, recorded.event)
  if (event['errorDeclaration'] !== undefined) return undefined
  const codes = codesOf(event).slice(0, objectsMax)
  const readings = codes.flatMap((code) => {
    const { reading } = readCode(code)
    return reading && reading.kind !== 'key' ? [{ code, reading }] : []
  })
  const resolved = await resolver.resolve(readings.map(({ reading }) => reading))
  const objects = resolved.flatMap((answer, i) => {
    const code = readings[i]?.code
    return answer.kind === 'fault' || code === undefined ? [] : [{ id: answer.objectId, code }]
  })
  const text = (field: string) => (typeof event[field] === 'string' ? event[field] : '')
  return { entry, step: text('bizStep'), eventID: text('eventID'), objects, parent: text('parentID') || undefined }
}

type Past = ReadonlyMap<bigint, readonly store.PastStep[]>

/** The newest steps of the objects and of every container that is named in them. */
async function readPast(client: ClientBase, log: number, ids: readonly bigint[], before: number): Promise<Past> {
  const past = new Map<bigint, store.PastStep[]>()
  for (let fresh = [...new Set(ids)]; fresh.length > 0;) {
    for (const id of fresh) past.set(id, [])
    const steps = await store.findPast(client, log, fresh, before, pastMax)
    for (const step of steps) past.get(step.id)?.push(step)
    fresh = [...new Set(steps.flatMap(({ parent }) => parent ?? []))].filter((id) => !past.has(id))
  }
  return past
}

/** Where the places are that were said, by their numbers. */
type Spots = ReadonlyMap<number, Spot>

async function readSpots({ directory }: CloneDeps, said: readonly { place: number | null }[]): Promise<Spots> {
  const spots = new Map<number, Spot>()
  for (const place of new Set(said.flatMap((each) => each.place ?? []))) {
    const spot = await directory.placeByNo(place)
    if (spot) spots.set(place, spot)
  }
  return spots
}

function compare(limits: Limits, seen: Seen, past: Past, spots: Spots): Contradiction[] {
  const { entry, step, eventID } = seen
  const here = sightingOf(spots, entry)
  const found: Contradiction[] = []
  for (const object of seen.objects) {
    const own = (past.get(object.id) ?? []).filter(({ position }) => position < entry.position)
    const [before] = own
    const now = past.get(object.id)?.find(({ position }) => position === entry.position)
    const containers = containersOf(before, past, entry.position)
    const around = containers.flatMap((id) => (past.get(id) ?? []).filter(({ position }) => position < entry.position))
    const others = [...own, ...around].map((each) => sightingOf(spots, each))
    const verdicts: (Verdict | undefined)[] = [judgeTravel(here, others, limits)]
    // Who takes it out of its container says so; who only names it claims that it is there.
    if (containers.length > 0 && seen.parent === undefined) {
      const placed = around.filter(({ place, eventTime }) => place !== null && eventTime <= entry.eventTime)
      const newest = placed.sort((a, b) => b.eventTime.getTime() - a.eventTime.getTime())[0]
      const sealed = judgeSeal(here, newest && sightingOf(spots, newest), limits)
      if (sealed) verdicts.unshift(sealed)
    }
    if (now && (now.flags & flag.claimed) !== 0 && before) {
      verdicts.push(judgeCustody(here, sightingOf(spots, before), before.holder))
    }
    const [first] = verdicts.filter((verdict) => verdict !== undefined)
    if (first) found.push({ entry, step, eventID, object, here, verdict: first, holder: before?.holder ?? null })
  }
  return found
}

/** The containers that an object was in before, innermost first. */
function containersOf(before: store.PastStep | undefined, past: Past, position: number): bigint[] {
  const found: bigint[] = []
  for (let at = before; at && at.parent !== null && !found.includes(at.parent);) {
    const { parent } = at
    found.push(parent)
    at = past.get(parent)?.find((step) => step.position < position)
  }
  return found
}

type Said = Pick<store.PastStep, 'position' | 'eventTime' | 'participant' | 'principal' | 'key' | 'place'>

const sightingOf = (spots: Spots, said: Said): Sighting => ({
  position: said.position,
  atMs: said.eventTime.getTime(),
  spot: said.place === null ? undefined : spots.get(said.place),
  source: said.key === null ? `participant ${said.participant}` : `key ${said.key}`,
  principal: said.principal ?? said.participant,
})

async function tell(deps: CloneDeps, client: ClientBase, log: number, found: readonly Contradiction[]): Promise<void> {
  await store.insertSuspicions(
    client,
    log,
    found.map(({ object, here, verdict }) => ({
      id: object.id,
      position: here.position,
      otherPosition: verdict.other.position,
      code: verdict.code,
      source: here.source,
      otherSource: verdict.other.source,
    })),
  )
  const groups = new Map<string, Contradiction[]>()
  for (const each of found) {
    const key = `${each.verdict.code} ${each.here.position}`
    groups.set(key, [...(groups.get(key) ?? []), each])
  }
  const now = deps.now()
  const findings = [...groups.values()].map((group) => contradictionFinding(log, group, now))
  const ids = [...new Set(found.map(({ object }) => object.id))]
  for (const [id, pairs] of await store.findSuspicions(client, log, ids)) {
    const last = found.findLast(({ object }) => object.id === id)
    if (last && isSerious(pairs)) findings.push(seriousFinding(log, last, pairs, now))
  }
  await insertFindings(client, findings)
}

/**
 * Looks every so often until it is stopped.
 * @param onError hears what went wrong; the next look begins where this one should have
 */
export function startCloneWatch(
  deps: CloneDeps,
  intervalMs: number,
  onError: (error: unknown) => void,
): { stop: () => Promise<void> } {
  let running: Promise<unknown> | undefined
  const timer = setInterval(() => {
    running ??= lookForClones(deps)
      .catch(onError)
      .finally(() => (running = undefined))
  }, intervalMs)
  timer.unref()
  return {
    stop: async () => {
      clearInterval(timer)
      await running
    },
  }
}
