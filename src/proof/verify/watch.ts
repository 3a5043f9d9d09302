import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readSecret, writeSecret } from '../../config/secret-file.ts'
import { openCheckpoint } from '../checkpoint.ts'
import { nodePrimitives } from '../node-primitives.ts'
import { NoteError, type Verifier } from '../note.ts'
import { checkConsistency } from './consistency.ts'
import { type LogSource, SourceError } from './source.ts'

/** What a watcher remembers: the last checkpoint that it saw, and every one that contradicts it. */
export type Memory = {
  last(): Promise<string | undefined>
  keep(note: string): Promise<void>
  /** Puts a contradiction aside, to be shown to others. @returns where */
  accuse(note: string): Promise<string>
}

export function folderMemory(folder: string): Memory {
  const file = join(folder, 'last.checkpoint')
  return {
    last: async () => {
      const text = await readSecret(file)
      return text === undefined ? undefined : `${text}\n`
    },
    keep: (note) => writeSecret(file, note.trimEnd()),
    accuse: async (note) => {
      const place = join(
        folder,
        `contradiction-${createHash('sha256').update(note).digest('hex').slice(0, 12)}.checkpoint`,
      )
      await writeSecret(place, note.trimEnd())
      return place
    },
  }
}

export type WatchOptions = {
  source: LogSource
  verifier: Verifier
  memory: Memory
  say: (line: string) => void
  everyMs: number
  once: boolean
}

/** Looks again and again; ends at the first contradiction, or after one look. @returns the exit status */
export async function watchLog(options: WatchOptions): Promise<number> {
  for (;;) {
    const status = await lookOnce(options)
    if (options.once || status === 1) return status
    await delay(options.everyMs)
  }
}

async function lookOnce({ source, verifier, memory, say }: WatchOptions): Promise<number> {
  let note: string
  try {
    note = await source.checkpoint()
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    say(`${source.name} cannot be reached: ${error.message}.`)
    return 2
  }
  const seen = await openCheckpoint(note, verifier, nodePrimitives)
  const before = await memory.last()
  if (before !== undefined) {
    const last = await openCheckpoint(before, verifier, nodePrimitives)
    try {
      await checkConsistency(last, seen, source, nodePrimitives)
    } catch (error) {
      if (!(error instanceof NoteError || error instanceof SourceError)) throw error
      say(`NOT VERIFIED: ${error.message}. Both are kept: the last that fitted, and ${await memory.accuse(note)}.`)
      return 1
    }
    if (seen.size < last.size) {
      say(
        `${seen.origin} shows ${seen.size} entries, and showed ${last.size} before: an old copy, or a log that was rolled back.`,
      )
      return 1
    }
  }
  await memory.keep(note)
  say(
    before === undefined
      ? `SEEN: ${seen.origin} at ${seen.size} entries, for the first time; from now on it must continue them.`
      : `VERIFIED: ${seen.origin} at ${seen.size} entries continues what was seen before.`,
  )
  return 0
}
