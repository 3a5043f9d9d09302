import { setImmediate } from 'node:timers/promises'
import { parseDocument } from '../epcis/document.ts'
import type { EventContext } from '../epcis/event.ts'
import { refusal } from '../epcis/parse.ts'
import { type CodeAnswer, readCode } from '../gs1/read.ts'
import { parseJson } from '../http/json.ts'
import { Problem } from '../http/problem.ts'
import { type Pace, type Piece, splitDocument } from './split.ts'

/** A document whose frame is right; its events are read one by one. */
export type OpenDocument = {
  context: EventContext
  /** Each event's JSON Pointer in the document, and its JSON. @throws Problem body_malformed, field_invalid */
  events: readonly { path: string; json: () => unknown }[]
}

/** A malformed document up to this size is parsed whole to name the line; in a larger one only the event is named. */
const locatedBytesMax = 4 * 1024 * 1024

/** How long at most the service works on a document before it looks after others. */
const stretchMs = 10

export function createPace(): Pace {
  let sinceMs = performance.now()
  return () => {
    if (performance.now() - sinceMs < stretchMs) return undefined
    return setImmediate(undefined).then(() => void (sinceMs = performance.now()))
  }
}

/**
 * Opens an EPCISDocument or EPCISQueryDocument. Only the frame is parsed here; what is wrong in an event is found with the event.
 * @throws Problem body_malformed, field_invalid, event_rule where the frame is not right
 */
export async function openDocument(bytes: Buffer, pace: Pace): Promise<OpenDocument> {
  const split = await splitDocument(bytes, pace)
  if (!split) return openWhole(bytes)
  const frame = parseDocument(parseFrame(bytes, split.list, split.events.length))
  if (!frame.document) throw refusal(frame)
  const { context, events } = frame.document
  if (events.length !== split.events.length) return openWhole(bytes)
  return {
    context,
    events: split.events.map((piece, i) => {
      const path = events[i]?.path ?? ''
      return { path, json: () => parsePiece(bytes, piece, path) }
    }),
  }
}

function openWhole(bytes: Buffer): OpenDocument {
  const parsed = parseDocument(parseJson(bytes))
  if (!parsed.document) throw refusal(parsed)
  const { context, events } = parsed.document
  return { context, events: events.map(({ json, path }) => ({ path, json: () => json })) }
}

/** The document with a nought for each event. */
function parseFrame(bytes: Buffer, { from, to }: Piece, count: number): unknown {
  const noughts = Buffer.from(`[${new Array<number>(count).fill(0).join(',')}]`)
  const frame = Buffer.concat([bytes.subarray(0, from), noughts, bytes.subarray(to)])
  try {
    return parseJson(frame)
  } catch (error) {
    throw located(bytes, error)
  }
}

function parsePiece(bytes: Buffer, { from, to }: Piece, path: string): unknown {
  try {
    return parseJson(bytes.subarray(from, to))
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const items = error.errors?.map((item) => ({ ...item, path: path + item.path }))
    throw located(
      bytes,
      new Problem(error.code, {
        detail: `${error.message} (in ${path})`,
        ...(items ? { errors: items } : {}),
        ...(error.errorCount === undefined ? {} : { errorCount: error.errorCount }),
      }),
    )
  }
}

/** The same problem with its line in the whole document, where finding that is not too long a work. */
function located(bytes: Buffer, error: unknown): unknown {
  if (!(error instanceof Problem) || bytes.length > locatedBytesMax) return error
  try {
    parseJson(bytes)
  } catch (exact) {
    return exact
  }
  return error
}

const codeFields = ['epcList', 'childEPCs', 'inputEPCList', 'outputEPCList'] as const

/** The lists of codes of an event as it came: what is no list is found when the event is read. */
function codeLists(json: unknown): (readonly unknown[])[] {
  if (typeof json !== 'object' || json === null) return []
  const fields = json as Readonly<Record<string, unknown>>
  return codeFields.flatMap((field) => {
    const list: unknown = fields[field]
    return Array.isArray(list) ? [list as unknown[]] : []
  })
}

/** How many codes an event names, and one of its units' GTINs. Nothing is refused here. */
export function surveyEvent(json: unknown): { codes: number; gtin?: string } {
  let codes = typeof json === 'object' && json !== null && 'parentID' in json ? 1 : 0
  let gtin: string | undefined
  for (const list of codeLists(json)) {
    codes += list.length
    const [first] = list
    const reading = isCode(first) ? readCode(first).reading : undefined
    if (reading?.kind === 'unit') gtin ??= reading.gtin
  }
  return { codes, ...(gtin === undefined ? {} : { gtin }) }
}

const isCode = (value: unknown): value is string => typeof value === 'string' && value.length <= codeLengthMax
const codeLengthMax = 1024

/** Codes are read a hundred at a time; thirty thousand at once take a quarter of a second. */
const codesPerLook = 100

/** Reads the codes of an event with pauses, and answers a reader that has them at hand. */
export async function readCodesOf(json: unknown, pace: Pace): Promise<(text: string) => CodeAnswer> {
  const known = new Map<string, CodeAnswer>()
  for (const list of codeLists(json)) {
    for (const [i, text] of list.entries()) {
      if (i % codesPerLook === 0) await pace()
      // What is written as we write it is read in no time, and never asked for.
      if (isCode(text) && !text.startsWith(ownLinks)) known.set(text, readCode(text))
    }
  }
  return (text) => known.get(text) ?? readCode(text)
}

const ownLinks = 'https://id.gs1.org/'
