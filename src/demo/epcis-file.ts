// The events of somebody else's EPCIS 2.0 JSON: a document, a query's answer, a list of events, or one bare event.
import { readFile } from 'node:fs/promises'
import { DemoError, isRecord } from './client.ts'

/** An event as it stood in the file, with the document's context, so that its prefixes mean the same when it stands alone. */
export type FoundEvent = Record<string, unknown>

/** @throws DemoError where the file cannot be read or holds no events */
export async function readEpcisFile(file: string): Promise<FoundEvent[]> {
  const events = eventsOf(parse(file, await readText(file)))
  if (events === undefined) {
    throw new DemoError(
      `${file} is no EPCIS 2.0 JSON: it should be an EPCISDocument, an EPCISQueryDocument, a list of events, or one event.`,
    )
  }
  if (events.length === 0) throw new DemoError(`${file} holds no events.`)
  return events
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT') throw new DemoError(`There is no file ${file}.`)
    if (code === 'EISDIR') throw new DemoError(`${file} is a folder. Name a file.`)
    if (code === 'ERR_STRING_TOO_LONG' || code === 'ERR_FS_FILE_TOO_LARGE') {
      throw new DemoError(`${file} is larger than 512 MB. Split it into several documents.`)
    }
    throw new DemoError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function parse(file: string, text: string): unknown {
  try {
    // Some software begins its files with a byte order mark.
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new DemoError(`${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The events of a parsed file, in its order; undefined where it is nothing of the kind. */
export function eventsOf(json: unknown): FoundEvent[] | undefined {
  if (Array.isArray(json)) return json.flatMap((item: unknown) => eventsOf(item) ?? [])
  if (!isRecord(json)) return undefined
  const list = listOf(json)
  if (list === undefined) return typeof json['eventTime'] === 'string' ? [json] : undefined
  const context = listed(json['@context'])
  return list.filter(isRecord).map((event) => ({ ...event, ...merged(context, listed(event['@context'])) }))
}

/** Lenient about the frame, since only the events are posted: what is wrong with those the service says. */
function listOf(document: Record<string, unknown>): unknown[] | undefined {
  const body = isRecord(document['epcisBody']) ? document['epcisBody'] : document
  const query = isRecord(body['queryResults']) ? body['queryResults'] : {}
  const results = isRecord(query['resultsBody']) ? query['resultsBody'] : {}
  const list = body['eventList'] ?? results['eventList'] ?? body['event']
  return list === undefined ? undefined : listed(list)
}

const listed = (value: unknown): unknown[] => (value === undefined ? [] : Array.isArray(value) ? value : [value])

const merged = (outer: readonly unknown[], own: readonly unknown[]) =>
  outer.length + own.length === 0 ? {} : { '@context': [...outer, ...own] }
