import { createHash } from 'node:crypto'
import { chown, mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { demandRoom } from '../config/disk.ts'
import { ConfigError } from '../config/config.ts'
import { limits } from '../config/limits.ts'
import { makeFolder } from '../config/secret-file.ts'
import { embeddedMajor } from '../db/binaries.ts'
import { makingFolder, openDataFolder, pgFolder } from '../db/data-folder.ts'
import { serverUser } from '../db/system-user.ts'
import { syncFolder } from './backup.ts'
import { type BackedUpFile, dataName, type Manifest, readManifest } from './manifest.ts'

export type Progress = (bytes: number, of: number) => void

const pieceBytes = 1024 * 1024
/** What may lie in a folder that is restored into: keys are kept apart from backups, and anchors outlast them. */
const mayBeThere = new Set(['master.key', 'operator.key', 'anchors'])

/**
 * Compares every file of a backup with its manifest.
 * @throws ConfigError naming the first that differs, is missing, or is too many
 */
export async function checkBackup(folder: string, onProgress: Progress): Promise<Manifest> {
  const manifest = await readManifest(folder)
  await readAll(folder, manifest, onProgress, async () => async () => undefined)
  return manifest
}

/**
 * Copies a backup into an empty data folder, checking every byte on its way. The folder has its database only once all of it is there.
 * @throws ConfigError where the backup is not whole or damaged, or the folder is not empty
 */
export async function unpack(
  folder: string,
  dataDir: string,
  onProgress: Progress,
  tell: (text: string) => void,
): Promise<Manifest> {
  const manifest = await readManifest(folder)
  const { server, files } = manifest
  if (!server.embedded) {
    throw new ConfigError(
      `${folder} is of another server than the embedded one. Its folder ${dataName}/ is a data folder of PostgreSQL ${server.major}: check ` +
        'it (npm run restore -- --check), copy it to where that server has its data, and start that server.',
    )
  }
  if (server.major !== embeddedMajor) {
    throw new ConfigError(
      `${folder} is of PostgreSQL ${server.major}, and this Tamga carries ${embeddedMajor}. Restore it with the version that made it.`,
    )
  }
  await demandEmpty(dataDir)
  await demandRoom(dataDir, sizeOf(files), limits.diskReserveBytes)
  const user = await serverUser(pgFolder(dataDir), tell)
  const making = await makingFolder(dataDir)
  const own = async (path: string): Promise<void> => {
    if (user !== undefined) await chown(path, user.uid, user.gid)
  }
  try {
    const folders = await copyFolders(folder, making)
    await readAll(folder, manifest, onProgress, async ({ path }) => {
      const target = join(making, path)
      const handle = await open(target, 'wx', 0o600)
      return async (piece) => {
        if (piece !== undefined) return handle.writeFile(piece)
        await handle.sync()
        await handle.close()
        await own(target)
      }
    })
    for (const path of folders) {
      await syncFolder(path)
      await own(path)
    }
    await rename(making, pgFolder(dataDir))
    await syncFolder(dataDir)
  } catch (error) {
    await rm(making, { recursive: true, force: true })
    throw error
  }
  return manifest
}

export const sizeOf = (files: readonly BackedUpFile[]): number => files.reduce((sum, { bytes }) => sum + bytes, 0)

async function demandEmpty(dataDir: string): Promise<void> {
  await makeFolder(dataDir)
  await openDataFolder(dataDir)
  const other = (await readdir(dataDir)).filter((name) => !mayBeThere.has(name))
  if (other.length === 0) return
  throw new ConfigError(
    `${dataDir} is not empty (${other.slice(0, 3).join(', ')}). Set DATA_DIR to an empty folder, or move away what is there.`,
  )
}

/** Folders as well: PostgreSQL needs the empty ones. */
async function copyFolders(folder: string, making: string): Promise<string[]> {
  const entries = await readdir(join(folder, dataName), { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(making, join(entry.parentPath, entry.name).slice(join(folder, dataName).length)))
  for (const path of paths.sort()) await mkdir(path, { mode: 0o700, recursive: true })
  return [...paths, making]
}

/** What takes the pieces of one file, and at last `undefined`. */
type Take = (file: BackedUpFile) => Promise<(piece: Buffer | undefined) => Promise<void>>

async function readAll(folder: string, { files }: Manifest, onProgress: Progress, take: Take): Promise<void> {
  await demandSameFiles(folder, files)
  const total = sizeOf(files)
  let done = 0
  for (const file of files) {
    const to = await take(file)
    const hash = createHash('sha256')
    let bytes = 0
    for await (const piece of piecesOf(join(folder, dataName, file.path))) {
      hash.update(piece)
      bytes += piece.length
      await to(piece)
      onProgress(Math.min((done += piece.length), total), total)
    }
    await to(undefined)
    if (bytes !== file.bytes || hash.digest('hex') !== file.sha256) {
      throw new ConfigError(
        `${join(folder, dataName, file.path)} is damaged: it is not what was backed up. Restore another backup.`,
      )
    }
  }
}

async function demandSameFiles(folder: string, files: readonly BackedUpFile[]): Promise<void> {
  const data = join(folder, dataName)
  const entries = await readdir(data, { recursive: true, withFileTypes: true }).catch(() => [])
  const there = new Set(
    entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(data.length + 1)
          .replaceAll(sep, '/'),
      ),
  )
  const missing = files.find(({ path }) => !there.delete(path))
  if (missing) throw new ConfigError(`${join(data, missing.path)} is missing. Restore another backup.`)
  const [more] = there
  if (more !== undefined)
    throw new ConfigError(`${join(data, more)} was not backed up: somebody put it there. Do not restore it.`)
}

async function* piecesOf(path: string): AsyncGenerator<Buffer> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path, 'r')
    for (;;) {
      const piece = Buffer.allocUnsafe(pieceBytes)
      const { bytesRead } = await handle.read(piece, 0, pieceBytes)
      if (bytesRead === 0) return
      yield piece.subarray(0, bytesRead)
    }
  } finally {
    await handle?.close()
  }
}

/** The newest whole backup of a folder of backups, or the folder itself where it is one. */
export async function newestBackup(from: string): Promise<string> {
  const names = await readdir(from).catch(() => {
    throw new ConfigError(`There is no folder ${from}.`)
  })
  const whole = names.filter((name) => /^tamga-\d{8}T\d{6}Z$/.test(name)).sort()
  const newest = whole.at(-1)
  return newest === undefined ? from : join(from, newest)
}
