// DATA_DIR of a service with the embedded database, and what it keeps there:
//   pg18/            the database, one folder per major version
//   pg18/tamga.json  its port and passwords, for us and for a person with psql; mode 0600. In the folder, so that the
//                    two appear, move and vanish together
//   database.log     what it says; started anew with each start of the database
//   master.key, operator.key   see src/config
import { randomBytes } from 'node:crypto'
import { chown, mkdir, readFile, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../config/config.ts'
import { fileFault, makeFolder, writeSecret } from '../config/secret-file.ts'
import { embeddedMajor } from './binaries.ts'

/** The port of the last time, so that an address noted down stays right, and the two passwords. */
export type Credentials = { readonly port: number; readonly adminPassword: string; readonly appPassword: string }

export const pgFolder = (dataDir: string): string => join(dataDir, `pg${embeddedMajor}`)
export const logFile = (dataDir: string): string => join(dataDir, 'database.log')
export const credentialsFile = (folder: string): string => join(folder, 'tamga.json')

/**
 * Makes the folder if it is missing and looks whether what lies in it is ours to open.
 * @throws ConfigError naming the folder and what to do
 */
export async function openDataFolder(dataDir: string): Promise<void> {
  await makeFolder(dataDir)
  const names = await readdir(dataDir).catch((error: unknown) => {
    throw fileFault(dataDir, error)
  })
  const version = await readFile(join(pgFolder(dataDir), 'PG_VERSION'), 'utf8').catch(missing)
  if (version !== undefined) {
    if (version.trim() !== String(embeddedMajor)) throw majorFault(pgFolder(dataDir), version.trim())
    return
  }
  // An older Tamga's database beside an absent one of ours is not "empty": starting fresh would hide the ledger.
  const other = names.find((name) => /^pg\d+$/.test(name) && name !== `pg${embeddedMajor}`)
  if (other !== undefined) throw majorFault(join(dataDir, other), other.slice(2))
}

const majorFault = (folder: string, version: string): ConfigError =>
  new ConfigError(
    `The database in ${folder} was made by PostgreSQL ${version}; this Tamga carries ${embeddedMajor}, which cannot read it. ` +
      'Move the data with pg_dump and a server of that version, or set DATA_DIR to another folder.',
  )

/** @returns undefined where none were written yet */
export async function readCredentials(folder: string): Promise<Credentials | undefined> {
  const file = credentialsFile(folder)
  const text = await readFile(file, 'utf8').catch(missing)
  if (text === undefined) return undefined
  try {
    const { port, adminPassword, appPassword } = JSON.parse(text) as Partial<Record<keyof Credentials, unknown>>
    if (typeof port === 'number' && typeof adminPassword === 'string' && typeof appPassword === 'string') {
      return { port, adminPassword, appPassword }
    }
  } catch {
    // Falls through to the sentence.
  }
  throw new ConfigError(`${file} is damaged; it holds the passwords of the database. Put it back from a backup.`)
}

export async function writeCredentials(
  folder: string,
  credentials: Credentials,
  owner: { uid: number; gid: number } | undefined,
): Promise<void> {
  const file = credentialsFile(folder)
  await writeSecret(file, JSON.stringify(credentials, null, 2))
  // The server flushes every file of its folder when it recovers, and complains of what it may not open.
  if (owner !== undefined) await chown(file, owner.uid, owner.gid)
}

export const newPassword = (): string => randomBytes(24).toString('base64url')

/** A folder to make the database in, beside the final one, so that a kill leaves no half-made database. */
export async function makingFolder(dataDir: string): Promise<string> {
  const folder = `${pgFolder(dataDir)}.making-${randomBytes(6).toString('hex')}`
  await mkdir(folder, { mode: 0o700 })
  return folder
}

/** Removes what starts that were killed half-way left behind. Only for who holds the database. */
export async function removeLeftovers(dataDir: string): Promise<void> {
  const prefix = `pg${embeddedMajor}.making-`
  for (const name of await readdir(dataDir)) {
    if (name.startsWith(prefix)) await rm(join(dataDir, name), { recursive: true, force: true })
  }
}

export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

function missing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  throw fileFault(error instanceof Error && 'path' in error ? String(error.path) : 'DATA_DIR', error)
}
