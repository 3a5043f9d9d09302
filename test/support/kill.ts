// Ends processes the hard way, or holds them still.
import { readdirSync, readFileSync } from 'node:fs'

/** Of a system that does not tell, none: PostgreSQL's processes end by themselves when the first one is gone. */
export function childrenOf(parent: number): number[] {
  const children: number[] = []
  try {
    for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
      const [, ppid] = /\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? []
      if (Number(ppid) === parent) children.push(Number(name))
    }
  } catch {
    // A process that ended while we looked.
  }
  return children
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
