import { carrierType } from './scan.ts'
import type { EpcisEvent } from '../epcis/event.ts'
import type { Recipient } from '../custody/claim.ts'
import type { ParticipantRef } from '../participants/actor.ts'
import type { Directory, PlaceRef } from '../participants/directory.ts'
import { readParticipantUri, readPlaceUri } from '../epcis/parties.ts'

/** Who the goods go to, who takes them there, and whether they become his: read from an event's destinationList. */
export type Transfer = { to: Recipient; carrier?: number; ownershipPasses: boolean; recipient?: ParticipantRef }

/**
 * `owning_party` is to whom ownership passes, `possessing_party` the carrier, or the addressee where only possession moves (api.md,
 * "Events"). Both naming the same party is the usual way to say that the goods go there for good.
 */
export async function transferOf(event: EpcisEvent, directory: Directory): Promise<Transfer> {
  const named = (type: string) => event.destinationList.find((destination) => destination.type === type)?.destination
  const owning = named('owning_party')
  const possessing = named('possessing_party')
  const addressee = owning ?? possessing
  if (addressee === undefined) return { to: undefined, ownershipPasses: false }
  const recipient = await findParty(addressee, directory)
  const carrier =
    named(carrierType) ??
    (owning !== undefined && possessing !== undefined && possessing !== owning ? possessing : undefined)
  const carrierRef = carrier === undefined ? undefined : await findParty(carrier, directory)
  return {
    to: recipient ? { participant: recipient.no } : { outside: true },
    ownershipPasses: owning !== undefined,
    ...(carrierRef ? { carrier: carrierRef.no } : {}),
    ...(recipient ? { recipient } : {}),
  }
}

/** The participant that a party's URI names; undefined where nobody is registered under it. */
export async function findParty(uri: string, directory: Directory): Promise<ParticipantRef | undefined> {
  const party = readParticipantUri(uri)
  if (party === undefined) return undefined
  return 'gln' in party ? directory.byGln(party.gln) : directory.byId(party.id)
}

/** The place of the register where the event happened: its read point, else its business location. */
export async function placeOf(event: EpcisEvent, directory: Directory): Promise<PlaceRef | undefined> {
  for (const place of [event.readPoint, event.bizLocation]) {
    const named = place && readPlaceUri(place.id)
    if (!named) continue
    const found = 'gln' in named ? await directory.placeByGln(named.gln) : await directory.placeById(named.id)
    if (found) return found
  }
  return undefined
}
