import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { deflateRaw } from 'node:zlib'
import { canonicalEvent, type CodeList as CanonicalList } from '../epcis/canonical.ts'
import type { EpcisEvent } from '../epcis/event.ts'
import type { CodeList, Stamp } from '../ledger/commit.ts'
import { type Actor, actingFor } from '../participants/actor.ts'

/** Lists of codes longer than this are stored beside the entry and named in it by their digest (D6). */
export const entryListMax = 100

const deflate = promisify(deflateRaw)

/** The part of an entry that is known before its position is: everything but the time of recording. */
export type EntryText = { head: string; tail: string; lists: CodeList[] }

/**
 * Prepares the bytes of an entry: canonical JSON of who, for whom, with which key, what (the event) and when, with 16 bytes of salt so
 * that nobody can guess an entry from its hash.
 * @param salt 16 random bytes
 */
export async function entryText(actor: Actor, event: EpcisEvent, eventID: string, salt: Buffer): Promise<EntryText> {
  const { text, lists } = canonicalEvent(event, { eventID, listMax: entryListMax })
  return {
    head: `{"by":${JSON.stringify(who(actor))},"event":${text},"recordTime":"`,
    tail: `","salt":"${salt.toString('base64url')}"}`,
    lists: await Promise.all(lists.map(storedList)),
  }
}

const timeMark = '0000-00-00T00:00:00.000Z'

export const entryBytes = ({ head, tail }: EntryText, stamp: Stamp): Buffer =>
  Buffer.from(`${head}${stamp.recordTime.toISOString()}${tail}`)

/** How long the entry will be, in bytes; the time of recording always takes 24. */
export const entryLength = ({ head, tail }: EntryText): number =>
  Buffer.byteLength(head) + timeMark.length + Buffer.byteLength(tail)

async function storedList({ count, digest, text }: CanonicalList): Promise<CodeList> {
  // Level 1: random serials hardly shrink further, and the caller is waiting.
  return { digest: Buffer.from(digest, 'hex'), count, deflated: await deflate(text, { level: 1 }) }
}

/** Who recorded it, in public ids. `for` and `mandate` where it was done for a principal. */
function who(actor: Actor): Record<string, string> {
  return {
    ...(actor.principal ? { for: actingFor(actor).id } : {}),
    key: actor.key.id,
    ...(actor.mandate ? { mandate: actor.mandate.id } : {}),
    participant: actor.participant.id,
    ...(actor.person ? { person: actor.person.id } : {}),
  }
}

/** The directory's key of an event id: an error declaration carries the id of what it corrects, so its time is part of the key (D8). */
export const eventKey = (eventID: string, declarationTime: string | undefined): string =>
  createHash('sha256')
    .update(declarationTime === undefined ? eventID : `${eventID}\n${declarationTime}`)
    .digest('hex')
    .slice(0, 32)
