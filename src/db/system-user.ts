// PostgreSQL refuses to run as root, for good reasons. Where the service itself is root (a container, a fresh machine),
// the server runs as an unprivileged user; everywhere else as ourselves.
import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { ConfigError } from '../config/config.ts'

export type SystemUser = { readonly name: string; readonly uid: number; readonly gid: number }

const run = promisify(execFile)

/** The usual one of PostgreSQL packages first, then our own. */
const known = ['postgres', 'tamga']

/**
 * Whom the embedded server runs as: undefined means as ourselves.
 * @param folder the data folder; if it exists, its owner is the answer
 * @throws ConfigError where the folder is another user's, or root finds nobody
 */
export async function serverUser(folder: string, tell: (text: string) => void): Promise<SystemUser | undefined> {
  const owner = await stat(folder).then(
    ({ uid, gid }) => ({ uid, gid }),
    () => undefined,
  )
  const self = process.getuid?.()
  if (self === undefined) return undefined
  if (self !== 0) {
    if (owner === undefined || owner.uid === self) return undefined
    throw new ConfigError(
      `The database in ${folder} belongs to user ${owner.uid}, and this service runs as ${self}. ` +
        `Start as that user, or hand the folder over: chown -R ${self} ${folder}.`,
    )
  }
  if (owner !== undefined && owner.uid !== 0) return { name: `#${owner.uid}`, ...owner }
  for (const name of known) {
    const user = await find(name)
    if (user !== undefined) return user
  }
  return create(tell)
}

async function find(name: string): Promise<SystemUser | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
    return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) }
  } catch {
    return undefined
  }
}

async function create(tell: (text: string) => void): Promise<SystemUser> {
  const name = 'tamga'
  await run('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', name]).catch(() => undefined)
  const made = await find(name)
  if (made !== undefined) {
    tell(`PostgreSQL does not run as root: made the system user "${name}" for it`)
    return made
  }
  throw new ConfigError(
    'PostgreSQL does not run as root, and no user could be made for it. ' +
      'Start as an ordinary user, or run `useradd --system tamga` first, or set DATABASE_URL.',
  )
}
