import { Socket } from 'node:net'

type Done = (error?: Error | null) => void

/**
 * The socket of a pipelined connection: all statements that are sent in one go leave in one write. A system call for each of
 * them costs more than making them, on both sides.
 */
export class OneWrite extends Socket {
  #held = false

  override write(chunk: string | Uint8Array, done?: Done): boolean
  override write(chunk: string | Uint8Array, encoding?: BufferEncoding, done?: Done): boolean
  override write(chunk: string | Uint8Array, encoding?: BufferEncoding | Done, done?: Done): boolean {
    this.#hold()
    return typeof encoding === 'string' ? super.write(chunk, encoding, done) : super.write(chunk, encoding)
  }

  /** Until everything that is ready to run now has run: whoever goes on after an answer sends its next statements by then. */
  #hold(): void {
    if (this.#held) return
    this.#held = true
    this.cork()
    queueMicrotask(() =>
      process.nextTick(() => {
        this.#held = false
        this.uncork()
      }),
    )
  }
}
