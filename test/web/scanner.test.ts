// A scanner's day: receiving by hand scanner and by camera, refusals, packing, a network that goes away in the middle.
import type { Page } from 'playwright-core'
import t from 'tap'
import { loadAssets } from '../../src/web/assets.ts'
import * as given from '../support/given.ts'
import { firstPaint, openBrowser, picture, signIn, violations, visitor } from './browser.ts'
import { cameraAt } from './camera.ts'
import { bottles, scan, servedApp } from './given.ts'

const scriptBytesMax = 150_000

/** A hand scanner is a keyboard that ends with Enter. It sends no control characters, but the bracketed form can be set. */
async function wedge(page: Page, code: string): Promise<void> {
  await page.locator('#scan').fill(code)
  await page.keyboard.press('Enter')
}

const newest = (page: Page, tone: string) =>
  page
    .locator('.scans li')
    .first()
    .and(page.locator(`[data-tone=${tone}]`))
const choose = (page: Page, step: string) => page.locator('#step').selectOption(step)

t.test('scanning', async (t) => {
  const app = await servedApp(t)
  const { maker, shop, codes } = await bottles(app, 12)
  const [one = '', two = '', three = '', four = '', five = '', six = '', stranger = '', ...more] = codes
  await scan(maker, 'commissioning', codes)
  await scan(maker, 'shipping', [one, two, three, four, five, six, more[1] ?? ''], { to: shop.id })
  const stateOf = async (code: string) =>
    (await app.operator.expect<{ state: string }>(200, 'GET', `/units/${encodeURIComponent(code)}`)).state
  const stepsOf = async (code: string) => {
    const { events } = await app.operator.expect<{ events: { bizStep: string; eventTime: string }[] }>(
      200,
      'GET',
      `/units/${encodeURIComponent(code)}/history`,
    )
    return events.map(({ bizStep }) => bizStep)
  }
  const browser = await openBrowser(t, await cameraAt(t, two))
  const { page, context, faults } = await visitor(browser, app.origin)
  await signIn(page, shop.key)

  await t.test('one after another, each with its verdict', async (t) => {
    await page.goto('/app/scanner')
    t.equal(await page.evaluate('document.activeElement.id'), 'scan', 'ready for the first code')
    const [painted, bytes] = [await firstPaint(page), (await loadAssets()).sizeOf('scanner')]
    t.comment(`first contentful paint ${Math.round(painted)} ms, ${bytes} bytes of script`)
    t.ok(painted < 1000 && bytes < scriptBytesMax)
    await wedge(page, one)
    await newest(page, 'good').getByText('Recorded').waitFor()
    t.equal(await stateOf(one), 'active')
    await wedge(page, stranger)
    await newest(page, 'bad').getByText('Not addressed to you').waitFor()
    await newest(page, 'bad').getByText('Ask the sender to redirect it').waitFor()
    await wedge(page, `${one.slice(0, -1)}${one.endsWith('5') ? '6' : '5'}`)
    await newest(page, 'bad').getByText('Forged code').waitFor()
    await wedge(page, '"><img src=x onerror=alert(1)>')
    await newest(page, 'bad').getByText('This is not a readable code').waitFor()
    t.equal(await page.locator('main img').count(), 0)
    t.same(await violations(page), [])
    await picture(page, 'scanner')
  })

  await t.test('by camera, which goes on looking', async (t) => {
    await page.getByRole('button', { name: 'Scan with the camera' }).click()
    await newest(page, 'good').waitFor()
    t.equal(await stateOf(two), 'active')
    t.equal(await page.locator('video').isVisible(), true)
    await page.getByRole('button', { name: 'Stop the camera' }).click()
    t.equal(await page.locator('video').isVisible(), false)
  })

  await t.test('asking before a sale, and selling', async (t) => {
    await choose(page, 'check')
    await wedge(page, one)
    await newest(page, 'good').getByText('May be sold').waitFor()
    await choose(page, 'retail_selling')
    await wedge(page, one)
    await newest(page, 'good').getByText('Recorded').waitFor()
    t.equal(await stateOf(one), 'sold')
    await wedge(page, one)
    await newest(page, 'bad').getByText('Sold already').waitFor()
    await choose(page, 'check')
    await wedge(page, one)
    await newest(page, 'bad').getByText('Sold already').waitFor()
  })

  await t.test('without a network: kept, and sent once and in order when it is back', async (t) => {
    await choose(page, 'receiving')
    await context.setOffline(true)
    for (const code of [three, four]) {
      await wedge(page, code)
      await newest(page, 'warn').getByText('Kept here').waitFor()
    }
    await choose(page, 'retail_selling')
    await wedge(page, three)
    await newest(page, 'warn').getByText('Kept here').waitFor()
    await page.getByText('Kept in this browser: 3').waitFor()
    t.equal(await stateOf(three), 'in_transit')
    t.same(await violations(page), [])
    await picture(page, 'scanner-offline')
    await context.setOffline(false)
    await page.getByText('Everything is sent.').waitFor()
    t.same((await stepsOf(three)).slice(2), ['receiving', 'retail_selling'])
    t.same((await stepsOf(four)).slice(2), ['receiving'])
  })

  await t.test('opened again without a network: it scans, and names nobody', async (t) => {
    await page.goto('/app/scanner')
    await page.locator('[data-scanner][data-kept]').waitFor()
    await context.setOffline(true)
    await page.reload()
    await page.locator('#scan').waitFor()
    t.notMatch(await page.content(), /Karakol Market|name="csrf"/, 'what is kept is nobody’s')
    t.same(await page.locator('#step option').count(), 13, 'but only the steps that this key has')
    await choose(page, 'receiving')
    await wedge(page, more[1] ?? '')
    await newest(page, 'warn').getByText('Kept here').waitFor()
    t.same(await violations(page), [])
    await picture(page, 'scanner-shell')
    await context.setOffline(false)
    await newest(page, 'good').getByText('Recorded').waitFor()
    t.equal(await stateOf(more[1] ?? ''), 'active')
  })

  await t.test('a sign-out leaves nothing to open', async (t) => {
    const other = await visitor(browser, app.origin)
    await signIn(other.page, maker.key)
    await other.page.goto('/app/scanner')
    await other.page.locator('[data-scanner][data-kept]').waitFor()
    const kept = await other.page.evaluate<string[]>(
      `caches.keys().then((names) => Promise.all(names.map((name) => caches.open(name).then((cache) => cache.keys())))).then((all) => all.flat().map(({ url }) => new URL(url).pathname))`,
    )
    t.same(
      kept.filter((path) => !path.startsWith('/app/assets/')),
      ['/app/scanner/shell'],
      'nothing that the interface answers is kept',
    )
    await other.page.getByRole('button', { name: 'Sign out' }).click()
    await other.page.getByRole('link', { name: 'Sign in' }).waitFor()
    t.same(await other.page.evaluate('caches.keys()'), [])
    await other.context.setOffline(true)
    await t.rejects(other.page.goto('/app/scanner'))
    t.same(other.faults, [])
    await other.context.close()
  })

  await t.test('an answer that was lost on its way: sent again, recorded once', async (t) => {
    await choose(page, 'receiving')
    let lost = 0
    await page.route('**/app/scanner/scans', async (route) => {
      await route.fetch()
      lost++
      await route.abort('connectionreset')
    })
    await wedge(page, five)
    await newest(page, 'warn').getByText('Kept here').waitFor()
    t.ok(lost > 0)
    await page.unroute('**/app/scanner/scans')
    t.same((await stepsOf(five)).slice(2), ['receiving'], 'it had arrived')
    // The page is closed and opened again: what was kept is still there, and is sent.
    await page.goto('/app/scanner')
    await page.getByText('Everything is sent.').waitFor()
    t.same((await stepsOf(five)).slice(2), ['receiving'])
  })

  await t.test('the key is withdrawn: what was scanned stays until somebody signs in again', async (t) => {
    const { id, key } = await given.issued(app.operator, shop.id)
    const other = await visitor(browser, app.origin)
    await signIn(other.page, key)
    await other.page.goto('/app/scanner')
    await app.operator.expect(204, 'DELETE', `/participants/${shop.id}/keys/${id}`)
    await wedge(other.page, six)
    await other.page.getByText('Your session has ended').waitFor()
    t.equal(await stateOf(six), 'in_transit')
    await other.context.close()
  })

  await t.test('packing by scanning parent and children', async (t) => {
    const { page, context } = await visitor(browser, app.origin)
    await signIn(page, maker.key)
    await page.goto('/app/scanner')
    await choose(page, 'packing')
    await page.getByText('Scan the container first').waitFor()
    const pallet = '(00)347012345678901237'
    await wedge(page, pallet)
    await wedge(page, stranger)
    await wedge(page, stranger)
    await page.getByText('This code was scanned already').waitFor()
    await wedge(page, more[0] ?? '')
    await wedge(page, two)
    await page.getByText('3 inside').waitFor()
    t.same(await violations(page), [])
    await picture(page, 'scanner-pack')
    await page.getByRole('button', { name: 'Close the pack' }).click()
    await page.locator('.scans [data-tone=bad]').waitFor()
    t.equal(await page.locator('.scans [data-tone=good]').count(), 2, 'the good ones are in')
    t.equal(await page.locator('.scans [data-tone=bad]').count(), 1, 'the one of somebody else is not')
    await choose(page, 'shipping')
    await wedge(page, pallet)
    await page.getByText('Say first to whom it is shipped').waitFor()
    await page.locator('#to').fill('Nobody of this name')
    await wedge(page, pallet)
    await page.getByText('Say first to whom it is shipped').waitFor()
    await page.locator('#to').fill('karakol')
    await page.locator(`#to-names option[value="Karakol Market · ${shop.id}"]`).waitFor({ state: 'attached' })
    await page.locator('#to').fill('karakol market')
    while (!(await page.locator('#to').inputValue()).endsWith(shop.id)) await page.locator('#to').press('End')
    await wedge(page, pallet)
    await newest(page, 'good').waitFor()
    t.equal(await stateOf(stranger), 'in_transit')
    await context.close()
  })

  await t.test('in Kyrgyz and Russian, on a phone', async (t) => {
    for (const [language, word] of [
      ['ky', 'Кийинки код'],
      ['ru', 'Следующий код'],
    ] as const) {
      await page.goto(`/app/scanner?lang=${language}`)
      await page.getByText(word).waitFor()
      await wedge(page, one)
      await page.locator('.scans [data-tone=bad]').waitFor()
      t.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, 'nothing sticks out')
      t.same(await violations(page), [])
      await picture(page, `scanner-${language}`)
    }
  })

  t.same(faults, [], 'nothing was thrown, kept away or asked elsewhere')
})
