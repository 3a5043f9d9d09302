import fc from 'fast-check'
import t from 'tap'
import { forms } from '../../src/gs1/forms.ts'
import { checkDigit, isGtin, isSerial, isSscc } from '../../src/gs1/identifiers.ts'
import { readCode } from '../../src/gs1/read.ts'
import type { Reading } from '../../src/gs1/read.ts'
import { bracketed, digitalLink, elementString } from '../../src/gs1/write.ts'
import type { Writable } from '../../src/gs1/write.ts'

// Printed, so that a failure can be run again: SEED=… node --import tsx test/gs1/properties.test.ts
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000)
t.comment(`seed ${seed}`)
const options = { seed, numRuns: 500 }

const SET_82 = '!"%&\'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'
const text82 = (min: number, max: number) =>
  fc.array(fc.constantFrom(...SET_82), { minLength: min, maxLength: max }).map((list) => list.join(''))
/** A bracket inside a value of the bracketed form. */
const escaped = (text: string): string => text.replaceAll('(', '\\(')
const checked = (length: number) =>
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: length - 1, maxLength: length - 1 })
    .map((digits) => digits.join('') + String(checkDigit(digits.join(''))))

const gtin = checked(14).filter(isGtin)
const serial = text82(1, 20).filter(isSerial)
const sscc = checked(18).filter(isSscc)
const tail = fc.record({ keyId: text82(4, 4), check: fc.oneof(text82(16, 16), text82(86, 86)) })
const unit = fc.record({ gtin, serial })
const object: fc.Arbitrary<Writable> = fc.oneof(unit, fc.record({ gtin, serial, tail }), fc.record({ sscc }))
const prefixLength = fc.integer({ min: 6, max: 12 })

/** What a reading names, without what else the code says. */
const named = (reading: Reading | undefined): unknown => {
  if (reading?.kind === 'unit') return { gtin: reading.gtin, serial: reading.serial }
  if (reading?.kind === 'logistic') return { sscc: reading.sscc }
  return reading
}
const identity = (o: Writable): unknown => ('sscc' in o ? { sscc: o.sscc } : { gtin: o.gtin, serial: o.serial })

t.test('any object, in any form, is the same object', (t) => {
  fc.assert(
    fc.property(object, prefixLength, (o, length) => {
      const written = [elementString(o), `]d2${elementString(o)}`, bracketed(o), digitalLink(o)]
      const { reading } = readCode(written[0] ?? '')
      t.same(reading?.kind === 'unit' ? reading.tail : undefined, 'tail' in o ? o.tail : undefined)
      const all = reading && forms(reading, { prefixLength: length, hostname: 'id.example.kg' })
      t.ok(all && all.tags.length >= 2 && all.epcUri !== undefined)
      const others = [
        all?.elementString,
        all?.bracketed,
        all?.digitalLink,
        all?.epcUri,
        ...(all?.tags ?? []).flatMap(({ hex, uri }) => [hex, uri]),
      ]
      for (const text of [...written, ...others]) {
        if (text !== undefined) t.same(named(readCode(text).reading), identity(o), text)
      }
    }),
    { ...options, numRuns: 200 },
  )
  t.end()
})

t.test('any key keeps its value through EPC and tag', (t) => {
  const digits = (n: number) => checked(n)
  const keys = fc.oneof(
    digits(13).map((gln) => `(417)${gln}`),
    fc.tuple(digits(13), text82(1, 20)).map(([gln, extension]) => `(414)${gln}(254)${escaped(extension)}`),
    fc.tuple(digits(13), text82(1, 16)).map(([grai, s]) => `(8003)0${grai}${escaped(s)}`),
    fc.tuple(digits(13), text82(1, 17)).map(([gdti, s]) => `(253)${gdti}${escaped(s)}`),
    fc.tuple(fc.stringMatching(/^\d{12}$/), text82(1, 18)).map(([prefix, s]) => `(8004)${prefix}${escaped(s)}`),
    digits(18).map((gsrn) => `(8018)${gsrn}`),
    digits(18).map((gsrn) => `(8017)${gsrn}`),
    fc.tuple(digits(13), fc.stringMatching(/^\d{1,12}$/)).map(([gcn, s]) => `(255)${gcn}${s}`),
    fc
      .tuple(
        fc.stringMatching(/^\d{12}$/),
        fc.stringMatching(/^[0-9A-Z#/-]{1,18}$/),
        fc.stringMatching(/^[1-9]\d{0,11}$/),
      )
      .map(([prefix, part, s]) => `(8010)${prefix}${part}(8011)${s}`),
    fc.tuple(gtin, text82(1, 20)).map(([g, lot]) => `(01)${g}(10)${escaped(lot)}`),
    fc.tuple(gtin, text82(1, 20)).map(([g, s]) => `(8006)${g}0102(21)${escaped(s)}`),
  )
  fc.assert(
    fc.property(keys, prefixLength, (text, length) => {
      const { reading, fault } = readCode(text)
      if (!reading) return t.fail(`${text}: ${fault?.detail}`)
      const all = forms(reading, { prefixLength: length })
      if (all.epcUri === undefined) return t.fail(`${text} has no EPC URI: ${JSON.stringify(all.missing)}`)
      for (const form of [all.epcUri, ...all.tags.flatMap(({ hex, uri }) => [hex, uri ?? hex])]) {
        // A tag whose bits are also the element string of a consignment is read as that: scanners send more of those.
        if (/^401[0-9A-F]+$/.test(form)) continue
        const again = readCode(form).reading
        // An extension of 0 says that there is none (EPC Tag Data Standard 1.13, 6.3.3).
        const expected = /\(254\)0$/.test(text) ? { ...reading, attributes: new Map() } : reading
        t.same(again, expected, `${text} ${form}`)
      }
    }),
    options,
  )
  t.end()
})

t.test('any text has an answer or a located fault', (t) => {
  const pieces = fc.constantFrom(
    '01',
    '21',
    '(01)',
    '(',
    ')',
    '\\(',
    '\x1d',
    ']d2',
    ']E0',
    'https://a/',
    '01/',
    '?',
    '&',
    '%',
    'urn:epc:id:sgtin:',
    '.',
    '*',
    '12345678901231',
    '30',
    'F7',
    'Ф',
    '😀',
    '\0',
    '91KEY1',
    '|]e0',
  )
  const texts = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.array(fc.oneof(pieces, text82(0, 8)), { maxLength: 12 }).map((list) => list.join('')),
    fc.stringMatching(/^(2|3|4|E|F)[0-9A-F]{23,60}$/),
  )
  fc.assert(
    fc.property(texts, (text) => {
      const { reading, fault } = readCode(text)
      if (reading) return
      t.ok(fault.detail.length > 10 && fault.rule !== undefined, JSON.stringify({ text, fault }))
      t.ok(fault.at === undefined || (fault.at >= 0 && fault.at <= text.length), JSON.stringify({ text, fault }))
    }),
    { ...options, numRuns: 3000 },
  )
  t.end()
})

t.test('one wrong digit in a GTIN or SSCC never passes', (t) => {
  fc.assert(
    fc.property(object, fc.nat(), fc.integer({ min: 1, max: 9 }), (o, place, change) => {
      const text = elementString(o)
      const at = 2 + (place % ('sscc' in o ? 18 : 14))
      const digit = (Number(text.charAt(at)) + change) % 10
      const wrong = text.slice(0, at) + String(digit) + text.slice(at + 1)
      t.equal(readCode(wrong).fault?.code, 'gtin_check_digit', wrong)
    }),
    options,
  )
  t.end()
})

t.test('time grows with the length and no faster', (t) => {
  const n = 300_000
  const hostile = {
    carriageReturns: '\r'.repeat(n) + 'x',
    elements: '011234567890123120' + '112011'.repeat(n / 6),
    zeros: '0'.repeat(n),
    separators: '\x1d'.repeat(n),
    brackets: '('.repeat(n),
    escapes: '(10)' + '\\('.repeat(n / 2),
    path: `https://a${'/01'.repeat(n / 3)}`,
    query: `https://a/01/12345678901231?${'a=1&'.repeat(n / 4)}`,
    percents: `https://a/01/${'%'.repeat(n)}`,
    dots: `urn:epc:id:sgtin:${'.'.repeat(n)}`,
    stars: `urn:epc:idpat:sgtin:${'*.'.repeat(n / 2)}`,
    tagPattern: `urn:epc:pat:sgtin-96:${'[1-2].'.repeat(n / 6)}`,
    bits: '01'.repeat(n / 2),
    hex: 'F7'.repeat(n / 2),
    cyrillic: 'Ф'.repeat(n),
    repeated: '(01)12345678901231'.repeat(n / 18),
    composites: `]E0${'|]e0'.repeat(n / 4)}`,
  }
  for (const [name, text] of Object.entries(hostile)) {
    const start = performance.now()
    readCode(text)
    // Quadratic work on this length would take minutes; the bound leaves room for a busy machine.
    t.ok(performance.now() - start < 3000, name)
  }
  t.end()
})
