import { malformed } from './fault.ts'
import type { CodeAnswer } from './reading.ts'

/** The general reader: every form but the fast path of our own codes. */
export function readAnyForm(_text: string): CodeAnswer {
  return malformed('form', 'This form of code is not read yet.')
}
