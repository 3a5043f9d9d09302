import { applicationIdentifiers } from './ai.ts'
import { writeDigitalLink } from './digital-link.ts'
import { writeElementString } from './element-string.ts'
import { encodeTag } from './epc-binary.ts'
import { pairsToEpc } from './epc-key.ts'
import { encodePlusTag } from './epc-plus.ts'
import type { Epc } from './epc-schemes.ts'
import { tagsOf } from './epc-tags.ts'
import { writeEpcUri, writePattern, writeTagUri } from './epc-uri.ts'
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
  tags: { encoding: string; uri?: string; hex: string }[]
  /** Why a form is not here, by its name. */
  missing: { form: string; why: string }[]
}

/** All forms that `reading` can be written in; of those that cannot, why. A tail is passed on as given, never made. */
export function forms(reading: Reading, options: FormOptions = {}): Forms {
  const result: Forms = { tags: [], missing: [] }
  if (reading.kind === 'foreign') {
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
  addPlus(result, reading, options)
  addEpc(result, new Map(others.map(({ entry, value }) => [entry.ai, value])), options)
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

function addPlus(result: Forms, reading: Reading, { filter = 0, hostname }: FormOptions): void {
  if (reading.kind !== 'unit' && reading.kind !== 'logistic') return
  const name = reading.kind === 'unit' ? 'sgtin' : 'sscc'
  const plus = encodePlusTag(reading, { filter })
  if (plus.value !== undefined) result.tags.push({ encoding: `${name}+`, hex: plus.value })
  if (hostname === undefined) return
  const hosted = encodePlusTag(reading, { filter, hostname })
  if (hosted.fault) result.missing.push({ form: `${name}++`, why: hosted.fault.detail })
  else result.tags.push({ encoding: `${name}++`, hex: hosted.value })
}

function addEpc(result: Forms, values: ReadonlyMap<string, string>, { prefixLength, filter = 0 }: FormOptions): void {
  if (prefixLength === undefined) {
    const why =
      'The length of the GS1 company prefix is not known; a key does not tell it. Give it (prefixLength, 6 to 12) to get these.'
    result.missing.push({ form: 'epcUri', why }, { form: 'tags', why })
    return
  }
  const epc = pairsToEpc(values, prefixLength)
  const pattern = classPattern(values, prefixLength)
  if (pattern !== undefined) result.pattern = pattern
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

/** The pattern of all units of the GTIN, the one pattern that partners ask by. */
function classPattern(values: ReadonlyMap<string, string>, prefixLength: number): string | undefined {
  const gtin = values.get('01')
  if (gtin === undefined) return undefined
  const epc = pairsToEpc(
    new Map([
      ['01', gtin],
      ['21', '0'],
    ]),
    prefixLength,
  )
  return epc.fault ? undefined : writePattern({ scheme: 'sgtin', parts: epc.value.parts.slice(0, 2) })
}
