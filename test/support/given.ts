// What a test begins with, a line each: participants with keys, persons, products.
import { checkDigit } from '../../src/gs1/identifiers.ts'
import type { Role } from '../../src/participants/actor.ts'
import type { Caller, TestApp } from './app.ts'

export type GivenParticipant = Caller & { id: string; key: string; name: string }

let count = 0

type ParticipantOptions = { roles: Role[]; name?: string; country?: string; gln?: string; taxId?: string }

/** A registered participant and a caller with a system key of it (for customs: with the key of its first person). */
export async function participant(app: TestApp, options: ParticipantOptions): Promise<GivenParticipant> {
  const { name = `Firm ${++count}`, country = 'KG', ...rest } = options
  const { id } = await app.operator.expect<{ id: string }>(201, 'POST', '/participants', { name, country, ...rest })
  if (options.roles.includes('customs')) return { ...(await officer(app, id)), name }
  const { key } = await issued(app.operator, id)
  return { id, key, name, ...app.as(key) }
}

/** A key of a participant, by whoever may issue it. */
export const issued = (
  by: Caller,
  id: string,
  body: Record<string, unknown> = {},
): Promise<{ id: string; key: string; state: string }> => by.expect(201, 'POST', `/participants/${id}/keys`, body)

/** A person of a participant with a key of its own, issued by the operator. */
export async function officer(
  app: TestApp,
  participantId: string,
  name = `Officer ${++count}`,
): Promise<GivenParticipant & { person: string; keyId: string }> {
  const { id: person } = await app.operator.expect<{ id: string }>(
    201,
    'POST',
    `/participants/${participantId}/people`,
    { name },
  )
  const { id: keyId, key } = await issued(app.operator, participantId, { kind: 'person', person })
  return { id: participantId, key, keyId, person, name, ...app.as(key) }
}

/** A GTIN that no other call gives, with its check digit. */
export function gtin(): string {
  const digits = `0470${String(100_000_000 + ++count).padStart(9, '0')}`
  return digits + String(checkDigit(digits))
}

export type GivenProduct = { gtin: string; name: string; group: string }

/** A product of a producer or importer; alcohol if nothing else is said. */
export async function product(owner: Caller, fields: Record<string, unknown> = {}): Promise<GivenProduct> {
  const body = {
    gtin: gtin(),
    name: 'Vodka 0.5 l',
    group: 'alcohol',
    hsCode: '2208601100',
    originCountry: 'KG',
    netContent: { value: '0.5', unit: 'l' },
    strength: '40',
    ...fields,
  }
  return owner.expect(201, 'POST', '/products', body)
}

/** A place of a participant. */
export const place = (owner: Caller, fields: Record<string, unknown> = {}): Promise<{ id: string }> =>
  owner.expect(201, 'POST', '/places', {
    name: 'Warehouse',
    kind: 'warehouse',
    country: 'KG',
    lat: 42.8746,
    lon: 74.5698,
    ...fields,
  })

/** A mandate for an agent, and the agent as a caller who acts for the principal. */
export async function agent(
  app: TestApp,
  principal: GivenParticipant,
  to: GivenParticipant,
  may: string[],
  fields: Record<string, unknown> = {},
): Promise<Caller & { mandate: string }> {
  const until = new Date(Date.now() + 86_400_000).toISOString()
  const { id } = await principal.expect<{ id: string }>(201, 'POST', '/mandates', { to: to.id, may, until, ...fields })
  return { mandate: id, ...app.as(to.key, { 'tamga-for': principal.id }) }
}
