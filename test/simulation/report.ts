// What a run found, and the table that it ends with.
import type { Found } from './checks.ts'
import type { Journal } from './journal.ts'

/** One fault: milliseconds from its end (for what ends, the blow itself) until any, and until every, process recorded something new. */
export type Blow = { kind: string; note: string; anyMs: number; allMs: number }

export class Report {
  readonly blows: Blow[] = []
  acknowledged = 0
  lost = 0
  doubled = 0
  /** How often everything was looked at, and the things that were compared then. */
  looks = 0
  compared = 0
  /** Empty, or something is broken. */
  readonly wrong: string[] = []
  readonly counts = new Map<string, number>()

  looked(found: Found): void {
    this.looks++
    this.lost += found.lost
    this.doubled += found.doubled
    this.compared += found.compared
    this.wrong.push(...found.faults)
  }

  /** What a world's clients were told. */
  heard(journal: Journal): void {
    this.acknowledged += journal.told.length
    this.wrong.push(...journal.wrong)
    for (const [what, times] of journal.counted()) this.counts.set(what, (this.counts.get(what) ?? 0) + times)
  }

  add(other: Report): void {
    this.blows.push(...other.blows)
    this.wrong.push(...other.wrong)
    this.acknowledged += other.acknowledged
    this.lost += other.lost
    this.doubled += other.doubled
    this.looks += other.looks
    this.compared += other.compared
    for (const [what, times] of other.counts) this.counts.set(what, (this.counts.get(what) ?? 0) + times)
  }

  slowestMs(): number {
    return Math.max(0, ...this.blows.map(({ allMs }) => allMs))
  }

  table(): string {
    const kinds = [...new Set(this.blows.map(({ kind }) => kind))].sort()
    const lines = kinds.map((kind) => {
      const blows = this.blows.filter((blow) => blow.kind === kind)
      const [any, all] = [blows.map(({ anyMs }) => anyMs), blows.map(({ allMs }) => allMs)]
      return `| ${kind} | ${blows.length} | ${quantiles(any)} | ${quantiles(all)} |`
    })
    const counts = [...this.counts].map(([what, times]) => `${times} ${what}`).sort(byWords)
    return [
      '| fault | times | any process serves again, s: p50, max | every process, s: p50, max |',
      '| --- | --- | --- | --- |',
      ...lines,
      '',
      `${this.blows.length} faults; ${this.acknowledged} events acknowledged, ${this.lost} lost, ${this.doubled} doubled; ` +
        `${this.looks} looks at everything, ${this.compared} things where the model has them.`,
      counts.join('; '),
    ].join('\n')
  }
}

const byWords = (a: string, b: string): number => (a.replace(/\d+ /, '') < b.replace(/\d+ /, '') ? -1 : 1)

function quantiles(ms: readonly number[]): string {
  const sorted = [...ms].sort((a, b) => a - b)
  return [sorted[Math.floor((sorted.length - 1) / 2)], sorted.at(-1)]
    .map((value) => ((value ?? 0) / 1_000).toFixed(1))
    .join(', ')
}
