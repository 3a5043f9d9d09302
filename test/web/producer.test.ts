// A producer's desk: a product, an order, its codes, and a sheet of labels whose symbols are as large as they should be.
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader'
import * as given from '../support/given.ts'
import { desktop, openBrowser, picture, signIn, violations, visitor } from './browser.ts'
import { scan, servedApp } from './given.ts'

const wasm = await readFile(new URL(import.meta.resolve('zxing-wasm/reader/zxing_reader.wasm')))
prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer } })

const evil = `"><img src=x onerror=alert(1)><script>alert(2)</script>`

/** What a printer makes of the rectangles of a page, at so many dots to a millimetre. */
function printed(pdf: string, dots: number) {
  const [, width = '', height = ''] = /\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/.exec(pdf) ?? []
  const perPoint = (dots * 25.4) / 72
  const size = { width: Math.round(Number(width) * perPoint), height: Math.round(Number(height) * perPoint) }
  const data = new Uint8ClampedArray(size.width * size.height * 4).fill(255)
  const first = pdf.slice(pdf.indexOf('stream\n'), pdf.indexOf('endstream'))
  const marks = [...first.matchAll(/^([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re$/gm)].map((match) =>
    match.slice(1).map(Number),
  )
  for (const [x = 0, y = 0, w = 0, h = 0] of marks) {
    const [left, right] = [Math.round(x * perPoint), Math.round((x + w) * perPoint)]
    const [top, bottom] = [size.height - Math.round((y + h) * perPoint), size.height - Math.round(y * perPoint)]
    for (let row = top; row < bottom; row++) data.fill(0, (row * size.width + left) * 4, (row * size.width + right) * 4)
  }
  for (let i = 3; i < data.length; i += 4) data[i] = 255
  const least = Math.min(...marks.map(([, , , h = 0]) => h))
  return {
    image: { data, ...size, colorSpace: 'srgb' as const },
    moduleMm: (least * 25.4) / 72,
    widthMm: (Number(width) * 25.4) / 72,
  }
}

t.test('production', async (t) => {
  const app = await servedApp(t)
  const maker = await given.participant(app, { roles: ['producer'], name: 'Ak-Suu Distillery' })
  const browser = await openBrowser(t)
  const { page, faults } = await visitor(browser, app.origin, { viewport: desktop })
  await signIn(page, maker.key)
  const { gtin } = { gtin: given.gtin() }

  await t.test('a product is registered', async (t) => {
    await page.goto('/app/producer')
    t.same(await violations(page), [])
    const register = async (number: string, name: string) => {
      await page.getByText('Register a product', { exact: true }).click()
      await page.locator('#product-name').fill(name)
      await page.locator('#product-gtin').fill(number)
      await page.locator('#product-hsCode').fill('2208601100')
      await page.locator('#product-volume').fill('0.5')
      await page.getByRole('button', { name: 'Register' }).click()
    }
    await register(`${gtin.slice(0, -1)}${(Number(gtin.at(-1)) + 1) % 10}`, 'Vodka')
    await page.locator('.notice.bad').getByText('The check digit is wrong').waitFor()
    await register(gtin, `Vodka Ak-Suu 0.5 l ${evil}`)
    await page.locator('td').getByText('Vodka Ak-Suu 0.5 l').waitFor()
    t.equal(await page.locator('main img, main script').count(), 0)
  })

  await t.test('codes are ordered and used', async (t) => {
    await page.locator('#quantity').fill('40')
    await page.getByRole('button', { name: 'Order', exact: true }).click()
    await page.getByText('0 of 40 used').waitFor()
    const [order] = await maker.expect<{ id: string }[]>(200, 'GET', '/code-orders')
    const codes = (await maker.call('GET', `/code-orders/${order?.id}/codes`)).body.trimEnd().split('\n')
    await scan(maker, 'commissioning', codes.slice(0, 25))
    await page.reload()
    await page.getByText('25 of 40 used').waitFor()
    t.same(await violations(page), [])
    await picture(page, 'producer')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Codes' }).click(),
    ])
    t.same((await readFile(await download.path(), 'utf8')).trimEnd().split('\n'), codes)
  })

  await t.test('labels of the size that was asked for, which a reader reads', async (t) => {
    await page.getByLabel('Module').selectOption('0.40')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Labels' }).click(),
    ])
    t.equal(download.suggestedFilename(), 'labels.pdf')
    const pdf = (await readFile(await download.path())).toString('latin1')
    const { image, moduleMm, widthMm } = printed(pdf, 15)
    t.match(moduleMm.toFixed(2), '0.40')
    t.match(widthMm.toFixed(1), '210.0')
    const found = await readBarcodes(image, { formats: ['DataMatrix'], maxNumberOfSymbols: 255 })
    const [order] = await maker.expect<{ id: string }[]>(200, 'GET', '/code-orders')
    const codes = (await maker.call('GET', `/code-orders/${order?.id}/codes`)).body.trimEnd().split('\n')
    const read = new Set(found.map(({ bytes }) => Buffer.from(bytes).toString('latin1')))
    t.same(
      codes.filter((code) => !read.has(code)),
      [],
      'every code of the order',
    )
    const start = Number(/startxref\n(\d+)/.exec(pdf)?.[1])
    t.equal(pdf.slice(start, start + 4), 'xref', 'the table of contents is where the file says')
  })

  await t.test('what became of them: marked, shipped, and in stock by place', async (t) => {
    const shop = await given.participant(app, { roles: ['retailer'], name: `Market ${evil}` })
    const store = await given.place(maker, { name: `Store ${evil}` })
    const [order] = await maker.expect<{ id: string }[]>(200, 'GET', '/code-orders')
    const codes = (await maker.call('GET', `/code-orders/${order?.id}/codes`)).body.trimEnd().split('\n')
    await scan(maker, 'storing', codes.slice(0, 20), { place: store.id })
    await scan(maker, 'shipping', codes.slice(20, 25), { to: shop.id, document: `INV-7 ${evil}` })
    await page.getByRole('link', { name: 'Stock and movements' }).click()
    const stood = page.locator('.bars').getByText('Store')
    // What is counted beside the requests may be told on the next look.
    while ((await stood.count()) === 0 || (await page.locator('.bars').last().textContent())?.includes('25'))
      await page.reload()
    t.match(await page.locator('.card .bars').textContent(), /Marked25Packed0Shipped5Returned0/)
    t.match(await page.locator('.bars').last().textContent(), /Store.*20/s)
    t.match(await page.locator('table').last().textContent(), /Market.*5.*INV-7/s)
    t.equal(await page.locator('main img, main script').count(), 0)
    t.same(await violations(page), [])
    await picture(page, 'stock')
    await page.getByRole('link', { name: 'Codes and products' }).click()
  })

  await t.test('what is unused is cancelled, and somebody else gets nothing', async (t) => {
    const [order] = await maker.expect<{ id: string }[]>(200, 'GET', '/code-orders')
    const stranger = await given.participant(app, { roles: ['producer'] })
    const other = await visitor(browser, app.origin)
    await signIn(other.page, stranger.key)
    const answer = await other.page.request.get(`/app/producer/codes?order=${order?.id}`)
    t.equal(answer.status(), 404)
    t.equal((await other.page.request.get(`/app/producer/labels?order=${order?.id}`)).status(), 404)
    await other.context.close()
    await page.getByText('Close the order').click()
    await page.getByRole('button', { name: 'Cancel what is unused' }).click()
    await page.getByText('Closed', { exact: false }).first().waitFor()
    t.equal(await page.getByText('Close the order').count(), 0)
  })

  t.same(faults, [], 'nothing was thrown, kept away or asked elsewhere')
})
