import t from 'tap'
import { parseBracketed, parseElementString, writeElementString } from '../../src/gs1/element-string.ts'

/** `^` stands for FNC1 (\x1d), as people write it; a row is what is read, and the rule that refuses it or what it says. */
function rows(table: string): [given: string, expected: string][] {
  return table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+=>\s+/))
    .map(([given = '', expected = '']) => [given, expected])
}

const shown = (elements: { entry: { ai: string }; value: string }[]): string =>
  elements.map(({ entry, value }) => `(${entry.ai})${value}`).join('')

t.test('an element string is cut where the standard cuts it', (t) => {
  const table = `
    ^991234                                    => (99)1234
    991234                                     => (99)1234
    ^891234                                    => unknown_ai
    ^                                          => empty
    ^99~ABC                                    => cset82
    ^99ABC~                                    => cset82
    ^0112345678901231                          => (01)12345678901231
    ^01A2345678901231                          => csetnumeric
    ^011234567890123A                          => csetnumeric
    ^0112345678901234                          => csum
    ^011234567890123                           => length
    ^01123456789012312                         => unknown_ai
    ^0112345678901231^                         => (01)12345678901231
    ^011234567890123^                          => length
    ^01123456789012345^                        => csum
    ^0112345678901231991234                    => (01)12345678901231(99)1234
    ^0112345678901231^991234                   => (01)12345678901231(99)1234
    ^0112345678901231242123456^10ABC123        => (01)12345678901231(242)123456(10)ABC123
    ^01123456789012312421234567                => length
    ^011234567890123180011234123451239801      => length
    ^0112345678901231800112341234512398        => (01)12345678901231(8001)12341234512398
    ^011234567890123180011234123451239         => length
    ^01123456789012317007211225211231          => (01)12345678901231(7007)211225211231
    ^01123456789012317007211225                => (01)12345678901231(7007)211225
    ^0112345678901231700721122521              => length
    ^01123456789012317007211225211231123       => length
    ^800302112345678900ABC                     => (8003)02112345678900ABC
    ^800302112345678901ABC                     => csum
    ^800302112345678900                        => (8003)02112345678900
    ^800302112345678900ABCDEFGHIJKLMNOP        => (8003)02112345678900ABCDEFGHIJKLMNOP
    ^800302112345678900ABCDEFGHIJKLMNOPQ       => length
    ^01123456789012317230123                   => (01)12345678901231(7230)123
    ^0112345678901231723012                    => length
    01123456789012313103001500                 => (01)12345678901231(3103)001500
    0112345678901231310600150                  => unknown_ai
  `
  for (const [given, expected] of rows(table)) {
    const { value, fault } = parseElementString(given.replaceAll('^', '\x1d'))
    t.equal(value ? shown(value) : fault?.rule, expected, given)
  }
  t.end()
})

t.test('a refusal names the identifier and the place', (t) => {
  t.match(parseElementString('\x1d0112345678901234').fault, { code: 'gtin_check_digit', ai: '01', at: 16 })
  t.match(parseElementString('011234567890123117241301').fault, {
    code: 'code_malformed',
    ai: '17',
    at: 20,
    rule: 'yymmd0',
  })
  t.match(parseBracketed('(01)12345678901231(21)A B').fault, { ai: '21', at: 23, rule: 'cset82' })
  t.end()
})

t.test('brackets stand around identifiers alone', (t) => {
  const table = String.raw`
    (01)12345678901231                         => (01)12345678901231
    (01)12345678901231(10)12345                => (01)12345678901231(10)12345
    (01)12345678901231(10)12345(11)991225      => (01)12345678901231(10)12345(11)991225
    (01)12345678901231(10)12345\(11)991225     => (01)12345678901231(10)12345(11)991225
    (01)12345678901231(10)12345\(              => (01)12345678901231(10)12345(
    (01)12345678901231(10)(11)987650           => length
    (01)12345678901231(10)                     => length
    (1A)12345                                  => unknown_ai
    1(12345                                    => brackets
    12345                                      => brackets
    ()12345                                    => unknown_ai
    (1)12345                                   => unknown_ai
    (12345)12345                               => unknown_ai
    (15                                        => brackets
    (                                          => brackets
    (01)123456789012312(10)12345               => length
    (01)12345678901231(10)12345^               => cset82
    (01)4006381333931                          => length
    (01)40063813(21)1                          => length
  `
  for (const [given, expected] of rows(table)) {
    const { value, fault } = parseBracketed(given)
    t.equal(value ? shown(value) : fault?.rule, expected, given)
  }
  t.end()
})

t.test('what may stand together', (t) => {
  const good = `
    (400)ABC  (400)ABC(400)ABC  (400)ABC(99)DEF(400)ABC  (02)12345678901231(37)123(00)123456789012345675
    (91)XXX(02)12345678901231(92)YYY(37)123(93)ZZZ(00)123456789012345675  (21)ABC123(01)12345678901231
    (21)ABC123(8006)123456789012310510  (01)12345678901231(21)XYZ999(250)ABC123  (01)12345678901231(3925)12599(30)123
    (01)12345678901231(3925)12599(3105)654321  (01)12345678901231(3925)12599(3695)654321  (01)12345678901231(21)1(8030)AA
    (253)1231231231232X(8030)AA
  `
  const bad = `
    (400)ABC(400)AB=>repeat  (99)ABC(400)ABC(400)XYZ=>repeat  (01)12345678901231(02)12345678901231=>ex
    (01)12345678901231(255)5412345000150=>ex  (01)12345678901231(37)123=>ex  (21)ABC123(235)XYZ=>ex
    (255)5412345000150(3940)1234(3941)9999=>ex  (02)12345678901231=>req  (02)12345678901231(37)123=>req  (21)ABC123=>req
    (01)12345678901231(250)ABC123=>req  (01)12345678901231(3925)12599=>req  (10)12345=>req  (01)12345678901231(8030)AA=>req
    (253)1231231231232(8030)AA=>digsig  (8018)123456789012345675(7258)1/2=>req
  `
  const words = (text: string): string[] => text.trim().split(/\s+/)
  for (const given of words(good)) t.notOk(parseBracketed(given).fault, given)
  for (const row of words(bad)) {
    const [given = '', rule] = row.split('=>')
    t.equal(parseBracketed(given).fault?.rule, rule, given)
  }
  t.end()
})

t.test('writing puts a separator only where a value could run on', (t) => {
  const { value = [] } = parseBracketed('(10)A(01)12345678901231(21)B(17)240101')
  t.equal(writeElementString(value), '10A\x1d011234567890123121B\x1d17240101')
  t.equal(writeElementString(value, true), '01123456789012311724010110A\x1d21B')
  t.end()
})
