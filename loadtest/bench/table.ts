/** One line of the table. `ratio` is the median over the rounds, `spread` how far they lie apart: (highest - lowest) / median. */
export type Row = {
  name: string
  ours: number
  yardstick: number | null
  ratio: number
  spread: number
  unit: string
  /** At least; at most where `less` is true. */
  must: number
  aim: number
  less?: true
  /** Anything that the figures do not say. */
  note?: string
}
export type Skipped = { name: string; skipped: string }

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const high = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2
}

export const spreadOf = (values: readonly number[]): number =>
  (Math.max(...values) - Math.min(...values)) / median(values)

/** What rounds that were played in turns say together: the ratio is taken within each round, so that slow moments strike both. */
export function rowOf(
  about: Pick<Row, 'name' | 'unit' | 'must' | 'aim' | 'less' | 'note'>,
  rounds: readonly { ours: number; yardstick: number }[],
  ratioOf = (ours: number, yardstick: number): number => ours / yardstick,
): Row {
  const ratios = rounds.map(({ ours, yardstick }) => ratioOf(ours, yardstick))
  return {
    ...about,
    ours: median(rounds.map(({ ours }) => ours)),
    yardstick: median(rounds.map(({ yardstick }) => yardstick)),
    ratio: median(ratios),
    spread: spreadOf(ratios),
  }
}

const figure = (value: number | null): string =>
  value === null ? '–' : value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)

export function verdictOf({ ratio, must, aim, less }: Row): string {
  const reaches = (bound: number) => (less ? ratio <= bound : ratio >= bound)
  return reaches(aim) ? 'aim' : reaches(must) ? 'must' : 'missed'
}

export function tableOf(rows: readonly (Row | Skipped)[]): string {
  const lines = rows.map((row) =>
    'skipped' in row
      ? [row.name, `skipped: ${row.skipped}`]
      : [
          row.name,
          figure(row.ours),
          figure(row.yardstick),
          row.unit,
          row.ratio.toFixed(3),
          `±${Math.round(row.spread * 50)} %`,
          `${row.less ? '≤' : '≥'} ${row.must}`,
          `${row.less ? '≤' : '≥'} ${row.aim}`,
          verdictOf(row),
          row.note ?? '',
        ],
  )
  const head = ['row', 'ours', 'yardstick', 'unit', 'ratio', 'spread', 'must', 'aim', 'reached', '']
  const full = [head, ...lines.filter((line) => line.length > 2)]
  const widths = head.map((_, i) => Math.max(...full.map((line) => line[i]?.length ?? 0)))
  return [head, ...lines]
    .map((line) =>
      line
        .map((cell, i) => (line.length === 2 && i === 1 ? cell : cell.padEnd(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
