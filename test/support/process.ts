// The service as a process, as a person or a supervisor starts it.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programCommand, repository } from './repository.ts'

type Teardown = { teardown: (done: () => Promise<void>) => void }

export type Ended = { status: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }
export type Service = {
  readonly child: ChildProcess
  /** Where it serves; rejects with what it said if it ends first. */
  readonly url: Promise<string>
  readonly ended: Promise<Ended>
  readonly output: () => string
}

/** A folder of its own, removed when the test ends. Register before starting services on it: they must end first. */
export async function dataFolder(t: Teardown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tamga-start-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'data')
}

/** As under `npm start`: the service ends when who started it is gone, so a killed test leaves nothing running. */
const leash = { npm_lifecycle_event: 'start' }

/** Starts `npm start`'s command with exactly these settings; whatever still runs when the test ends is ended. */
export function startService(
  t: Teardown,
  env: Readonly<Record<string, string>>,
  command: readonly string[] = serverCommand,
): Service {
  const [program, ...args] = command
  const child = spawn(program ?? '', args, {
    cwd: repository,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', PORT: '0', ...leash, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  let served: (url: string) => void = () => undefined
  let failed: (error: Error) => void = () => undefined
  const url = new Promise<string>((resolve, reject) => {
    served = resolve
    failed = reject
  })
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
    const address = /Tamga serves on (http:\/\/\S+?);/.exec(stdout)?.[1]
    if (address !== undefined) served(address)
  })
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (status, signal) => {
      resolve({ status, signal, stdout, stderr })
      failed(new Error(`the service ended (${status ?? signal}): ${stderr || stdout}`))
    })
  })
  // Who only waits for the end does not ask for the address.
  url.catch(() => undefined)
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    let stuck = false
    const patience = setTimeout(() => {
      stuck = true
      child.kill('SIGKILL')
    }, endsWithinMs)
    const { stdout, stderr } = await ended
    clearTimeout(patience)
    if (stuck) throw new Error(`the service does not end within ${endsWithinMs} ms: ${stdout}${stderr}`)
  })
  return { child, url, ended, output: () => stdout + stderr }
}

/** Far more than it gives its callers and its database together. */
const endsWithinMs = 60_000

export const serverCommand = programCommand('src/server.ts')
