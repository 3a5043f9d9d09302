// How participants and places are named in events: by GLN where they have one (AI 417 and 414), by our own id otherwise.

import { isGln } from '../gs1/identifiers.ts'
import type { Gln } from '../gs1/identifiers.ts'
import { percentEncode } from '../gs1/write.ts'
import type { Uri } from './event.ts'

const PARTICIPANT = 'urn:tamga:participant:'
const PLACE = 'urn:tamga:place:'
const OUTSIDER = 'urn:tamga:outsider:'
const PARTY_LINK = 'https://id.gs1.org/417/'
const PLACE_LINK = 'https://id.gs1.org/414/'

const ID = /^[0-9a-z]{1,64}$/

/** What a URI names: a GLN (a place may add an extension, AI 254), one of our ids, or somebody who is not registered. */
export type PartyName = { gln: Gln; id?: never } | { id: string; gln?: never }
export type PlaceName = { gln: Gln; extension?: string; id?: never } | { id: string; gln?: never }
export type Outsider = { name: string; country: string; taxId?: string }

export const participantUri = ({ id, gln }: { id: string; gln?: string | undefined }): Uri =>
  (gln === undefined ? PARTICIPANT + id : PARTY_LINK + gln) as Uri

export const placeUri = ({ id, gln }: { id: string; gln?: string | undefined }): Uri =>
  (gln === undefined ? PLACE + id : PLACE_LINK + gln) as Uri

/** A firm that is not registered here, as an addressee: `urn:tamga:outsider:KZ:<tax number or nothing>:<name>`. */
export const outsiderUri = ({ name, country, taxId = '' }: Outsider): Uri =>
  `${OUTSIDER}${percentEncode(country)}:${percentEncode(taxId)}:${percentEncode(name)}` as Uri

/** The participant that a source or destination names; undefined where it is somebody else's URI. */
export function readParticipantUri(uri: string): PartyName | undefined {
  if (uri.startsWith(PARTICIPANT)) return ownId(uri.slice(PARTICIPANT.length))
  const gln = uri.startsWith(PARTY_LINK) ? uri.slice(PARTY_LINK.length) : undefined
  return gln !== undefined && isGln(gln) ? { gln } : undefined
}

/** The place that a readPoint, a bizLocation or a source of type location names; undefined for a URI of somebody else. */
export function readPlaceUri(uri: string): PlaceName | undefined {
  if (uri.startsWith(PLACE)) return ownId(uri.slice(PLACE.length))
  if (!uri.startsWith(PLACE_LINK)) return undefined
  const [gln = '', ai, extension] = uri.slice(PLACE_LINK.length).split('/')
  if (!isGln(gln)) return undefined
  return ai === '254' && extension ? { gln, extension: decode(extension) ?? extension } : { gln }
}

export function readOutsiderUri(uri: string): Outsider | undefined {
  if (!uri.startsWith(OUTSIDER)) return undefined
  const parts = uri.slice(OUTSIDER.length).split(':')
  const [country, taxId, name] = parts.map(decode)
  if (parts.length !== 3 || !country || !name || taxId === undefined) return undefined
  return taxId === '' ? { name, country } : { name, country, taxId }
}

const ownId = (id: string): { id: string } | undefined => (ID.test(id) ? { id } : undefined)

/** Undefined where the text is not percent-encoded UTF-8. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
