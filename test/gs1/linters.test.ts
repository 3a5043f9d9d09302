import t from 'tap'
import { linters } from '../../src/gs1/linters.ts'

/**
 * linter: good texts | bad texts, each with the place of the error behind @. Every linter of the dictionary has a row;
 * `∅` stands for the empty text, `␣` for a space.
 */
const table = `
  csetnumeric: 0 0123456789 | A@0 012A@3 ␣@0
  cset82: ABC !"%&'()*+,-./ 0_z:;<=>? | ␣@0 A#@1 A$B@1 Ж@0 ~@0
  cset39: #-/09AZ | a@0 A_@1 A+@1
  cset64: 123 12 12= 1== A-_z | ===@0 123=@3 12==@2 1===@1 ␣@0 AB␣C@2 A+@1
  csum: 24012345678905 2112233789657 416000336108 02345680 00 | 24012345678909@13 1@0 A1@0 ∅@0
  csumalpha: 22 !22 !!22 1987654Ad4X4bL5ttr2310c2K 12345_!"%&'()*+,-./LC 99999zzzzzzzzzzzzzzzzzzT2 | 2@0 33@0 1987654Ad4X4bL5ttr2310cXK@23
  gcppos1: 0123 01234 0123A | 012@0 ∅@0 012A@3 A123@0
  gcppos2: I0123 I0123A | I012@1 I@0 I012A@4
  hasnondigit: A 12A | 123@0 0@0
  hh: 00 23 | 24@0 1@0 AA@0
  mi: 00 59 | 60@0 1@0
  ss: 00 59 | 60@0
  hhmi: 0000 2359 | 2400@0 2360@2 235@2
  hyphen: - -- | A@0 -A@0 ∅@0
  iban: FR7630006000011234567890189 BE71096123456769 MT90MALT011000012345MTLCAST001SABC | BE71096123456760@2 BE71@0 XX361234567890@0 LC14BOSLxx3456789012345678901230@8
  importeridx: - _ 0 9 A Z a z | =@0 AB@0 _A@0
  iso3166: 417 643 004 894 | 000@0 999@0 41@0
  iso3166999: 417 999 | 998@0
  iso3166alpha2: KG RU | XX@0 kg@0
  iso3166list: 417 417643 | 417999@3 41@0
  iso4217: 417 643 924 926 396 | 000@0 191@0 931@0 932@0
  iso5218: 0 1 2 9 | 3@0 00@0
  latitude: 0000000000 1800000000 | 1800000001@0 180@0
  longitude: 0000000000 3600000000 | 3600000001@0
  mediatype: 01 10 80 99 | 00@0 11@0 79@0
  nonzero: 1 0001 | 0@0 000@0 A@0
  nozeroprefix: 0 1 10 | 01@0 00@0
  packagetype: CT BX 200 8 APE AT | QQQ@0 ct@0 ∅@0
  pcenc: ABC A%20B %ff | %@0 A%2@1 A%2G@1 %20%@3
  pieceoftotal: 0102 0202 9999 12 | 0201@0 0002@0 0100@2 012@0 ∅@0
  posinseqslash: 1/1 9/10 998/999 | ∅@0 1/@0 x/y@0 0/1@0 1/02@2 2/1@0 101/100@0
  winding: 0 1 9 | 2@0
  yesno: 0 1 | 2@0
  yymmdd: 240229 001231 | 230229@4 241301@2 240100@4 2401@0 24A101@2
  yymmd0: 240200 240229 991231 | 230230@4 240001@2
  yyyymmdd: 20240229 20000229 | 21000229@6 20240200@6 20241301@4 2024010@0
  yyyymmd0: 20240200 24000229 | 23000229@6
  zero: 0 00 | 1@0 01@0 ∅@0
  couponcode: 012345612345611110123 | 01@1 71234567890123@0 01234561@7
  couponposoffer: 001234561234560123456 | 201234561234560123456@0 07@1 0012345612345601234567@21
`

t.test('each linter accepts what it should and points at what is wrong', (t) => {
  const untested = new Set(Object.keys(linters))
  for (const line of table.trim().split('\n')) {
    const [, name = '', good = '', bad = ''] = /^\s*(\w+): (.*?) \| (.*)$/.exec(line) ?? []
    const check = linters[name]
    if (!check) return t.fail(`no linter ${name}`)
    untested.delete(name)
    const text = (word: string): string => (word === '∅' ? '' : word.replaceAll('␣', ' '))
    for (const word of good.split(' ')) t.equal(check(text(word)), undefined, `${name} accepts ${word}`)
    for (const word of bad.split(' ')) {
      const at = word.lastIndexOf('@')
      t.equal(check(text(word.slice(0, at)))?.at, Number(word.slice(at + 1)), `${name} refuses ${word}`)
    }
  }
  t.same([...untested], ['key', 'keyoff1', 'hhmm', 'mmoptss', 'yymmddhh'], 'only the earlier names are left out')
  t.end()
})

t.test('the optional fields of a coupon', (t) => {
  const start = '012345612345611110123'
  const good = '101101239 101101230123456 21101239 21101230123456 3241231 4240101 50123456 611234567 90001 90111'
  const bad = '1 14 1015 10110123 101101237 2 3200010 4200010 32401014240102 5 60 61 93 9000 90002 7 42401013241231'
  for (const field of good.split(' ')) t.equal(linters['couponcode']?.(start + field), undefined, `accepts ${field}`)
  for (const field of bad.split(' ')) t.ok(linters['couponcode']?.(start + field), `refuses ${field}`)
  t.end()
})
