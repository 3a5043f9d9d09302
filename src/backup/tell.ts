// A bar on a terminal, a line at every tenth where the output goes to a file.
import { SingleBar } from 'cli-progress'
import { megabytes } from '../config/disk.ts'

export type Output = NodeJS.WritableStream & { isTTY?: boolean }
export type Progress = { update(bytes: number, of: number): void; stop(): void }

export function createProgress(out: Output, what: string): Progress {
  if (out.isTTY !== true) return createLines(out, what)
  const bar = new SingleBar({
    format: `  ${what} {bar} {value}/{total} MB, {eta_formatted} left`,
    hideCursor: true,
    stream: out,
    clearOnComplete: true,
  })
  let started = false
  return {
    update: (bytes, of) => {
      const [done, total] = [Math.floor(bytes / 1e6), Math.ceil(Math.max(of, bytes) / 1e6)]
      if (!started) bar.start(total, done)
      else {
        bar.setTotal(total)
        bar.update(done)
      }
      started = true
    },
    stop: () => {
      if (started) bar.stop()
    },
  }
}

function createLines(out: Output, what: string): Progress {
  let told = 0
  return {
    update: (bytes, of) => {
      const tenths = Math.min(10, Math.floor((bytes / Math.max(of, 1)) * 10))
      if (tenths <= told) return
      told = tenths
      out.write(`${what}: ${tenths * 10} %, ${megabytes(bytes)}\n`)
    },
    stop: () => undefined,
  }
}
