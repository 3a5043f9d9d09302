import { readFileSync } from 'node:fs'
import t from 'tap'
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader'
import { symbolPng, symbolSvg } from '../../src/codes/symbol.ts'
import { isGtin, isSerial } from '../../src/gs1/identifiers.ts'
import { readCode } from '../../src/gs1/read.ts'
import { elementString } from '../../src/gs1/write.ts'
import type { Order } from '../../src/codes/schema.ts'
import { testApp } from '../support/app.ts'
import * as given from '../support/given.ts'

// The reader's WebAssembly from its package: by itself it would fetch it from a public server.
const wasm = readFileSync(new URL(import.meta.resolve('zxing-wasm/reader/zxing_reader.wasm')))
prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer } })

/** What a real reader sees in a picture, as a scanner transmits it. */
async function scan(png: Uint8Array): Promise<string> {
  const found = await readBarcodes(png, { formats: ['DataMatrix'] })
  const [symbol] = found
  if (found.length !== 1 || !symbol) throw new Error(`${found.length} symbols found`)
  return symbol.symbologyIdentifier + Buffer.from(symbol.bytes).toString('latin1')
}

t.test('what is drawn is what a reader reads, with FNC1 first and between the fields', async (t) => {
  const tails = [
    { keyId: 'A7B2', check: 'abcdefghijklmn_-' },
    { keyId: '0000', check: 'Zz09_-'.repeat(15).slice(0, 86) },
  ]
  // The characters that escape something somewhere: the encoder's own, SQL's, HTML's, bracketed codes'.
  for (const serial of [
    '400002S7K1Z90QX',
    '0',
    `!"%&'()*+,-./:;<=>?`,
    '^FNC1'.slice(1),
    '(21)(91)',
    '12345678901234567890',
  ]) {
    for (const tail of tails) {
      const gtin = '04701234567890'
      if (!isGtin(gtin) || !isSerial(serial)) return t.fail(serial)
      const code = { gtin, serial, tail }
      t.equal(await scan(await symbolPng(code, 3)), `]d2${elementString(code)}`)
      t.match(symbolSvg(code), /^<svg [^]*<\/svg>\s*$/)
    }
  }
})

t.test('the owner gets the symbol of any of his codes, anyone else of a code with its correct tail', async (t) => {
  const app = await testApp(t)
  const maker = await given.participant(app, { roles: ['producer'] })
  const shop = await given.participant(app, { roles: ['retailer'] })
  const { gtin } = await given.product(maker)
  const { id } = await maker.expect<Order>(201, 'POST', '/code-orders', { gtin, quantity: 5 })
  const lines = (await maker.call('GET', `/code-orders/${id}/codes`)).body.trimEnd().split('\n')
  const [code = '', second = ''] = lines
  const bare = code.slice(0, code.indexOf('\x1d'))
  const forged = `${code.slice(0, -1)}${code.endsWith('5') ? '6' : '5'}`
  const { reading } = readCode(code)
  const link = reading?.kind === 'unit' ? `https://id.gs1.org/01/${reading.gtin}/21/${reading.serial}` : ''
  const get = (by: typeof maker, text: string, form: string) =>
    by.call('GET', `/codes/${encodeURIComponent(text)}/symbol.${form}`)

  for (const text of [code, bare, link, `]d2${code}`]) {
    const png = await get(maker, text, 'png')
    t.equal(png.headers['content-type'], 'image/png')
    t.equal(await scan(png.rawPayload), `]d2${code}`, 'with its tail, however it was asked for')
  }
  const large = await get(maker, bare, 'png?scale=10')
  t.equal(await scan(large.rawPayload), `]d2${code}`)
  const svg = await get(maker, bare, 'svg')
  t.match(svg.headers['content-type'], /^image\/svg\+xml/)
  t.match(svg.body, /^<svg /)

  t.equal(await scan((await get(shop, second, 'png')).rawPayload), `]d2${second}`)
  const refused: [by: typeof maker, text: string, answer: [number, string]][] = [
    [shop, bare, [404, 'not_found']],
    [shop, forged, [409, 'code_forged']],
    [maker, forged, [409, 'code_forged']],
    [maker, `01${gtin}21NOSUCH`, [404, 'not_found']],
    [shop, `01${gtin}21NOSUCH`, [404, 'not_found']],
    [maker, 'rubbish', [400, 'code_malformed']],
    [maker, '00046006700000000018', [404, 'not_found']],
  ]
  for (const [by, text, [status, problem]] of refused) {
    const answer = await get(by, text, 'svg')
    t.match(answer.json(), { status, code: problem }, text)
  }
  t.equal((await app.anonymous.call('GET', `/codes/${encodeURIComponent(code)}/symbol.svg`)).statusCode, 401)
})
