import t from 'tap'
import { systemOf } from '../../src/gs1/foreign.ts'
import { forms } from '../../src/gs1/forms.ts'
import { isGtin, isSerial, isSscc, parseGtin, parseSerial } from '../../src/gs1/identifiers.ts'
import { repairs } from '../../src/gs1/mishaps.ts'
import { readCode } from '../../src/gs1/read.ts'
import { bracketed, digitalLink, elementString } from '../../src/gs1/write.ts'

const TAIL = '\x1d91KEY1\x1d920123456789abcdef'
const UNIT = { kind: 'unit', gtin: '12345678901231', serial: '5ab/C' }

t.test('the same bottle in every form', (t) => {
  const given = [
    '0112345678901231215ab/C',
    `0112345678901231215ab/C${TAIL}`,
    `]d20112345678901231215ab/C${TAIL}`,
    `\x1d0112345678901231215ab/C${TAIL}`,
    ']C10112345678901231215ab/C\r\n',
    ']d10112345678901231215ab/C',
    '(01)12345678901231(21)5ab/C',
    '(21)5ab/C(01)12345678901231',
    'https://id.gs1.org/01/12345678901231/21/5ab%2FC',
    'http://shop.example/p/01/12345678901231/10/L1/21/5ab%2fC?17=300101&ref=mail#top',
    ']Q1https://shop.example/01/12345678901231/21/5ab%2FC',
    'urn:epc:id:sgtin:2345678.190123.5ab%2FC',
    'urn:epc:raw:208.x36148F2B38B9AADAE1C4BE180000000000000000000000000000',
    'urn:epc:tag:sgtin-198:1.2345678.190123.5ab%2FC',
  ]
  for (const text of given) t.match(readCode(text).reading, UNIT, JSON.stringify(text))
  const reading = readCode(given[0] ?? '').reading
  const { tags } = reading ? forms(reading, { prefixLength: 7, filter: 1, hostname: 'shop.example' }) : { tags: [] }
  t.ok(tags.length >= 3)
  for (const { hex, encoding } of tags) t.match(readCode(hex).reading, UNIT, encoding)
  t.end()
})

t.test('other objects', (t) => {
  const key = (ai: string, value: string, attributes: [string, string][] = []) => ({
    reading: { kind: 'key', ai, value, attributes: new Map(attributes) },
  })
  const sscc = { reading: { kind: 'logistic', sscc: '106141412345678908' } }
  for (const text of [
    '00106141412345678908',
    '106141412345678908',
    '(00)106141412345678908',
    'urn:epc:id:sscc:0614141.1234567890',
  ]) {
    t.match(readCode(text), sscc, text)
  }
  t.match(readCode('(00)106141412345678908(02)12345678901231(37)24').reading?.kind, 'logistic')
  t.same(readCode('4006381333931'), key('01', '04006381333931'))
  t.same(readCode(']E04006381333931'), key('01', '04006381333931'))
  t.same(readCode(']E402345673|]e017240101'), key('01', '00000002345673', [['17', '240101']]))
  t.same(readCode('(01)12345678901231(10)L1'), key('01', '12345678901231', [['10', 'L1']]))
  t.same(readCode('urn:epc:class:lgtin:2345678.190123.L1'), key('01', '12345678901231', [['10', 'L1']]))
  t.same(readCode('urn:epc:idpat:sgtin:2345678.190123.*'), key('01', '12345678901231'))
  t.same(readCode('(414)4374736473640(254)A'), key('414', '4374736473640', [['254', 'A']]))
  t.same(readCode('(400)ORDER7'), key('400', 'ORDER7'))
  t.same(readCode('40000B7F7070D40000FFFFFFFFFC'), key('8006', '001234567890120000', [['21', '274877906943']]), 'a tag')
  t.same(readCode('4000012345678901234567890123'), key('400', '0012345678901234567890123'), 'no tag: digits alone')
  t.match(readCode('urn:epc:id:imovn:9176187').reading, { kind: 'foreign', system: 'epc:imovn' })
  t.end()
})

t.test('what is wrong, and where', (t) => {
  const table: [string, object][] = [
    ['', { rule: 'empty' }],
    ['4006381333932', { code: 'gtin_check_digit', ai: '01', at: 12 }],
    [']E04006381333932', { code: 'gtin_check_digit', ai: '01', at: 15 }],
    [']E0400638133393', { rule: 'length' }],
    [']XX123', { rule: 'symbology', at: 0 }],
    [']d2', { rule: 'empty' }],
    ['01123456789012342112', { code: 'gtin_check_digit', at: 15 }],
    ['urn:epc:idpat:sgtin:2345678.*.*', { rule: 'pattern' }],
    ['30C579D5D4ADB60000000000FFFF', { rule: 'epc_tag' }],
    ['hello', { rule: 'unknown_ai', at: 0 }],
  ]
  for (const [text, fault] of table) t.match(readCode(text).fault, fault, text)
  t.end()
})

t.test('a refusal names the identifier, the rule and the place', (t) => {
  t.match(readCode('(01)12345678901231(17)991332').fault?.detail, /\[AI \(17\), rule yymmd0, character 25\]$/)
  t.match(readCode(']d20112345678901234').fault?.detail, /\[AI \(01\), rule csum, character 19\]$/)
  t.match(readCode('(21)A').fault?.detail, /\[AI \(21\), rule req, character 5\]$/)
  t.match(readCode('Z').fault?.detail, /\[rule unknown_ai, character 1\]$/)
  t.end()
})

t.test('a mishap of the scanner is named', (t) => {
  const own = `0112345678901231215abC${TAIL}`
  t.ok(readCode(own).reading)
  const table: [string, string][] = [
    ['0112345678901231215фиС', 'keyboard_layout'],
    ['0112345678901231215фиС91ЛУН1920123456789фисвуа', 'keyboard_layout'],
    [own.replaceAll('\x1d', ''), 'lost_gs'],
    [own.replaceAll('\x1d', '<GS>'), 'lost_gs'],
    [own.replaceAll('\x1d', ' '), 'lost_gs'],
    [own.replaceAll('\x1d', '^]'), 'lost_gs'],
    [`]d2${own.replaceAll('\x1d', '')}`, 'lost_gs'],
    [`0112345678901231214AAAA1BCDEFGHIJ91KEY1\x1d920123456789abcdef`, 'lost_gs'],
    [`0112345678901231214AAAA1BCDEFGHIJ91KEY192${'x'.repeat(86)}`, 'lost_gs'],
    [`0112345678901231214AAAA1BCDEFGHIJ\x1d91KEY192${'x'.repeat(86)}`, 'lost_gs'],
    [`0112345678901231214AAAA1BCDEFGHIJ91KEY1\x1d92${'x'.repeat(86)}`, 'lost_gs'],
    ['URN:EPC:ID:SSCC:0614141.1234567890', 'changed_case'],
    ['hTTPS://A.EXAMPLE/01/12345678901231', 'changed_case'],
  ]
  for (const [text, hint] of table) t.equal(readCode(text).fault?.hint, hint, JSON.stringify(text))
  t.equal(readCode('0112345678901234').fault?.hint, undefined, 'a wrong check digit is no mishap')
  t.ok([...repairs(own.toUpperCase())].length > 0, 'who verifies tails may try the repairs too')
  t.end()
})

t.test('marks of the neighbours are recognised', (t) => {
  const pdf417 = `22N${'00000XOPN13MM66T'}${'0HVF31210140009346786324654SFDSFKJHSDHFKJSDHFKJSD'}`
    .padEnd(68, '0')
    .slice(0, 68)
  const stamp = readCode(pdf417).reading
  t.match(stamp, { kind: 'foreign', system: 'egais' })
  t.equal(stamp?.kind === 'foreign' && stamp.attributes?.get('product_code')?.length, 19)
  t.match(readCode(`101${'A'.repeat(147)}`).reading, { kind: 'foreign', system: 'egais' })
  const pack = readCode("04600682000013-ZQ?bc'AB15dGVz").reading
  t.match(pack, { kind: 'foreign', system: 'chestny_znak' })
  t.equal(pack?.kind === 'foreign' && pack.attributes?.get('serial'), "-ZQ?bc'")
  const water = readCode('01046006820000132154kaTfsFG6mYe\x1d93dGVz').reading
  t.equal(water && systemOf(water), 'chestny_znak')
  t.equal(water?.kind, 'unit', 'a code of another country is a GS1 code and may be registered here')
  t.notOk(readCode('A'.repeat(150)).reading)
  t.end()
})

t.test('writing', (t) => {
  const [gtin, serial, sscc] = ['12345678901231', '5a(b/C', '106141412345678908']
  if (!isGtin(gtin) || !isSerial(serial) || !isSscc(sscc)) return t.fail('not identifiers')
  const tail = { keyId: 'KEY1', check: '0123456789abcdef' }
  t.equal(digitalLink({ gtin, serial, tail }), 'https://id.gs1.org/01/12345678901231/21/5a%28b%2FC')
  t.equal(digitalLink({ sscc }), 'https://id.gs1.org/00/106141412345678908')
  t.equal(elementString({ gtin, serial, tail }), `0112345678901231215a(b/C${TAIL}`)
  t.equal(bracketed({ gtin, serial, tail }), '(01)12345678901231(21)5a\\(b/C(91)KEY1(92)0123456789abcdef')
  t.equal(bracketed({ sscc }), '(00)106141412345678908')
  t.end()
})

t.test('forms say why one is missing', (t) => {
  const { reading } = readCode(`0112345678901231215abC${TAIL}`)
  if (!reading) return t.fail('not read')
  const without = forms(reading)
  t.equal(without.elementString, `0112345678901231215abC${TAIL}`)
  t.match(without.missing.find(({ form }) => form === 'epcUri')?.why, /company prefix/)
  const all = forms(reading, { prefixLength: 7 })
  t.equal(all.epcUri, 'urn:epc:id:sgtin:2345678.190123.5abC')
  t.equal(all.pattern, 'urn:epc:idpat:sgtin:2345678.190123.*')
  t.same(
    all.tags.map(({ encoding }) => encoding),
    ['sgtin+', 'sgtin-198'],
  )
  t.ok(all.missing.find(({ form }) => form === 'sgtin-96'))
  t.end()
})

t.test('identifiers cannot be made but by their parsers', (t) => {
  t.equal(parseGtin('12345678901231').value, '12345678901231')
  t.equal(parseGtin('12345678901232').fault?.code, 'gtin_check_digit')
  t.equal(parseGtin('4006381333931').fault?.rule, 'length')
  t.equal(parseSerial('A B').fault?.at, 1)
  t.equal(parseSerial('').fault?.rule, 'length')
  t.end()
})
