// Own and foreign: every route that names an object, asked by whose it is, by somebody of the same roles, and about one that never was. A new
// route that names an object fails this test until the table says what a stranger learns.
import t from 'tap'
import { type NamedRoute, namedRoutes, scene } from './objects.ts'

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

/** What ends an object comes last, or its owner would find nothing either. */
const atTheEnd = ({ method, path }: NamedRoute): number =>
  method === 'DELETE' || /outcomes|close$|ends$|answers/.test(path) ? 1 : 0

t.test('every route that names an object × whose it is', async (t) => {
  const made = await scene(t)
  const { owner, stranger, partner } = made
  const lines: string[] = []
  for (const { name, method, path, object, at, body } of namedRoutes(made).sort((a, b) => atTheEnd(a) - atTheEnd(b))) {
    if (object === undefined) {
      lines.push(`${name}: nobody says what it names`)
      continue
    }
    const asked = async (who: typeof owner, value: string) => {
      const answer = await who.call(method, at(value), body)
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
