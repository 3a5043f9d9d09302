// Everything the outside may set, read once at the start into one frozen object. A setting that makes no sense
// stops the start with a sentence: a service that runs with half a configuration is worse than one that does not run.
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { limits, type Limits } from './limits.ts'

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export type Config = {
  readonly host: string
  /** 0 lets the system choose one; tests do that. */
  readonly port: number
  /** undefined: the embedded PostgreSQL under `dataDir` (design D13). */
  readonly databaseUrl: string | undefined
  /** The serving connections' own login (design D10); undefined: `databaseUrl` with SET ROLE. */
  readonly appDatabaseUrl: string | undefined
  /** Absolute. */
  readonly dataDir: string
  /** The text that the master key is derived from; undefined: a file under `dataDir` holds it. */
  readonly masterKey: string | undefined
  /** The first operator's API key; undefined: one is made and left in a file under `dataDir`. */
  readonly operatorKey: string | undefined
  /** Requests per second and key; 0 lifts this limit and the one per address. */
  readonly rateLimit: number
  readonly logLevel: LogLevel
  /** The first character of own serials: the state that issues them, as the union numbers them (design D3). */
  readonly issuingState: string
  /** The origin of a log is this, a slash and its name: who reads a proof knows by it whose log it is (design D7). */
  readonly logOrigin: string
  /** Absolute: where the last checkpoint of each log is put aside. Best on another disk than the database. */
  readonly anchorDir: string
  /** Witnesses to ask: `<url> <verifier key>`, several with commas between them; empty: none. */
  readonly witnesses: string
  /** The address of a drand chain whose rounds go into the draws of customs; undefined: none. */
  readonly beacon: string | undefined
  /** Addresses and networks of proxies whose X-Forwarded-For is believed; empty: nobody's. */
  readonly trustedProxies: readonly string[]
  readonly limits: Limits
}

/** A setting, folder or database that the service cannot start with. The message is for whoever starts it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

type Environment = Readonly<Record<string, string | undefined>>

/** Every variable that is read, in the order in which the README explains them. */
export const settings = [
  'HOST',
  'PORT',
  'DATABASE_URL',
  'APP_DATABASE_URL',
  'DATA_DIR',
  'MASTER_KEY',
  'OPERATOR_KEY',
  'RATE_LIMIT',
  'LOG_LEVEL',
  'ISSUING_STATE',
  'LOG_ORIGIN',
  'ANCHOR_DIR',
  'WITNESSES',
  'BEACON',
  'TRUSTED_PROXIES',
] as const
type Setting = (typeof settings)[number]

/**
 * Reads the settings of api.md, "Start".
 * @throws ConfigError with one sentence for each setting that is wrong
 */
export function readConfig(env: Environment): Config {
  const faults: string[] = []
  const read = <T>(name: Setting, parse: (value: string) => T, fallback: T): T => {
    const value = env[name]
    // An empty variable is how many process managers write "not set".
    if (value === undefined || value === '') return fallback
    try {
      return parse(value)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      faults.push(`${name} ${error.message}`)
      return fallback
    }
  }
  const config: Config = {
    host: read('HOST', hostName, '127.0.0.1'),
    port: read('PORT', (value) => wholeNumber(value, 65_535), 3000),
    databaseUrl: read<string | undefined>('DATABASE_URL', databaseUrl, undefined),
    appDatabaseUrl: read<string | undefined>('APP_DATABASE_URL', databaseUrl, undefined),
    dataDir: resolve(read('DATA_DIR', (value) => value, './data')),
    masterKey: read<string | undefined>('MASTER_KEY', secret, undefined),
    operatorKey: read<string | undefined>('OPERATOR_KEY', secret, undefined),
    rateLimit: read('RATE_LIMIT', (value) => wholeNumber(value, 1_000_000), limits.requestsPerKeyPerSecond),
    logLevel: read<LogLevel>('LOG_LEVEL', logLevel, 'info'),
    issuingState: read('ISSUING_STATE', issuingState, '4'),
    logOrigin: read('LOG_ORIGIN', logOrigin, 'tamga.local'),
    anchorDir: resolve(read('ANCHOR_DIR', (value) => value, join(env['DATA_DIR'] || './data', 'anchors'))),
    witnesses: read('WITNESSES', witnesses, ''),
    beacon: read<string | undefined>('BEACON', beacon, undefined),
    trustedProxies: read<readonly string[]>('TRUSTED_PROXIES', trustedProxies, []),
    limits,
  }
  if (config.appDatabaseUrl !== undefined && config.databaseUrl === undefined && faults.length === 0) {
    faults.push('APP_DATABASE_URL needs DATABASE_URL beside it: the embedded database makes its own logins.')
  }
  if (faults.length > 0) throw new ConfigError(faults.join('\n'))
  return Object.freeze(config)
}

function hostName(value: string): string {
  if (/^[\w.:%-]+$/.test(value)) return value
  throw new ConfigError('must be a host name or an address, such as 127.0.0.1, :: or 0.0.0.0.')
}

function wholeNumber(value: string, max: number): number {
  if (/^\d{1,7}$/.test(value) && Number(value) <= max) return Number(value)
  throw new ConfigError(`must be a whole number from 0 to ${max}, not ${JSON.stringify(value)}.`)
}

function databaseUrl(value: string): string {
  // The value is not repeated: it may hold a password, and what is printed at a failed start ends in many logs.
  if (/^postgres(ql)?:\/\//.test(value) && URL.canParse(value)) return value
  throw new ConfigError(
    'must look like postgres://user:password@host:5432/database (percent-encode special characters).',
  )
}

function secret(value: string): string {
  // Spaces around it are lost on the way through files and headers.
  if (/^[\x20-\x7e]{32,200}$/.test(value) && value.trim().length >= 32) return value
  throw new ConfigError('must be 32 to 200 printable ASCII characters; `openssl rand -hex 32` makes a good one.')
}

function logLevel(value: string): LogLevel {
  const level = logLevels.find((known) => known === value)
  if (level !== undefined) return level
  throw new ConfigError(`must be one of ${logLevels.join(', ')}, not ${JSON.stringify(value)}.`)
}

function issuingState(value: string): string {
  if (/^[0-9A-Z]$/.test(value)) return value
  throw new ConfigError(
    `must be one digit or upper-case letter (4: the Kyrgyz Republic), not ${JSON.stringify(value)}.`,
  )
}

function logOrigin(value: string): string {
  if (/^[\w.:~%-]+(\/[\w.~%-]+)*$/.test(value)) return value
  throw new ConfigError(
    `must be an address without its scheme, such as tamga.example.kg/logs, not ${JSON.stringify(value)}.`,
  )
}

function witnesses(value: string): string {
  const item = /^\s*https?:\/\/\S+\s+[^\s+]+\+[0-9a-f]{8}\+[\w+/=]+\s*$/
  if (value.split(',').every((text) => item.test(text))) return value
  throw new ConfigError(
    'must be the address of a witness, a space and its verifier key (<name>+<8 hexadecimal digits>+<base64>); several with commas between them.',
  )
}

function beacon(value: string): string {
  if (/^https?:\/\/[^\s?#]+$/.test(value) && URL.canParse(value)) return value.replace(/(?<!\/)\/+$/, '')
  throw new ConfigError('must be the address of a drand chain, such as https://api.drand.sh/<chain hash>.')
}

function trustedProxies(value: string): string[] {
  const networks = value.split(',').map((text) => text.trim())
  const isNetwork = (text: string): boolean => {
    const [address = '', bits, ...more] = text.split('/')
    const version = isIP(address)
    if (version === 0 || more.length > 0) return false
    // A network of all addresses would let everybody write his own.
    return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
  }
  if (networks.every(isNetwork)) return networks
  throw new ConfigError('must be addresses or networks of your proxies, such as 10.0.0.7,10.1.0.0/16, with commas.')
}
