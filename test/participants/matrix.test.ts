// Who may call what: every route × every role, and who comes without a key. A new route fails this test until somebody says in the table
// who may call it. What of whose things is seen behind the door is each feature's own test.
import t from 'tap'
import { testApp, type Caller } from '../support/app.ts'
import * as given from '../support/given.ts'
import { type Route, routesIn } from '../support/routes.ts'
import type { Role } from '../../src/participants/actor.ts'

const roles: readonly Exclude<Role, 'operator'>[] = [
  ...(['producer', 'importer', 'distributor', 'carrier', 'warehouse', 'broker'] as const),
  ...(['retailer', 'customs', 'agency', 'auditor', 'partner'] as const),
]

/** `anyone` also without a key; `all` with any key; else the roles. */
const table = `
  GET /:                                             anyone
  GET /docs:                                         anyone
  GET /docs/:                                        anyone
  GET /docs/static/index.html:                       anyone
  GET /docs/static/swagger-initializer.js:           anyone
  GET /docs/*:                                       anyone
  GET /docs/json:                                    anyone
  GET /docs/yaml:                                    anyone
  POST /declarations:                                producer importer broker
  GET /declarations:                                 all
  GET /declarations/:id:                             all
  POST /declarations/:id/versions:                   producer importer broker
  POST /declarations/:id/presentations:              producer importer broker customs
  POST /declarations/:id/outcomes:                   producer importer broker customs
  POST /declarations/:id/inspections:                customs
  POST /declarations/:id/release:                    customs
  POST /declarations/:id/raises:                     customs
  GET /declarations/:id/symbol.svg:                  all
  GET /draws:                                        anyone
  GET /draws/:shift:                                 anyone
  POST /draws/:shift/shares:                         agency auditor partner
  GET /health:                                       anyone
  GET /ready:                                        anyone
  GET /reasons:                                      all
  POST /receipts:                                    retailer
  POST /recalls:                                     all
  GET /recalls:                                      all
  GET /recalls/:id:                                  all
  POST /recalls/:id/ends:                            all
  GET /recalls/:id/holders:                          all
  GET /recalls/:id/holders.csv:                      all
  POST /returns:                                     retailer
  GET /risk/profiles:                                operator customs auditor
  POST /risk/profiles:                               customs
  GET /risk/profiles/:id:                            operator customs auditor
  POST /risk/profiles/:id/backtests:                 customs
  POST /risk/profiles/:id/approvals:                 customs
  GET /risk/facts:                                   operator customs auditor
  POST /risk/rules/:id/withdrawals:                  customs
  GET /risk/statistics:                              operator customs auditor
  GET /metrics:                                      anyone
  POST /mandates:                                    all
  GET /mandates:                                     all
  DELETE /mandates/:id:                              all
  POST /participants:                                operator
  GET /participants:                                 operator
  GET /participants/me:                              all
  GET /participants/:id:                             all
  POST /participants/:id/company-prefixes:           operator
  GET /participants/:id/company-prefixes:            all
  POST /participants/:id/people:                     all
  GET /participants/:id/people:                      all
  POST /participants/:id/keys:                       all
  GET /participants/:id/keys:                        all
  DELETE /participants/:id/keys/:keyId:              all
  POST /participants/:id/keys/:keyId/confirmations:  customs
  POST /places:                                      all
  GET /places:                                       all
  GET /places/:id:                                   all
  POST /product-groups:                              operator
  GET /product-groups:                               all
  PATCH /product-groups/:id:                         operator
  POST /products:                                    producer importer
  GET /products:                                     all
  GET /products/:gtin:                               all
  POST /products/:gtin/importers:                    importer
  GET /products/:gtin/importers:                     all
  DELETE /products/:gtin/importers/:id:              all
  POST /code-orders:                                 producer importer
  GET /code-orders:                                  all
  GET /code-orders/:id:                              all
  GET /code-orders/:id/codes:                        all
  POST /code-orders/:id/close:                       all
  POST /code-orders/:id/voids:                       all
  GET /codes/:code/symbol.svg:                       all
  GET /codes/:code/symbol.png:                       all
  GET /codes/:code/forms:                            all
  POST /corrections:                                 all
  GET /corrections:                                  all
  GET /corrections/:id:                              all
  POST /corrections/:id/answers:                     all
  POST /capture:                                     all
  GET /capture:                                      all
  GET /capture/:captureID:                           all
  GET /check/:code:                                  anyone
  GET /keys:                                         anyone
  POST /keys/rotations:                              operator
  POST /events:                                      all
  GET /events/:eventID:                              all
  GET /events/:eventID/proof:                        all
  POST /scans:                                       all
  POST /sale-checks:                                 retailer
  GET /counterparties:                               all
  GET /shipments:                                    all
  GET /stock:                                        all
  GET /units/:code:                                  all
  GET /units/:code/history:                          all
  GET /logistic-units/:code:                         all
  GET /logistic-units/:code/contents:                all
  GET /logs:                                         anyone
  GET /logs/:id/checkpoint:                          anyone
  GET /logs*:                                        anyone
  GET /logs/:id/lists/:digest:                       all
  POST /border/duty:                                 customs
  GET /border/keys:                                  anyone
  POST /border/scans:                                customs
  GET /border/times:                                 operator customs auditor
  POST /border/authorised-operators:                 customs
  GET /border/authorised-operators:                  all
  POST /border/authorised-operators/:id/approvals:   customs
  POST /border/authorised-operators/:id/suspensions: customs
  POST /border/combinations:                         customs
  GET /border/combinations:                          all
  POST /border/capacities:                           operator agency
  GET /border/capacities:                            all
  POST /border/combinations/:id/approvals:           customs
  POST /border/combinations/:id/ends:                customs
  GET /findings:                                     all
  GET /findings/:id:                                 all
  POST /findings/:id/responses:                      all
  POST /findings/:id/resolutions:                    operator customs agency
`

const url = ({ path }: Route): string => path.replaceAll(/:[A-Za-z]+/g, 'aaaaaaaaaaaa').replace('*', 'none')

async function mayCall(caller: Caller, route: Route): Promise<boolean> {
  const answer = await caller.call(route.method, url(route), route.method === 'GET' ? undefined : {})
  if (answer.statusCode === 401) return false
  return !(answer.statusCode === 403 && answer.body.includes('role_missing'))
}

t.test('every route × every role', async (t) => {
  const { app, operator, anonymous, ...rest } = await testApp(t)
  const callers = new Map<string, Caller>([['operator', operator]])
  for (const role of roles) {
    callers.set(role, await given.participant({ app, operator, anonymous, ...rest }, { roles: [role] }))
  }
  const lines: string[] = []
  for (const route of routesIn(app.printRoutes({ commonPrefix: false }))) {
    // Pages go by who is signed in, not by a key; test/web asks them.
    if (route.path.startsWith('/app')) continue
    const allowed: string[] = []
    for (const [role, caller] of callers) if (await mayCall(caller, route)) allowed.push(role)
    const who = (await mayCall(anonymous, route))
      ? 'anyone'
      : allowed.length === callers.size
        ? 'all'
        : allowed.join(' ')
    lines.push(`${route.method} ${route.path}: ${who}`)
  }
  const wanted = table
    .trim()
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
  t.same(lines.sort(), wanted.sort())
  t.comment(`${lines.length} routes × ${callers.size + 1} callers`)
})
