import { randomBytes } from 'node:crypto'

const saltBytes = 16
const drawBytes = 4096

/**
 * 16 fresh random bytes at each call, drawn for 256 entries at a time: asking the system for 16 costs nearly as much as asking for
 * 4,096 (3 % of a scan's CPU time [m]). What was handed out is never written to again.
 */
export function createSalts(): () => Buffer {
  let drawn = Buffer.alloc(0)
  let used = 0
  return () => {
    if (used === drawn.length) {
      drawn = randomBytes(drawBytes)
      used = 0
    }
    used += saltBytes
    return drawn.subarray(used - saltBytes, used)
  }
}
