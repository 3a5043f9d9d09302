// The demo as somebody runs it: arguments in, text and exit status out, against a service that listens.
import { Writable } from 'node:stream'
import { runDemo } from '../../src/demo/demo.ts'
import { operatorKey, testApp, type TestApp, type TestAppOptions } from '../support/app.ts'

type Teardown = { teardown: (done: () => Promise<void>) => void }

export type Played = { status: number; out: string; err: string }
export type Listening = TestApp & {
  url: string
  /** Runs the demo against this service with the operator's key. */
  play(...args: string[]): Promise<Played>
}

export async function listening(t: Teardown, options: TestAppOptions = {}): Promise<Listening> {
  const app = await testApp(t, options)
  const url = await app.app.listen({ host: '127.0.0.1', port: 0 })
  return { ...app, url, play: (...args) => play(['--url', url, '--key', operatorKey, ...args]) }
}

/** A stream that keeps what is written to it. */
export function kept(isTTY = false): Writable & { isTTY: boolean; text: () => string } {
  let text = ''
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      text += chunk.toString()
      done()
    },
  })
  return Object.assign(stream, { isTTY, text: () => text })
}

export async function play(args: readonly string[], env: Record<string, string> = {}): Promise<Played> {
  const [out, err] = [kept(), kept()]
  const status = await runDemo(args, { env, out, err })
  return { status, out: out.text(), err: err.text() }
}
