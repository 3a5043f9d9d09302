// The one kind of tar that PostgreSQL sends: plain ustar, names of at most 100 bytes, files, folders and links.
const block = 512

export type TarEntry = { readonly name: string; readonly kind: 'file' | 'folder' | 'link'; readonly bytes: number }
export type TarPart =
  | { readonly entry: TarEntry; readonly data?: never }
  | { readonly data: Buffer; readonly entry?: never }
  | { readonly end: true; readonly entry?: never; readonly data?: never }

/**
 * Takes a tar apart as it arrives: an entry, its data in pieces, `end`, and so on. Data is given on without being kept.
 * @throws Error where it is no such tar
 */
export class TarReader {
  #rest = Buffer.alloc(0)
  /** Bytes of the current file that are still to come, and of the padding after it. */
  #left = 0
  #padding = 0

  /** @throws Error where the archive stopped within an entry */
  finish(): void {
    if (this.#left > 0 || this.#rest.length > 0) throw new Error('the archive ends within a file')
  }

  *take(chunk: Buffer): Generator<TarPart> {
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk
    this.#rest = Buffer.alloc(0)
    while (bytes.length > 0) {
      if (this.#left > 0) {
        const data = bytes.subarray(0, this.#left)
        bytes = bytes.subarray(data.length)
        this.#left -= data.length
        yield { data }
        if (this.#left === 0) yield { end: true }
      } else if (this.#padding > 0) {
        const skipped = Math.min(this.#padding, bytes.length)
        bytes = bytes.subarray(skipped)
        this.#padding -= skipped
      } else if (bytes.length < block) {
        this.#rest = Buffer.from(bytes)
        return
      } else {
        const entry = readHeader(bytes.subarray(0, block))
        bytes = bytes.subarray(block)
        if (entry === undefined) continue
        if (entry.kind === 'file') {
          this.#left = entry.bytes
          this.#padding = (block - (entry.bytes % block)) % block
        }
        yield { entry }
        if (entry.kind === 'file' && entry.bytes === 0) yield { end: true }
      }
    }
  }
}

/** @returns undefined for a block of zeros, of which two end the archive */
function readHeader(header: Buffer): TarEntry | undefined {
  if (header.every((byte) => byte === 0)) return undefined
  const wanted = octal(header.subarray(148, 156))
  let sum = 0
  // The checksum counts its own eight bytes as spaces (POSIX.1-1988, ustar).
  for (const [i, byte] of header.entries()) sum += i >= 148 && i < 156 ? 0x20 : byte
  if (sum !== wanted) throw new Error('the archive holds a header with a wrong checksum')
  const name = text(header.subarray(0, 100))
  const kind = ({ '0': 'file', '\0': 'file', '5': 'folder', '2': 'link' } as const)[
    String.fromCharCode(header[156] ?? 0)
  ]
  if (kind === undefined) throw new Error(`the archive holds ${name}, which is neither a file nor a folder`)
  return { name, kind, bytes: octal(header.subarray(124, 136)) }
}

const text = (field: Buffer): string => {
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end < 0 ? field.length : end)
}

function octal(field: Buffer): number {
  // From 8 GB on the size is binary, marked by the first bit (GNU).
  if (((field[0] ?? 0) & 0x80) !== 0) return Number(field.readBigUInt64BE(field.length - 8))
  const digits = text(field).trim()
  const value = Number.parseInt(digits, 8)
  if (!/^[0-7]+$/.test(digits) || !Number.isSafeInteger(value)) throw new Error('the archive holds a damaged header')
  return value
}
