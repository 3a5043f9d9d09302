import { createHash, type Hash } from 'node:crypto'
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { demandRoom, readDisk } from '../config/disk.ts'
import { ConfigError } from '../config/config.ts'
import { limits } from '../config/limits.ts'
import { makeFolder } from '../config/secret-file.ts'
import { embeddedMajor } from '../db/binaries.ts'
import { schemaName, withLogin } from '../db/connect.ts'
import { credentialsFile } from '../db/data-folder.ts'
import { type BaseBackup, openBaseBackup } from './base-backup.ts'
import { type BackedUpFile, dataName, type Manifest, partialEnding, writeManifest } from './manifest.ts'
import { readPositions, readSchema } from './store.ts'
import { type TarPart, TarReader } from './tar.ts'

export type BackupOptions = {
  /** Logs in as who may replicate. */
  url: string
  /** Backups are folders in here, named by their time. */
  to: string
  /** Megabytes a second at most; 0: as fast as it goes. */
  maxRateMb: number
  now: () => Date
  onProgress: (bytes: number, of: number) => void
  /** Ends it; what was written is removed. */
  signal?: AbortSignal
}

export type Backup = { folder: string; manifest: Manifest; sha256: string; bytes: number }

/**
 * Copies the database while it serves: everything that was acknowledged before this began is in it, and what came meanwhile up to one
 * moment. Written as `<name>.partial`, flushed, and renamed when whole.
 * @throws ConfigError with a sentence for the operator
 */
export async function backup(options: BackupOptions): Promise<Backup> {
  const { url, to, now } = options
  const startedAt = now().toISOString()
  const folder = join(to, `tamga-${startedAt.replaceAll(/[-:]|\.\d+/g, '')}`)
  const making = `${folder}${partialEnding}`
  const before = await withLogin(
    url,
    { name: 'tamga backup', settings: { search_path: schemaName } },
    async (client) => ({
      logs: await readPositions(client),
      schema: await readSchema(client),
    }),
  )
  await makeFolder(to)
  await mkdir(making, { mode: 0o700 }).catch(() => {
    throw new ConfigError(`${making} is there already: another backup is just being made.`)
  })
  try {
    const base = await openBaseBackup(url, options.maxRateMb)
    const { files, bytes } = await take(base, making, options).finally(() => base.close())
    const { systemId, version, major } = base.source
    const embedded = major === embeddedMajor && files.some(({ path }) => path === basename(credentialsFile('')))
    const manifest: Manifest = {
      format: 1,
      startedAt,
      finishedAt: now().toISOString(),
      server: { version, major, systemId, embedded },
      schema: before.schema,
      wal: base.wal(),
      logs: before.logs,
      files,
    }
    const sha256 = await writeManifest(making, manifest)
    await syncFolder(making)
    await rename(making, folder)
    await syncFolder(to)
    return { folder, manifest, sha256, bytes }
  } catch (error) {
    await rm(making, { recursive: true, force: true })
    throw error
  }
}

async function take(
  base: BaseBackup,
  making: string,
  { onProgress, signal }: BackupOptions,
): Promise<{ files: BackedUpFile[]; bytes: number }> {
  const data = join(making, dataName)
  await mkdir(data, { mode: 0o700 })
  const tar = new TarReader()
  const writer = createWriter(data)
  const manifest = createHash('sha256')
  const own = await open(join(data, 'backup_manifest'), 'wx', 0o600)
  let [bytes, ownBytes, checkedAt] = [0, 0, -Infinity]
  try {
    for await (const part of base.parts) {
      signal?.throwIfAborted()
      if (part.kind === 'manifest') {
        manifest.update(part.bytes)
        ownBytes += part.bytes.length
        await own.writeFile(part.bytes)
        continue
      }
      for (const piece of tar.take(part.bytes)) await writer.take(piece)
      bytes += part.bytes.length
      onProgress(bytes, base.total())
      if (bytes - checkedAt < roomEveryBytes) continue
      // First of all for the whole, then for whether somebody else fills the disk meanwhile.
      const { freeBytes } = await readDisk(making)
      if (checkedAt < 0 || freeBytes < limits.diskReserveBytes) {
        await demandRoom(making, Math.max(0, base.total() - bytes), limits.diskReserveBytes)
      }
      checkedAt = bytes
    }
    tar.finish()
    await own.sync()
  } finally {
    await own.close()
    await writer.close()
  }
  for (const folder of writer.folders) await syncFolder(folder)
  const listed = { path: 'backup_manifest', bytes: ownBytes, sha256: manifest.digest('hex') }
  return { files: [...writer.files, listed], bytes: bytes + ownBytes }
}

const roomEveryBytes = 64 * 1024 * 1024

/** Writes the pieces of a tar as files, each hashed on its way and flushed. */
function createWriter(data: string) {
  const files: BackedUpFile[] = []
  const folders = new Set([data])
  let current: { path: string; handle: FileHandle; hash: Hash; bytes: number } | undefined

  async function end(): Promise<void> {
    if (!current) return
    const { path, handle, hash, bytes } = current
    current = undefined
    await handle.sync()
    await handle.close()
    files.push({ path, bytes, sha256: hash.digest('hex') })
  }

  async function begin(path: string): Promise<void> {
    const handle = await open(join(data, path), 'wx', 0o600)
    current = { path, handle, hash: createHash('sha256'), bytes: 0 }
  }

  return {
    files,
    folders,
    async take(piece: TarPart): Promise<void> {
      if (piece.entry) {
        const path = piece.entry.name.replace(/^\.\//, '').replace(/\/$/, '')
        if (path.startsWith('/') || path.split('/').includes('..')) throw new Error(`the server sent ${path}`)
        if (piece.entry.kind === 'link') {
          throw new ConfigError(`${path} of this database is a link to another place. Use pg_basebackup for it.`)
        }
        if (piece.entry.kind === 'file') return begin(path)
        if (path === '' || path === '.') return
        await mkdir(join(data, path), { recursive: true, mode: 0o700 })
        folders.add(join(data, path))
      } else if (piece.data) {
        if (!current) throw new Error('the archive holds data of no file')
        current.hash.update(piece.data)
        current.bytes += piece.data.length
        await current.handle.writeFile(piece.data)
      } else await end()
    },
    async close(): Promise<void> {
      await current?.handle.close()
    },
  }
}

/** So that the names in it outlast a loss of power. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Where backups go if nothing else is said: beside the data, which is better than nothing and worse than another disk. */
export const besideData = (dataDir: string): string => join(dirname(dataDir), 'backups')
