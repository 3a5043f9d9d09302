// Who plays: a distillery in Bishkek, a carrier, a wholesaler in Tokmok, shops in Karakol and Osh. The names are invented, the
// places are where they say.
import { Type } from 'typebox'
import type { Role } from '../participants/actor.ts'
import type { Client } from './client.ts'
import type { Numbers } from './numbers.ts'

/** Its office administers and orders codes; its scanner, a device with a key of its own, records what happens at its place. */
export type Actor = {
  id: string
  name: string
  town: string
  office: Client
  scanner: Client
  place?: { id: string; gln: string }
}

export type Cast = { distillery: Actor; carrier: Actor; wholesaler: Actor; shop: Actor; otherShop: Actor }

type Part = {
  name: string
  town: string
  roles: Role[]
  place?: { name: string; kind: string; lat: number; lon: number; radiusM: number }
}

const parts: Record<keyof Cast, Part> = {
  distillery: {
    name: 'Ak-Suu Distillery',
    town: 'Bishkek',
    roles: ['producer'],
    place: { name: 'Ak-Suu Distillery, Bishkek', kind: 'factory', lat: 42.8409, lon: 74.6211, radiusM: 400 },
  },
  carrier: { name: 'Tulpar Trans', town: 'Bishkek', roles: ['carrier'] },
  wholesaler: {
    name: 'Chüy Wholesale',
    town: 'Tokmok',
    roles: ['distributor'],
    place: { name: 'Chüy Wholesale, Tokmok', kind: 'warehouse', lat: 42.8419, lon: 75.3015, radiusM: 300 },
  },
  shop: {
    name: 'Ysyk-Köl Market',
    town: 'Karakol',
    roles: ['retailer'],
    place: { name: 'Ysyk-Köl Market, Karakol', kind: 'shop', lat: 42.4907, lon: 78.3936, radiusM: 50 },
  },
  otherShop: {
    name: 'Sulayman Store',
    town: 'Osh',
    roles: ['retailer'],
    place: { name: 'Sulayman Store, Osh', kind: 'shop', lat: 40.5283, lon: 72.7985, radiusM: 50 },
  },
}

const Named = Type.Object({ id: Type.String() })
const Issued = Type.Object({ id: Type.String(), key: Type.String() })

/** Registers everyone, with a key each; who has a place gets a key of a device that stands there. */
export async function castActors(operator: Client, numbers: Numbers): Promise<Cast> {
  const register = (part: Part) => registerActor(operator, numbers, part)
  return {
    distillery: await register(parts.distillery),
    carrier: await register(parts.carrier),
    wholesaler: await register(parts.wholesaler),
    shop: await register(parts.shop),
    otherShop: await register(parts.otherShop),
  }
}

async function registerActor(operator: Client, numbers: Numbers, part: Part): Promise<Actor> {
  const { name, town, roles } = part
  const { id } = await operator.ask(Named, 'POST', '/participants', { name, country: 'KG', roles, gln: numbers.gln() })
  const { key } = await operator.ask(Issued, 'POST', `/participants/${id}/keys`, { label: 'demo' })
  const office = operator.as(key)
  if (!part.place) return { id, name, town, office, scanner: office }
  const gln = numbers.gln()
  const place = await office.ask(Named, 'POST', '/places', { ...part.place, gln, country: 'KG' })
  const device = { label: 'scanner of the demo', kind: 'device', place: place.id }
  const issued = await office.ask(Issued, 'POST', `/participants/${id}/keys`, device)
  return { id, name, town, office, scanner: operator.as(issued.key), place: { id: place.id, gln } }
}
