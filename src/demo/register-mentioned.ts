// Before other people's events can be posted, what they mention must be known: everything goes into a product group that only
// observes, under a participant made for this run.
import { Type } from 'typebox'
import { type Answer, type Client, DemoError, inWords, isRecord } from './client.ts'
import { groups } from './goods.ts'
import type { Mentioned } from './mentioned.ts'
import { count, type Teller } from './tell.ts'

/** Who posts the events of this run. */
export type Poster = { id: string; client: Client; group: string }

const Named = Type.Object({ id: Type.String() })
const Issued = Type.Object({ id: Type.String(), key: Type.String() })

/** ISO 3166-1 leaves ZZ to users; here: the document does not say. */
const unknownCountry = 'ZZ'
/** Serials to an order: about a megabyte of JSON. */
const serialsPerOrder = 50_000
const ssccsPerScan = 1_000

/**
 * Registers everything that is mentioned. What another participant registered before stays his: it is told, and the replay goes on.
 * @param run distinguishes this run's group and participant: lower-case letters and digits
 */
export async function registerMentioned(
  tell: Teller,
  operator: Client,
  mentioned: Mentioned,
  run: string,
): Promise<Poster> {
  const group = `replay-${run}`
  const body = { id: group, name: `Replay ${run}`, enforcement: 'observe' }
  await operator.ask(Named, 'POST', '/product-groups', body)
  const poster = await registerPoster(operator, group)
  const { parties, places, serials } = mentioned
  const progress = tell.progress('Registers what is mentioned', parties.size + places.size + serials.size)
  const before = { firms: 0, places: 0, products: [] as string[] }
  for (const gln of parties) {
    const firm = { name: `Firm ${gln}`, country: unknownCountry, roles: ['distributor', 'retailer'], gln }
    if (!(await registered(operator, '/participants', firm))) before.firms++
    progress.advance()
  }
  for (const gln of places) {
    // A register of places wants a position; a GLN alone has none.
    const place = {
      gln,
      name: `Place ${gln} (position not known)`,
      kind: 'unknown',
      country: unknownCountry,
      lat: 0,
      lon: 0,
    }
    if (!(await registered(poster.client, '/places', place))) before.places++
    progress.advance()
  }
  const own: string[] = []
  for (const gtin of serials.keys()) {
    const product = { gtin, name: `Product ${gtin}`, group, hsCode: '9999', originCountry: unknownCountry }
    if (await registered(poster.client, '/products', product)) own.push(gtin)
    else before.products.push(gtin)
    progress.advance()
  }
  progress.done()
  tellTaken(tell, before)
  await bringSerials(tell, poster, mentioned, own)
  await commissionUnpacked(tell, poster, mentioned)
  return poster
}

async function registerPoster(operator: Client, group: string): Promise<Poster> {
  // The roles that the law of custody asks for; the rest turns on owner, holder and addressee.
  const roles = ['producer', 'importer', 'distributor', 'retailer']
  const firm = { name: `Poster of ${group}`, country: unknownCountry, roles }
  const { id } = await operator.ask(Named, 'POST', '/participants', firm)
  const { key } = await operator.ask(Issued, 'POST', `/participants/${id}/keys`, { label: 'replay' })
  return { id, client: operator.as(key), group }
}

/** False where it was registered before by somebody. @throws DemoError for any other refusal */
async function registered(client: Client, path: string, body: unknown): Promise<boolean> {
  const answer = await client.call('POST', path, body)
  if (answer.status === 409) return false
  if (answer.status >= 400) throw new DemoError(`POST ${path} was refused. ${inWords(answer)}`)
  return true
}

function tellTaken(tell: Teller, before: { firms: number; places: number; products: string[] }): void {
  const { firms, places, products } = before
  if (firms + places > 0) tell.say(`  ${firms} firms and ${places} places were registered before.`)
  if (products.length === 0) return
  const shown = products.slice(0, 5).join(', ')
  const more = products.length > 5 ? ` and ${products.length - 5} more` : ''
  tell.say(
    `  ${products.length} GTINs belong to another participant, whose product group decides about them: ${shown}${more}.`,
  )
}

/** Serials that nobody ordered would each be a finding; what is to be found are contradictions. */
async function bringSerials(
  tell: Teller,
  poster: Poster,
  { serials }: Mentioned,
  own: readonly string[],
): Promise<void> {
  const total = own.reduce((sum, gtin) => sum + (serials.get(gtin)?.size ?? 0), 0)
  if (total === 0) return
  const progress = tell.progress('Brings the serials along', total)
  for (const gtin of own) {
    for (const part of groups([...(serials.get(gtin) ?? [])], serialsPerOrder)) {
      const answer = await poster.client.call('POST', '/code-orders', { gtin, serials: part })
      if (answer.status >= 400) throw new DemoError(`The serials of ${gtin} were refused. ${inWords(answer)}`)
      progress.advance(part.length)
    }
  }
  progress.done()
}

/** A logistic unit that moves before anything was packed in it must exist first; those that exist already stay as they are. */
async function commissionUnpacked(tell: Teller, poster: Poster, { unpacked, from }: Mentioned): Promise<void> {
  if (unpacked.size === 0 || !from) return
  const time = new Date(from.getTime() - 1_000).toISOString()
  let known = 0
  for (const codes of groups([...unpacked], ssccsPerScan)) {
    const scan = { step: 'commissioning', codes: codes.map((sscc) => `(00)${sscc}`), time, partial: true }
    const answer = await poster.client.call('POST', '/scans', scan)
    if (answer.status >= 400 && answer.status !== 409) {
      throw new DemoError(`Logistic units were refused. ${inWords(answer)}`)
    }
    known += notNew(answer, codes.length)
  }
  const rest = known === 0 ? '' : `; ${count(known)} existed before`
  tell.say(
    `  Commissions ${count(unpacked.size - known)} logistic units that move before anything is packed in them${rest}.`,
  )
}

/** Of the codes of a scan, how many existed: those of the very same scan before, of one refused whole, or in part. */
function notNew({ status, body }: Answer, codes: number): number {
  if (status === 201) return 0
  const count = status === 207 && isRecord(body) ? Number(body['errorCount']) : codes
  return Number.isInteger(count) ? count : codes
}
