// Where JSON text goes wrong. JSON.parse does not say so on every Node version, and what it says quotes the body.
// Runs only on text that was refused; iterative and linear, so that hostile text costs no more than good text.
import { pointerToken } from './problem.ts'

export type JsonFault = {
  /** Index of the first character that is wrong. */
  at: number
  /** What should have been there. */
  expected: string
  /** JSON Pointer of the innermost value that had begun. */
  path: string
  tooDeep?: true
}

type Level = { kind: 'object' | 'array'; key: string; index: number }
type Cursor = { text: string; at: number; levels: Level[]; depthMax: number }
/** What may come next. `first…` also allows the container to close at once. */
type Want = 'value' | 'firstElement' | 'firstName' | 'name' | 'after'

/** The first fault of JSON text, or undefined if there is none (RFC 8259, and no deeper than `depthMax`). */
export function findJsonFault(text: string, depthMax: number): JsonFault | undefined {
  const cursor: Cursor = { text, at: 0, levels: [], depthMax }
  let want: Want | 'end' = 'value'
  for (;;) {
    skipSpace(cursor)
    if (want === 'after' && cursor.levels.length === 0) want = 'end'
    if (want === 'end') return cursor.at === text.length ? undefined : fault(cursor, 'nothing may follow the document')
    const next: Want | JsonFault = step(cursor, want)
    if (typeof next !== 'string') return next
    want = next
  }
}

function step(cursor: Cursor, want: Want): Want | JsonFault {
  const char = cursor.text[cursor.at]
  const level = cursor.levels.at(-1)
  if (char === undefined) return fault(cursor, 'the text ends too early')
  if (want === 'after') return afterValue(cursor, char, level)
  if ((want === 'firstElement' && char === ']') || (want === 'firstName' && char === '}')) return close(cursor)
  if (want === 'firstName' || want === 'name') return name(cursor, char, level)
  return value(cursor, char)
}

function afterValue(cursor: Cursor, char: string, level: Level | undefined): Want | JsonFault {
  if (level?.kind === 'array') {
    if (char === ']') return close(cursor)
    if (char !== ',') return fault(cursor, 'expected a comma or ]')
    level.index++
    cursor.at++
    return 'value'
  }
  if (char === '}') return close(cursor)
  if (char !== ',') return fault(cursor, 'expected a comma or }')
  cursor.at++
  return 'name'
}

function close(cursor: Cursor): Want {
  cursor.levels.pop()
  cursor.at++
  return 'after'
}

function name(cursor: Cursor, char: string, level: Level | undefined): Want | JsonFault {
  if (char !== '"') return fault(cursor, 'expected a name in double quotes')
  const start = cursor.at
  const wrong = string(cursor)
  if (wrong) return wrong
  if (level) level.key = cursor.text.slice(start + 1, Math.min(cursor.at - 1, start + 201))
  skipSpace(cursor)
  if (cursor.text[cursor.at] !== ':') return fault(cursor, 'expected a colon')
  cursor.at++
  return 'value'
}

function value(cursor: Cursor, char: string): Want | JsonFault {
  if (char === '"') return string(cursor) ?? 'after'
  if (char === '{' || char === '[') {
    if (cursor.levels.length >= cursor.depthMax) return { ...fault(cursor, 'too deep'), tooDeep: true }
    cursor.levels.push({ kind: char === '{' ? 'object' : 'array', key: '', index: 0 })
    cursor.at++
    return char === '{' ? 'firstName' : 'firstElement'
  }
  scalar.lastIndex = cursor.at
  const match = scalar.exec(cursor.text)
  if (!match) return fault(cursor, 'expected a value')
  cursor.at = scalar.lastIndex
  return 'after'
}

// A number is cut to 1,000 digits a part, for a regular expression's stack is not endless.
const scalar = /true|false|null|-?(?:0|[1-9]\d{0,999})(?:\.\d{1,1000})?(?:[eE][+-]?\d{1,1000})?/y
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

function string(cursor: Cursor): JsonFault | undefined {
  for (cursor.at++; cursor.at < cursor.text.length;) {
    const code = cursor.text.charCodeAt(cursor.at)
    if (code === 0x22) {
      cursor.at++
      return undefined
    }
    if (code < 0x20) return fault(cursor, 'a control character in a string must be escaped')
    if (code === 0x5c) {
      escape.lastIndex = cursor.at
      if (!escape.test(cursor.text)) return fault(cursor, 'this escape is not known')
      cursor.at = escape.lastIndex
    } else cursor.at++
  }
  return fault(cursor, 'a string does not end')
}

function skipSpace(cursor: Cursor): void {
  for (; cursor.at < cursor.text.length; cursor.at++) {
    const code = cursor.text.charCodeAt(cursor.at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
  }
}

const fault = (cursor: Cursor, expected: string): JsonFault => ({
  at: cursor.at,
  expected,
  path: cursor.levels.map((level) => `/${pointerToken(level.kind === 'array' ? level.index : level.key)}`).join(''),
})
