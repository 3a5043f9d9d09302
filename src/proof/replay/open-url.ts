import type { Config } from '../../config/config.ts'
import { openDatabase } from '../../db/database.ts'

/** The database that is asked for, or the one of the settings; the embedded one is started and ended again. */
export async function openUrl(
  url: string | undefined,
  config: Config,
): Promise<{ url: string; close: () => Promise<void> }> {
  if (url !== undefined) return { url, close: async () => undefined }
  const silent = { info: () => undefined, warn: () => undefined }
  const database = await openDatabase(config, silent, (error) => {
    throw error
  })
  return { url: database.adminUrl, close: () => database.stop() }
}
