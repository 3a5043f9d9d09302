import { identifierAt } from './ai.ts'
import { checkTogether, checkValue, element } from './elements.ts'
import type { Element } from './elements.ts'
import { malformed, ok } from './fault.ts'
import type { Parsed } from './fault.ts'

const GS = '\x1d'

/**
 * Parses an element string as a scanner transmits it (GS1 General Specifications, 7.8): identifiers and values in a
 * row, FNC1 as \x1d after each value whose length is not predefined. FNC1 in first place, after a predefined length
 * and at the end is tolerated, as decoders must. `from` is where the data begins (after a symbology identifier).
 */
export function parseElementString(text: string, from = 0): Parsed<Element[]> {
  const elements: Element[] = []
  let at = text.startsWith(GS, from) ? from + 1 : from
  if (at >= text.length) return malformed('empty', 'There is no data in this code.', { at: from })
  // Where the next separator stands; looked for again only once it is passed, so that the time stays linear.
  let separator = -1
  while (at < text.length) {
    const entry = identifierAt(text, at)
    if (!entry) {
      const detail = `No Application Identifier begins with “${printable(text.slice(at, at + 4))}”.`
      return malformed('unknown_ai', detail, { at })
    }
    const start = at + entry.ai.length
    if (separator < start) {
      const next = text.indexOf(GS, start)
      separator = next < 0 ? text.length : next
    }
    const limit = separator
    // A value of predefined length ends by itself; any other runs to the separator.
    const end = entry.predefined ? Math.min(limit, start + entry.max) : limit
    const value = text.slice(start, end)
    const fault = checkValue(entry, value, start)
    if (fault) return { fault }
    elements.push({ entry, value, at: start })
    at = end === limit ? limit + 1 : end
  }
  const fault = checkTogether(elements)
  return fault ? { fault } : ok(elements)
}

/** Parses the bracketed form, `(01)…(21)…`; a bracket that belongs to a value is written `\(`. */
export function parseBracketed(text: string): Parsed<Element[]> {
  const elements: Element[] = []
  let at = 0
  while (at < text.length) {
    const close = text.charAt(at) === '(' ? text.indexOf(')', at) : -1
    if (close < 0) return malformed('brackets', 'Each Application Identifier stands in brackets, as in (01).', { at })
    const ai = text.slice(at + 1, close)
    let end = close + 1
    let value = ''
    for (let from = end; ; from = end + 1) {
      const open = text.indexOf('(', from)
      end = open < 0 ? text.length : open
      const escaped = open > close + 1 && text.charAt(open - 1) === '\\'
      value += escaped ? `${text.slice(from, open - 1)}(` : text.slice(from, end)
      if (!escaped) break
    }
    const parsed = element(ai, value, close + 1)
    if (parsed.fault) return parsed
    elements.push(parsed.value)
    at = end
  }
  const fault =
    elements.length === 0 ? malformed('empty', 'There is no data in this code.').fault : checkTogether(elements)
  return fault ? { fault } : ok(elements)
}

/** Writes elements in the order given, those of predefined length first if `sorted`; FNC1 as \x1d, none in front. */
export function writeElementString(
  elements: readonly { entry: Element['entry']; value: string }[],
  sorted = false,
): string {
  const order = sorted
    ? [...elements].sort((a, b) => Number(b.entry.predefined) - Number(a.entry.predefined))
    : elements
  return order
    .map(({ entry, value }, i) => entry.ai + value + (entry.predefined || i === order.length - 1 ? '' : GS))
    .join('')
}

const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '·')
