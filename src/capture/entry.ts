import { hash } from 'node:crypto'
import { promisify } from 'node:util'
import { deflateRaw } from 'node:zlib'
import { canonicalEvent, type CodeList as CanonicalList } from '../epcis/canonical.ts'
import type { EpcisEvent } from '../epcis/event.ts'
import { isoText } from '../epcis/moment.ts'
import type { CodeList, EntryColumns, Stamp } from '../ledger/commit.ts'
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
    head: `{"by":${byOf(actor)},"event":${text},"recordTime":"`,
    tail: `","salt":"${salt.toString('base64url')}"}`,
    lists: await Promise.all(lists.map(storedList)),
  }
}

const written = new WeakMap<Actor, string>()

/** `who` as JSON. Who scans all day long is the same actor from the first scan to the last. */
function byOf(actor: Actor): string {
  const known = written.get(actor)
  if (known !== undefined) return known
  const text = JSON.stringify(who(actor))
  written.set(actor, text)
  return text
}

const timeMark = '0000-00-00T00:00:00.000Z'

/** @param waiting the codes that wait for their predecessor; the entry moves the others alone. 'all' where none is moved */
export function entryBytes({ head, tail }: EntryText, stamp: Stamp, waiting: readonly string[] | 'all'): Buffer {
  const text = `${head}${isoText(stamp.recordTime)}${tail}`
  if (waiting.length === 0) return Buffer.from(text)
  return Buffer.from(`${text.slice(0, -1)},"waiting":${JSON.stringify(waiting)}}`)
}

/** What a settling entry needs of the one that waits. */
export type Origin = {
  by: Record<string, string>
  /** The event, without its codes. */
  event: Record<string, unknown>
  /** Where the codes go. */
  field: 'epcList' | 'childEPCs'
  eventID: string
  columns: Omit<EntryColumns, 'eventTime' | 'signature'>
}

/** The entry by which a waiting fact, or a part of it, takes effect: the same event with the codes that are settled. */
export function settlingEntry(
  origin: Origin,
  codes: readonly string[],
  settles: number,
  stamp: Stamp,
  salt: Buffer,
): Buffer {
  const entry = {
    by: origin.by,
    event: { ...origin.event, ...(codes.length === 0 ? {} : { [origin.field]: codes }) },
    recordTime: stamp.recordTime.toISOString(),
    salt: salt.toString('base64url'),
    settles,
  }
  return Buffer.from(JSON.stringify(entry))
}

/** How long the entry will be, in bytes; the time of recording always takes 24. */
export const entryLength = ({ head, tail }: EntryText): number =>
  Buffer.byteLength(head) + timeMark.length + Buffer.byteLength(tail)

async function storedList({ count, digest, text }: CanonicalList): Promise<CodeList> {
  // Level 1: random serials hardly shrink further, and the caller is waiting.
  return { digest: Buffer.from(digest, 'hex'), count, deflated: await deflate(text, { level: 1 }) }
}

/** Who recorded it, in public ids. `for` and `mandate` where it was done for a principal. */
export function who(actor: Actor): Record<string, string> {
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
  hash('sha256', declarationTime === undefined ? eventID : `${eventID}\n${declarationTime}`).slice(0, 32)
