// Bare Fastify, in a process of its own: nothing but the framework, the body's schema and the answer's; for sale checks the one SELECT
// that they cannot do without.
import Fastify from 'fastify'
import { Type } from 'typebox'
import { RecordedBody, Scan } from '../../src/capture/schema.ts'
import { findLastSteps } from '../../src/custody/store.ts'
import { createPool, type DatabaseAccess } from '../../src/db/connect.ts'
import { SaleCheck, SaleCheckBody } from '../../src/retail/schema.ts'

type Goods = { access: DatabaseAccess; log: number; ids: readonly string[] }

const app = Fastify()
app.post(
  '/scans',
  { schema: { body: Type.Union([Scan, Type.Array(Scan, { minItems: 1 })]), response: { 201: RecordedBody } } },
  async (_request, reply) =>
    reply.code(201).send({
      eventID: 'urn:uuid:7d1e7a3f-0000-4000-8000-000000000000',
      recordTime: new Date().toISOString(),
      entries: [{ log: 'main', position: 1 }],
    }),
)

let goods: { pool: ReturnType<typeof createPool>; log: number; ids: bigint[] } | undefined
let next = 0
app.post<{ Body: { codes: string[] } }>(
  '/sale-checks',
  { schema: { body: SaleCheck, response: { 200: SaleCheckBody } } },
  async ({ body: { codes } }) => {
    if (!goods) throw new Error('nobody said what to look at')
    const { pool, log, ids } = goods
    const asked = codes.map(() => ids[next++ % ids.length] ?? 0n)
    const steps = await findLastSteps(pool, log, asked)
    return {
      results: codes.map((code, i) => ({ code, maySell: steps[i]?.state === 'active', tail: 'valid' as const })),
    }
  },
)
const url = await app.listen({ host: '127.0.0.1', port: 0 })

const isGoods = (message: unknown): message is Goods =>
  typeof message === 'object' && message !== null && 'access' in message && 'ids' in message

process.on('message', (message) => {
  if (message === 'cpu') process.send?.({ said: process.cpuUsage() })
  else if (isGoods(message)) {
    const pool = createPool(message.access, () => undefined, { name: 'tamga bench', genericPlans: true })
    goods = { pool, log: message.log, ids: message.ids.map(BigInt) }
    process.send?.({ said: 'ready' })
  } else process.exit(0)
})
process.on('disconnect', () => process.exit(0))
process.send?.({ url })
