import t from 'tap'
import { parseDigitalLink, writeDigitalLink } from '../../src/gs1/digital-link.ts'
import { parseBracketed } from '../../src/gs1/element-string.ts'

const rows = (table: string): string[][] =>
  table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+=>\s+/))

const shown = (elements: { entry: { ai: string }; value: string }[]): string =>
  elements.map(({ entry, value }) => `(${entry.ai})${value}`).join('')

t.test('a link of any domain says what its path and query say', (t) => {
  const table = `
    http://a/00/006141411234567890                                  => (00)006141411234567890
    HTTPS://a/00/006141411234567890                                 => (00)006141411234567890
    HtTp://a/b/00/006141411234567890                                => uri
    ftp://a/00/006141411234567890                                   => uri
    https://00/006141411234567890                                   => no_key
    http:///00/006141411234567890                                   => uri
    http://a                                                        => uri
    http://a/b/                                                     => no_key
    https://xn--fsq.xn--0zwm56d/01/12312312312333                   => (01)12312312312333
    https://a./01/12312312312333                                    => (01)12312312312333
    https://a:65535/01/12312312312333                               => (01)12312312312333
    https://[2001:db8::1]/01/12312312312333                         => (01)12312312312333
    https://[fe80::1%25lo]/01/12312312312333                        => uri
    https://$a/00/006141411234567890                                => uri
    https://a/more/stem/00/006141411234567890                       => (00)006141411234567890
    https://a/00/faux/00/006141411234567890                         => (00)006141411234567890
    https://a/gtin/12312312312333                                   => no_key
    https://a/01/2112345678900                                      => length
    https://a/01/02345673                                           => length
    https://a/01/12312312312334                                     => csum
    https://a/01/12312312312333/22/TEST/10/ABC/21/XYZ               => (01)12312312312333(22)TEST(10)ABC(21)XYZ
    https://a/01/12312312312333/10/ABC/22/TEST                      => dlpkey
    https://a/01/12312312312333/22/T/235/X                          => dlpkey
    https://a/01/12312312312333/235/TEST                            => (01)12312312312333(235)TEST
    https://a/253/1231231231232TEST5678901234567                    => (253)1231231231232TEST5678901234567
    https://a/253/1231231231232TEST56789012345678                   => length
    https://a/8018/123456789012345675/8019/123                      => (8018)123456789012345675(8019)123
    https://a/stem/00/006141411234567890/                           => no_key
    https://a/stem/00/006141411234567890?                           => (00)006141411234567890
    https://a/stem/401/12345678?99=ABC                              => (401)12345678(99)ABC
    https://a/01/12312312312333?99=                                 => length
    https://a/01/12312312312333?99=ABC&999=faux                     => unknown_ai
    https://a/01/12312312312333?&&&99=ABC&&&98=XYZ&&                => (01)12312312312333(99)ABC(98)XYZ
    https://a/01/12312312312333?u=5&99=ABC&single&98=XYZ            => (01)12312312312333(99)ABC(98)XYZ
    https://a/01/12312312312333/22/ABC%2d123?98=XYZ%2f987           => (01)12312312312333(22)ABC-123(98)XYZ/987
    https://a/01/12312312312333/22/ABC+123                          => (01)12312312312333(22)ABC+123
    https://a/01/12312312312333?98=XYZ+987                          => cset82
    https://a/01/12312312312333/21/A%00B                            => cset82
    https://a/01/12312312312333/21/ABC%2                            => (01)12312312312333(21)ABC%2
    https://a/01/12312312312333/21/ABC%4G                           => (01)12312312312333(21)ABC%4G
    https://a/01/12312312312333/21/xyz#fragment?10=A                => (01)12312312312333(21)xyz
    https://id.gs1.org/01/09520123456788?3103=000195&3922=0299      => (01)09520123456788(3103)000195(3922)0299
    https://id.gs1.org/414/9520123456788/254/32a%2Fb                => (414)9520123456788(254)32a/b
    https://example.com/8004/9520614141234567?01=9520123456788      => (8004)9520614141234567(01)09520123456788
    https://example.com/01/09520123456788?10=ABC123                 => attribute
    https://id.gs1.org/01/09520123456788/235/XYZ?10=ABC123          => (01)09520123456788(235)XYZ(10)ABC123
    https://id.gs1.org/01/09520123456788?21=ABC123                  => attribute
    https://id.gs1.org/01/09520123456788?99=X&01=09520123456788     => repeat
    https://id.gs1.org/01/09520123456788/10/A?99=X&99=X             => repeat
    https://example.com/01/09520123456788/89/ABC123                 => no_key
    https://a/01/09520123456788/21/Ж                                => uri
  `
  for (const [given = '', expected = ''] of rows(table)) {
    const { value, fault } = parseDigitalLink(given)
    t.equal(value ? shown(value) : fault?.rule, expected, given)
  }
  t.end()
})

t.test('a refusal names the place in the link', (t) => {
  t.match(parseDigitalLink('https://a/01/12312312312334').fault, { code: 'gtin_check_digit', ai: '01', at: 26 })
  t.match(parseDigitalLink('https://a/01/12312312312333/10/A B').fault, { at: 32 })
  t.match(parseDigitalLink('https://a/01/12312312312333?17=241301').fault, { ai: '17', at: 33 })
  t.end()
})

t.test('the canonical form has the key and its qualifiers in order', (t) => {
  const table = String.raw`
    (01)12312312312326(21)abc123                        => https://id.gs1.org/01/12312312312326/21/abc123
    (01)12312312312326(22)ABC(10)DEF(21)GHI(95)INT      => https://id.gs1.org/01/12312312312326/22/ABC/10/DEF/21/GHI?95=INT
    (21)XYZ(01)12312312312333(10)ABC123(99)XYZ          => https://id.gs1.org/01/12312312312333/10/ABC123/21/XYZ?99=XYZ
    (01)12312312312333(21)a/b+c\(d)'                    => https://id.gs1.org/01/12312312312333/21/a%2Fb%2Bc%28d%29%27
    (01)12312312312333(10)A(17)240101(3922)1(3103)001500 => https://id.gs1.org/01/12312312312333/10/A?17=240101&3103=001500&3922=1
    (253)9526064000028000001(99)000001(8017)795260646688514634 => https://id.gs1.org/253/9526064000028000001?99=000001&8017=795260646688514634
    (414)9520123456788(254)32a                          => https://id.gs1.org/414/9520123456788/254/32a
    (400)ABC                                            => no_key
    (253)9526064000028000001(01)12312312312326(22)ABC   => attribute
  `
  for (const [given = '', expected = ''] of rows(table)) {
    const { value, fault } = writeDigitalLink(parseBracketed(given).value ?? [])
    t.equal(value ?? fault?.rule, expected, given)
  }
  const { value = [] } = parseBracketed('(01)12312312312326(21)abc123')
  t.equal(writeDigitalLink(value, 'https://example.com/').value, 'https://example.com/01/12312312312326/21/abc123')
  t.end()
})
