import { applicationIdentifiers } from './ai.ts'
import { writeDigitalLink } from './digital-link.ts'
import { writeElementString } from './element-string.ts'
import { encodeTag } from './epc-binary.ts'
import { pairsToEpc } from './epc-key.ts'
import { encodePlusTag } from './epc-plus.ts'
import type { Epc } from './epc-schemes.ts'
import { tagsOf } from './epc-tags.ts'
import { parseEpcUri, writeEpcUri, writePattern, writeTagUri } from './epc-uri.ts'
import type { Reading } from './reading.ts'
import { bracketedElements } from './write.ts'

export type FormOptions = {
  /** Digits of the GS1 company prefix (6 to 12), from the register: a key does not tell it. */
  prefixLength?: number
  /** The filter value of tags; 0, "all others", by default. */
  filter?: number
  /** The host whose Digital Link a `++` tag holds. */
  hostname?: string
}

/** Every form in which an object can be written. */
export type Forms = {
  /** As a scanner transmits it, FNC1 as \x1d. */
  elementString?: string
  bracketed?: string
  digitalLink?: string
  epcUri?: string
  /** The pattern of the object's class. */
  pattern?: string
  /** The class of its lot. */
  classUri?: string
  tags: { encoding: string; uri?: string; hex: string }[]
  /** Why a form is not here, by its name. */
  missing: { form: string; why: string }[]
}

/** All forms that `reading` can be written in; of those that cannot, why. A tail is passed on as given, never made. */
export function forms(reading: Reading, options: FormOptions = {}): Forms {
  const result: Forms = { tags: [], missing: [] }
  if (reading.kind === 'foreign') {
    const { value } = parseEpcUri(reading.text)
    if (value) {
      result.epcUri = reading.text
      addTags(result, value.epc, options.filter ?? 0)
      return result
    }
    result.missing.push({ form: 'all', why: `This mark is of the system ${reading.system}; we only recognise it.` })
    return result
  }
  const pairs = elementsOf(reading)
  result.elementString = writeElementString(pairs)
  result.bracketed = bracketedElements(pairs)
  const { tail, others } = withoutTail(pairs)
  const link = writeDigitalLink(others)
  if (link.fault) result.missing.push({ form: 'digitalLink', why: link.fault.detail })
  else result.digitalLink = link.value
  if (tail) result.missing.push({ form: 'tail', why: 'Links, URIs and tags name the object alone, without its tail.' })
  // The key comes first.
  const values = new Map(others.map(({ entry, value }) => [entry.ai, value]))
  addPlus(result, values, options)
  addEpc(result, values, options)
  return result
}

type Elements = Parameters<typeof writeElementString>[0]

/** Key first, then what is of predefined length, the serial, the rest, the tail: no separator more than needed. */
function elementsOf(reading: Exclude<Reading, { kind: 'foreign' }>): Elements {
  const attributes = [...reading.attributes]
  const predefined = attributes.filter(([ai]) => applicationIdentifiers.get(ai)?.predefined)
  const rest = attributes.filter(([ai]) => !applicationIdentifiers.get(ai)?.predefined)
  const key: [string, string][] =
    reading.kind === 'unit'
      ? [['01', reading.gtin]]
      : reading.kind === 'logistic'
        ? [['00', reading.sscc]]
        : [[reading.ai, reading.value]]
  const serial: [string, string][] = reading.kind === 'unit' ? [['21', reading.serial]] : []
  const tail: [string, string][] =
    reading.kind === 'unit' && reading.tail
      ? [
          ['91', reading.tail.keyId],
          ['92', reading.tail.check],
        ]
      : []
  return [...key, ...predefined, ...serial, ...rest, ...tail].flatMap(([ai, value]) => {
    const entry = applicationIdentifiers.get(ai)
    return entry ? [{ entry, value }] : []
  })
}

function withoutTail(pairs: Elements): { tail: boolean; others: Elements } {
  const others = pairs.filter(({ entry }) => entry.ai !== '91' && entry.ai !== '92')
  return { tail: others.length < pairs.length, others }
}

function addPlus(result: Forms, values: ReadonlyMap<string, string>, { filter = 0, hostname }: FormOptions): void {
  const plus = encodePlusTag(values, { filter })
  if (plus.fault) result.missing.push({ form: '+', why: plus.fault.detail })
  else result.tags.push({ encoding: plus.value.name, hex: plus.value.hex })
  if (hostname === undefined) return
  const hosted = encodePlusTag(values, { filter, hostname })
  if (hosted.fault) result.missing.push({ form: '++', why: hosted.fault.detail })
  else result.tags.push({ encoding: hosted.value.name, hex: hosted.value.hex })
}

function addEpc(result: Forms, values: ReadonlyMap<string, string>, { prefixLength, filter = 0 }: FormOptions): void {
  if (prefixLength === undefined) {
    const why =
      'A key does not tell how long its GS1 company prefix is, and no participant here has registered this one. Give its length (prefixLength, 6 to 12), or let the operator register it.'
    result.missing.push({ form: 'epcUri', why }, { form: 'tags', why })
    return
  }
  const epc = pairsToEpc(values, prefixLength)
  const [[ai, value] = ['', '']] = values
  const pattern = classPattern(ai, value, prefixLength)
  if (pattern !== undefined) result.pattern = pattern
  const classUri = lotUri(values, prefixLength)
  if (classUri !== undefined) result.classUri = classUri
  if (epc.fault) {
    result.missing.push({ form: 'epcUri', why: epc.fault.detail })
    return
  }
  result.epcUri = writeEpcUri(epc.value)
  addTags(result, epc.value, filter)
}

function addTags(result: Forms, epc: Epc, filter: number): void {
  for (const tag of tagsOf(epc.scheme)) {
    const hex = encodeTag(epc, tag, filter)
    if (hex.fault) result.missing.push({ form: tag.name, why: hex.fault.detail })
    else result.tags.push({ encoding: tag.name, uri: writeTagUri(epc, tag, filter), hex: hex.value })
  }
}

// Of which keys there are classes: how long the key is without its serial, and where the serial stands.
const CLASSES: Readonly<Record<string, { length?: number; serial: 'key' | string }>> = {
  '01': { serial: '21' },
  '414': { serial: '254' },
  '8003': { length: 14, serial: 'key' },
  '253': { length: 13, serial: 'key' },
  '255': { length: 13, serial: 'key' },
  '8006': { serial: '21' },
  '8010': { serial: '8011' },
}

/** The pattern of all that differ from the object by their serial alone. */
function classPattern(ai: string, value: string, prefixLength: number): string | undefined {
  const kind = CLASSES[ai]
  if (!kind) return undefined
  const key = value.slice(0, kind.length)
  const some = kind.serial === 'key' ? [[ai, `${key}0`] as const] : [[ai, key] as const, [kind.serial, '0'] as const]
  const { value: epc } = pairsToEpc(new Map(some), prefixLength)
  // The serial is the last part of each of these.
  return epc && writePattern({ scheme: epc.scheme, parts: epc.parts.slice(0, -1) })
}

/** The class of all units of the lot, where the code tells it. */
function lotUri(values: ReadonlyMap<string, string>, prefixLength: number): string | undefined {
  const [gtin, lot] = [values.get('01'), values.get('10')]
  if (gtin === undefined || lot === undefined) return undefined
  const { value: epc } = pairsToEpc(
    new Map([
      ['01', gtin],
      ['10', lot],
    ]),
    prefixLength,
  )
  return epc && writeEpcUri(epc)
}

/** The digits of the key from its company prefix on; undefined of what has none. */
export function prefixDigits(reading: Reading): string | undefined {
  switch (reading.kind) {
    case 'unit':
      return reading.gtin.slice(1)
    case 'logistic':
      return reading.sscc.slice(1)
    case 'key':
      // An indicator digit, or the zero of a GRAI, stands before it.
      return /^\d+/.exec(reading.value.slice(['01', '8003', '8006'].includes(reading.ai) ? 1 : 0))?.[0]
    case 'foreign':
      return undefined
  }
}
