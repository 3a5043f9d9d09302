import { fromBase64, toBase64 } from './base64.ts'
import { NoteError, openNote, type Opened, parseNote, parseVerifier, type Verifier } from './note.ts'
import type { Primitives } from './primitives.ts'

/** What a log says of itself at one moment (c2sp.org/tlog-checkpoint): so many entries, and this root over them. */
export type Checkpoint = {
  origin: string
  size: number
  /** 32 bytes. */
  root: Uint8Array
  /** Opaque lines after the first three; ours has none. */
  extensions: readonly string[]
}

/** The text that is signed. */
export const formatCheckpoint = ({ origin, size, root, extensions }: Checkpoint): string =>
  [origin, String(size), toBase64(root), ...extensions].map((line) => `${line}\n`).join('')

/** @param text a note's text. @throws NoteError */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n')
  const last = lines.pop()
  const [origin = '', sizeText = '', rootText = '', ...extensions] = lines
  const root = fromBase64(rootText)
  const size = parseDecimal(sizeText)
  if (last !== '' || origin === '' || lines.some((line) => line === '')) {
    throw new NoteError('This is not a checkpoint: it needs three lines, none of them empty')
  }
  if (size === undefined) throw new NoteError(`The size ${JSON.stringify(sizeText.slice(0, 40))} is no size of a log`)
  if (root?.length !== 32) throw new NoteError('The root of the checkpoint is not 32 bytes in base64')
  return { origin, size, root, extensions }
}

/** A decimal number as these formats write it: no sign, no leading zero, below 2^53. */
export function parseDecimal(text: string): number | undefined {
  const value = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : undefined
  return value !== undefined && Number.isSafeInteger(value) ? value : undefined
}

export const originOf = ({ origin, name }: Verifier): string => origin ?? name

/**
 * A log's verifier key; behind a space its origin, where that is not the name of the key (tlog-checkpoint: they SHOULD match).
 * @throws NoteError
 */
export function parseLogVerifier(text: string, primitives: Primitives): Verifier {
  const [key = '', ...origin] = text.trim().split(' ')
  const verifier = parseVerifier(key, primitives)
  return origin.length === 0 ? verifier : { ...verifier, origin: origin.join(' ') }
}

export type OpenedCheckpoint = Checkpoint & { note: string; opened: Opened }

/**
 * A signed checkpoint of the log that `verifier` signs for, with the witnesses among `witnesses` that cosigned it.
 * @throws NoteError where the log did not sign it, or it is another log's
 */
export async function openCheckpoint(
  note: string,
  verifier: Verifier,
  primitives: Primitives,
  witnesses: readonly Verifier[] = [],
): Promise<OpenedCheckpoint> {
  const opened = await openNote(note, [verifier, ...witnesses], primitives)
  if (!opened.verified.some((signed) => signed.verifier === verifier)) {
    throw new NoteError(`${verifier.name} itself did not sign this checkpoint`)
  }
  const checkpoint = parseCheckpoint(opened.note.text)
  if (checkpoint.origin !== originOf(verifier)) {
    throw new NoteError(`This is a checkpoint of ${checkpoint.origin}, not of ${originOf(verifier)}`)
  }
  return { ...checkpoint, note, opened }
}

/** Without looking at signatures: only for what was verified before, or is about to be. */
export const readCheckpoint = (note: string): Checkpoint => parseCheckpoint(parseNote(note).text)
