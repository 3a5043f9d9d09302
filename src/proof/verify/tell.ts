// How the verifier speaks: a bar while it reads, then one line for each thing that was checked, and a verdict.
import { SingleBar } from 'cli-progress'

export type Output = NodeJS.WritableStream & { isTTY?: boolean }

export type Bar = { update(value: number, total: number): void; stop(): void }

/** A bar on a terminal; nothing where the output goes to a file. */
export function createBar(out: Output, what: string): Bar {
  if (out.isTTY !== true) return { update: () => undefined, stop: () => undefined }
  const bar = new SingleBar({
    format: `  ${what} {bar} {value}/{total} entries, {eta_formatted} left`,
    hideCursor: true,
    stream: out,
    clearOnComplete: true,
  })
  let started = false
  return {
    update: (value, total) => {
      if (!started) bar.start(total, value)
      else bar.update(value)
      started = true
    },
    stop: () => {
      if (started) bar.stop()
    },
  }
}

/** Entries a second, for people. */
export const rate = (entries: number, ms: number): string =>
  `${entries.toLocaleString('en')} entries in ${(ms / 1000).toFixed(1)} s (${Math.round(entries / Math.max(ms / 1000, 0.001)).toLocaleString('en')}/s)`

/** The first bad entry, for the last line. */
export function verdict(faults: readonly { position?: number }[]): string {
  const positions = faults.flatMap(({ position }) => (position === undefined ? [] : [position]))
  const first = positions.length === 0 ? '' : ` The first bad entry is ${Math.min(...positions)}.`
  return `NOT VERIFIED: ${faults.length} thing(s) do not fit.${first}`
}
