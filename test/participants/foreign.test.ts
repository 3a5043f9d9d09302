// Own and foreign: every route that names an object, asked by whose it is, by somebody of the same roles, and about one that never was. A new
// route that names an object fails this test until the table says what a stranger learns.
import t from 'tap'
import { testApp } from '../support/app.ts'
import type { Role } from '../../src/participants/actor.ts'
import * as given from '../support/given.ts'
import { withClient } from '../support/connect.ts'
import { sscc } from '../support/story.ts'
import { type Route, routesIn } from '../support/routes.ts'
import { declaration, load, post } from '../border/load.ts'

/**
 * hidden: 404, word for word as of something that never was; seen: by everybody alike (of a list, each his own lines); open: for
 * who only now makes it his; role: for authorities alone (see matrix.test.ts).
 */
const table = `
  DELETE /mandates/:id:                              hidden
  DELETE /participants/:id/keys/:keyId:              hidden
  DELETE /products/:gtin/importers/:id:              hidden
  GET /capture/:captureID:                           hidden
  GET /check/:code:                                  seen
  GET /code-orders/:id:                              hidden
  GET /code-orders/:id/codes:                        hidden
  GET /codes/:code/forms:                            seen
  GET /codes/:code/symbol.png:                       hidden
  GET /codes/:code/symbol.svg:                       hidden
  GET /corrections/:id:                              hidden
  GET /declarations/:id:                             hidden
  GET /declarations/:id/symbol.svg:                  hidden
  GET /draws/:shift:                                 seen
  GET /events/:eventID:                              hidden
  GET /events/:eventID/proof:                        seen
  GET /findings/:id:                                 hidden
  GET /logistic-units/:code:                         hidden
  GET /logistic-units/:code/contents:                hidden
  GET /logs/:id/checkpoint:                          seen
  GET /logs/:id/lists/:digest:                       hidden
  GET /participants/:id:                             hidden
  GET /participants/:id/company-prefixes:            hidden
  GET /participants/:id/keys:                        hidden
  GET /participants/:id/people:                      hidden
  GET /places/:id:                                   hidden
  GET /products/:gtin:                               seen
  GET /products/:gtin/importers:                     seen
  GET /recalls/:id:                                  seen
  GET /recalls/:id/holders:                          hidden
  GET /recalls/:id/holders.csv:                      hidden
  GET /risk/profiles/:id:                            role
  GET /units/:code:                                  hidden
  GET /units/:code/history:                          hidden
  PATCH /product-groups/:id:                         role
  POST /border/authorised-operators/:id/approvals:   role
  POST /border/authorised-operators/:id/suspensions: role
  POST /border/combinations/:id/approvals:           role
  POST /border/combinations/:id/ends:                role
  POST /code-orders/:id/close:                       hidden
  POST /code-orders/:id/voids:                       hidden
  POST /corrections/:id/answers:                     hidden
  POST /declarations/:id/inspections:                role
  POST /declarations/:id/outcomes:                   hidden
  POST /declarations/:id/presentations:              hidden
  POST /declarations/:id/raises:                     role
  POST /declarations/:id/release:                    role
  POST /declarations/:id/versions:                   hidden
  POST /draws/:shift/shares:                         role
  POST /findings/:id/resolutions:                    role
  POST /findings/:id/responses:                      hidden
  POST /participants/:id/company-prefixes:           role
  POST /participants/:id/keys:                       hidden
  POST /participants/:id/keys/:keyId/confirmations:  role
  POST /participants/:id/people:                     hidden
  POST /products/:gtin/importers:                    open
  POST /recalls/:id/ends:                            role
  POST /risk/profiles/:id/approvals:                 role
  POST /risk/profiles/:id/backtests:                 role
  POST /risk/rules/:id/withdrawals:                  role
`

/** What owner and stranger both are: every role of trade, so that no refusal is one of role. */
const trade: Role[] = ['producer', 'importer', 'distributor', 'carrier', 'warehouse', 'broker', 'retailer']

type Named = { own: string; never: string }

/** One object of the owner's of each kind, by the beginning of the paths that name it; and what the routes with a body are sent. */
async function scene() {
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

/** What ends an object comes last, or its owner would find nothing either. */
const atTheEnd = ({ method, path }: Route): number =>
  method === 'DELETE' || /outcomes|close$|ends$|answers/.test(path) ? 1 : 0

t.test('every route that names an object × whose it is', async (t) => {
  const { app, owner, stranger, partner, objects } = await scene()
  const named = routesIn(app.app.printRoutes({ commonPrefix: false })).filter(
    ({ path }) => path.includes(':') && !path.startsWith('/app'),
  )
  const lines: string[] = []
  for (const route of named.sort((a, b) => atTheEnd(a) - atTheEnd(b))) {
    const name = `${route.method} ${route.path}`
    const path = route.path
      .replace('/:id/keys/:keyId', '/own/keys/:keyId')
      .replace('/:gtin/importers/:id', '/own/importers/:id')
      .replace('/:id/lists/', '/main/lists/')
    const begins = Object.keys(objects).find((start) => path.startsWith(start))
    const object = begins === undefined ? undefined : objects[begins]
    if (begins === undefined || object === undefined) {
      lines.push(`${name}: nobody says what it names`)
      continue
    }
    const at = (value: string) =>
      path
        .replace(begins, begins.replace(/:[A-Za-z]+/, value))
        .replace('/own/keys', `/${owner.id}/keys`)
        .replace('/own/importers', `/${objects['/products/:gtin']?.own}/importers`)
    const body = route.method === 'GET' || route.method === 'DELETE' ? undefined : (bodies[name] ?? {})
    const asked = async (who: typeof owner, value: string) => {
      const answer = await who.call(route.method, at(value), body)
      return {
        status: answer.statusCode,
        told: answer.body.replaceAll(value, '…').replaceAll(decodeURIComponent(value), '…'),
      }
    }
    const foreign = await asked(stranger, object.own)
    const unknown = await asked(stranger, object.never)
    // Who asks for a correction does not answer it; the others whom it concerns do.
    const own = await asked(path.endsWith('/answers') ? partner : owner, object.own)
    if (foreign.status === 403 && foreign.told.includes('role_missing')) lines.push(`${name}: role`)
    else if (own.status === 404 || own.status === 403)
      lines.push(`${name}: not even its owner: ${own.status} ${own.told}`)
    else if (foreign.status === 404 && foreign.told === unknown.told) lines.push(`${name}: hidden`)
    else if (foreign.status === own.status) lines.push(`${name}: seen`)
    else if (foreign.status === 201) lines.push(`${name}: open`)
    else lines.push(`${name}: ${foreign.status} ${foreign.told} and not ${unknown.status} ${unknown.told}`)
  }
  const wanted = table
    .trim()
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
  t.same(lines.sort(), wanted.sort())
  t.comment(`${lines.length} routes that name an object × own, foreign, never there`)
})
