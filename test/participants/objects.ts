// One object of every kind that a route can name, with its owner, a stranger of the same roles, and one of its kind that never was.
import { testApp, type TestApp } from '../support/app.ts'
import type { Role } from '../../src/participants/actor.ts'
import * as given from '../support/given.ts'
import { withClient } from '../support/connect.ts'
import { sscc } from '../support/story.ts'
import { type Route, routesIn } from '../support/routes.ts'
import { declaration, load, post } from '../border/load.ts'

/** What owner and stranger both are: every role of trade, so that no refusal is one of role. */
const trade: Role[] = ['producer', 'importer', 'distributor', 'carrier', 'warehouse', 'broker', 'retailer']

/** How paths name it, and how they would name one that never was. */
export type Named = { own: string; never: string }

type Teardown = Parameters<typeof testApp>[0]

export type Scene = {
  app: TestApp
  owner: given.GivenParticipant
  stranger: given.GivenParticipant
  partner: given.GivenParticipant
  /** By the beginning of the paths that name it. */
  objects: Readonly<Record<string, Named>>
}

export async function scene(t: Teardown): Promise<Scene> {
  const app = await testApp(t)
  const border = await post(app)
  const [owner, stranger, partner] = await Promise.all(
    ['Owner', 'Stranger', 'Partner'].map((name) => given.participant(app, { roles: trade, name })),
  )
  if (!owner || !stranger || !partner) throw new Error('three were registered')
  const product = await given.product(owner)
  const goods = await load({ ...border, maker: owner, product }, 120)
  const [unit = '', second = ''] = goods.codes
  const made = async (path: string, body: unknown): Promise<string> => {
    const answer = await owner.call('POST', path, body)
    if (answer.statusCode > 299) throw new Error(`${path}: ${answer.body}`)
    const told: Record<string, string> = answer.json()
    return told['id'] ?? told['captureID'] ?? told['eventID'] ?? ''
  }
  const until = new Date(Date.now() + 86_400_000).toISOString()
  const person = await made(`/participants/${owner.id}/people`, { name: 'Somebody' })
  const receipt = { till: '1', time: new Date().toISOString(), lines: [{ code: unit, price: '1.00' }] }
  await made('/scans', { step: 'unpacking', codes: [unit, second], parent: goods.sscc })
  await made('/receipts', { ...receipt, number: '1' })
  await owner.expect(409, 'POST', '/receipts', { ...receipt, number: '2' })
  const [finding] = await owner.expect<{ id: string }[]>(200, 'GET', '/findings')
  const path = encodeURIComponent(goods.sscc)
  const event = await made('/scans', { step: 'shipping', codes: [goods.sscc], to: partner.id, document: 'A-1' })
  await partner.expect(201, 'POST', '/scans', { step: 'receiving', codes: [goods.sscc] })
  const { rows } = await withClient(app.database.adminUrl, (client) =>
    client.query<{ digest: string }>(`select encode(digest, 'hex') as digest from code_list`),
  )
  const aggregation = { type: 'AggregationEvent', action: 'OBSERVE', bizStep: 'inspecting' }
  const document = {
    '@context': ['https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld'],
    ...{ type: 'EPCISDocument', schemaVersion: '2.0', creationDate: until },
    epcisBody: {
      eventList: [{ ...aggregation, eventTime: receipt.time, eventTimeZoneOffset: '+06:00', childEPCs: [second] }],
    },
  }
  await partner.expect(201, 'POST', `/products/${product.gtin}/importers`, {})
  const captured = (await owner.call('POST', '/capture', document)).headers['location']
  const never = 'aaaaaaaaaaaa'
  const plain = /^01\d{14}21[^\x1d]+/.exec(unit)?.[0] ?? ''
  const code = { own: encodeURIComponent(plain), never: encodeURIComponent(`${plain.slice(0, -3)}aaa`) }
  const pallet = { own: path, never: encodeURIComponent(`(00)${sscc()}`) }
  const objects: Readonly<Record<string, Named>> = {
    '/capture/:captureID': { own: String(captured).split('/').at(-1) ?? '', never },
    '/code-orders/:id': { own: await made('/code-orders', { gtin: product.gtin, quantity: 10 }), never },
    '/check/:code': code,
    '/codes/:code': code,
    '/units/:code': code,
    '/corrections/:id': { own: await made('/corrections', { eventID: event, reason: 'did_not_occur' }), never },
    '/declarations/:id': { own: await made('/declarations', declaration([second], 1)), never },
    '/draws/:shift': { own: new Date().toISOString().slice(0, 10), never: '2001-01-01' },
    '/events/:eventID': { own: encodeURIComponent(event), never: encodeURIComponent(event.slice(0, -4) + '0000') },
    '/findings/:id': { own: finding?.id ?? '', never },
    '/logistic-units/:code': pallet,
    '/logs/:id/checkpoint': { own: 'main', never },
    '/logs/main/lists/:digest': { own: rows[0]?.digest ?? '', never: '0'.repeat(64) },
    '/mandates/:id': { own: await made('/mandates', { to: partner.id, may: ['observing'], until }), never },
    '/participants/:id': { own: owner.id, never },
    '/participants/own/keys/:keyId': {
      own: await made(`/participants/${owner.id}/keys`, { kind: 'person', person }),
      never,
    },
    '/places/:id': { own: (await given.place(owner)).id, never },
    '/product-groups/:id': { own: 'alcohol', never },
    '/products/:gtin': { own: product.gtin, never: given.gtin() },
    '/products/own/importers/:id': { own: partner.id, never },
    '/recalls/:id': { own: await made('/recalls', { gtin: product.gtin, reason: 'Glass' }), never },
    '/risk/profiles/:id': { own: never, never },
    '/risk/rules/:id': { own: never, never },
    '/border/authorised-operators/:id': { own: never, never },
    '/border/combinations/:id': { own: never, never },
  }
  return { app, owner, stranger, partner, objects }
}

/** What the routes that need a body are sent. */
const bodies: Readonly<Record<string, Record<string, unknown>>> = {
  'POST /code-orders/:id/voids': { block: 0, reason: 'lost' },
  'POST /corrections/:id/answers': { agree: true },
  'POST /declarations/:id/outcomes': { outcome: 'withdrawn' },
  'POST /declarations/:id/presentations': { office: 'KG-BISHKEK', vehicle: 'X' },
  'POST /declarations/:id/versions': declaration([], 1),
  'POST /findings/:id/responses': { text: 'It was so.' },
  'POST /participants/:id/keys': {},
  'POST /participants/:id/people': { name: 'Somebody' },
  'POST /recalls/:id/ends': { reason: 'Over' },
}

export type NamedRoute = {
  name: string
  method: Route['method']
  path: string
  /** Undefined where nobody says what it names. */
  object: Named | undefined
  /** The path with the object in it. */
  at: (value: string) => string
  body: Record<string, unknown> | undefined
}

/** Every route that names an object, with the one that it is asked about. */
export function namedRoutes({ app, owner, objects }: Scene): NamedRoute[] {
  return routesIn(app.app.printRoutes({ commonPrefix: false }))
    .filter(({ path }) => path.includes(':') && !path.startsWith('/app'))
    .map((route: Route) => {
      const { method } = route
      const path = route.path
        .replace('/:id/keys/:keyId', '/own/keys/:keyId')
        .replace('/:gtin/importers/:id', '/own/importers/:id')
        .replace('/:id/lists/', '/main/lists/')
      const begins = Object.keys(objects).find((start) => path.startsWith(start)) ?? ''
      const name = `${method} ${route.path}`
      return {
        name,
        method,
        path,
        object: objects[begins],
        at: (value) =>
          path
            .replace(begins, begins.replace(/:[A-Za-z]+/, value))
            .replace('/own/keys', `/${owner.id}/keys`)
            .replace('/own/importers', `/${objects['/products/:gtin']?.own}/importers`),
        body: method === 'GET' || method === 'DELETE' ? undefined : (bodies[name] ?? {}),
      }
    })
}
