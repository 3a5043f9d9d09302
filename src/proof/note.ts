import { fromBase64, toBase64 } from './base64.ts'
import type { Primitives } from './primitives.ts'

/**
 * Signed notes (c2sp.org/signed-note) with Ed25519 signatures, and the timestamped ones of witnesses (c2sp.org/tlog-cosignature).
 * Pure; cryptography is handed in.
 */

/** The first byte of a verifier key's data: how it signs. */
export const signatureType = { ed25519: 1, cosignature: 4 } as const
type SignatureType = (typeof signatureType)[keyof typeof signatureType]

/** One signature line. `keyId`: 8 hexadecimal digits. */
export type Signature = { name: string; keyId: string; bytes: Uint8Array }

export type Note = {
  /** What is signed, its last newline included. */
  text: string
  signatures: readonly Signature[]
}

/** Who may sign: a name and a public key, as a verifier key says them. */
export type Verifier = {
  name: string
  keyId: string
  type: SignatureType
  publicKey: Uint8Array
  /** What the checkpoints of its log begin with, where that is not its name: "go.sum database tree" is signed by sum.golang.org. */
  origin?: string
}

/** A note that is none, a key that is none, or a signature that a known key did not make. */
export class NoteError extends Error {
  override readonly name = 'NoteError'
}

// "Verifiers SHOULD apply a maximum limit … but MUST accept at least up to 16 signatures" (signed-note, Format).
const signaturesMax = 100
const noteCharactersMax = 1_000_000

/** Key names: no spaces, no plus (signed-note, Format). */
export const isKeyName = (name: string): boolean => name !== '' && !/[\p{White_Space}+\uFFFD\p{Cc}]/u.test(name)

/** @throws NoteError naming what is wrong */
export function parseNote(input: Uint8Array | string): Note {
  const whole = typeof input === 'string' ? input : decodeUtf8(input)
  if (whole.length > noteCharactersMax) throw new NoteError('The note is longer than any note is')
  if ([...whole].some((character) => character < ' ' && character !== '\n')) {
    throw new NoteError('The note has a control character in it')
  }
  const split = whole.lastIndexOf('\n\n')
  if (split < 0) throw new NoteError('The note has no blank line before its signatures')
  const text = whole.slice(0, split + 1)
  const lines = whole.slice(split + 2)
  if (lines === '' || !lines.endsWith('\n')) throw new NoteError('The note has no signature, or is cut off')
  const signatures = lines.slice(0, -1).split('\n').map(parseSignature)
  if (signatures.length > signaturesMax) throw new NoteError(`The note has more than ${signaturesMax} signatures`)
  return { text, signatures }
}

/** One line, without its newline. @throws NoteError */
export function parseSignature(line: string): Signature {
  const [, name = '', encoded = ''] = /^— (\S+) (\S+)$/u.exec(line) ?? []
  const bytes = fromBase64(encoded)
  if (!isKeyName(name) || bytes === undefined || bytes.length < 5) {
    throw new NoteError(`This is not a signature line: ${line.slice(0, 100)}`)
  }
  return { name, keyId: toHex(bytes.subarray(0, 4)), bytes: bytes.subarray(4) }
}

export function formatNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map((signature) => `${formatSignature(signature)}\n`).join('')}`
}

export const formatSignature = ({ name, keyId, bytes }: Signature): string =>
  `— ${name} ${toBase64(Uint8Array.of(...fromHex(keyId), ...bytes))}`

/** SHA-256(name, newline, type, public key), the first four bytes (signed-note, Signatures), as hexadecimal digits. */
export function keyIdOf(name: string, type: SignatureType, publicKey: Uint8Array, { sha256 }: Primitives): string {
  const head = new TextEncoder().encode(`${name}\n`)
  return toHex(sha256(Uint8Array.of(...head, type, ...publicKey)).subarray(0, 4))
}

/** `<name>+<key id>+<base64(type, public key)>` (signed-note, Verifier keys). */
export const formatVerifier = ({ name, keyId, type, publicKey }: Verifier): string =>
  `${name}+${keyId}+${toBase64(Uint8Array.of(type, ...publicKey))}`

/** @throws NoteError where it is none, or the id is not that of the key */
export function parseVerifier(text: string, primitives: Primitives): Verifier {
  const [, name = '', keyId = '', encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(text.trim()) ?? []
  const data = fromBase64(encoded)
  const type = data?.[0]
  if (!isKeyName(name) || data === undefined) throw new NoteError('This is not a verifier key: <name>+<id>+<base64>')
  if (type !== signatureType.ed25519 && type !== signatureType.cosignature) {
    throw new NoteError(`The verifier key of ${name} is of a kind (${type}) that is not known here`)
  }
  const publicKey = data.subarray(1)
  if (publicKey.length !== 32) throw new NoteError(`The verifier key of ${name} is not as long as an Ed25519 key`)
  if (keyIdOf(name, type, publicKey, primitives) !== keyId) {
    throw new NoteError(`The verifier key of ${name} is damaged: its id does not belong to it`)
  }
  return { name, keyId, type, publicKey }
}

export function makeVerifier(
  name: string,
  type: SignatureType,
  publicKey: Uint8Array,
  primitives: Primitives,
): Verifier {
  if (!isKeyName(name)) throw new NoteError(`${JSON.stringify(name)} cannot be the name of a key: no spaces, no plus`)
  return { name, keyId: keyIdOf(name, type, publicKey, primitives), type, publicKey }
}

/** What a witness signs (tlog-cosignature, Ed25519 signed message). `time`: seconds since 1970. */
export const cosignedMessage = (text: string, time: bigint): Uint8Array =>
  new TextEncoder().encode(`cosignature/v1\ntime ${time}\n${text}`)

/** When a cosignature was made, in seconds since 1970; undefined where the bytes are none. */
export function cosignatureTime(signature: Uint8Array): bigint | undefined {
  if (signature.length !== 72) return undefined
  const time = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0)
  return time < 2n ** 63n ? time : undefined
}

export type Opened = { note: Note; verified: readonly { verifier: Verifier; signature: Signature }[] }

/**
 * The note, if at least one of the verifiers signed it. Signatures by others are ignored, as the text demands; one by a known key
 * that does not verify condemns the whole note. Of several by one key the first counts.
 * @throws NoteError
 */
export async function openNote(
  input: Uint8Array | string,
  verifiers: readonly Verifier[],
  primitives: Primitives,
): Promise<Opened> {
  const note = parseNote(input)
  const verified: { verifier: Verifier; signature: Signature }[] = []
  for (const signature of note.signatures) {
    const verifier = verifiers.find(({ name, keyId }) => name === signature.name && keyId === signature.keyId)
    if (!verifier || verified.some((other) => other.verifier === verifier)) continue
    if (!(await verifySignature(note.text, signature, verifier, primitives))) {
      throw new NoteError(`The signature of ${signature.name} does not fit the text`)
    }
    verified.push({ verifier, signature })
  }
  if (verified.length === 0) {
    const names = [...new Set(note.signatures.map(({ name }) => name))].join(', ')
    throw new NoteError(`None of the known keys signed this; it bears signatures of ${names}`)
  }
  return { note, verified }
}

async function verifySignature(
  text: string,
  { bytes }: Signature,
  { type, publicKey }: Verifier,
  primitives: Primitives,
): Promise<boolean> {
  if (type === signatureType.ed25519) {
    return primitives.verifyEd25519(publicKey, new TextEncoder().encode(text), bytes)
  }
  const time = cosignatureTime(bytes)
  return time !== undefined && primitives.verifyEd25519(publicKey, cosignedMessage(text, time), bytes.subarray(8))
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    // A byte order mark is a character like any other here: ignoring it would make two notes of one.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new NoteError('The note is not UTF-8')
  }
}

export const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

const fromHex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
