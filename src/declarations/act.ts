// What is done at the border: an entry of the log `customs` first, then a row that can be asked.
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import type { ClientBase, Pool } from 'pg'
import { type RecordAct, sortedKeys } from '../capture/act.ts'
import { findCodeList } from '../capture/store.ts'
import type { EventLedger } from '../capture/prepare.ts'
import type { Actor } from '../participants/actor.ts'
import * as store from './act-store.ts'

export const customsLog = 'customs'

/** Longer bodies stand beside the entry, which names them by their digest: an entry is at most 65,535 bytes. */
const inlineMax = 8_000

const deflate = promisify(deflateRaw)
const inflate = promisify(inflateRaw)

export type BorderAct = {
  kind: string
  /** The public id of what it is about. */
  subject: string
  at: Date
  /** Undefined: the service itself. */
  actor: Actor | undefined
  body: unknown
}

export type RecordedBorderAct = store.ActRow & { digest: string; recordTime: Date }

/** Objects with their keys in order, no spaces: the same content is the same bytes. */
export const canonicalJson = (value: unknown): string => JSON.stringify(value, sortedKeys)

export const sha256Hex = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex')

export type ActDeps = { pool: Pool; recordAct: RecordAct }

/**
 * Records an act: durable in the log when it resolves, and a row in the caller's transaction. An act without its entry is not
 * possible; an entry without its row (a crash between the two) is mended at the next start.
 * @throws Problem busy
 */
export async function recordBorderAct(
  { recordAct }: Pick<ActDeps, 'recordAct'>,
  client: Pick<ClientBase, 'query'>,
  act: BorderAct,
): Promise<RecordedBorderAct> {
  const body = canonicalJson(act.body)
  const digest = sha256Hex(body)
  const long = body.length > inlineMax
  const { position, recordTime } = await recordAct({
    kind: act.kind,
    log: customsLog,
    at: act.at,
    actor: act.actor,
    subject: { about: act.subject, sha256: digest, ...(long ? {} : { body }) },
    ...(long
      ? { lists: [{ digest: Buffer.from(digest, 'hex'), count: 1, deflated: await deflate(body, { level: 1 }) }] }
      : {}),
  })
  const row: store.ActRow = {
    position,
    kind: act.kind,
    subject: act.subject,
    at: act.at,
    participant: act.actor?.participant.no ?? 0,
    person: act.actor?.person?.no ?? null,
    body,
  }
  await store.insertAct(client, row)
  return { ...row, digest, recordTime }
}

/**
 * Runs `work` in a transaction that nobody else has on the same subject. At most a few at once: each holds a connection while it
 * asks for others, and the pool must never be full of those who wait.
 */
export type Exclusively = <T>(key: string, work: (client: ClientBase) => Promise<T>) => Promise<T>

export function createExclusively(pool: Pool, atOnce: number): Exclusively {
  let free = atOnce
  const waiting: (() => void)[] = []
  return async (key, work) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    const client = await pool.connect()
    try {
      await client.query('begin')
      await store.lock(client, key)
      const done = await work(client)
      await client.query('commit')
      return done
    } catch (error) {
      await client.query('rollback').catch(() => undefined)
      throw error
    } finally {
      client.release()
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}

/** Gives rows to entries that have none. @returns how many */
export async function mendActs({ pool, ledger }: { pool: Pool; ledger: EventLedger }): Promise<number> {
  const missing = await store.findUnlisted(pool, await ledger.logNo(customsLog))
  let mended = 0
  for (const { position, participant, person, bytes } of missing) {
    const act = readActEntry(bytes)
    if (!act) continue
    const listed = act.body ?? (await bodyOf(pool, act.sha256))
    if (listed === undefined) continue
    await store.insertAct(pool, { position, participant, person, ...act, body: listed })
    mended++
  }
  return mended
}

async function bodyOf(pool: Pool, sha256: string): Promise<string | undefined> {
  const deflated = await findCodeList(pool, Buffer.from(sha256, 'hex'))
  return deflated && (await inflate(deflated)).toString('utf8')
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined

/** What an entry says of an act at the border; undefined for anything else. */
export function readActEntry(
  bytes: Buffer,
): { kind: string; subject: string; at: Date; sha256: string; body: string | undefined } | undefined {
  const act = memberOf(JSON.parse(bytes.toString('utf8')), 'act')
  const subject = memberOf(act, 'subject')
  const [kind, at] = [memberOf(act, 'kind'), memberOf(act, 'at')]
  const [about, sha256, body] = [memberOf(subject, 'about'), memberOf(subject, 'sha256'), memberOf(subject, 'body')]
  if (typeof kind !== 'string' || typeof at !== 'string' || typeof about !== 'string' || typeof sha256 !== 'string') {
    return undefined
  }
  return { kind, subject: about, at: new Date(at), sha256, body: typeof body === 'string' ? body : undefined }
}
