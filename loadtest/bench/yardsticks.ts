// What the service is measured against, as routes of the very same process: all of its hooks and plugins, the same schema in and the
// same shape out. They exist in the benchmark alone.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import pg, { type ClientBase } from 'pg'
import { Type } from 'typebox'
import { RecordedBody, Scan } from '../../src/capture/schema.ts'
import { findLastSteps, insertSteps } from '../../src/custody/store.ts'
import { unborn } from '../../src/custody/object.ts'
import { listen, poolConfig, type DatabaseAccess } from '../../src/db/connect.ts'
import { commitBatch, type Judge } from '../../src/ledger/commit.ts'
import { makeLog } from '../../src/ledger/store.ts'

const body = Type.Union([Scan, Type.Array(Scan, { minItems: 1, maxItems: 2_000 })])
const response = { 201: RecordedBody }
/** Ids of units that no order will have: what is written here meets nothing of the service's own. */
const firstId = 2n ** 52n + 1_000_000_000_000n

export const yardsticks: FastifyPluginAsyncTypebox<{ access: DatabaseAccess }> = async (app, { access }) => {
  /** Everything but the recording. */
  app.post('/yardstick/nothing', { schema: { body, response } }, async (_request, reply) =>
    reply.code(201).send({
      eventID: 'urn:uuid:7d1e7a3f-0000-4000-8000-000000000000',
      recordTime: new Date().toISOString(),
      entries: [{ log: 'main', position: 1 }],
    }),
  )

  // Statements of a transaction travel together here too; one by one it would be slower still.
  const config = {
    ...poolConfig(access, { name: 'tamga bench', genericPlans: true, pipeline: true }),
    connectionTimeoutMillis: 60_000,
  }
  const pool = listen(new pg.Pool(config), () => undefined)
  app.addHook('onClose', () => pool.end())
  const client = await pool.connect()
  const log = await makeLog(client, 'naive')
  client.release()
  let next = 0n

  /** What is written without a second thought: a transaction for each request, on the same tables, with the same guarantees. */
  app.post('/yardstick/naive', { schema: { body, response } }, async (_request, reply) => {
    const id = firstId + next++
    const key = id.toString(16).padStart(32, '0')
    const connection = await pool.connect()
    try {
      const columns = { eventTime: new Date(), participant: 1, principal: null, person: null, key: null }
      const draft = {
        key,
        digest: key,
        order: id,
        columns: { ...columns, place: null, mandate: null, signature: null },
        lists: [],
        entry: () => Buffer.from(JSON.stringify({ unit: id.toString(), padding: 'x'.repeat(500) })),
      }
      const [outcome] = await commitBatch(connection, log, [draft], oneByOne, (now) => now)
      if (outcome?.kind !== 'recorded') throw new Error('the yardstick was not recorded')
      const { position, recordTime } = outcome
      return await reply.code(201).send({
        eventID: `urn:uuid:${key}`,
        recordTime: recordTime.toISOString(),
        entries: [{ log: 'naive', position }],
      })
    } finally {
      connection.release()
    }
  })
}

const oneByOne: Judge<bigint, true, never> = {
  sit: async (client, log, ids) => {
    await findLastSteps(client, log, ids)
    const written: ReturnType<typeof unborn>[] = []
    return {
      decide: (id, stamp) => {
        written.push({ ...unborn(id), position: stamp.position, state: 'active', owner: 1, ownerAt: stamp.position })
        return { decision: true }
      },
      followUp: () => undefined,
      write: (writer: ClientBase) => [insertSteps(writer, log, written)],
    }
  },
}
