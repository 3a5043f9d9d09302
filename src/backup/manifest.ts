// What a backup says of itself, written last: a folder without it is half a backup and is never restored.
import { createHash } from 'node:crypto'
import { open, readFile, rename } from 'node:fs/promises'
import { isAbsolute, join, normalize } from 'node:path'
import { ConfigError } from '../config/config.ts'

export type BackedUpFile = { readonly path: string; readonly bytes: number; readonly sha256: string }
/** How far a log was: how many entries, and when the last of them was recorded. */
export type LogPosition = { readonly name: string; readonly entries: number; readonly recordTime: string | null }

export type Manifest = {
  readonly format: 1
  readonly startedAt: string
  readonly finishedAt: string
  /** The server that it was taken from. */
  readonly server: {
    readonly version: string
    readonly major: number
    readonly systemId: string
    readonly embedded: boolean
  }
  /** The newest migration. */
  readonly schema: string
  readonly wal: { readonly timeline: number; readonly start: string; readonly end: string }
  /** When the backup began: a restored database has these entries and what came while it ran. */
  readonly logs: readonly LogPosition[]
  readonly files: readonly BackedUpFile[]
}

export const dataName = 'data'
export const manifestName = 'backup.json'
/** A backup is made under this ending and loses it when it is whole. */
export const partialEnding = '.partial'

const digest = (manifest: Manifest): string => createHash('sha256').update(JSON.stringify(manifest)).digest('hex')

/** Written beside its place, flushed, and renamed: there is a whole one or none. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<string> {
  const sha256 = digest(manifest)
  const beside = join(folder, `${manifestName}.new`)
  const handle = await open(beside, 'wx', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify({ sha256, manifest }, null, 1)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(beside, join(folder, manifestName))
  return sha256
}

/** @throws ConfigError where the folder is no whole backup, or its manifest was changed */
export async function readManifest(folder: string): Promise<Manifest> {
  if (folder.replace(/(?<![/\\])[/\\]+$/, '').endsWith(partialEnding)) {
    throw new ConfigError(`${folder} is half a backup: it was interrupted. Take another one.`)
  }
  const file = join(folder, manifestName)
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new ConfigError(
      code === 'ENOENT'
        ? `${folder} is no backup, or half of one: ${manifestName}, which is written last, is not there. Name the folder of a whole one.`
        : `${file} cannot be read (${code}).`,
    )
  })
  const read = parse(text)
  if (read === undefined || digest(read.manifest) !== read.sha256) {
    throw new ConfigError(`${file} is damaged or was changed. Restore another backup.`)
  }
  const outside = read.manifest.files.find(({ path }) => isAbsolute(path) || normalize(path).startsWith('..'))
  if (outside) throw new ConfigError(`${file} names ${outside.path}, which lies outside the backup. Do not restore it.`)
  return read.manifest
}

function parse(text: string): { sha256: string; manifest: Manifest } | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('sha256' in value && 'manifest' in value)) return undefined
    const { sha256, manifest } = value
    return typeof sha256 === 'string' && isManifest(manifest) ? { sha256, manifest } : undefined
  } catch {
    return undefined
  }
}

// Its digest is checked besides: this only tells a manifest from something else.
function isManifest(value: unknown): value is Manifest {
  if (typeof value !== 'object' || value === null) return false
  return 'format' in value && value.format === 1 && 'files' in value && Array.isArray(value.files) && 'logs' in value
}
