import type { Tile } from '../tile.ts'

/** Where a log is read from: an address, a database, a folder. What it gives is believed in nothing. */
export type LogSource = {
  /** For people. */
  name: string
  /** The newest checkpoint, as a note. */
  checkpoint(): Promise<string>
  /** The hashes of a tile. @throws SourceError */
  tile(tile: Tile): Promise<Uint8Array>
  /** Entries of a bundle, each behind its length. Absent where only hashes can be had. @throws SourceError */
  bundle?(index: number, width: number): Promise<Uint8Array>
}

/** Something that the log must have cannot be had. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
}

/** What was found to be wrong, in the order in which it was found. */
export type Fault = {
  /** The first entry that it is about, where one can be named. */
  position?: number
  text: string
}
