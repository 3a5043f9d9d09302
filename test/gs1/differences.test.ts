import t from 'tap'
import { readCode } from '../../src/gs1/read.ts'

/*
 * What other translators accept or write and we knowingly do not, each with the section that decides. Test rows of
 * theirs that rest on these are not followed.
 */
t.test('a reserved character stands escaped in an EPC URI (EPC Tag Data Standard 1.13, section 5, GS3A3Char)', (t) => {
  for (const serial of ['a/b', 'a&b', 'a"b', '100%', 'a<b', 'a?b']) {
    t.match(readCode(`urn:epc:id:sgtin:234567.1890123.${serial}`).fault, { rule: 'epc_uri' }, serial)
  }
  t.ok(readCode('urn:epc:id:sgtin:234567.1890123.a%2Fb').reading)
  t.end()
})

t.test('and percent-encoded in a link (GS1 Digital Link URI Syntax, section 4.6; RFC 3986, section 2.2)', (t) => {
  for (const serial of ['/19', 'a"b', 'a<b'])
    t.ok(readCode(`https://id.gs1.org/01/12345678901231/21/${serial}`).fault, serial)
  t.end()
})

t.test('a link carries the check digit, and it is right (GS1 General Specifications, section 7.9.1)', (t) => {
  t.match(readCode('https://samsung.com/de/01/12345678901234/10/9999').fault, { code: 'gtin_check_digit' })
  t.end()
})

t.test('(8003) begins with a 0 before its 13 digits (GS1 General Specifications, section 3.9.3)', (t) => {
  t.ok(readCode('https://id.gs1.org/8003/12345678901284ABC').fault)
  t.match(readCode('https://id.gs1.org/8003/01234567890128ABC').reading, { ai: '8003', value: '01234567890128ABC' })
  t.end()
})

t.test('an SGLN with extension 0 is a GLN without one (EPC Tag Data Standard 1.13, section 6.3.3)', (t) => {
  t.same(readCode('urn:epc:id:sgln:0614141.12345.0'), readCode('(414)0614141123452'))
  t.end()
})

t.test('a GTIN has 14 digits in a path and in brackets (GS1 Digital Link URI Syntax, section 4.3)', (t) => {
  for (const text of ['https://a/01/4006381333931', '(01)4006381333931', 'https://a/gtin/04006381333931']) {
    t.ok(readCode(text).fault, text)
  }
  t.end()
})

t.test('piece and total of 0: no element string (General Specifications, 3.9.6), but an EPC may hold them', (t) => {
  t.match(readCode('(8006)012345678901280000(21)A').fault, { rule: 'pieceoftotal' })
  t.match(readCode('urn:epc:id:itip:012345678901.0.00.00.A').reading, { ai: '8006', value: '001234567890120000' })
  t.end()
})

t.test('a part reference has at least one character (EPC Tag Data Standard 1.13, section 6.3.11)', (t) => {
  t.ok(readCode('urn:epc:idpat:cpi:164759476414..*').fault)
  t.end()
})

t.test('a pattern may name one object, without an asterisk (EPC Tag Data Standard 1.13, section 8.2)', (t) => {
  t.match(readCode('urn:epc:idpat:grai:1234567890.12.124').reading, { ai: '8003', value: '01234567890128124' })
  t.end()
})

t.test('a component serial is 0 or begins with another digit (EPC Tag Data Standard 1.13, section 6.3.11)', (t) => {
  t.match(readCode('(8010)0614141123456(8011)0').reading, { ai: '8010' })
  t.equal(readCode('(8010)0614141123456(8011)01').fault?.rule, 'nozeroprefix')
  t.end()
})

t.test('an amount has a currency that is in use (ISO 4217, list one, of 2025)', (t) => {
  const price = (currency: string) => readCode(`(415)4374736473640(8020)A(3912)${currency}12`)
  for (const currency of ['396', '417', '924', '925', '926']) t.ok(price(currency).reading, currency)
  for (const currency of ['191', '694', '931', '932']) t.equal(price(currency).fault?.rule, 'iso4217', currency)
  t.end()
})
