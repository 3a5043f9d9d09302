// Ends processes the hard way, or holds them still.
import { readdirSync, readFileSync } from 'node:fs'

/** Of a system that does not tell, none: PostgreSQL's processes end by themselves when the first one is gone. */
export function childrenOf(parent: number): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').flatMap((name) => (parentOf(name) === parent ? [Number(name)] : []))
}

/** Undefined for what is no process, and for one that ended while we looked: the others must still be found. */
function parentOf(name: string): number | undefined {
  if (!/^\d+$/.test(name)) return undefined
  try {
    return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1])
  } catch {
    return undefined
  }
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It was quicker.
  }
}

/** The process and its children, all at once as far as one can. */
export function signalAll(pid: number, name: NodeJS.Signals): void {
  for (const each of [pid, ...childrenOf(pid)]) signal(each, name)
}
