// Where the events of a document stand in its bytes, without parsing it whole: a document may be 32 MB, and JSON.parse of it would
// hold everybody up for a third of a second. What is cut here is parsed piece by piece; nothing is judged, only brackets and quotes.

/** Pauses where enough was done without one, so that others are served in between. */
export type Pace = () => Promise<void> | undefined

/** From and to (exclusive), in bytes. */
export type Piece = { from: number; to: number }
export type Split = { list: Piece; events: Piece[] }

// Where EPCIS 2.0 puts the list of events: in an EPCISDocument (section 9.2) and in an EPCISQueryDocument (12.7.2).
const lists = [
  ['epcisBody', 'eventList'].join('/'),
  ['epcisBody', 'queryResults', 'resultsBody', 'eventList'].join('/'),
]
const depthOfInterest = 4

const [quote, backslash, comma, openBrace, closeBrace, openBracket, closeBracket] = [
  0x22, 0x5c, 0x2c, 0x7b, 0x7d, 0x5b, 0x5d,
]
/** Nothing of interest between two looks at the clock. */
const bytesPerLook = 65_536

type Level = { key: string; wantsKey: boolean }

/**
 * The list of events and each event in it. Undefined where there is none, where there are two, or where brackets do not match: such a
 * document is to be parsed whole, which tells what is wrong with it.
 */
export async function splitDocument(bytes: Buffer, pace: Pace): Promise<Split | undefined> {
  const levels: Level[] = []
  let found: Split | undefined
  let looked = 0
  for (let at = 0; at < bytes.length; at++) {
    if (at - looked > bytesPerLook) {
      looked = at
      await pace()
    }
    const top = levels.at(-1)
    switch (bytes[at]) {
      case quote: {
        const end = stringEnd(bytes, at)
        if (top?.wantsKey === true) {
          if (levels.length <= depthOfInterest) top.key = textOf(bytes, at, end)
          top.wantsKey = false
        }
        at = end
        break
      }
      case comma:
        if (top && top.key !== inList) top.wantsKey = true
        break
      case openBrace:
        levels.push({ key: '', wantsKey: true })
        break
      case openBracket: {
        if (levels.length > depthOfInterest || !lists.includes(levels.map((level) => level.key).join('/'))) {
          levels.push({ key: inList, wantsKey: false })
          break
        }
        const events = await splitList(bytes, at, pace)
        if (!events || found) return undefined
        found = { list: { from: at, to: events.to }, events: events.pieces }
        looked = at = events.to - 1
        break
      }
      case closeBrace:
      case closeBracket:
        levels.pop()
        break
      default:
        break
    }
  }
  return levels.length === 0 ? found : undefined
}

/** No name of an object's member: a slash would not be told from one of a path. */
const inList = '/'

/** The elements of the list that opens at `from`. Each may be anything; an empty one is an error that its parser will find. */
async function splitList(
  bytes: Buffer,
  from: number,
  pace: Pace,
): Promise<{ pieces: Piece[]; to: number } | undefined> {
  const pieces: Piece[] = []
  let depth = 0
  let looked = from
  let start = from + 1
  for (let at = start; at < bytes.length; at++) {
    if (at - looked > bytesPerLook) {
      looked = at
      await pace()
    }
    const byte = bytes[at]
    if (byte === quote) at = stringEnd(bytes, at)
    else if (byte === openBrace || byte === openBracket) depth++
    else if (byte === comma && depth === 0) {
      pieces.push({ from: start, to: at })
      start = at + 1
    } else if (byte === closeBrace || byte === closeBracket) {
      if (--depth >= 0) continue
      const isEmpty = pieces.length === 0 && bytes.toString('latin1', start, at).trim() === ''
      if (!isEmpty) pieces.push({ from: start, to: at })
      return byte === closeBracket ? { pieces, to: at + 1 } : undefined
    }
  }
  return undefined
}

/** The index of the quote that ends the string which begins at `start`; the end of all where none does. */
function stringEnd(bytes: Buffer, start: number): number {
  for (let end = bytes.indexOf(quote, start + 1); end !== -1; end = bytes.indexOf(quote, end + 1)) {
    let slashes = 0
    while (bytes[end - 1 - slashes] === backslash) slashes++
    if (slashes % 2 === 0) return end
  }
  return bytes.length
}

/** A member's name may be written with escapes. */
function textOf(bytes: Buffer, start: number, end: number): string {
  try {
    return String(JSON.parse(bytes.toString('utf8', start, end + 1)))
  } catch {
    return ''
  }
}
