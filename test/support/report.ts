// How `npm test` tells what it found: a line for each file, and all that was skipped or failed once more at the end, where one looks
// first. `npx tap --reporter=tap` prints every assertion instead.
import { Transform, type TransformCallback } from 'node:stream'
import { inspect } from 'node:util'
import { Parser, type Result } from 'tap-parser'

type Failure = { file: string; name: string; told: string }

export default class Report extends Transform {
  readonly #parser = new Parser()
  readonly #failures: Failure[] = []
  readonly #skipped: string[] = []
  #files = 0
  #assertions = 0

  constructor() {
    super()
    this.#parser.on('child', (file) => this.#follow(file, file.name))
    this.#parser.on('assert', (result) => this.#fileEnded(result))
    this.#parser.on('bailout', (reason) => this.#fail('the whole run', reason, undefined))
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#parser.write(chunk)
    done()
  }

  override _flush(done: TransformCallback): void {
    this.#parser.end()
    this.push(`\n${this.#skipped.map((text) => `skipped: ${text}\n`).join('')}`)
    for (const { name, told } of this.#failures) this.push(`\nFAILED ${name}\n${told}`)
    const failed = this.#failures.length === 0 ? 'none failed' : `${this.#failures.length} FAILED`
    this.push(`\n${this.#files} files, ${this.#assertions} assertions, ${this.#skipped.length} skipped, ${failed}\n`)
    done()
  }

  #follow(parser: Parser, file: string): void {
    parser.on('child', (inner) => this.#follow(inner, file))
    parser.on('assert', (result) => {
      const { ok, skip, todo, fullname, closingTestPoint } = result
      if (!closingTestPoint) this.#assertions++
      if (skip !== false) this.#skipped.push(`${file}: ${fullname} (${skip === true ? 'no reason given' : skip})`)
      if (ok || skip !== false || todo !== false) return
      // That a group failed says nothing where something in it did; else it ended early or took too long.
      if (closingTestPoint && this.#failures.some((failure) => failure.name.startsWith(fullname))) return
      this.#fail(file, fullname, result.diag)
    })
  }

  #fileEnded({ ok, name, time, diag }: Result): void {
    this.#files++
    const took = time === null ? '' : `${(time / 1000).toFixed(1)} s`
    this.push(`${ok ? 'ok' : 'FAILED'}\t${took}\t${name}\n`)
    if (!ok && !this.#failures.some((failure) => failure.file === name)) this.#fail(name, name, diag)
  }

  #fail(file: string, name: string, diag: unknown): void {
    const about = typeof diag === 'object' && diag !== null ? Object.entries(diag) : []
    const told = about.map(
      ([key, value]) => `  ${key}: ${typeof value === 'string' ? value : inspect(value, { depth: 6 })}`,
    )
    this.#failures.push({ file, name, told: told.map((text) => `${text.replaceAll('\n', '\n    ')}\n`).join('') })
  }
}
