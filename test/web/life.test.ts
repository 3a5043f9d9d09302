// A unit's life as an auditor looks at it: the verdict first, the way on a map, what was doubted, the proof checked in the browser.
import t from 'tap'
import { operatorKey } from '../support/app.ts'
import * as given from '../support/given.ts'
import { desktop, firstPaint, openBrowser, picture, signIn, violations, visitor } from './browser.ts'
import { bottles, scan, servedApp } from './given.ts'

const evil = `"><img src=x onerror=alert(1)><script>alert(2)</script>`

t.test('a life, and the ledger that it stands in', async (t) => {
  const app = await servedApp(t)
  const { maker, shop, codes } = await bottles(app)
  const [bottle = '', second = '', third = ''] = codes
  const haulier = await given.participant(app, { roles: ['carrier'], name: evil })
  const places = await Promise.all([
    given.place(maker, { name: 'Line 1, Bishkek', lat: 42.87, lon: 74.57 }),
    given.place(haulier, { name: `Balykchy ${evil}`, lat: 42.46, lon: 76.18 }),
    given.place(shop, { name: 'Karakol Market', lat: 42.49, lon: 78.39 }),
  ])
  const [line, yard, market] = places.map(({ id }) => id)
  const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString()
  const pallet = '(00)347012345678901237'
  await scan(maker, 'commissioning', [bottle, second, third], { place: line, time: ago(50 * 24) })
  await scan(maker, 'packing', [bottle, second], { parent: pallet, place: line, time: ago(60) })
  await scan(maker, 'shipping', [pallet], { to: shop.id, carrier: haulier.id, place: line, time: ago(50) })
  for (let stop = 0; stop < 30; stop++) {
    await scan(haulier, stop % 2 === 0 ? 'arriving' : 'departing', [pallet], { place: yard, time: ago(40 - stop) })
  }
  await scan(shop, 'receiving', [pallet], { place: market, time: ago(8) })
  await scan(shop, 'unpacking', [bottle], { parent: pallet, place: market, time: ago(7) })
  const receipt = (number: string) => ({ till: '1', number, time: ago(6), lines: [{ code: bottle }] })
  await shop.expect(201, 'POST', '/receipts', receipt('1'))
  await shop.expect(409, 'POST', '/receipts', receipt('2'))

  const browser = await openBrowser(t)
  const { page, faults } = await visitor(browser, app.origin)
  await signIn(page, operatorKey)

  await t.test('what it is, in one glance, then everything that happened', async (t) => {
    await page.locator('#code').fill(bottle)
    await page.keyboard.press('Enter')
    await page.locator('.verdict').waitFor()
    t.match(await page.locator('.verdict h2').textContent(), /^Sold · findings: \d/)
    t.equal(await page.locator('.timeline .event').count(), 36)
    t.ok((await page.locator('.timeline .finding').count()) > 0)
    t.match(await page.locator('.timeline .gap').first().textContent(), 'No word for 47 days')
    t.equal(await page.locator('.map circle').count(), 3)
    t.equal(await page.locator('main img, main script').count(), 0, 'names are text')
    t.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, 'it fits a phone')
    t.same(await violations(page), [])
    const painted = await firstPaint(page)
    t.comment(`first contentful paint ${Math.round(painted)} ms`)
    t.ok(painted < 1000)
    await picture(page, 'life')
  })

  await t.test('the proof is checked here, and holds', async (t) => {
    const check = page.getByRole('button', { name: 'Check it here' })
    // What was recorded last is signed within a second.
    await app.operator.expect(200, 'GET', '/logs')
    for (let tries = 0; tries < 20; tries++) {
      await check.click()
      await page.locator('.proof:is([data-state=good], [data-state=bad], [data-state=late])').waitFor()
      if ((await page.locator('.proof[data-state=late]').count()) === 0) break
    }
    t.match(
      await page.locator('[data-proof-verdict]').textContent(),
      /^Verified in your browser: 36 steps, against checkpoint \d+/,
    )
    t.equal(await page.locator('.proof-mark:not([hidden])').count(), 36)
    t.same(await violations(page), [])
    await picture(page, 'life-proved')
  })

  await t.test('a proof that was changed on its way does not', async (t) => {
    await page.route('**/app/proof?*', async (route) => {
      const answer = await route.fetch()
      const { entry, proof } = (await answer.json()) as { entry: string; proof: string }
      const changed = Buffer.from(
        Buffer.from(entry, 'base64').toString('latin1').replace('OBSERVE', 'OBSERVF'),
        'latin1',
      )
      await route.fulfill({ json: { entry: changed.toString('base64'), proof } })
    })
    await page.getByRole('button', { name: 'Check it here' }).click()
    await page.locator('.proof[data-state=bad]').waitFor()
    t.match(await page.locator('[data-proof-verdict]').textContent(), 'The proof does not hold')
    await page.unroute('**/app/proof?*')
    await page.evaluate(`localStorage.setItem('tamga log main', 'another key')`)
    await page.getByRole('button', { name: 'Check it here' }).click()
    await page.getByText('is not the one that this browser saw before').waitFor()
  })

  await t.test('a pallet, and codes that lead nowhere', async (t) => {
    await page.goto(`/app/units?code=${encodeURIComponent(pallet)}`)
    t.match(await page.locator('.verdict').textContent(), 'Container with 1 inside')
    t.match(await page.locator('table').textContent(), 'Vodka Ak-Suu')
    t.same(await violations(page), [])
    for (const [code, head] of [
      ['(01)04701234567890(21)4ZZZ', 'Nothing that you may see'],
      [evil, 'This is not a readable code'],
      [`${bottle.slice(0, -1)}${bottle.endsWith('5') ? '6' : '5'}`, 'Forged code'],
    ] as const) {
      await page.goto(`/app/units?code=${encodeURIComponent(code)}`)
      t.equal(await page.locator('.verdict h2').textContent(), head)
    }
  })

  await t.test('the shop sees its own part, and not the ledger', async (t) => {
    const { page, context } = await visitor(browser, app.origin)
    await signIn(page, haulier.key)
    await page.goto(`/app/units?code=${encodeURIComponent(second)}`)
    await page.locator('.timeline').waitFor()
    t.notMatch(await page.locator('.timeline .event').first().textContent(), 'Ak-Suu Distillery')
    t.ok((await page.getByText('A step of others').count()) > 0)
    const answer = await page.goto('/app/ledger')
    t.equal(answer?.status(), 403)
    t.match(await page.locator('.verdict').textContent(), 'operator, auditor, customs')
    t.same(await violations(page), [])
    await context.close()
  })

  await t.test('the ledger: sizes, signatures, findings and who takes part', async (t) => {
    await page.setViewportSize(desktop)
    await page.goto('/app/ledger')
    t.match(await page.locator('.verdict.good h2').textContent(), 'All is well')
    t.match(await page.locator('.logs').textContent(), /main.*customs.*audit/s)
    t.match(await page.locator('main').textContent(), 'Sold already')
    t.equal(await page.locator('main img, main script').count(), 0)
    const size = page.locator('[data-log=main]')
    const before = Number(await size.textContent())
    await scan(maker, 'destroying', [third])
    await page.getByText(String(before + 1), { exact: true }).waitFor()
    t.same(await violations(page), [])
    await picture(page, 'ledger')
  })

  t.same(faults, [], 'nothing was thrown, kept away or asked elsewhere')
})
