import { isObject, isUri, note } from './door.ts'
import type { Faults } from './door.ts'
import type { EventContext } from './event.ts'

/** The JSON-LD context that every answer names (EPCIS 2.0, section 10.1). */
export const EPCIS_CONTEXT = 'https://ref.gs1.org/standards/epcis/epcis-context.jsonld'

// The standard's context under the addresses that it has had; its words are built in, nothing is fetched.
const STANDARD = /^https?:\/\/(ref\.gs1\.org\/standards\/epcis\/|gs1\.github\.io\/EPCIS\/)[\w./-]*\.jsonld$/
const PREFIX = /^[A-Za-z_][\w.-]{0,63}$/
const PREFIXES_MAX = 100

export const NO_CONTEXT: EventContext = { prefixes: new Map(), remote: [] }

/**
 * What `@context` declares, on top of what the document around it declared. Contexts at other addresses are kept and
 * named again, but never fetched: what they declare cannot be checked.
 */
export function readContext(
  faults: Faults,
  value: unknown,
  path: string,
  outer: EventContext = NO_CONTEXT,
): EventContext {
  if (value === undefined || (typeof value === 'string' && STANDARD.test(value))) return outer
  const prefixes = new Map(outer.prefixes)
  const remote = [...outer.remote]
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value]
  for (const part of parts) {
    if (typeof part === 'string' && isUri(part)) {
      if (!STANDARD.test(part) && !remote.includes(part)) remote.push(part)
    } else if (isObject(part)) {
      readPrefixes(faults, part, path, prefixes)
    } else {
      note(
        { faults },
        path,
        'field_invalid',
        'Send @context as an address, an object of prefixes, or a list of these.',
        part,
      )
    }
  }
  if (prefixes.size + remote.length > PREFIXES_MAX) {
    note({ faults }, path, 'field_invalid', `Declare at most ${PREFIXES_MAX} prefixes and contexts.`)
    return outer
  }
  return { prefixes, remote }
}

function readPrefixes(
  faults: Faults,
  part: Readonly<Record<string, unknown>>,
  path: string,
  prefixes: Map<string, string>,
): void {
  for (const [key, value] of Object.entries(part)) {
    if (key.startsWith('@')) continue
    const uri = isObject(value) ? value['@id'] : value
    if (PREFIX.test(key) && typeof uri === 'string' && isUri(uri)) prefixes.set(key, uri)
    else
      note(
        { faults },
        path,
        'field_invalid',
        'A prefix is a short name for a URI: {"ext": "https://example.com/ns/"}.',
        key,
      )
  }
}
