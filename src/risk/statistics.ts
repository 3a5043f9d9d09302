/** The arithmetic of risk: small, written out, and the same on every machine. */

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = 0, high = 0] = [sorted[middle - 1], sorted[middle]]
  return sorted.length % 2 === 1 ? high : (low + high) / 2
}

/** How far a value lies from the median in robust standard deviations; undefined where all are alike or there are too few. */
export function robustZ(value: number, values: readonly number[], least: number): number | undefined {
  if (values.length < least) return undefined
  const centre = median(values)
  const spread = 1.4826 * median(values.map((other) => Math.abs(other - centre)))
  return spread === 0 ? undefined : (value - centre) / spread
}

/**
 * The Wilson score interval of a share (E. B. Wilson, 1927).
 * @param z 1.96 for 95 %
 */
export function wilson(hits: number, all: number, z = 1.96): { low: number; high: number } {
  if (all === 0) return { low: 0, high: 1 }
  const share = hits / all
  const root = z * Math.sqrt((share * (1 - share)) / all + (z * z) / (4 * all * all))
  const centre = share + (z * z) / (2 * all)
  const scale = 1 + (z * z) / all
  return { low: Math.max(0, (centre - root) / scale), high: Math.min(1, (centre + root) / scale) }
}

const dayMs = 86_400_000

/** Results of which each month counts a little less: half after about 180 days. */
export function decayed(
  results: readonly { at: Date; differs: boolean }[],
  at: Date,
  halfLifeDays = 180,
): { hits: number; clean: number } {
  let [hits, clean] = [0, 0]
  for (const { at: when, differs } of results) {
    const weight = 2 ** (-Math.max(0, at.getTime() - when.getTime()) / dayMs / halfLifeDays)
    if (differs) hits += weight
    else clean += weight
  }
  return { hits, clean }
}

/** Beta reputation with forgetting (Jøsang, Ismail 2002): the upper bound of the share of hits, drawn towards the base rate. */
export function partyScore(hits: number, clean: number, base = 0.02, k = 20): number {
  const all = hits + clean + k
  const share = (hits + k * base) / all
  return Math.min(1, share + 1.96 * Math.sqrt((share * (1 - share)) / all))
}

/** Rounded, so that the last digits of two machines' arithmetic never make two results of one. */
export const rounded = (value: number, digits = 6): number => Number(value.toFixed(digits))

/**
 * Pairs that meet more often than chance allows, by the normal approximation, with Bonferroni's bound over all pairs.
 * @param rows how often a broker's loads came to an officer, and how often it was found faulty
 */
export function steeredPairs(
  rows: readonly { broker: string; officer: string; count: number }[],
  alpha = 0.01,
): { broker: string; officer: string; count: number; expected: number; z: number; bound: number }[] {
  const ofBroker = new Map<string, number>()
  const ofOfficer = new Map<string, number>()
  let all = 0
  for (const { broker, officer, count } of rows) {
    ofBroker.set(broker, (ofBroker.get(broker) ?? 0) + count)
    ofOfficer.set(officer, (ofOfficer.get(officer) ?? 0) + count)
    all += count
  }
  const pairs = ofBroker.size * ofOfficer.size
  const bound = normalQuantile(1 - alpha / (2 * Math.max(1, pairs)))
  return rows
    .map(({ broker, officer, count }) => {
      const n = ofBroker.get(broker) ?? 0
      const q = (ofOfficer.get(officer) ?? 0) / Math.max(1, all)
      const spread = Math.sqrt(n * q * (1 - q))
      const z = spread === 0 ? 0 : (count - n * q) / spread
      return { broker, officer, count, expected: rounded(n * q, 2), z: rounded(z, 2), bound: rounded(bound, 2) }
    })
    .filter(({ z }) => z > bound)
    .sort((a, b) => b.z - a.z)
}

/** The normal distribution's quantile (P. J. Acklam's rational approximation, relative error below 1.2e-9). */
export function normalQuantile(p: number): number {
  const a = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
  ]
  const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572]
  const c = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ]
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416]
  const along = (factors: readonly number[], x: number) => factors.reduce((sum, factor) => sum * x + factor, 0)
  const tail = (x: number) => along(c, x) / (along(d, x) * x + 1)
  if (p < 0.02425) return tail(Math.sqrt(-2 * Math.log(p)))
  if (p > 1 - 0.02425) return -tail(Math.sqrt(-2 * Math.log(1 - p)))
  const q = p - 0.5
  const r = q * q
  return (along(a, r) * q) / (along(b, r) * r + 1)
}
