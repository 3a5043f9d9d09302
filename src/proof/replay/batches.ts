/** What is known of an entry before it is judged again. */
export type Mark = {
  /** It was recorded without a line, or settles such a fact. */
  late: boolean
  settles: boolean
  /** It takes an earlier entry back. */
  undoes: boolean
}

// A batch holds 2,000 events, and behind each may be what it settled. Heads further apart than this were thinned in between.
const batchMax = 4_000

/**
 * How many of the next entries are judged together. What came late is judged with exactly those that it was recorded with, as the heads
 * tell; without a head in between it is judged by itself, with what it settled.
 * @param heads how many entries there are up to each head, in order; the last may lie beyond the marks
 * @returns at least 1 where there are marks; more than there are where the batch goes on behind them
 */
export function cutBatch(marks: readonly Mark[], heads: readonly number[]): number {
  const late = marks.findIndex((mark) => mark.late)
  if (late < 0) {
    const undoes = marks.findIndex((mark, i) => i > 0 && mark.undoes)
    return undoes < 0 ? marks.length : undoes
  }
  const end = heads.find((head) => head > late)
  const start = heads.findLast((head) => head <= late) ?? 0
  if (end !== undefined && end - start <= batchMax) return start === 0 ? end : cutBatch(marks.slice(0, start), heads)
  // Its claim stands before the entries that settle what it woke.
  const claim = marks.findLastIndex((mark, i) => i <= late && !mark.settles)
  if (claim > 0) return cutBatch(marks.slice(0, claim), [])
  const next = marks.findIndex((mark, i) => i > 0 && !mark.settles)
  return next < 0 ? marks.length : next
}
