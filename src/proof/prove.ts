import { promisify } from 'node:util'
import { inflateRaw } from 'node:zlib'
import { eventKey } from '../capture/entry.ts'
import { Problem } from '../http/problem.ts'
import { proveInclusion } from '../ledger/merkle-proof.ts'
import { actingFor, type Actor, seesAll } from '../participants/actor.ts'
import { maySeeEntry, tellEvent } from '../provenance/event.ts'
import type { LifeDeps } from '../provenance/life.ts'
import { findPosition } from '../provenance/store.ts'
import { toBase64 } from './base64.ts'
import type { Follower } from './follow.ts'
import { verifierOf } from './keys.ts'
import { nodeHasher } from './node-primitives.ts'
import { formatVerifier } from './note.ts'
import { servedCheckpoint, type TileReader } from './publish.ts'
import type { EntryProof, Log } from './schema.ts'
import * as store from './store.ts'
import { parseIndexPath, parseTilePath, type Tile, tileWidth, widthAt } from './tile.ts'
import { formatTlogProof } from './tlog-proof.ts'

const inflate = promisify(inflateRaw)

export type ProveDeps = LifeDeps & { follower: Pick<Follower, 'publishNow'>; tiles: TileReader }

/** GET /logs: what somebody who wants to verify must know. A log is there from its first checkpoint on. */
export async function listLogs(deps: ProveDeps): Promise<Log[]> {
  const { pool } = deps
  const logs: Log[] = []
  for (const log of await store.listLogs(pool)) {
    const { id, name } = log
    // In the first second of a new log there is none yet: it is made, not left out.
    await publishedCheckpoint(deps, log)
    const key = await store.newestKey(pool, id)
    const last = key && (await store.newestCheckpoint(pool, id, key.no))
    if (last) logs.push({ id: name, origin: key.origin, size: last.size, verifierKey: formatVerifier(verifierOf(key)) })
  }
  return logs
}

export async function findLog({ pool }: ProveDeps, name: string): Promise<store.LogRow> {
  const found = (await store.listLogs(pool)).find((log) => log.name === name)
  if (!found)
    throw new Problem('not_found', { detail: `There is no log ${JSON.stringify(name)}. GET /logs names them.` })
  return found
}

/** The newest committed checkpoint, made first where there is none yet. */
export async function tellCheckpoint(deps: ProveDeps, name: string): Promise<string> {
  return (await publishedCheckpoint(deps, await findLog(deps, name))).note
}

async function publishedCheckpoint({ pool, follower }: ProveDeps, log: store.LogRow, atLeast = 0) {
  let served = await servedCheckpoint(pool, log.id)
  if (!served || served.size < atLeast) {
    await follower.publishNow(log.id)
    served = await servedCheckpoint(pool, log.id)
  }
  if (!served || served.size < atLeast) throw new Error(`the log ${log.name} was not published up to ${atLeast}`)
  return served
}

/** A hash tile below the newest checkpoint. @param path what follows `tile/` */
export async function tellTile(deps: ProveDeps, name: string, path: string): Promise<Buffer> {
  const tile = parseTilePath(path)
  if (!tile) throw noTile(path)
  return readPublished(deps, name, tile, path, (log) => deps.tiles.read(log, tile))
}

/** An entry bundle below the newest checkpoint. @param path what follows `tile/entries/` */
export async function tellBundle(deps: ProveDeps, name: string, path: string): Promise<Buffer> {
  const place = parseIndexPath(path)
  if (!place) throw noTile(`entries/${path}`)
  const { index, width } = place
  return readPublished(deps, name, { level: 0, index, width }, `entries/${path}`, (log) =>
    store.readBundle(deps.pool, log, index * tileWidth, width),
  )
}

/** Nothing beyond the newest checkpoint is shown: what is shown must have been signed, and what is signed committed. */
async function readPublished(
  deps: ProveDeps,
  name: string,
  tile: Tile,
  path: string,
  read: (log: number) => Promise<Buffer>,
): Promise<Buffer> {
  const log = await findLog(deps, name)
  const served = await servedCheckpoint(deps.pool, log.id)
  if (!served || tile.width > widthAt(tile.level, tile.index, served.size)) throw noTile(path)
  return read(log.id)
}

const noTile = (path: string) =>
  new Problem('not_found', {
    detail: `The log has no tile ${path.slice(0, 100)}. The checkpoint says its size, and with it which tiles there are (c2sp.org/tlog-tiles).`,
  })

export type EventProof = { proof: string; log: store.LogRow; position: number }

/** GET /events/{eventID}/proof: hashes and a signature, and nothing of what the event says. */
export async function proveEvent(deps: ProveDeps, eventID: string): Promise<EventProof> {
  const found = await findPosition(deps.pool, eventKey(eventID, undefined))
  if (!found) throw new Problem('not_found', { detail: 'There is no event with this id. Check the id.' })
  const log = { id: found.log, name: found.logName }
  return { proof: await provePosition(deps, log, found.position), log, position: found.position }
}

/** That there is an entry at a position: under the newest checkpoint, published first where it is older. */
export async function provePosition(deps: ProveDeps, log: store.LogRow, position: number): Promise<string> {
  const { size, note } = await publishedCheckpoint(deps, log, position + 1)
  const read = deps.tiles.subtrees(log.id, size)
  const hashes = await proveInclusion(position, size, read, nodeHasher)
  return formatTlogProof({ index: position, hashes, checkpoint: note })
}

/** An entry with its proof, both as text; who may see it is the caller's to know. */
export async function proveEntry(deps: ProveDeps, log: store.LogRow, position: number): Promise<EntryProof> {
  const entry = await store.findEntryBytes(deps.pool, log.id, position)
  if (!entry) throw new Error(`the entry ${position} of ${log.name} is not there`)
  return { entry: toBase64(entry), proof: await provePosition(deps, log, position) }
}

/** The same with the entry itself, for who may see the event. */
export async function proveEventWithEntry(deps: ProveDeps, actor: Actor, eventID: string) {
  await tellEvent(deps, actor, eventID) // Not found for who may not see it.
  const { proof, log, position } = await proveEvent(deps, eventID)
  const entry = await store.findEntryBytes(deps.pool, log.id, position)
  if (!entry) throw new Error(`the entry ${position} of ${log.name} is not there`)
  return { entry: toBase64(entry), proof }
}

/**
 * GET /logs/{id}/lists/{digest}: one GS1 Digital Link a line, the bytes that the digest in the entry is over.
 * For customs, auditors and the operator, and for who may see one of the newest entries that name it: whoever is shown an event can
 * compute the digest that stands in its entry.
 */
export async function tellCodeList(deps: ProveDeps, actor: Actor, name: string, digest: string): Promise<Buffer> {
  const log = await findLog(deps, name)
  const found = /^[0-9a-f]{64}$/.test(digest)
    ? await store.findCodeList(deps.pool, log.id, Buffer.from(digest, 'hex'))
    : undefined
  if (!found || !(await maySeeList(deps, actor, log.id, found))) {
    throw new Problem('not_found', {
      detail: 'No entry that you may see names a list with this digest (SHA-256, 64 hexadecimal digits).',
    })
  }
  return inflate(found.bytes)
}

// The same list of codes is named again when the same goods are moved together again: a few times in a life.
const entriesAskedMax = 20

async function maySeeList(
  deps: ProveDeps,
  actor: Actor,
  log: number,
  { recorders, positions }: { recorders: readonly number[]; positions: readonly number[] },
): Promise<boolean> {
  const asker = actingFor(actor)
  if (seesAll(asker) || recorders.includes(asker.no)) return true
  for (const position of positions.toSorted((a, b) => b - a).slice(0, entriesAskedMax)) {
    if (await maySeeEntry(deps, actor, log, position)) return true
  }
  return false
}
