import { createHash } from 'node:crypto'

/**
 * The draw that nobody can steer or predict: u = SHA-256(seed ‖ beacon ‖ digest ‖ purpose), its first 48 bits as a share of 2^48. The
 * seed was committed to before the shift, the beacon's round came after the lodgement, and both are published afterwards, so that
 * anyone can compute every draw of a day again. Pure.
 */

const bits = 2 ** 48

/**
 * @param seed 32 bytes, of which the SHA-256 was published before
 * @param beacon randomness of a public round later than the lodgement, as hexadecimal digits; empty where there was none
 * @param digest SHA-256 of the declaration's content, 64 hexadecimal digits
 * @param purpose what is drawn for: draws for different purposes are independent
 * @returns 0 <= u < 1
 */
export function draw(seed: Uint8Array, beacon: string, digest: string, purpose: string): number {
  const hash = createHash('sha256')
    .update(seed)
    .update(Buffer.from(beacon, 'hex'))
    .update(Buffer.from(digest, 'hex'))
    .update(purpose, 'utf8')
    .digest()
  return hash.readUIntBE(0, 6) / bits
}

export const isSelected = (u: number, rate: number): boolean => u < rate

/** Shifts are days of UTC: one rule for every office, and none in which a seed is older than a day. */
export const shiftOf = (at: Date): string => at.toISOString().slice(0, 10)

export const commitmentOf = (seed: Uint8Array): string => createHash('sha256').update(seed).digest('hex')

/**
 * Ranks drawn without repetition, ascending.
 * @param of how many there are to draw from
 */
export function drawRanks(
  seed: Uint8Array,
  beacon: string,
  digest: string,
  purpose: string,
  count: number,
  of: number,
): number[] {
  const ranks = new Set<number>()
  for (let i = 0; ranks.size < Math.min(count, of); i++) {
    ranks.add(Math.floor(draw(seed, beacon, digest, `${purpose}/${i}`) * of))
  }
  return [...ranks].sort((a, b) => a - b)
}

/** How many of so many units an inspector scans: 7 of 480, 12 of 50,000. */
export const sampleSize = (units: number): number =>
  Math.min(units, Math.max(3, Math.ceil(1.1 * Math.log(Math.max(1, units)))))
