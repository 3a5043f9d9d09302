// Which database the service runs on: the one that DATABASE_URL names, or the one that comes with it (design D13).
import type { Config } from '../config/config.ts'
import { appRole, type DatabaseAccess } from './connect.ts'
import { startEmbedded } from './embedded.ts'

export type ServiceDatabase = {
  /** Logs in as who may migrate. */
  readonly adminUrl: string
  /** What serving connections use. */
  readonly access: DatabaseAccess
  /** The login of the serving connections has no rights of its own beyond the serving role's, and is held to that. */
  readonly ownLogin: boolean
  /** For people: what this is. */
  readonly name: string
  stop(): Promise<void>
  /** For the last moment of a dying process. */
  stopNow(): void
}

export type Teller = { info: (text: string) => void; warn: (text: string) => void }

/**
 * @param onLost the embedded server died and could not be brought back
 * @throws ConfigError with a sentence for whoever starts the service
 */
export async function openDatabase(
  config: Config,
  tell: Teller,
  onLost: (error: Error) => void,
): Promise<ServiceDatabase> {
  if (config.databaseUrl === undefined) {
    const { info, warn } = tell
    const embedded = await startEmbedded({ dataDir: config.dataDir, tell: info, warn, onLost })
    return {
      adminUrl: embedded.adminUrl,
      access: { url: embedded.appUrl, role: appRole },
      ownLogin: true,
      name: `embedded PostgreSQL in ${config.dataDir}`,
      stop: () => embedded.stop(),
      stopNow: () => embedded.stopNow(),
    }
  }
  if (config.appDatabaseUrl === undefined) {
    tell.warn(
      `Serving connections log in with DATABASE_URL and become ${appRole}: who breaks into them can become more again. ` +
        `Set APP_DATABASE_URL to a login that is only a member of ${appRole}.`,
    )
  }
  return {
    adminUrl: config.databaseUrl,
    access: { url: config.appDatabaseUrl ?? config.databaseUrl, role: appRole },
    ownLogin: config.appDatabaseUrl !== undefined,
    name: `PostgreSQL at ${new URL(config.databaseUrl).host || 'a local socket'}`,
    stop: async () => undefined,
    stopNow: () => undefined,
  }
}
