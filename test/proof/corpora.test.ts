// Notes, paths, checkpoints and a witness's conversations that other people wrote, from ../shared/corpora. Prints how many rows agree.
import { createHash } from 'node:crypto'
import t from 'tap'
import { openCheckpoint, parseCheckpoint } from '../../src/proof/checkpoint.ts'
import { nodePrimitives } from '../../src/proof/node-primitives.ts'
import { makeVerifier, NoteError, openNote, parseNote, parseVerifier, type Verifier } from '../../src/proof/note.ts'
import { createCosigner, parseSecret } from '../../src/proof/signer.ts'
import { indexPath, parseIndexPath, parseTilePath, tilePath, tileWidth } from '../../src/proof/tile.ts'
import { parseTlogProof } from '../../src/proof/tlog-proof.ts'
import { createWitness, type Witness } from '../../src/proof/witness.ts'
import { type Found, missing, newTally, plainFiles, type Tally, tallyText, textsIn } from '../support/corpora.ts'

async function fails(work: () => unknown): Promise<boolean> {
  try {
    await work()
    return false
  } catch (error) {
    if (error instanceof NoteError) return true
    throw error
  }
}

const keyForm = /[^\s"'`\\+=]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{43,}={0,2}/g

/** Every verifier key that is one, wherever it stands. */
function keysIn(name: string): Verifier[] {
  const texts = [...textsIn(name).map(({ value }) => value), ...plainFiles(name).map(({ text }) => text)]
  const keys = new Map<string, Verifier>()
  for (const text of texts) {
    for (const [found] of text.replaceAll('PRIVATE+KEY+', '').matchAll(keyForm)) {
      try {
        keys.set(found, parseVerifier(found, nodePrimitives))
      } catch (error) {
        if (!(error instanceof NoteError)) throw error
      }
    }
  }
  return [...keys.values()]
}

function count(tally: Tally, row: Found, accepted: boolean | undefined): void {
  if (accepted === undefined || row.accept === undefined) tally.unsaid++
  else if (accepted === row.accept) tally.agreed++
  else tally.wrong.push(`${row.file}${row.where}: ${JSON.stringify(row.value.slice(0, 120))}`)
}

t.test('signed notes and keys', { skip: missing('signed-note') }, async (t) => {
  const tally = newTally()
  const keys = keysIn('signed-note')
  for (const row of textsIn('signed-note')) {
    const { value } = row
    const isNote = /(^|\n)— |\n\n/.test(value) || /(note|msg|message)/i.test(row.where.split('/').at(-1) ?? '')
    if (value.startsWith('PRIVATE+KEY+')) count(tally, row, !(await fails(() => parseSecret(value))))
    else if (/\+[0-9a-f]{8}\+/.test(value) && !isNote) {
      count(tally, row, !(await fails(() => parseVerifier(value, nodePrimitives))))
    } else if (isNote) {
      const known = keys.length === 0 ? undefined : await fails(() => openNote(value, keys, nodePrimitives))
      count(tally, row, !(known ?? (await fails(() => parseNote(value)))))
    }
  }
  t.comment(tallyText('signed-note', tally))
  t.same(tally.wrong, [])
})

t.test('paths and checkpoints', { skip: missing('tlog-paths') }, async (t) => {
  const tally = newTally()
  for (const row of textsIn('tlog-paths')) {
    const { value, beside } = row
    const name = row.where.split('/').at(-1) ?? ''
    if (/^(want)?path$/i.test(name) && typeof beside['level'] === 'number' && typeof beside['index'] === 'number') {
      const width = Number(beside['width'] ?? beside['partial'] ?? 0) || tileWidth
      const made = `tile/${tilePath({ level: beside['level'], index: beside['index'], width })}`
      if (beside['logSize'] === undefined && beside['size'] === undefined)
        count(tally, { ...row, accept: row.accept ?? true }, made.endsWith(value.replace(/^\//, '')))
      else tally.unsaid++
      continue
    }
    if (typeof beside['pathIndex'] === 'string') {
      if (name === 'pathIndex') {
        const path = `${String(beside['pathLevel'])}/${value}`
        count(tally, { ...row, accept: row.accept ?? true }, parseTilePath(path) !== undefined)
      }
    } else if (/^(tile\/)?(entries|-?[0-9a-z]+)\/[x\d]/.test(value) && !value.includes('\n')) {
      const path = value.replace(/^tile\//, '')
      const read = path.startsWith('entries/')
        ? parseIndexPath(path.slice(8))
        : (parseTilePath(path) ?? (/^\d+$/.test(path) ? parseIndexPath(path) : undefined))
      count(tally, row, read !== undefined)
      if (read && 'level' in read) t.equal(tilePath(read), path)
      else if (read) t.equal(indexPath(read.index, read.width), path.replace('entries/', ''))
    } else if (value.includes('\n')) {
      const refused = await fails(() => parseCheckpoint(value.includes('\n\n— ') ? parseNote(value).text : value))
      const why = refused && row.accept === true ? whyNot(value) : undefined
      if (why === undefined) count(tally, row, !refused)
      else tally.notFollowed.set(why, [...(tally.notFollowed.get(why) ?? []), row.where])
    }
  }
  t.comment(tallyText('tlog-paths', tally))
  t.same(tally.wrong, [])
})

/** Checkpoints that others read and we do not. */
function whyNot(text: string): string | undefined {
  const [, , root = '', ...rest] = text.split('\n')
  if (Buffer.from(root, 'base64').length !== 32) return 'a root is a SHA-256 (tlog-checkpoint, Note text, 3)'
  if (rest.at(-1) !== '') return 'a text ends with a newline (signed-note, Format)'
  if (rest.slice(0, -1).includes('')) return 'extension lines are not empty (tlog-checkpoint, Note text, 4)'
  return undefined
}

type Step = { body: string; status: number }

/** Conversations: requests with their answers' status, in JSON or as hurl has them. */
function conversations(name: string): { file: string; text: string; steps: Step[] }[] {
  const found = new Map<string, Step[]>()
  for (const { file, value, beside } of textsIn(name)) {
    const status = Object.values(beside).find((each) => typeof each === 'number' && each >= 200 && each < 600)
    if (value.startsWith('old ') && typeof status === 'number')
      found.set(file, [...(found.get(file) ?? []), { body: value, status }])
  }
  const plain = plainFiles(name).map(({ file, text }) => ({
    file,
    text,
    steps: [...text.matchAll(/```[a-z]*\n(old [^]*?)```\s*HTTP (\d{3})/g)].map(([, body = '', status]) => ({
      body,
      status: Number(status),
    })),
  }))
  const json = [...found].map(([file, steps]) => ({ file, text: '', steps }))
  return [...json, ...plain].filter(({ steps }) => steps.length > 0)
}

/** Logs that a conversation is about: verifier keys, and bare keys of sigsum logs, whose origin is the hash of the key. */
function logsOf(name: string): Verifier[] {
  const texts = plainFiles(name).map(({ text }) => text)
  const bare = texts.flatMap((text) => [...text.matchAll(/-key=([0-9a-f]{64})\b/g)].map(([, hex = '']) => hex))
  const sigsum = bare.map((hex) => {
    const key = Buffer.from(hex, 'hex')
    return makeVerifier(`sigsum.org/v1/tree/${createHash('sha256').update(key).digest('hex')}`, 1, key, nodePrimitives)
  })
  const origins = texts.flatMap((text) => [...text.matchAll(/-origin '([^']+)'/g)].map(([, origin = '']) => origin))
  const keys = keysIn(name)
  return [...sigsum, ...keys, ...keys.flatMap((key) => [...new Set(origins)].map((origin) => ({ ...key, origin })))]
}

function freshWitness(logs: readonly Verifier[]): { witness: Witness; verifier: Verifier } {
  const notes = new Map<string, string>()
  const cosigner = createCosigner('example.com/witness', createHash('sha256').update('w').digest())
  const state = {
    read: async (origin: string) => notes.get(origin),
    write: async (origin: string, note: string) => void notes.set(origin, note),
  }
  return { witness: createWitness({ cosigner, logs, state, now: () => new Date() }), verifier: cosigner.verifier }
}

t.test('conversations with a witness', { skip: missing('tlog-witness') }, async (t) => {
  const tally = newTally()
  const logs = logsOf('tlog-witness')
  for (const { file, steps } of conversations('tlog-witness')) {
    const { witness, verifier } = freshWitness(logs)
    for (const [i, { body, status }] of steps.entries()) {
      const answer = await witness.addCheckpoint(body)
      // The text of 2026 asks for 404 where a log is unknown; older conversations have 403.
      const renamed = answer.status === 404 && status === 403
      if (answer.status !== status && !renamed) tally.wrong.push(`${file} ${i + 1}: ${answer.status}, not ${status}`)
      else tally.agreed++
      if (renamed) tally.notFollowed.set('an unknown log is 404 (tlog-witness, add-checkpoint)', [`${file} ${i + 1}`])
      if (answer.status !== 200) continue
      const note = body.slice(body.indexOf('\n\n') + 2)
      await t.resolves(openNote(note + answer.body, [verifier], nodePrimitives), 'its cosignature verifies')
    }
  }
  t.comment(tallyText('tlog-witness', tally))
  t.same(tally.wrong, [])
  t.ok(tally.agreed > 0)
})

/** The code blocks of a page, or the whole of a file that has none. */
function examplesIn(text: string): string[] {
  const fenced = [...text.matchAll(/```[a-z]*\n([^]*?)```/g)].map(([, block = '']) => block)
  const indented = [...text.matchAll(/(?:^ {4}.*\n|^\n(?= {4}))+/gm)].map(([block]) => block.replaceAll(/^ {4}/gm, ''))
  const blocks = [...fenced, ...indented.map((block) => `${block.trim()}\n`)]
  return blocks.length > 0 ? blocks : [text]
}

t.test('examples of the specifications', { skip: missing('c2sp-spec-examples') }, async (t) => {
  const tally = newTally()
  const keys = keysIn('c2sp-spec-examples')
  const rows = [
    ...plainFiles('c2sp-spec-examples').flatMap(({ file, text }) =>
      examplesIn(text).map((value): Found => ({ file, where: '', value, accept: true, beside: {} })),
    ),
    ...textsIn('c2sp-spec-examples').map((row) => ({ ...row, accept: row.accept ?? true })),
  ]
  for (const row of rows) {
    const { value } = row
    // Elided, or a form of words: nothing that could be read.
    if (value.includes('[...]') || value.includes('<') || !/(^|\n)— \S+ \S+\n/.test(value)) continue
    if (value.startsWith('old ')) {
      const { status } = await freshWitness([]).witness.addCheckpoint(value)
      count(tally, row, status === 404)
    } else if (value.startsWith('c2sp.org/tlog-proof')) count(tally, row, !(await fails(() => parseTlogProof(value))))
    else if (/^— /.test(value)) count(tally, row, !(await fails(() => parseNote(`example\n\n${value}`))))
    else {
      const { text, signatures } = parseNote(value)
      count(tally, row, true)
      if (/^[^\n]+\n\d+\n[A-Za-z0-9+/]{43}=\n/.test(text)) parseCheckpoint(text)
      const known = keys.find((key) => signatures.some(({ name, keyId }) => name === key.name && keyId === key.keyId))
      if (known) await t.resolves(openNote(value, [known], nodePrimitives))
      if (known?.type === 1 && text.startsWith(`${known.name}\n`))
        await t.resolves(openCheckpoint(value, known, nodePrimitives))
    }
  }
  t.comment(tallyText('c2sp-spec-examples', tally))
  t.same(tally.wrong, [])
})
