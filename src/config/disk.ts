import { statfs } from 'node:fs/promises'
import { ConfigError } from './config.ts'

export type Disk = { readonly freeBytes: number; readonly sizeBytes: number }

/** What an ordinary user may still write to the disk of a folder. */
export async function readDisk(folder: string): Promise<Disk> {
  const { bavail, blocks, bsize } = await statfs(folder)
  return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize }
}

/** @throws ConfigError where `bytes` and a reserve beside them do not fit onto the disk of the folder */
export async function demandRoom(folder: string, bytes: number, reserveBytes: number): Promise<void> {
  const { freeBytes } = await readDisk(folder)
  if (freeBytes >= bytes + reserveBytes) return
  throw new ConfigError(
    `The disk of ${folder} has ${megabytes(freeBytes)} free, and this needs ${megabytes(bytes)} and ${megabytes(reserveBytes)} to spare. ` +
      'Make room, or name a folder on another disk.',
  )
}

export const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1_000_000).toLocaleString('en')} MB`
