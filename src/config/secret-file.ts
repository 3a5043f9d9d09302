// Small files that only we may read, and the sentence for each way in which a file or folder can fail us.
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ConfigError } from './config.ts'

/** @returns undefined where there is no such file */
export async function readSecret(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw fileFault(file, error)
  }
}

/**
 * Makes a folder, and those above it, for us alone.
 * Not mkdir's own `recursive`: where a parent exists and yet takes no folder (/proc), that tries for ever.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdirOnce(path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT') || dirname(path) === path) {
      throw fileFault(path, error)
    }
    await makeFolder(dirname(path))
    await mkdirOnce(path).catch((again: unknown) => {
      throw fileFault(path, again)
    })
  }
}

async function mkdirOnce(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    const there = await stat(path).catch(() => undefined)
    if (there?.isDirectory() !== true) throw error
  }
}

/** Writes beside its place, flushes, and renames: a kill leaves the old file or the new one, never half of one. */
export async function writeSecret(file: string, text: string): Promise<void> {
  const beside = `${file}.${process.pid}`
  try {
    await makeFolder(dirname(file))
    const handle = await open(beside, 'w', 0o600)
    try {
      await handle.writeFile(`${text}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(beside, file)
  } catch (error) {
    throw error instanceof ConfigError ? error : fileFault(file, error)
  }
}

/** What is wrong with a path under DATA_DIR, and what to do. */
export function fileFault(path: string, error: unknown): ConfigError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  const right = `We may not use ${path}. Give this user the right to it, or set DATA_DIR to another folder.`
  const folder = `${path} is not a folder. Set DATA_DIR to a folder, or to one that can be made.`
  const sentences: Record<string, string> = {
    EACCES: right,
    EPERM: right,
    EROFS: `${path} is on a read-only file system. Set DATA_DIR to a folder that can be written.`,
    ENOENT: `${path} cannot be made. Set DATA_DIR to another folder.`,
    ENOTDIR: folder,
    EEXIST: folder,
    ENOSPC: `The disk of ${path} is full. Make room, or set DATA_DIR to a folder on another one.`,
  }
  return new ConfigError(sentences[code] ?? `${path} cannot be used (${code}). Set DATA_DIR to another folder.`)
}
