// Rows of test vectors that other people made, from ../shared/corpora, however their files are laid out.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { corporaFolder } from './repository.ts'

/** Outside the project's tree; absent on most machines. CORPORA names another folder. */
/** Why a test of that corpus is skipped; false if it is here. */
export const missing = (name: string): string | false =>
  existsSync(join(corporaFolder, name)) ? false : `no ../shared/corpora/${name} here`

/** A row by the names of its fields, in small letters and without anything between them. */
export type Row = {
  file: string
  /** The names that the row stands under, from the file's on: they often tell its kind or its verdict. */
  under: string
  fields: ReadonlyMap<string, unknown>
}

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')
const isScalar = (value: unknown): boolean => value === null || typeof value !== 'object'
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function rowsOf(value: unknown, file: string, under: string): Row[] {
  if (Array.isArray(value)) {
    // A list of texts under `valid` or `invalid`, or of texts and verdicts side by side.
    return value.flatMap((item) =>
      isScalar(item) ? [{ file, under, fields: new Map([['input', item]]) }] : rowsOf(item, file, under),
    )
  }
  if (!isRecord(value)) return []
  const entries = Object.entries(value)
  const isRow = entries.some(
    ([name, item]) => isScalar(item) && /^(in|text|uri|ur[ln]|hex|epc|ai|data)/.test(plain(name)),
  )
  if (!isRow) return entries.flatMap(([name, item]) => rowsOf(item, file, `${under}/${name}`))
  const inner = entries.flatMap(([, item]) => (isRecord(item) ? Object.entries(item) : []))
  return [{ file, under, fields: new Map([...inner, ...entries].map(([name, item]) => [plain(name), item])) }]
}

function parseTable(text: string, separator: string): Record<string, string>[] {
  const lines = text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'))
  const cells = (line: string): string[] =>
    separator === '\t'
      ? line.split('\t')
      : [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell = '']) =>
          cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
        )
  const names = cells(lines[0] ?? '')
  return lines.slice(1).map((line) => Object.fromEntries(cells(line).map((cell, i) => [names[i] ?? `field${i}`, cell])))
}

function parseFile(path: string): unknown {
  const text = readFileSync(path, 'utf8')
  if (path.endsWith('.tsv')) return parseTable(text, '\t')
  if (path.endsWith('.csv')) return parseTable(text, ',')
  if (!/\.(jsonl|ndjson)$/.test(path)) return JSON.parse(text)
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line): unknown => JSON.parse(line))
}

/** All rows of all tables of a corpus. */
export function readRows(name: string): Row[] {
  const root = join(corporaFolder, name)
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(json|jsonl|ndjson|csv|tsv)$/.test(file))
    .flatMap((file) => rowsOf(parseFile(join(root, file)), file, plain(basename(file))))
}

/** The first of these fields that is a text. */
export function textOf(row: Row, ...names: string[]): string | undefined {
  for (const name of names) {
    const value = row.fields.get(name)
    if (typeof value === 'string') return value
  }
  return undefined
}

export function numberOf(row: Row, ...names: string[]): number | undefined {
  for (const name of names) {
    const value = row.fields.get(name)
    if (typeof value === 'number') return value
    if (typeof value === 'string' && /^\d+$/.test(value)) return Number(value)
  }
  return undefined
}

const YES = new Set(['true', 'yes', 'ok', 'pass', 'valid', 'good', 'gs1linterok', '1'])
const NO = new Set(['false', 'no', 'fail', 'invalid', 'bad', 'error', '0'])

/** Whether the row's authors want its input accepted; undefined if it does not say. */
export function wanted(row: Row): boolean | undefined {
  for (const name of [
    'valid',
    'ok',
    'pass',
    'shouldsucceed',
    'success',
    'succeeds',
    'good',
    'verdict',
    'expect',
    'expected',
    'result',
  ]) {
    const value = row.fields.get(name)
    if (typeof value === 'boolean') return value
    const word = typeof value === 'string' || typeof value === 'number' ? plain(String(value)) : ''
    if (YES.has(word)) return true
    if (NO.has(word)) return false
  }
  for (const name of ['mustfail', 'shouldfail', 'wanterr', 'fails', 'invalid', 'throws']) {
    const value = row.fields.get(name)
    if (typeof value === 'boolean') return !value
  }
  for (const name of ['error', 'err', 'expectederror', 'expecterror', 'expect', 'code']) {
    const value = row.fields.get(name)
    if (value === null) return true
    if (typeof value === 'string' && /^GS1_LINTER|^[A-Z]+(_[A-Z0-9]+)+$/.test(value)) return /_OK$/.test(value)
  }
  if (/invalid|fail|bad/i.test(row.under)) return false
  return /valid|pass|good/i.test(row.under) ? true : undefined
}
