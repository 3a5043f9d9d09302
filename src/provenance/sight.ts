import { flag } from '../custody/object.ts'
import { type ParticipantRef, seesAll } from '../participants/actor.ts'
import type { Moment } from './history.ts'

/**
 * Who may see what of an object's life (api.md, "Who"). A participant sees objects that it owns, holds, held or is addressed for; of
 * others' steps it sees country and date, not names. Customs, auditor and operator see all.
 */
export type Sight = 'all' | 'involved' | { from: number } | 'none'

const namedIn = (moment: Moment, no: number): boolean =>
  moment.owner === no || moment.holder === no || moment.addressee === no || moment.sender === no

/** A claim by who was not known to have it (in a group that only observes) gives sight from then on, not of the past (D9). */
export function sightOf(life: readonly Moment[], participant: ParticipantRef): Sight {
  if (seesAll(participant)) return 'all'
  const own = life.filter((moment) => namedIn(moment, participant.no))
  const first = own[0]
  if (!first) return 'none'
  if (own.some((moment) => (moment.flags & flag.claimed) === 0)) return 'involved'
  return { from: first.position }
}

/** Whether names may be shown of one entry: one's own, or one that touched what one had at that moment. */
export function seesNames(
  sight: Sight,
  moment: Moment,
  participant: ParticipantRef,
  recordedBy: number | undefined,
): boolean {
  return sight === 'all' || recordedBy === participant.no || namedIn(moment, participant.no)
}

/** Who only claimed it does not learn whose it is: that is its past. */
export const seesOwner = (sight: Sight, owner: number | null, participant: ParticipantRef): boolean =>
  typeof sight !== 'object' || owner === participant.no

/** Whether the entry may be shown at all, if only as country and date. */
export const seesEntry = (sight: Sight, position: number): boolean =>
  sight === 'all' || sight === 'involved' || (typeof sight === 'object' && position >= sight.from)
