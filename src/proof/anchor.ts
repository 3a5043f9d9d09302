// The last checkpoint of each log outside the database: a file that a restored backup of the database does not take back. It is
// worth most on another disk (setting ANCHOR_DIR), and a witness is worth more.
import { join } from 'node:path'
import { readSecret, writeSecret } from '../config/secret-file.ts'
import { type Checkpoint, readCheckpoint } from './checkpoint.ts'
import { NoteError } from './note.ts'

export type Anchors = {
  /** The note, or undefined where there is none yet. */
  read(log: string): Promise<string | undefined>
  write(log: string, note: string): Promise<void>
  /** For people: where it lies. */
  place(log: string): string
}

export function fileAnchors(folder: string): Anchors {
  const place = (log: string): string => join(folder, `${log}.checkpoint`)
  const read: Anchors['read'] = async (log) => {
    const text = await readSecret(place(log))
    return text === undefined ? undefined : `${text}\n`
  }
  return {
    read,
    place,
    write: async (log, note) => {
      // Several processes write; none takes back what another knows.
      const before = await read(log)
      const known = before === undefined ? undefined : readable(before)
      const next = readCheckpoint(note)
      if (known?.origin === next.origin && known.size > next.size) return
      await writeSecret(place(log), note.trimEnd())
    },
  }
}

/** A file that is damaged says nothing: the start has refused it, or somebody spoilt it since. */
function readable(note: string): Checkpoint | undefined {
  try {
    return readCheckpoint(note)
  } catch (error) {
    if (error instanceof NoteError) return undefined
    throw error
  }
}
