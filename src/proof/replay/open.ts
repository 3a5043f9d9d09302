import { createSecretKey } from 'node:crypto'
import type { TailKeys } from '../../codes/keys.ts'
import { createResolver } from '../../codes/resolve.ts'
import { unitId } from '../../codes/serial.ts'
import { connectClient, createPool, kyselyOn } from '../../db/connect.ts'
import { createDirectory } from '../../participants/directory.ts'
import { createCatalogue } from '../../products/catalogue.ts'
import { type ReplayOptions, type ReplayReport, replayLog } from './replay.ts'
import * as store from './store.ts'

export type Replay = {
  listLogs(): Promise<store.ReplayLog[]>
  replay(log: ReplayOptions['log'], onProgress?: (entries: number) => void): Promise<ReplayReport>
  close(): Promise<void>
}

/** Recorded codes have no tails, so nothing is ever checked against a key. */
const keyless: TailKeys = {
  get: async (no) => stand(no),
  loaded: (no) => stand(no),
  active: async () => stand(0),
  published: async () => [],
  rotate: async () => [],
}
const stand = (no: number) => ({ no, id: '', kind: 'mac' as const, secret: createSecretKey(Buffer.alloc(32)) })

/**
 * Opens a database for replaying; reads only.
 * @param url of who may read the schema tamga
 */
export async function openReplay(url: string, options: { issuingState: string; nestingMax: number }): Promise<Replay> {
  const access = { url, role: undefined }
  const pool = createPool(access, () => undefined, { name: 'tamga replay', max: 2 })
  // What is asked for a million times in a row; a whole log in one snapshot takes as long as it takes.
  const settings = { statement_timeout: 0, idle_in_transaction_session_timeout: 0 }
  const client = await connectClient(access, () => undefined, { name: 'tamga replay', settings }).catch(
    async (error: unknown) => {
      await pool.end()
      throw error
    },
  )
  const db = kyselyOn(pool)
  const now = () => new Date()
  await store.openPast(client)
  const common = {
    pool,
    directory: createDirectory(db, now),
    catalogue: createCatalogue(db, now),
    resolver: createResolver(pool, keyless, { issuingState: options.issuingState }),
    claimUnits: async () => [],
    logsOfLogisticUnits: async () => new Map<bigint, string>(),
    orderByNo: async (id: string) => {
      const order = await store.findOrder(pool, id)
      return order && { firstId: unitId(order.no, 0), participantNo: order.participantNo }
    },
  }
  return {
    listLogs: () => store.listLogs(client),
    replay: (log, onProgress) => {
      const sources = { ...common, findPosition: (key: string) => store.findPositionOf(pool, log.id, key) }
      const asked = { client, log, sources, nestingMax: options.nestingMax }
      return replayLog(onProgress ? { ...asked, onProgress } : asked)
    },
    close: async () => {
      await client.end()
      await pool.end()
    },
  }
}
