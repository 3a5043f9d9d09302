/**
 * Sets of object ids as ascending ranges that do not touch: the ids of an order are dense, so ten thousand units are a few ranges.
 * The text form is PostgreSQL's int8multirange.
 */
export type Ranges = readonly (readonly [from: bigint, to: bigint])[] // `to` is the first that is not in it.

export function parseRanges(text: string): Ranges {
  return [...text.matchAll(/\[(-?\d+),(-?\d+)\)/g)].map(([, from = '', to = '']) => [BigInt(from), BigInt(to)] as const)
}

export const formatRanges = (ranges: Ranges): string => `{${ranges.map(([from, to]) => `[${from},${to})`).join(',')}}`

export function rangesOf(ids: readonly bigint[]): Ranges {
  return union(ids.map((id) => [id, id + 1n] as const))
}

/** Any ranges, in any order and overlapping, as a set. */
export function union(ranges: Ranges): Ranges {
  const sorted = [...ranges].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))
  const merged: [bigint, bigint][] = []
  for (const [from, to] of sorted) {
    const last = merged.at(-1)
    if (last && from <= last[1]) last[1] = to > last[1] ? to : last[1]
    else merged.push([from, to])
  }
  return merged
}

export function intersection(a: Ranges, b: Ranges): Ranges {
  const found: [bigint, bigint][] = []
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const [x, y] = [a[i], b[j]]
    if (!x || !y) break
    const from = x[0] > y[0] ? x[0] : y[0]
    const to = x[1] < y[1] ? x[1] : y[1]
    if (from < to) found.push([from, to])
    if (x[1] < y[1]) i++
    else j++
  }
  return found
}

/** What is in `a` and not in `b`. */
export function difference(a: Ranges, b: Ranges): Ranges {
  const left: [bigint, bigint][] = []
  for (const [from, to] of a) {
    let start = from
    for (const [cutFrom, cutTo] of intersection([[from, to]], b)) {
      if (start < cutFrom) left.push([start, cutFrom])
      start = cutTo
    }
    if (start < to) left.push([start, to])
  }
  return left
}

export const sizeOf = (ranges: Ranges): number => Number(ranges.reduce((sum, [from, to]) => sum + to - from, 0n))

/** The id at a rank, from 0, in ascending order. */
export function idAt(ranges: Ranges, rank: number): bigint {
  let left = BigInt(rank)
  for (const [from, to] of ranges) {
    if (left < to - from) return from + left
    left -= to - from
  }
  throw new RangeError(`there is no rank ${rank} in a set of ${sizeOf(ranges)}`)
}

export const has = (ranges: Ranges, id: bigint): boolean => ranges.some(([from, to]) => from <= id && id < to)

const idsPerOrder = 1n << 21n

/** Cut at the borders of orders: the number of an order to the ids of it; ids that nobody ordered come under their own block. */
export function byOrder(ranges: Ranges): Map<number, Ranges> {
  const orders = new Map<number, [bigint, bigint][]>()
  for (const [from, to] of ranges) {
    for (let start = from; start < to;) {
      const order = start / idsPerOrder
      const border = (order + 1n) * idsPerOrder
      const end = to < border ? to : border
      const known = orders.get(Number(order))
      if (known) known.push([start, end])
      else orders.set(Number(order), [[start, end]])
      start = end
    }
  }
  return orders
}
