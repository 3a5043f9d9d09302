// The random parts of an order: drawn, sorted, free of doubles, packed into blocks. Pure but for the source of randomness.
import { setImmediate } from 'node:timers/promises'
import { base36, blockSize, randomLength, readBase36 } from './serial.ts'

/** Gives `length` random characters of upper-case base 36. */
export type RandomText = (length: number) => string

/** Lets other requests run; a million codes must not hold the event loop for longer than a few milliseconds. */
export type Pause = () => Promise<unknown>

const bucketCount = 36 ** 2 // By the first two characters: 1.5 million codes make buckets of about 1,200.
const bucketWidth = 36 ** (randomLength - 2)
const sliceSize = 2_500 // Codes between two pauses: 1 to 3 ms of work in each of the phases below.

/**
 * `count` different random parts in ascending order, each below 36^8 and thereby an exact double.
 *
 * They are put into buckets by their first characters and sorted there, because sorting a million at once holds the event loop
 * for 100 ms and a worker thread would need a second way to start the program.
 */
export async function drawRandomParts(
  count: number,
  random: RandomText,
  pause: Pause = setImmediate,
): Promise<Float64Array> {
  const drawn = new Float64Array(count)
  const ends = new Uint32Array(bucketCount + 1)
  for (let from = 0; from < count; from += sliceSize) {
    const to = Math.min(from + sliceSize, count)
    const text = random((to - from) * randomLength)
    for (let i = from; i < to; i++) {
      const value = readBase36(text, (i - from) * randomLength, randomLength)
      drawn[i] = value
      const bucket = Math.floor(value / bucketWidth) + 1
      ends[bucket] = (ends[bucket] ?? 0) + 1
    }
    await pause()
  }
  for (let bucket = 1; bucket <= bucketCount; bucket++) ends[bucket] = (ends[bucket] ?? 0) + (ends[bucket - 1] ?? 0)

  const sorted = await scatter(drawn, ends, pause)
  await sortBuckets(sorted, ends, pause)
  return replaceDoubles(sorted, random)
}

async function scatter(drawn: Float64Array, ends: Uint32Array, pause: Pause): Promise<Float64Array> {
  const next = ends.slice(0, bucketCount)
  const sorted = new Float64Array(drawn.length)
  for (let i = 0; i < drawn.length; i++) {
    const value = drawn[i] ?? 0
    const bucket = Math.floor(value / bucketWidth)
    const at = next[bucket] ?? 0
    sorted[at] = value
    next[bucket] = at + 1
    if (i % (8 * sliceSize) === 0) await pause()
  }
  return sorted
}

async function sortBuckets(sorted: Float64Array, ends: Uint32Array, pause: Pause): Promise<void> {
  let since = 0
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    const from = ends[bucket] ?? 0
    const to = ends[bucket + 1] ?? 0
    sorted.subarray(from, to).sort()
    since += to - from
    if (since < 4 * sliceSize) continue
    since = 0
    await pause()
  }
}

/** In a million draws of 41 bits one double is as likely as one in five; each is drawn again until it is new. */
function replaceDoubles(sorted: Float64Array, random: RandomText): Float64Array {
  let size = 0
  for (const value of sorted) {
    if (size > 0 && sorted[size - 1] === value) continue
    sorted[size++] = value
  }
  while (size < sorted.length) {
    const value = readBase36(random(randomLength), 0, randomLength)
    const at = lowerBound(sorted, value, size)
    if (at < size && sorted[at] === value) continue
    sorted.copyWithin(at + 1, at, size)
    sorted[at] = value
    size++
  }
  return sorted
}

/** The index of the first of the `size` ascending numbers that is not below `value`; `size` if all are. */
export function lowerBound(sorted: Float64Array, value: number, size = sorted.length): number {
  let from = 0
  let to = size
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((sorted[middle] ?? 0) < value) from = middle + 1
    else to = middle
  }
  return from
}

/** The number of blocks that hold `quantity` codes. */
export const blockCount = (quantity: number): number => Math.ceil(quantity / blockSize)

const digits = new Uint8Array(base36.length)
for (let i = 0; i < base36.length; i++) digits[i] = base36.charCodeAt(i)

/** The random parts of one block as they are stored: 8 characters each, nothing between them. */
export function packBlock(sorted: Float64Array, block: number): string {
  const from = block * blockSize
  const to = Math.min(from + blockSize, sorted.length)
  const bytes = Buffer.allocUnsafe((to - from) * randomLength)
  for (let i = from; i < to; i++) {
    const value = sorted[i] ?? 0
    // Two halves of four characters, because integer arithmetic ends at 32 bits.
    const high = Math.floor(value / 36 ** 4)
    writeHalf(bytes, (i - from) * randomLength, high)
    writeHalf(bytes, (i - from) * randomLength + 4, value - high * 36 ** 4)
  }
  return bytes.toString('latin1')
}

function writeHalf(bytes: Buffer, at: number, half: number): void {
  let rest = half | 0
  for (let i = at + 3; i >= at; i--) {
    const next = (rest / 36) | 0
    bytes[i] = digits[rest - next * 36] ?? 0
    rest = next
  }
}

/** The stored form of a block as ascending numbers. */
export function unpackBlock(text: string): Float64Array {
  const sorted = new Float64Array(text.length / randomLength)
  for (let i = 0; i < sorted.length; i++) sorted[i] = readBase36(text, i * randomLength, randomLength)
  return sorted
}
