// How the demo speaks: a progress bar and tables at a terminal, plain lines where its output goes to a file or a pipe.
import { SingleBar } from 'cli-progress'

/** Standard output, or what a test reads instead. */
export type Output = NodeJS.WritableStream & { isTTY?: boolean }

export type Progress = { advance(by?: number): void; done(): void }

export type Teller = {
  say(text?: string): void
  /** A part of the story that takes time. @param total in the units that `advance` counts */
  progress(what: string, total: number): Progress
  /** Rows under a head, each column as wide as it needs. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void
}

const labelWidth = 34

export function createTeller(out: Output, now: () => number = () => performance.now()): Teller {
  const say = (text = '') => void out.write(`${text}\n`)
  return {
    say,
    progress: (what, total) => (out.isTTY === true ? bar(out, what, total) : line(say, what, total, now)),
    table: (head, rows) => writeTable(say, head, rows),
  }
}

function bar(out: Output, what: string, total: number): Progress {
  const single = new SingleBar({
    format: `  ${what.padEnd(labelWidth)} {bar} {value}/{total}  {duration} s`,
    barsize: 30,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    stream: out,
  })
  single.start(total, 0)
  return { advance: (by = 1) => single.increment(by), done: () => single.stop() }
}

function line(say: (text: string) => void, what: string, total: number, now: () => number): Progress {
  const start = now()
  let value = 0
  return {
    advance: (by = 1) => void (value += by),
    done: () => say(`  ${what.padEnd(labelWidth)} ${value}/${total}  ${((now() - start) / 1_000).toFixed(1)} s`),
  }
}

function writeTable(say: (text: string) => void, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const write = (row: readonly string[]) =>
    say(`  ${widths.map((width, i) => (row[i] ?? '').padEnd(width)).join('  ')}`.trimEnd())
  write(head)
  say(`  ${widths.map((width) => '─'.repeat(width)).join('  ')}`)
  rows.forEach(write)
}

/** `20,000` */
export const count = (value: number): string => value.toLocaleString('en-US')

/** A long text over several indented lines. */
export function wrapped(text: string, indent = '      ', width = 96): string {
  const lines: string[] = []
  let current = ''
  for (const word of text.split(/\s+/)) {
    if (current !== '' && current.length + 1 + word.length > width) {
      lines.push(current)
      current = word
    } else {
      current = current === '' ? word : `${current} ${word}`
    }
  }
  return [...lines, current].map((part) => indent + part).join('\n')
}
