import t from 'tap'
import fc from 'fast-check'
import { readCode } from '../../src/gs1/read.ts'
import { canonicalEvent, contentDigest, differingField } from '../../src/epcis/canonical.ts'
import { decimal } from '../../src/epcis/door.ts'
import type { EpcisEvent } from '../../src/epcis/event.ts'
import { parseEvent } from '../../src/epcis/parse.ts'
import { linkOf, readCanonical } from '../../src/epcis/what.ts'
import { bases, goods, options, pallet, unit } from './events.ts'
import type { Json } from './events.ts'

function parsed(json: unknown): EpcisEvent {
  const { event, problems } = parseEvent(json, options)
  if (!event) throw new Error(JSON.stringify(problems))
  return event
}

const canonical = (json: unknown) => canonicalEvent(parsed(json)).text

/** Every field that an event can have, so that a property over it covers every writer. */
const full: Json = {
  '@context': [{ ext: 'https://example.com/', unused: 'https://example.com/u/' }],
  type: 'ObjectEvent',
  eventID: 'urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8',
  eventTime: '2026-04-30T18:00:00+06:00',
  eventTimeZoneOffset: '+06:00',
  recordTime: '2026-04-30T18:00:00+06:00',
  action: 'ADD',
  epcList: [unit('B'), unit('A'), pallet(7)],
  quantityList: [
    { epcClass: goods, quantity: 2.5, uom: 'KGM' },
    { epcClass: goods, quantity: 1 },
  ],
  bizStep: 'urn:epcglobal:cbv:bizstep:commissioning',
  disposition: 'active',
  persistentDisposition: { set: ['completeness_verified'], unset: ['completeness_inferred'] },
  readPoint: { id: 'urn:tamga:place:one', 'ext:gate': { b: 1, a: [2, 1] } },
  bizLocation: { id: 'urn:tamga:place:two' },
  bizTransactionList: [{ type: 'po', bizTransaction: 'urn:x:2' }, { bizTransaction: 'urn:x:1' }],
  sourceList: [{ type: 'owning_party', source: 'urn:tamga:participant:a' }],
  destinationList: [{ type: 'location', destination: 'urn:tamga:place:b' }],
  sensorElementList: [{ sensorMetadata: { time: '2026-04-30T17:00:00+06:00' }, sensorReport: [{ type: 'Mass' }] }],
  ilmd: { 'ext:lot': 'Ä"\\' },
  certificationInfo: 'https://example.com/c',
  errorDeclaration: { declarationTime: '2026-05-01T00:00:00Z', reason: 'incorrect_data' },
  'ext:note': [{ z: null, y: true }],
}

t.test('The canonical form is this text', async (t) => {
  t.equal(
    canonical({ ...bases.object, epcList: [unit('A2'), unit('A1')], bizStep: 'cbv:BizStep-shipping' }),
    '{"@context":["https://ref.gs1.org/standards/epcis/epcis-context.jsonld"],"type":"ObjectEvent",' +
      '"eventTime":"2026-04-30T12:00:00.000Z","eventTimeZoneOffset":"+06:00","action":"OBSERVE",' +
      `"epcList":["${unit('A1')}","${unit('A2')}"],"bizStep":"shipping"}`,
  )
})

t.test('It is JSON, and reading it gives the same again', async (t) => {
  const text = canonical(full)
  t.equal(canonical(JSON.parse(text)), text)
  t.strictSame(JSON.parse(text)['@context'][1], { ext: 'https://example.com/' }, 'only prefixes in use are declared')
  t.equal(JSON.parse(text).readPoint['ext:gate'].a[0], 2, 'own fields keep the order of their lists')
  for (const event of Object.values(bases)) t.equal(canonical(JSON.parse(canonical(event))), canonical(event))
})

/** The same event with its fields and its sets in another order; own fields are left alone, their lists have an order. */
const shuffled = (value: unknown, seed: number): unknown => {
  if (Array.isArray(value)) return rotated(value, seed).map((item) => shuffled(item, seed))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(
    ([name, item]) => [name, name.includes(':') ? item : shuffled(item, seed)] as const,
  )
  return Object.fromEntries(rotated(entries, seed))
}
const rotated = <T>(items: T[], seed: number): T[] => items.map((_, i) => items[(i + seed) % items.length] as T)

t.test('The order of fields and of sets does not matter; ids and record times are no content', async (t) => {
  const digest = contentDigest(parsed(full))
  fc.assert(
    fc.property(fc.nat(50), (seed) => contentDigest(parsed(shuffled(full, seed))) === digest),
    { numRuns: 50 },
  )
  t.equal(contentDigest(parsed({ ...full, eventID: 'urn:uuid:00000000-0000-4000-8000-000000000000' })), digest)
  t.equal(contentDigest(parsed({ ...full, eventTime: '2026-04-30T12:00:00.0004Z' })), digest, 'the same millisecond')
})

t.test('A change of any field changes the digest, and is named', async (t) => {
  const changes: Json = {
    eventTime: '2026-04-30T18:00:00.001+06:00',
    eventTimeZoneOffset: '+05:00',
    epcList: [unit('A')],
    quantityList: [{ epcClass: goods, quantity: 2.5, uom: 'GRM' }],
    disposition: 'encoded',
    persistentDisposition: { set: ['completeness_verified'] },
    readPoint: { id: 'urn:tamga:place:one' },
    bizLocation: { id: 'urn:tamga:place:three' },
    bizTransactionList: [{ type: 'po', bizTransaction: 'urn:x:2' }],
    sourceList: [{ type: 'possessing_party', source: 'urn:tamga:participant:a' }],
    destinationList: [],
    sensorElementList: [{ sensorReport: [{ type: 'Mass' }] }],
    ilmd: { 'ext:lot': 'B' },
    certificationInfo: 'https://example.com/d',
    errorDeclaration: { declarationTime: '2026-05-01T00:00:00Z' },
    'ext:note': 'other',
  }
  const before = parsed(full)
  for (const [field, value] of Object.entries(changes)) {
    const after = parsed({ ...full, [field]: value })
    t.not(contentDigest(after), contentDigest(before), field)
    t.equal(differingField(canonicalEvent(before).text, canonicalEvent(after).text), field)
  }
  const renamed = parsed({ ...full, '@context': [{ ext: 'https://other.example/' }] })
  t.equal(differingField(canonicalEvent(before).text, canonicalEvent(renamed).text), '@context')
  t.equal(differingField(canonicalEvent(before).text, canonicalEvent(before).text), undefined)
})

t.test('A long list is taken out, and compared by its digest', async (t) => {
  const event = parsed({ ...bases.object, epcList: [unit('C'), unit('B'), unit('A')] })
  const { text, lists } = canonicalEvent(event, { listMax: 2 })
  t.equal(lists.length, 1)
  t.match(lists[0], { field: 'epcList', count: 3, text: `${unit('A')}\n${unit('B')}\n${unit('C')}\n` })
  t.strictSame(JSON.parse(text).epcList, { count: 3, sha256: lists[0]?.digest })
  t.equal(canonicalEvent(event, { listMax: 3 }).lists.length, 0)
  t.equal(differingField(text, canonicalEvent(event).text), undefined)
  t.equal(differingField(text, canonical({ ...bases.object, epcList: [unit('A')] })), 'epcList')
})

t.test('Id and record time are written where they are given', async (t) => {
  const event = parsed(bases.object)
  const { text } = canonicalEvent(event, { eventID: 'ni:///x', recordTime: new Date('2026-05-01T00:00:00Z') })
  t.match(JSON.parse(text), { eventID: 'ni:///x', recordTime: '2026-05-01T00:00:00.000Z' })
})

t.test('A decimal has one spelling', async (t) => {
  const spellings: [string, string | undefined][] = [
    ['25.0', '25'],
    ['+007.50', '7.5'],
    ['-0', '0'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['1e3', '1000'],
    ['12.5E-3', '0.0125'],
    ['1e+21', '1000000000000000000000'],
    ['.', undefined],
    ['1,5', undefined],
    ['', undefined],
    // A minute or more, if the zeros before the last digit are tried from each of them (the whole test has half of that).
    [`0.${'0'.repeat(400_000)}1`, `0.${'0'.repeat(400_000)}1`],
    [`1${'0'.repeat(400_000)}e`, undefined],
  ]
  for (const [text, expected] of spellings) t.ok(decimal(text) === expected, text.slice(0, 20))
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      const text = decimal(String(number))
      return text !== undefined && !/e|\.\d*0$/.test(text) && Number(text) === (number === 0 ? 0 : number)
    }),
  )
})

t.test('The fast reader of canonical links says what the general one says', async (t) => {
  const set82 = [...'!"%&\'()*+,-./0123456789:;<=>?ABCXYZ_abcxyz'].map((c) => fc.constant(c))
  const serials = fc.array(fc.oneof(...set82), { minLength: 1, maxLength: 20 }).map((list) => list.join(''))
  fc.assert(
    fc.property(serials, (serial) => {
      const text = unit(encodeURIComponent(serial))
      const fast = readCanonical(text)
      const { reading } = readCode(text)
      return fast === undefined || (reading !== undefined && linkOf(reading) === linkOf(fast) && linkOf(fast) === text)
    }),
  )
  t.strictSame(readCanonical(pallet(3)), readCode(pallet(3)).reading)
  t.equal(readCanonical(`${pallet(3)}0`), undefined)
  t.equal(readCanonical(unit('A/21')), undefined)
  t.equal(readCanonical(unit('')), undefined)
})
