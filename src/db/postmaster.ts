// One PostgreSQL server process over one data folder: found if it runs, started, waited for, ended.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { readFile, readlink, realpath, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { platform } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Binaries } from './binaries.ts'
import type { SystemUser } from './system-user.ts'

export type Running = { readonly pid: number; readonly port: number }

const pollMs = 10
/** Recovery after a crash reads WAL back; max_wal_size bounds it to seconds on any disk that deserves the name. */
const readyWithinMs = 300_000
const fastStopWithinMs = 20_000

/** Programs run with nothing of our environment: PGOPTIONS or LANG of whoever starts us must not reach the server. */
export function environment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
}

/**
 * How to run a program in a folder as a user. As root on Linux the program is told the folder as /proc/self/cwd: root
 * enters it before becoming the user, so it need not be reachable for that user from above (/root/tamga, mktemp -d).
 */
export function runIn(
  folder: string,
  user: SystemUser | undefined,
): { path: string; options: { cwd: string; env: Record<string, string>; uid?: number; gid?: number } } {
  const base = { cwd: folder, env: environment() }
  if (user === undefined) return { path: folder, options: base }
  return {
    path: platform() === 'linux' ? '/proc/self/cwd' : folder,
    options: { ...base, uid: user.uid, gid: user.gid },
  }
}

/** The server that runs over this folder, as its pid file says; undefined where the file is missing or stale. */
export async function findRunning(folder: string): Promise<(Running & { ready: boolean }) | undefined> {
  const lines = (await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  const pid = Number(lines[0])
  const port = Number(lines[3])
  if (!Number.isInteger(pid) || pid <= 0 || !(await serves(pid, folder))) return undefined
  return { pid, port, ready: lines[7]?.trim() === 'ready' }
}

// A number in a file may be another program's by now, after a restart of the machine or the container.
async function serves(pid: number, folder: string): Promise<boolean> {
  if (!alive(pid)) return false
  if (platform() === 'linux') {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined)
    // Nobody's where it cannot be read: the process is dead, or another user's.
    return cwd !== undefined && cwd === (await realpath(folder))
  }
  return spawnSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' }).stdout.includes('postgres')
}

export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

export type LaunchOptions = {
  binaries: Binaries
  folder: string
  user: SystemUser | undefined
  port: number
  settings: Readonly<Record<string, string>>
  logFile: string
}
export type Launched = { running: Running; failed?: never } | { failed: string; running?: never }

/** Starts a server and waits until it answers. `failed` is what it said last, if it ended instead. */
export async function launch(options: LaunchOptions): Promise<Launched> {
  const { path, options: run } = runIn(options.folder, options.user)
  const settings = Object.entries(options.settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  await removeMisleadingPidFile(options.folder)
  const log = openSync(options.logFile, 'w', 0o600)
  let child: ChildProcess
  try {
    // Detached: Ctrl-C in a terminal goes to the whole group, and the service ends first, its database after it.
    child = spawn(options.binaries.postgres, ['-D', path, '-p', String(options.port), ...settings], {
      ...run,
      stdio: ['ignore', log, log],
      detached: true,
    })
  } finally {
    closeSync(log)
  }
  let ended = false
  child.on('exit', () => (ended = true))
  child.on('error', () => (ended = true))
  child.unref()
  const deadline = Date.now() + readyWithinMs
  while (!ended && Date.now() < deadline) {
    const found = await findRunning(options.folder)
    if (found?.ready === true && found.pid === child.pid) return { running: found }
    await delay(pollMs)
  }
  if (!ended) child.kill('SIGQUIT')
  return { failed: await lastWords(options.logFile) }
}

// PostgreSQL removes the pid file of a dead server itself, but not one whose number is another process by now, after a
// restart of the machine or the container; if that process is of the same user it refuses to start.
async function removeMisleadingPidFile(folder: string): Promise<void> {
  const file = join(folder, 'postmaster.pid')
  const pid = Number((await readFile(file, 'utf8').catch(() => '')).split('\n')[0])
  if (Number.isInteger(pid) && pid > 0 && alive(pid) && !(await serves(pid, folder))) await rm(file, { force: true })
}

/** Waits for a server that somebody else is starting, or that is recovering. */
export async function untilReady(folder: string): Promise<Running | undefined> {
  const deadline = Date.now() + readyWithinMs
  for (;;) {
    const found = await findRunning(folder)
    if (found === undefined || found.ready) return found
    if (Date.now() > deadline) return undefined
    await delay(pollMs)
  }
}

/** Ends a server: connections are cut, what is committed is written, the pid file goes. */
export async function stop(folder: string, pid: number): Promise<void> {
  // Its own pid file is the measure: an orphan of an earlier start may stay a zombie that nobody collects.
  const runs = async (): Promise<boolean> => (await findRunning(folder))?.pid === pid
  for (const [signal, withinMs] of [
    ['SIGINT', fastStopWithinMs],
    ['SIGQUIT', 5_000],
  ] as const) {
    if (!(await runs())) return
    try {
      process.kill(pid, signal)
    } catch {
      return
    }
    const deadline = Date.now() + withinMs
    while ((await runs()) && Date.now() < deadline) await delay(pollMs)
  }
}

async function lastWords(logFile: string): Promise<string> {
  const lines = (await readFile(logFile, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')
  const fatal = lines.filter((line) => /FATAL|PANIC|could not|error while loading/.test(line))
  return (fatal.length > 0 ? fatal : lines).slice(-3).join(' ') || 'it said nothing'
}

// Below where systems take the ports of outgoing connections (Linux: from 32,768, the others: from 49,152): one of those would have ours
// while the server is away, and it could not come back.
const [portFrom, portBelow] = [20_000, 32_768]
const portTries = 20

/** @param wanted is kept if it is free */
export async function freePort(wanted: number | undefined): Promise<number> {
  const some = Array.from({ length: portTries }, () => randomInt(portFrom, portBelow))
  for (const port of [...(wanted === undefined ? [] : [wanted]), ...some, 0]) {
    const free = await listenOnce(port)
    if (free !== undefined) return free
  }
  throw new Error('no free port on 127.0.0.1')
}

/** Waits for a port to be free: a connection of somebody may have it for a moment. */
export async function untilFree(port: number, withinMs: number): Promise<boolean> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await delay(portPollMs)) {
    if ((await listenOnce(port)) !== undefined) return true
  }
  return false
}
const portPollMs = 50

const listenOnce = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined))
    })
  })
