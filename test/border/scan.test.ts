// One scan at the barrier, as a table: what is scanned, and what the officer is told to do.
import { createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import bwip from 'bwip-js/node'
import t from 'tap'
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader'
import { drawSymbol, openSymbolKeys, symbolFacts } from '../../src/border/symbol.ts'
import { createVault } from '../../src/db/secret.ts'
import { listActs } from '../../src/declarations/act-store.ts'
import { standingOf } from '../../src/declarations/standing.ts'
import { tamper } from '../proof/bundle.ts'
import { masterKey, type TestApp, testApp } from '../support/app.ts'
import { sscc } from '../support/story.ts'
import { declaration, drawnTwice, type Load, load, type Post, post, type Told } from './load.ts'

type Scanned = {
  verb: string
  text: string
  reasons: { rule: string; text: string }[]
  open: { declaration: string; case: string | null; units: string[]; scanned: boolean }[]
  declarations: { id: string; verb: string; compare: Record<string, unknown>; provenance: { units: number }[] }[]
  symbol?: { genuine: boolean }
}

const wasm = readFileSync(new URL(import.meta.resolve('zxing-wasm/reader/zxing_reader.wasm')))
prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer } })

const scan = ({ officers }: Post, code: string) => officers[0].expect<Scanned>(200, 'POST', '/border/scans', { code })

/** `hold UNDECLARED: 0`: the verb, the rules behind it, and how many declarations are aboard. */
const told = ({ verb, reasons, declarations }: Scanned): string =>
  `${[verb, ...new Set(reasons.map(({ rule }) => rule))].join(' ')}: ${declarations.length}`

let lorries = 0
const lorry = () => ({ mode: 'road', id: `01 KG ${String(++lorries).padStart(3, '0')} AAA` })

type Lodged = Load & { id: string; reference: string; plate: string }

async function lodged(border: Post, pieces: number, changes: Record<string, unknown> = {}): Promise<Lodged> {
  const goods = await load(border)
  const transport = lorry()
  const body = declaration([goods.sscc], pieces, { transport, ...changes })
  const { id } = await border.maker.expect<Told>(201, 'POST', '/declarations', body)
  return { ...goods, id, reference: body.reference, plate: transport.id }
}

async function symbolOf({ app }: TestApp, id: string): Promise<string> {
  const { pool } = app.pg
  const keys = await openSymbolKeys(pool, createVault(masterKey))
  return keys.textOf(symbolFacts(standingOf(0, await listActs(pool, id))))
}

t.test('whatever is scanned, the answer is one verb', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { maker } = border
  const clean = await lodged(border, 12)
  const text = await symbolOf(app, clean.id)
  const short = await lodged(border, 13)
  const over = await lodged(border, 11)
  const shared = await lodged(border, 12)
  await lodged(border, 11, { transport: { mode: 'road', id: shared.plate } })
  const withdrawn = await lodged(border, 12)
  await maker.expect(201, 'POST', `/declarations/${withdrawn.id}/outcomes`, { outcome: 'withdrawn' })
  const unmarked = declaration([], 12, { codes: [], transport: lorry() })
  const { id: held } = await maker.expect<Told>(201, 'POST', '/declarations', unmarked)
  const undeclared = await load(border)
  const grown = await lodged(border, 12)
  const [stranger] = undeclared.codes
  await maker.expect(201, 'POST', '/scans', { codes: [stranger], step: 'unpacking', parent: undeclared.sscc })
  await maker.expect(201, 'POST', '/scans', { codes: [stranger], step: 'packing', parent: grown.sscc })
  const amended = await lodged(border, 12)
  const old = await symbolOf(app, amended.id)
  const { reference } = amended
  await maker.expect(201, 'POST', `/declarations/${amended.id}/versions`, {
    ...declaration([amended.sscc], 12, { transport: { mode: 'road', id: amended.plate }, seals: ['S1'] }),
    reference,
  })

  const table: [what: string, code: string, wanted: string][] = [
    ['its bar code', text, 'pass: 1'],
    ['its bar code as a scanner sends it', `]z3${text}`, 'pass: 1'],
    ['its id', clean.id, 'pass: 1'],
    ['its reference', clean.reference, 'pass: 1'],
    ['its plate', clean.plate, 'pass: 1'],
    ['its plate as it is spoken', clean.plate.toLowerCase().replaceAll(' ', '-'), 'pass: 1'],
    ['its pallet', clean.sscc, 'pass: 1'],
    ['a unit of it', clean.codes[3] ?? '', 'pass: 1'],
    ['one too few: yellow, and counted', short.id, 'open P10: 1'],
    ['one too many', over.sscc, 'open P10: 1'],
    ['the good half of a lorry with two loads', shared.id, 'open P10: 2'],
    ['withdrawn', withdrawn.id, 'hold OUTCOME: 1'],
    ['due to be marked, and not', held, 'hold MARK: 1'],
    ['a plate that nobody declared', '99 XX 999', 'hold UNDECLARED: 0'],
    ['a pallet that nobody declared', undeclared.sscc, 'hold UNDECLARED: 0'],
    ['a pallet that nobody knows', `(00)${sscc()}`, 'hold UNDECLARED: 0'],
    ['a declared pallet that something was put on', grown.sscc, 'open UNDECLARED: 1'],
    ['a changed bar code', text.replace('|12|', '|13|'), 'hold SYMBOL: 1'],
    ['a bar code with another signature', text.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')), 'hold SYMBOL: 1'],
    ['a bar code of nothing', 'TAMGA1|1|%', 'hold SYMBOL: 0'],
    ['a bar code that is meant badly', 'TAMGA1|1|%00|1e999|', 'hold SYMBOL: 0'],
    ['a bar code of the version before', old, 'park SYMBOL: 1'],
    ['nonsense', 'nonsense', 'hold UNDECLARED: 0'],
  ]
  for (const [what, code, wanted] of table) t.equal(told(await scan(border, code)), wanted, what)
  await maker.expect(403, 'POST', '/border/scans', { code: clean.id })
  await border.officers[0].expect(400, 'POST', '/border/scans', {})
})

t.test('the case to open is the one in which the drawn units are now', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { maker, officers } = border
  const over = await lodged(border, 11)
  const before = await scan(border, over.plate)
  t.match(before, { verb: 'open', open: [{ declaration: over.id, case: /\/00\//, scanned: false }] })
  const drawn = before.open.flatMap(({ units }) => units)
  t.ok(drawn.length >= 3)

  const moved = `(00)${sscc()}`
  await maker.expect(201, 'POST', '/scans', { codes: over.codes, step: 'unpacking', parent: over.sscc })
  await maker.expect(201, 'POST', '/scans', { codes: over.codes.slice(0, 6), step: 'packing', parent: moved })
  const after = await scan(border, moved)
  t.match(after, { verb: 'open', declarations: [{ id: over.id, provenance: [{ units: 12 }] }] })
  t.same(after.open.flatMap(({ units }) => units).sort(), [...drawn].sort(), 'the same units, wherever they are')
  for (const { case: name, scanned } of after.open) {
    t.equal(scanned, name !== null)
    if (name !== null) t.ok(name.endsWith(moved.slice(4)))
  }
  t.match(after.declarations[0]?.compare, {
    plate: over.plate,
    seals: [],
    packages: 1,
    lines: [{ quantity: '11' }],
    labels: [{ name: 'Vodka 0.5 l' }],
  })

  const path = `/declarations/${over.id}`
  const scanned = drawn.map((code) => ({ code, found: 'found' }))
  await officers[1].expect(201, 'POST', `${path}/inspections`, {
    result: 'conforms',
    scanned,
    notes: '',
    photos: ['1'],
  })
  const twice = await drawnTwice(border, over)
  t.equal((await scan(border, over.id)).verb, twice ? 'open' : 'park', 'looked at, and not yet released')
})

t.test('a declaration that was never decided is decided at the barrier', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { id } = await lodged(border, 11)
  const { pool } = app.app.pg
  const acts = await listActs(pool, id)
  t.equal(acts.at(-1)?.kind, 'decided')
  // As a crash between the two leaves it.
  await tamper(app.database.adminUrl, `delete from border_act where subject = '${id}' and kind = 'decided'`)
  t.match(await scan(border, id), { verb: 'open', declarations: [{ lane: 'red' }] })
})

t.test('the bar code is read from the drawing, and by who has only the public key', async (t) => {
  const app = await testApp(t)
  const border = await post(app)
  const { id, reference } = await lodged(border, 12, { reference: 'Накладная №7, a|b', seals: ['S 1', 'S,2'] })
  const answer = await border.maker.call('GET', `/declarations/${id}/symbol.svg`)
  t.equal(answer.statusCode, 200)
  t.match(answer.headers['content-type'], /^image\/svg\+xml/)
  const text = await symbolOf(app, id)
  t.equal(answer.body, drawSymbol(text), 'the same bytes each time')
  const png = await bwip.toBuffer({ bcid: 'azteccode', text, scale: 3, padding: 6, backgroundcolor: 'FFFFFF' })
  const [found] = await readBarcodes(png, { formats: ['Aztec'] })
  t.equal(found?.text, text)

  const [head, , ...fields] = text.split('|').map((field) => decodeURIComponent(field))
  t.equal(head, 'TAMGA1')
  t.match(fields, [id, '1', 'export', reference, 'KG-BISHKEK'])
  const [key] = await app.anonymous.expect<{ publicKey: string }[]>(200, 'GET', '/border/keys')
  const publicKey = createPublicKey({ key: Buffer.from(key?.publicKey ?? '', 'base64'), format: 'der', type: 'spki' })
  const cut = text.lastIndexOf('|')
  t.ok(verify(null, Buffer.from(text.slice(0, cut)), publicKey, Buffer.from(text.slice(cut + 1), 'base64url')))
  t.match(await scan(border, text), { verb: 'pass', symbol: { genuine: true } })
  await border.rival.expect(404, 'GET', `/declarations/${id}/symbol.svg`)
  t.equal((await app.anonymous.call('GET', `/declarations/${id}/symbol.svg`)).statusCode, 401)
})
