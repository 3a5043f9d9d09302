import type { BitReader } from './bits.ts'
import { decodeCode40, encodeCode40, isCode40 } from './plus-text.ts'

// Sequences of a host name that one code of 7 bits stands for (EPC Tag Data Standard 2.3, section 14.5.16, table A).
const SHORT: Readonly<Record<string, number>> = {
  'qr.': 0x1e,
  'www.': 0x1f,
  'id.': 0x20,
  '.com': 0x5b,
  '.org': 0x5c,
  '.net': 0x5d,
  '.int': 0x5e,
  '.edu': 0x60,
  '.gov': 0x7b,
  '.mil': 0x7c,
  '.biz': 0x7d,
  '.eco': 0x7e,
  '.med': 0x7f,
}

const domains = (text: string): string[] => text.split(' ').map((domain) => `.${domain}`)

// Endings that two codes of 7 bits stand for: the first tells the table (B1 to B4), the second the row.
const ENDINGS: readonly (readonly string[])[] = [
  domains(
    'ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo bq br bs bt bw by bz ca cc ' +
      'cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh er es et eu fi fj fk fm fo fr ga ' +
      'gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke ' +
      'kg kh ki km kn kp kr kw ky kz la lb lc li',
  ),
  domains(
    'lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np ' +
      'nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl sm sn sr ss ' +
      'st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug us uy uz va vc ve vg vi vn vu wf ws ye yt ' +
      'za zm zw',
  ),
  domains(
    'com.au net.au org.au co.at com.bd co.bd com.br net.br co.nz com.ng com.pk co.in com.in co.il co.jp co.za co.kr ' +
      'com.es com.lk co.th co.tt com.tt com.tr biz.tr com.ua co.uk co.zm com.zm com.cn org.cn net.cn gov.cn',
  ),
  domains('tech'),
]

const sequences = new Map<string, readonly number[]>(Object.entries(SHORT).map(([text, code]) => [text, [code]]))
for (const [table, rows] of ENDINGS.entries())
  for (const [row, text] of rows.entries()) sequences.set(text, [table, row])
const LONGEST_SEQUENCE = Math.max(...[...sequences.keys()].map((text) => text.length))
const shortByCode = new Map(Object.entries(SHORT).map(([text, code]) => [code, text] as const))

export const isHostname = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/.test(text)

const bits7 = (code: number): string => code.toString(2).padStart(7, '0')

/** A host name as bits: a method, the number of codes in 6 bits, the codes; the longest sequence first. */
export function encodeHostname(host: string): string {
  if (isCode40(host)) return `0${host.length.toString(2).padStart(6, '0')}${encodeCode40(host)}`
  const codes: number[] = []
  for (let at = 0; at < host.length;) {
    let length = Math.min(LONGEST_SEQUENCE, host.length - at)
    while (length > 1 && !sequences.has(host.slice(at, at + length))) length -= 1
    codes.push(...(sequences.get(host.slice(at, at + length)) ?? [host.charCodeAt(at)]))
    at += length
  }
  return `1${codes.length.toString(2).padStart(6, '0')}${codes.map(bits7).join('')}`
}

/** The host name at the reader's place; undefined where the bits are none. */
export function decodeHostname(reader: BitReader): string | undefined {
  const short = reader.take(1) === '0'
  const count = Number(reader.number(6))
  if (short) return decodeCode40(reader, count)
  let host = ''
  for (let i = 0; i < count; i++) {
    const code = Number(reader.number(7))
    const table = ENDINGS[code]
    if (table) i += 1
    const text = table ? table[Number(reader.number(7))] : (shortByCode.get(code) ?? String.fromCharCode(code))
    if (text === undefined) return undefined
    host += text
  }
  return reader.overrun || !isHostname(host) ? undefined : host
}
