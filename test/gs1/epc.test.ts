import t from 'tap'
import { decodeTag, encodeTag } from '../../src/gs1/epc-binary.ts'
import { epcToPairs, pairsToEpc } from '../../src/gs1/epc-key.ts'
import { decodePlusTag, encodePlusTag } from '../../src/gs1/epc-plus.ts'
import { tagByName } from '../../src/gs1/epc-tags.ts'
import { forms } from '../../src/gs1/forms.ts'
import { readCode } from '../../src/gs1/read.ts'
import { parseEpcUri, writeEpcUri, writePattern, writeTagUri } from '../../src/gs1/epc-uri.ts'

const rows = (table: string): string[][] =>
  table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))

t.test('pure identities and the keys they stand for, both ways', (t) => {
  const table = `
    urn:epc:id:sgtin:50712192365.88..%25:.13%26            (01)85071219236581(21).%:.13&
    urn:epc:id:sgtin:0614141.112345.400                    (01)10614141123459(21)400
    urn:epc:id:sgtin:00000000000.00.0                      (01)00000000000000(21)0
    urn:epc:class:lgtin:4023333.002000.2019-10-07          (01)04023333020008(10)2019-10-07
    urn:epc:id:upui:1234567.089456.51qIgY)%3C%26Jp3*j7'SDB (01)01234567894560(235)51qIgY)<&Jp3*j7'SDB
    urn:epc:id:itip:4012345.012345.01.02.987               (8006)040123451234560102(21)987
    urn:epc:id:sscc:0614141.1234567890                     (00)106141412345678908
    urn:epc:id:sscc:061414123456.00000                     (00)006141412345600001
    urn:epc:id:sgln:0614141.12345.400                      (414)0614141123452(254)400
    urn:epc:id:sgln:437473647364..0                        (414)4374736473640
    urn:epc:id:pgln:0123456789.01                          (417)0123456789012
    urn:epc:id:grai:0614141.12345.ABCD1234%2F              (8003)00614141123452ABCD1234/
    urn:epc:id:grai:061414113245..0                        (8003)006141411324540
    urn:epc:id:gdti:0614141.12345.40000000000000000        (253)061414112345240000000000000000
    urn:epc:id:sgcn:4012345.67890.04711                    (255)401234567890104711
    urn:epc:id:gsrn:012345678901.01234                     (8018)012345678901012342
    urn:epc:id:gsrnp:012345678901.01234                    (8017)012345678901012342
    urn:epc:id:gsin:061414.0123456789                      (402)06141401234567891
    urn:epc:id:giai:061411.01ABc%2FD                       (8004)06141101ABc/D
    urn:epc:id:giai:012345.012345678901234567890123        (8004)012345012345678901234567890123
    urn:epc:id:ginc:061411.01ABc%2FD                       (401)06141101ABc/D
    urn:epc:id:cpi:0614141.1%231456.123456789              (8010)06141411#1456(8011)123456789
  `
  for (const [uri = '', expected = ''] of rows(table)) {
    const { value } = parseEpcUri(uri)
    const pairs = (value && epcToPairs(value.epc)) ?? []
    t.equal(pairs.map(([ai, text]) => `(${ai})${text}`).join(''), expected, uri)
    const back = pairsToEpc(new Map(pairs), value?.epc.parts[0]?.length ?? 0)
    t.equal(back.value && writeEpcUri(back.value), uri, `${expected} with its prefix length`)
  }
  t.end()
})

t.test('a key that makes no EPC', (t) => {
  const table: [string, string, number][] = [
    ['8003', '00614141123452', 7],
    ['253', '0614141123452', 7],
    ['8004', '061414', 7],
    ['401', '0614', 7],
    ['01', '12345678901231', 7],
    ['00', '106141412345678908', 5],
    ['00', '106141412345678908', 13],
    ['400', 'ORDER', 7],
  ]
  for (const [ai, value, prefix] of table)
    t.ok(pairsToEpc(new Map([[ai, value]]), prefix).fault, `(${ai})${value}, ${prefix}`)
  t.end()
})

t.test('URIs that are none', (t) => {
  const table = `
    urn:epc:id:sgtin:50712192365.88..%23:.13%26  urn:epc:id:sg:50712192365.88.1  urn:epc:id:sgtin:000000000000.00.0
    urn:epcid:sgtin:00000000000.00.0  urn:epc:id:sgtin:00000000000.00.123456789012345678901  urn:epc:id:sgtin:234567.1890123
    urn:epc:id:sgtin:234567.189012.1234  urn:epc:id:sgtin:23A567.180120.1234  urn:epc:id:sgtin:23567.18901234.1
    urn:epc:id:sgtin:2356789012345..1  urn:epc:id:sgtin:234567.1890123.a/b  urn:epc:id:sgtin:234567.1890123.a&b
    urn:epc:id:sgtin:234567.1890123.a%b  urn:epc:id:lgtin:4023333.002000.1  urn:epc:class:sgtin:4023333.002000.1
    urn:epc:id:sscc:06141.112345678901  urn:epc:id:sscc:0614141234567.2345  urn:epc:id:sscc:0614141.123456789
    urn:epc:id:sgln:0614141.12345.  urn:epc:id:sgln:061411123456..A%2F-BCDEFGHIJKLMNOPQRS  urn:epc:id:sgln:1234567890.11
    urn:epc:id:grai:061414113245..  urn:epc:id:grai:0614141.12345.40000000000000000  urn:epc:id:gdti:0614141.123456.4
    urn:epc:id:giai:012345.0123456789012345678901234  urn:epc:id:giai:06141.1ABc  urn:epc:id:cpi:0614141.123456.01
    urn:epc:id:cpi:0614141.123456.2%232WMA52  urn:epc:id:cpi:0614141.1%231456.1234567891231  urn:epc:id:cpi:01234.1.1
    urn:epc:id:itip:012345678901.0.0.00.A  urn:epc:id:itip:012345678901.0.00.00.  urn:epc:id:sgcn:401231.123465.9999999999999
    urn:epc:id:upui:123456789012.0.01234567890123465789012346578  urn:epc:id:gid:95100000.12345.01  urn:epc:id:gid:.0.0
    urn:epc:id:gid:268435456.16777215.68719476735  urn:epc:id:usdod:2S194.68719476736  urn:epc:id:usdod:2S1I1.1
    urn:epc:id:adi:2S194..%23  urn:epc:id:adi:W81X9C.3KL984PX1.2%232WMA52  urn:epc:id:adi:W89C.3KL984IPX1.2
    urn:epc:id:adi:W8AA9C.012345678901234567890123456789012.2  urn:epc:id:bic:CSQA3054383  urn:epc:id:bic:CSIJ3054381
    urn:epc:id:imovn:917618  urn:epc:id:imovn:91761A7  urn:epc:tag:imovn-96:0.9176187  urn:epc:tag:sgtin-96:8.50712192365.88.0
    urn:epc:idpat:sgtin:234567.*.1  urn:epc:id:sgtin:234567.1890123.*a#  urn:epc:raw:96.x30  urn:epc:tag:sgtin-96:.1.1.1
  `
  for (const uri of table.trim().split(/\s+/)) t.equal(parseEpcUri(uri).fault?.code, 'code_malformed', uri)
  t.end()
})

t.test('identities that stand for no GS1 key are known too', (t) => {
  const good = `urn:epc:id:gid:268435455.16777215.68719476735 urn:epc:id:usdod:2S1941.0 urn:epc:id:adi:W81X9C.3KL984PX1.%232WM%2FA52
    urn:epc:id:adi:2S194..12345678901 urn:epc:id:bic:CSQU3054383 urn:epc:id:imovn:9176187`
  for (const uri of good.split(/\s+/)) {
    const { value } = parseEpcUri(uri)
    t.equal(value && writeEpcUri(value.epc), uri, uri)
    t.equal(value && epcToPairs(value.epc), undefined)
  }
  t.end()
})

t.test('patterns', (t) => {
  for (const uri of [
    'urn:epc:idpat:sgtin:0614141.112345.*',
    'urn:epc:idpat:sgtin:0614141.*.*',
    'urn:epc:idpat:sgtin:*.*.*',
  ]) {
    const { value } = parseEpcUri(uri)
    t.equal(value && writePattern(value.epc), uri)
    t.equal(value?.pattern, 3 - (uri.match(/\*/g) ?? []).length)
  }
  t.end()
})

t.test('tags in hex, both ways', (t) => {
  const table = `
    urn:epc:tag:sgtin-198:1.50712192365.88..%25:.13%26 362579D5D4ADB6172574B98B34C0000000000000000000000000
    urn:epc:tag:sgtin-198:2.00000950.01093.Serial 36500001DB011169E5E5A70EC000000000000000000000000000
    urn:epc:tag:sgtin-96:6.50712192365.88.0 30C579D5D4ADB60000000000
    urn:epc:tag:sgtin-96:3.0614141.812345.6789 3074257BF7194E4000001A85
    urn:epc:tag:sscc-96:2.0614141.1234567890 3154257BF4499602D2000000
    urn:epc:tag:sscc-96:2.061414.12345678901 31583BF982DFDC1C35000000
    urn:epc:tag:sgln-96:1.0614141.12345.400 3234257BF460720000000190
    urn:epc:tag:sgln-96:0.061411123456..2199023255551 320039318D8401FFFFFFFFFF
    urn:epc:tag:sgln-195:0.061411123456..A%2F-BCDEFGHIJKLMNOPQR 390039318D8401057AD850E2458D1E449952E64D9D3E851A4000
    urn:epc:tag:grai-96:5.0614141.12345.400 33B4257BF40C0E4000000190
    urn:epc:tag:grai-96:0.061414113245..274877906943 3300393243FF743FFFFFFFFF
    urn:epc:tag:grai-170:0.0614141.12345.ABCDEFGHIJKLMNOP 3714257BF40C0E60C287122C68F224CA97326CE9F400
    urn:epc:tag:giai-96:1.0614141.12345400 3434257BF400000000BC6038
    urn:epc:tag:giai-202:4.061411.01ABc%2FD 38983BF8D831830B1AF880000000000000000000000000000000
    urn:epc:tag:giai-202:1.012345.012345678901234567890123 38380C0E583164CDA356CDDC3960C593368D5B3770E583164CC0
    urn:epc:tag:gdti-96:2.0614141.12345.2199023255551 2C54257BF46073FFFFFFFFFF
    urn:epc:tag:gdti-174:0.0614141.12345.ABCD1234%2F 3E14257BF460730614388C593368BC00000000000000
    urn:epc:tag:gsrn-96:0.012345678901.01234 2D000B7F7070D404D2000000
    urn:epc:tag:gsrnp-96:0.012345678901.01234 2E000B7F7070D404D2000000
    urn:epc:tag:cpi-96:1.0614141.123456.0 3C34257BF400F12000000000
    urn:epc:tag:cpi-var:0.0614141.12-456.123456789 3D14257BF71CADD35D8000075BCD1500
    urn:epc:tag:cpi-var:5.0614141.123467890.100000000000 3DB4257BF71CB3D36DF8E70005D21DBA0000
    urn:epc:tag:sgcn-96:0.4012345.67890.01 3F14F4E4E612640000000065
    urn:epc:tag:sgcn-96:7.401231.123465.999999999999 3FF987D3C3C493D1A94A1FFF
    urn:epc:tag:itip-110:7.4012345.012345.01.02.987 40F4F4E4E40C0E40820000000F6C
    urn:epc:tag:itip-212:0.012345678901.0.00.00.ABCDEFGHIJKLMNOP%2FRST 41000B7F7070D40000830A1C48B1A3C8932A5CC9B3A7D05F4A9D4000
    urn:epc:tag:gid-96:95100000.12345.400 355AB1C60003039000000190
    urn:epc:tag:usdod-96:0.2S194.12345678901 2F02032533139342DFDC1C35
    urn:epc:tag:adi-var:23.2S194..12345678901 3B5E0C93C79D00C72CF4D76DF8E70C40
    urn:epc:tag:adi-var:1.W81X9C.3KL984PX1.%232WM%2FA52 3B057E316390F32CCE78D10631023C9736F075C80000
  `
  for (const [uri = '', hex = ''] of rows(table)) {
    const { value } = parseEpcUri(uri)
    if (!value?.tag) return t.fail(uri)
    t.equal(encodeTag(value.epc, value.tag, value.filter ?? 0).value, hex, uri)
    const tag = decodeTag(hex.toLowerCase()).value
    t.equal(tag && writeTagUri(tag.epc, tag.tag, tag.filter), uri, hex)
  }
  t.end()
})

t.test('what does not fit an encoding is refused, not written wrongly', (t) => {
  const table = `
    sgtin-96 urn:epc:id:sgtin:50712192365.88.0123
    sgtin-96 urn:epc:id:sgtin:50712192365.88.1123456789012
    sgtin-96 urn:epc:id:sgtin:50712192365.88.A
    sgln-96  urn:epc:id:sgln:0614141.12345.01
    sgln-96  urn:epc:id:sgln:061411123456..2199023255552
    grai-96  urn:epc:id:grai:0614141.12345.4000000000000000
    giai-96  urn:epc:id:giai:0614141.02
    gdti-96  urn:epc:id:gdti:0614141.12345.2199023255552
    cpi-96   urn:epc:id:cpi:0614141.12-456.123456789
    cpi-96   urn:epc:id:cpi:0614141.1234567890.0
    cpi-96   urn:epc:id:cpi:0614141.123467890.100000000000
    itip-110 urn:epc:id:itip:012345678901.0.00.00.274877906944
    sscc-96  urn:epc:id:sgtin:50712192365.88.1
  `
  for (const [name = '', uri = ''] of rows(table)) {
    const [tag, { value }] = [tagByName(name), parseEpcUri(uri)]
    if (!tag || !value) return t.fail(uri)
    t.equal(encodeTag(value.epc, tag, 0).fault?.rule, 'epc_tag', `${name} ${uri}`)
  }
  t.end()
})

t.test('bits that no encoder writes', (t) => {
  const table = `
    3AFFFFFFFFFFFFFFFFFFFFFF header
    30DC79D5D4ADB60000000000 partition-7
    30C579D5D4ADB6000000 too-short
    30C579D5D4ADB60000000000FFFF bits-behind-the-end
    30C3FFFFFFFFF60000000000 prefix-out-of-range
    3154257BF4499602D2000001 reserved-bits-set
    362579D5D4ADB600000000000000000000000000000000000000 no-serial
    362579D5D4ADB6172574B98B34C0000000000000000000000001 character-after-the-end
    3F14F4E4E612640000000001 numeric-string-without-digits
  `
  for (const [hex = '', why = ''] of rows(table)) t.equal(decodeTag(hex).fault?.rule, 'epc_tag', why)
  t.end()
})

t.test('tags of the second standard carry the key whole', (t) => {
  const table = `
    F73795211411234538566CB0AFC4                     3 (01)79521141123453(21)32a/b
    FB342CDE795211411234538566CB0AFC4                3 (01)79521141123453(21)32a/b(17)220630
    F90095201234567891235                            0 (00)095201234567891235
    FD3795211411234538566CB0AFC525065F1876F0D996D800 3 (01)79521141123453(21)32a/b id.example.com
    FD3795211411234538566CB0AFC5232F8C3B786CCB6C     3 (01)79521141123453(21)32a/b example.com
    EF009520123456789123592832F8C3B786CCB6C0         0 (00)095201234567891235 id.example.com
  `
  for (const [hex = '', filter, expected, host] of rows(table)) {
    const { value } = decodePlusTag(hex)
    t.equal(value?.pairs.map(([ai, text]) => `(${ai})${text}`).join(''), expected, hex)
    t.equal(value?.hostname, host)
    t.equal(String(value?.filter), filter)
  }
  const unit = new Map([
    ['01', '79521141123453'],
    ['21', '32a/b'],
  ])
  t.equal(encodePlusTag(unit, { filter: 3 }).value?.hex, 'F73795211411234538566CB0AFC4')
  t.equal(
    encodePlusTag(unit, { filter: 3, hostname: 'example.com' }).value?.hex,
    'FD3795211411234538566CB0AFC5232F8C3B786CCB6C',
  )
  t.equal(encodePlusTag(new Map([['00', '095201234567891235']])).value?.hex, 'F90095201234567891235000')
  t.equal(decodePlusTag('F73795211411234528566CB0AFC4').fault?.rule, 'epc_tag', 'a wrong check digit')
  t.equal(decodePlusTag('F73795211411234538566CB0AFC5').fault?.rule, 'epc_tag', 'a bit behind the end')
  t.equal(encodePlusTag(unit, { hostname: 'not a host' }).fault?.rule, 'hostname')
  t.end()
})

t.test('every key has a tag of the second standard', (t) => {
  const table = `
    sgln+   F2395211411234548566CB0AFC400000             (414)9521141123454(254)32a/b
    grai+   F13095211411234548566CB0AFC4                 (8003)0952114112345432a/b
    giai+   FA3952114132E83C2BF10000                     (8004)952114132a/b
    giai+   FA3417470112345F                             (8004)417470112345
    gsrn+   F43952114112345678906000                     (8018)952114112345678906
    gsrnp+  F53952114112345678906000                     (8017)952114112345678906
    gdti+   F6395211411234540458B800                     (253)95211411234545678
    cpi+    F0395211415E87A145BAFB4D19A8C0E4             (8010)95211415PQ7/Z43(8011)12345
    sgcn+   F839521141678909509338000000                 (255)952114167890904711
    itip+   F3309521141123454010266AE27FDF35             (8006)095211411234540102(21)rif981
    sgln++  E9395211411234548566CB0AFC525065F1876F0D996D8000         (414)9521141123454(254)32a/b
    giai++  EE3952114132E83C2BF1494197C61DBC3665B600                 (8004)952114132a/b
    itip++  ED309521141123454010266AE27FDF3592832F8C3B786CCB6C00     (8006)095211411234540102(21)rif981
  `
  for (const [name = '', hex = '', expected] of rows(table)) {
    const { value } = decodePlusTag(hex)
    t.equal(value?.pairs.map(([ai, text]) => `(${ai})${text}`).join(''), expected, hex)
    t.equal(value?.name, name)
    const filter = Number(hex.charAt(2))
    const hosted = value?.hostname === undefined ? {} : { hostname: value.hostname }
    const again = encodePlusTag(new Map(value?.pairs ?? []), { filter, ...hosted }).value?.hex
    t.equal(again?.replace(/0+$/, ''), hex.replace(/0+$/, ''), name)
  }
  const bad = `
    F6395211411234530458B800 check-digit
    FA3952114132A83C2BF10000 no-digit-and-no-delimiter
    FA3999999999999999999999999999999999999999999999 key-too-long
    F839521141678909D09338 serial-of-13-digits
    F0395211415E87A145BAFB4D serial-cut-off
    F1319521141123454 GRAI-that-starts-with-1
  `
  for (const [hex = '', why = ''] of rows(bad)) t.equal(decodePlusTag(hex).fault?.rule, 'epc_tag', why)
  for (const [ai, value] of [
    ['8003', '09521141123454'],
    ['8010', '95211415PQ7'],
    ['401', '9521141ABC'],
  ] as const) {
    t.equal(encodePlusTag(new Map([[ai, value]])).fault?.rule, 'epc_tag', `(${ai})${value} has no serial or no tag`)
  }
  t.equal(decodePlusTag('F23952114112345401000000').value?.pairs.length, 1, 'an extension of 0 is none')
  t.end()
})

t.test('classes and patterns of each key, and back', (t) => {
  const table = `
    (01)04012345123456(10)L/7           7 urn:epc:idpat:sgtin:4012345.012345.*        urn:epc:class:lgtin:4012345.012345.L%2F7
    (01)04012345123456(10)L1(21)S1      7 urn:epc:idpat:sgtin:4012345.012345.*        urn:epc:class:lgtin:4012345.012345.L1
    (8003)04012345123456                7 urn:epc:idpat:grai:4012345.12345.*
    (8003)04012345123456A               7 urn:epc:idpat:grai:4012345.12345.*
    (253)4012345123456                  9 urn:epc:idpat:gdti:401234512.345.*
    (255)401234512345677               12 urn:epc:idpat:sgcn:401234512345..*
    (8006)040123451234560102            7 urn:epc:idpat:itip:4012345.012345.01.02.*
    (8010)4012345AB/C                   7 urn:epc:idpat:cpi:4012345.AB%2FC.*
    (414)4012345123456                  7 urn:epc:idpat:sgln:4012345.12345.*
  `
  for (const [text = '', length, pattern, classUri] of rows(table)) {
    const { reading } = readCode(text)
    if (!reading) return t.fail(`${text} ${readCode(text).fault?.detail}`)
    const all = forms(reading, { prefixLength: Number(length) })
    t.equal(all.pattern, pattern, text)
    t.equal(all.classUri, classUri, text)
    const again = readCode(pattern ?? '').reading
    t.ok(again?.kind === 'key' && text.includes(`(${again.ai})${again.value}`), pattern ?? text)
  }
  t.equal(
    forms({ kind: 'key', ai: '8018', value: '952114112345678906', attributes: new Map() }, { prefixLength: 7 }).pattern,
    undefined,
  )
  for (const [uri, fits] of [
    ['urn:epc:pat:sgtin-96:3.0614141.812345.*', true],
    ['urn:epc:pat:sgtin-96:*.0614141.812345.[1-99]', true],
    ['urn:epc:pat:sgtin-96:8.0614141.812345.*', false],
    ['urn:epc:pat:sgtin-96:*.*.*.*', false],
    ['urn:epc:pat:sgtin-97:3.0614141.812345.*', false],
  ] as const) {
    t.equal(readCode(uri).reading !== undefined, fits, uri)
  }
  t.end()
})

t.test('the bits of a tag as a text of 0 and 1, and a tag URI that does not fit its encoding', (t) => {
  const hex = '36500001DB011169E5E5A70EC000000000000000000000000000'
  const bits = [...hex].map((digit) => parseInt(digit, 16).toString(2).padStart(4, '0')).join('')
  t.same(readCode(bits.slice(0, 198)), readCode(hex))
  t.match(readCode(bits).reading, { gtin: '00000095010939', serial: 'Serial' })
  t.equal(readCode(bits.slice(0, 90)).reading, undefined)
  t.match(readCode('3B5E0C93C79D00C72CF4D76DF8E70C400').reading, { system: 'epc:adi' }, 'no whole bytes')
  t.equal(readCode('urn:epc:tag:sgtin-96:1.50712192365.88.0123').fault?.rule, 'epc_tag')
  t.end()
})
