import type { Config } from '../../config/config.ts'
import { openDatabase } from '../../db/database.ts'
import { findEmbedded } from '../../db/embedded.ts'

/**
 * The database that is asked for, or the one of the settings. The embedded one is asked beside the service that runs on it; where none
 * does it is started and ended again, and never made.
 */
export async function openUrl(
  url: string | undefined,
  config: Config,
): Promise<{ url: string; close: () => Promise<void> }> {
  if (url !== undefined) return { url, close: async () => undefined }
  const running = config.databaseUrl === undefined ? await findEmbedded(config.dataDir) : undefined
  if (running !== undefined) return { url: running, close: async () => undefined }
  const silent = { info: () => undefined, warn: () => undefined }
  const database = await openDatabase(config, silent, (error) => {
    throw error
  })
  return { url: database.adminUrl, close: () => database.stop() }
}
