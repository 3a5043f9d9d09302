// Other people's vectors, from ../shared/corpora: found in whatever files they lie, told apart by what they look like.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { corporaFolder } from './repository.ts'

/** For tap's `skip`: a sentence where the corpus is not here. */
export const missing = (name: string): string | false =>
  existsSync(join(corporaFolder, name)) ? false : `no ../shared/corpora/${name} here`

export const filesIn = (name: string): string[] =>
  readdirSync(join(corporaFolder, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'SOURCE')
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()

export type Found = {
  file: string
  /** Where it lies in a JSON file, for people. */
  where: string
  value: string
  /** Whether it is to be accepted; undefined: nobody says. */
  accept: boolean | undefined
  /** What stands beside it. */
  beside: Readonly<Record<string, unknown>>
}

/** Every text in the JSON files of a corpus, with the verdict beside or around it. */
export function textsIn(name: string): Found[] {
  const found: Found[] = []
  for (const file of filesIn(name).filter((path) => extname(path) === '.json')) {
    walk(JSON.parse(readFileSync(file, 'utf8')), { file, where: '', accept: undefined, beside: {} }, found)
  }
  return found
}

function walk(value: unknown, at: Omit<Found, 'value'>, found: Found[]): void {
  if (typeof value === 'string') return void found.push({ ...at, value })
  if (typeof value !== 'object' || value === null) return
  const beside: Record<string, unknown> = Array.isArray(value) ? at.beside : { ...value }
  const said = Array.isArray(value) ? undefined : verdictOf(beside)
  for (const [key, inner] of Object.entries(value)) {
    const accept = said ?? verdictIn(key) ?? at.accept
    walk(inner, { ...at, where: `${at.where}/${key}`, accept, beside }, found)
  }
}

/** The verdict that an object says of itself, by whatever name. */
function verdictOf(value: Readonly<Record<string, unknown>>): boolean | undefined {
  for (const [key, said] of Object.entries(value)) {
    if (typeof said === 'boolean' && /^(wantErr|err|error|fails?|invalid|malformed|reject)$/i.test(key)) return !said
    if (typeof said === 'boolean' && /^(ok|valid|accept|passes)$/i.test(key)) return said
    if (typeof said !== 'string' || !/^(want|expect|expected|verdict|result|kind)$/i.test(key)) continue
    const verdict = verdictIn(said)
    if (verdict !== undefined) return verdict
  }
  return undefined
}

function verdictIn(word: string): boolean | undefined {
  if (/bad|malformed|invalid|reject|wrong|error|corrupt|unverif/i.test(word)) return false
  return /good|valid|accept|golden|verified|^ok$/i.test(word) ? true : undefined
}

/** All texts of files that are not JSON, in order of their paths. */
export const plainFiles = (name: string): { file: string; text: string }[] =>
  filesIn(name)
    .filter((path) => extname(path) !== '.json')
    .map((file) => ({ file, text: readFileSync(file, 'utf8') }))

/** How many rows agreed, and those that did not; of rows that are knowingly not followed, why. */
export type Tally = { agreed: number; wrong: string[]; notFollowed: Map<string, string[]>; unsaid: number }
export const newTally = (): Tally => ({ agreed: 0, wrong: [], notFollowed: new Map(), unsaid: 0 })

export function tallyText(name: string, { agreed, wrong, notFollowed, unsaid }: Tally): string {
  const reasons = [...notFollowed].map(([why, rows]) => `\n  not followed, ${why}: ${rows.join('; ')}`)
  return `${name}: ${agreed} agree, ${wrong.length} do not, ${unsaid} without a verdict${reasons.join('')}`
}
