/**
 * A decision tree whose leaves can be read as rules: binary splits on numbers that lower the Gini impurity most (Breiman et al., 1984).
 * Deterministic: the same rows give the same tree.
 */

/** A row: its numbers in the order of the columns, and whether it was a hit. */
export type Row = { values: Float64Array; hit: boolean }

export type Leaf = { path: readonly { column: number; above: boolean; at: number }[]; hits: number; all: number }

export type TreeOptions = { depth: number; leavesMax: number; leafMin: number }

type Node = { rows: readonly Row[]; path: Leaf['path']; split: Split | undefined }
type Split = { column: number; at: number; gain: number }

/** Grows the leaf that gains most, one after the other, until there are enough: what is left out is what matters least. */
export function growTree(rows: readonly Row[], columns: number, options: TreeOptions): Leaf[] {
  const make = (own: readonly Row[], path: Leaf['path']): Node => ({
    rows: own,
    path,
    split: path.length < options.depth ? bestSplit(own, columns, options.leafMin) : undefined,
  })
  const nodes: Node[] = [make(rows, [])]
  while (nodes.length < options.leavesMax) {
    let best: Node | undefined
    for (const node of nodes) if (node.split && (!best?.split || node.split.gain > best.split.gain)) best = node
    if (!best?.split) break
    const { column, at } = best.split
    const above = best.rows.filter((row) => valueOf(row, column) > at)
    const below = best.rows.filter((row) => valueOf(row, column) <= at)
    nodes.splice(
      nodes.indexOf(best),
      1,
      make(above, [...best.path, { column, above: true, at }]),
      make(below, [...best.path, { column, above: false, at }]),
    )
  }
  return nodes.map(({ rows: own, path }) => ({ path, hits: own.filter(({ hit }) => hit).length, all: own.length }))
}

const valueOf = ({ values }: Row, column: number): number => values[column] ?? 0

const impurity = (hits: number, all: number): number => (all === 0 ? 0 : 2 * hits * (1 - hits / all))

function bestSplit(rows: readonly Row[], columns: number, leafMin: number): Split | undefined {
  const hits = rows.filter(({ hit }) => hit).length
  const whole = impurity(hits, rows.length)
  let best: Split | undefined
  for (let column = 0; column < columns; column++) {
    const sorted = [...rows].sort((a, b) => valueOf(a, column) - valueOf(b, column))
    let hitsBelow = 0
    for (let i = 0; i < sorted.length - 1; i++) {
      const [here, next] = [sorted[i], sorted[i + 1]]
      if (!here || !next) break
      if (here.hit) hitsBelow++
      const below = i + 1
      const [from, to] = [valueOf(here, column), valueOf(next, column)]
      if (from === to || below < leafMin || sorted.length - below < leafMin) continue
      const gain = whole - impurity(hitsBelow, below) - impurity(hits - hitsBelow, sorted.length - below)
      if (gain > 1e-9 && (!best || gain > best.gain)) best = { column, at: cut(from, to), gain }
    }
  }
  return best
}

/** The shortest number that lies between: a rule is read by people. */
function cut(from: number, to: number): number {
  for (let digits = 2; digits < 15; digits++) {
    const rounded = Number(((from + to) / 2).toFixed(digits))
    if (rounded >= from && rounded < to) return rounded
  }
  return from
}
