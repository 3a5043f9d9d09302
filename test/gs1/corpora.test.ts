// What GS1 itself and others test their own readers with. Rows that we knowingly do not follow are listed with the section
// of the standard that says otherwise; any other disagreement fails.
import t from 'tap'
import { decodeTag, encodeTag } from '../../src/gs1/epc-binary.ts'
import { epcToPairs } from '../../src/gs1/epc-key.ts'
import { tagByName } from '../../src/gs1/epc-tags.ts'
import { parseEpcUri, writeTagUri } from '../../src/gs1/epc-uri.ts'
import { parseBracketed, parseElementString } from '../../src/gs1/element-string.ts'
import { writeDigitalLink } from '../../src/gs1/digital-link.ts'
import { forms } from '../../src/gs1/forms.ts'
import { linters } from '../../src/gs1/linters.ts'
import { readCode } from '../../src/gs1/read.ts'
import { missing, numberOf, readRows, textOf, wanted, type Row } from '../support/vectors.ts'

/** Agreement, why not, or undefined where the row asks for what is no business of ours (drawing symbols). */
type Verdict = { agrees: boolean; detail: string; known?: string } | undefined

const verdict = (agrees: boolean, detail: string, known?: string): Verdict =>
  known === undefined ? { agrees, detail } : { agrees, detail, known }

function runCorpus(name: string, judge: (row: Row) => Verdict): void {
  t.test(name, { skip: missing(name) }, (t) => {
    const counts = { agree: 0, known: 0, differ: 0, notOurs: 0 }
    for (const row of readRows(name)) {
      const found = judge(row)
      if (!found) counts.notOurs++
      else if (found.agrees) counts.agree++
      else if (found.known !== undefined) {
        counts.known++
        t.comment(`not followed: ${found.detail} – ${found.known}`)
      } else {
        counts.differ++
        t.fail(`${row.file}: ${found.detail}`)
      }
    }
    const { agree, known, differ, notOurs } = counts
    const asked = agree + known + differ
    t.comment(
      `${name}: ${agree} of ${asked} rows agree, ${known} knowingly not followed, ${notOurs} rows ask nothing of us`,
    )
    t.ok(agree > 0, 'rows were found')
    t.end()
  })
}

const CHECK_DIGIT = 'a check digit must be right: GS1 General Specifications, 7.9.1'
const RESERVED = 'reserved characters are escaped: EPC Tag Data Standard 1.13, 5.3; RFC 3986, 2.2'

runCorpus('gs1-syntax-dictionary', (row) => {
  const name = textOf(row, 'linter', 'lint', 'rule', 'function')?.replace(/^(gs1_)?lint_/, '')
  const input = textOf(row, 'input', 'data', 'text', 'value')
  const want = wanted(row)
  const linter = name === undefined ? undefined : linters[name]
  if (input === undefined || want === undefined || !linter) return undefined
  const known =
    name === 'nozeroprefix' && input === '0' ? 'a serial of 0 alone: EPC Tag Data Standard 1.13, 6.3.11' : undefined
  return verdict((linter(input) === undefined) === want, `${name} of ${JSON.stringify(input)}`, known)
})

/** Rules about what stands together, which rows about single values do not ask. */
const TOGETHER = new Set(['req', 'ex', 'repeat', 'digsig'])

runCorpus('gs1-syntax-engine', (row) => {
  const kind = `${row.under} ${textOf(row, 'kind', 'type', 'test', 'suite', 'group') ?? ''}`.toLowerCase()
  const input = textOf(row, 'input', 'data', 'aidata', 'uri', 'scan', 'scandata', 'text', 'ai', 'given', 'in')
  // Escapes and the data of symbols are about drawing; options that weaken a check are not offered here.
  if (input === undefined || /escape|scan_?out|generatescan/.test(kind)) return undefined
  if ([...row.fields].some(([name, value]) => /^permit|^option|^disable/.test(name) && value === true)) return undefined
  const text = input.replaceAll('^', '\x1d')
  const output = textOf(row, 'expect', 'expected', 'output', 'want')
  if (/build|generatedl/.test(kind)) {
    const { value } = parseBracketed(input)
    const link = value && writeDigitalLink(value, textOf(row, 'stem') ?? undefined).value
    return verdict(wanted(row) === false ? link === undefined : link === output, `${input} as a link is ${link}`)
  }
  const want = wanted(row)
  if (want === undefined) return undefined
  // In a row of element strings FNC1 stands in front; without it the text is not one.
  const single = text.startsWith('\x1d') ? parseElementString(text) : parseBracketed(text)
  const alone = /parse|process|lint/.test(kind) && !/dl|uri|scan/.test(kind)
  const fault = alone ? single.fault : readCode(text).fault
  const accepted = fault === undefined || (alone && TOGETHER.has(fault.rule ?? ''))
  // A QR code or DataMatrix may hold any text; what names no GS1 object is of no use here.
  const known = /^\]([Qd]1)/.test(text) ? 'a symbol without GS1 data: GS1 General Specifications, 5.1.2' : undefined
  return verdict(accepted === want, `${JSON.stringify(input)} ${fault?.detail ?? 'is accepted'}`, known)
})

const bracketedPairs = (uri: string): string | undefined => {
  const { value } = parseEpcUri(uri)
  return (value && epcToPairs(value.epc))?.map(([ai, text]) => `(${ai})${text}`).join('')
}

runCorpus('epcpy', (row) => {
  const uri = textOf(row, 'uri', 'epcuri', 'idpat', 'pureidentity')
  const tagUri = textOf(row, 'taguri')
  const hex = textOf(row, 'hex')
  const want = wanted(row) ?? true
  const encoding = textOf(row, 'binarycodingscheme', 'codingscheme', 'encoding')?.split('.').pop()
  if (want && tagUri !== undefined && hex !== undefined) {
    const { value } = parseEpcUri(tagUri)
    const written = value?.tag && encodeTag(value.epc, value.tag, value.filter ?? 0).value
    const read = decodeTag(hex).value
    const again = read && writeTagUri(read.epc, read.tag, read.filter)
    return verdict(written === hex.toUpperCase() && again === tagUri, `${tagUri} ${written} ${again}`)
  }
  if (uri === undefined) return undefined
  const element = textOf(row, 'gs1elementstring', 'elementstring')
  if (want && element !== undefined) return verdict(bracketedPairs(uri) === element, `${uri} ${bracketedPairs(uri)}`)
  if (!want && (row.fields.has('kwargs') || encoding !== undefined)) {
    const tag = tagByName(encoding?.toLowerCase().replace('_', '-') ?? '')
    const { value } = parseEpcUri(uri)
    // Without an encoding or a filter there is nothing to encode.
    if (!tag || !value) return undefined
    return verdict(encodeTag(value.epc, tag, numberOf(row, 'filtervalue', 'filter') ?? 0).fault !== undefined, uri)
  }
  if (/key|idpat/i.test(row.under) && !want) return undefined
  return verdict((parseEpcUri(uri).fault === undefined) === want, uri)
})

/** The same link, however it is escaped. */
const sameLink = (one: string, other: string): boolean => {
  const bare = (text: string): string =>
    text.replace(/%([0-9A-F]{2})/gi, (_, h: string) => String.fromCharCode(parseInt(h, 16)))
  return bare(one) === bare(other)
}

function whyNotTranslated(text: string, other: string): string | undefined {
  if (readCode(text).fault?.code === 'gtin_check_digit') return CHECK_DIGIT
  if (/\/8003\/[1-9]|\/8003\/0?\d{12}\D/.test(text + other))
    return '(8003) begins with 0: GS1 General Specifications, 3.9.3'
  if (/:cpi:\d+\.\.|:ginc:\d+\.$/.test(text + other))
    return 'a reference is never empty: EPC Tag Data Standard 1.13, 6.3'
  if (/idpat:[a-z]+:[^*]*$/.test(text)) return 'a pattern needs no asterisk: EPC Tag Data Standard 1.13, 8.2'
  const value = text.replace(/^(urn:epc:\w+:\w+:|https?:\/\/[^/]*\/)/, '').replace(/%[0-9A-F]{2}/gi, '')
  // In a link the slashes between the parts are right; two in a row, or one at the end, are part of a value.
  return /["<>&?#% ]|\/\/|\/$/.test(value) || (text.startsWith('urn:') && value.includes('/')) ? RESERVED : undefined
}

runCorpus('openepcis-digitallink-translator', (row) => {
  const from = textOf(row, 'input', 'from', 'given', 'urn', 'epc', 'uri', 'url', 'dl', 'digitallink')
  if (from === undefined) return undefined
  const others = ['expect', 'expected', 'output', 'to', 'asurn', 'uri', 'url', 'dl', 'digitallink', 'urn']
  const to = others.map((name) => textOf(row, name)).find((text) => text !== undefined && text !== from)
  const length = numberOf(row, 'gcplength', 'gcp', 'prefixlength', 'companyprefixlength', 'gcplen')
  const { reading } = readCode(from)
  if (wanted(row) === false || to === undefined) {
    const usable = length === undefined || (length >= 6 && length <= 12)
    const all = reading && usable ? forms(reading, length === undefined ? {} : { prefixLength: length }) : undefined
    const isUrn = from.startsWith('urn:')
    const refused = all === undefined || (!isUrn && length !== undefined && (all.epcUri ?? all.pattern) === undefined)
    // A link of a class where the caller wanted an instance, and the like, is no fault of the link.
    const known = isUrn
      ? whyNotTranslated(from, '')
      : 'a proper link of another level: GS1 Digital Link URI Syntax, 4.9'
    return verdict(refused, `${from} is accepted`, known)
  }
  // Without a length, its authors look it up in a list of GS1's own members; ours is in the register of participants.
  if (!from.startsWith('urn:') && length === undefined) return undefined
  const all = reading && forms(reading, length === undefined ? {} : { prefixLength: length })
  const found = from.startsWith('urn:') ? [all?.digitalLink] : [all?.epcUri, all?.pattern, all?.classUri]
  const agrees = found.some((text) => text !== undefined && sameLink(text, to))
  return verdict(agrees, `${from} → ${to}, here ${found.join(' ')}`, whyNotTranslated(from, to))
})
