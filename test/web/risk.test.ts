// The risk desk: a profile is drafted with a mistake and without, tried on the past, and approved by two others.
import t from 'tap'
import { declaration, load, lodge, post } from '../border/load.ts'
import { desktop, openBrowser, picture, signIn, violations, visitor } from './browser.ts'
import { servedApp } from './given.ts'

const evil = `"><img src=x onerror=alert(1)><script>alert(2)</script>`

t.test('profiles', async (t) => {
  const app = await servedApp(t)
  const border = await post(app)
  const [first, second, third] = border.officers
  for (const pieces of [12, 12, 13]) {
    await lodge(border, border.maker, declaration([(await load(border)).sscc], pieces))
  }
  const browser = await openBrowser(t)
  const { page, faults } = await visitor(browser, app.origin, { viewport: desktop })
  await signIn(page, first.key)

  await t.test('what is in force, and how right its rules were', async (t) => {
    await page.goto('/app/risk')
    t.match(await page.locator('table').first().textContent(), 'In force')
    t.match(await page.locator('main').textContent(), /None among \d+ pairs?/)
    t.same(await violations(page), [])
    await picture(page, 'risk')
  })

  await t.test('a mistake is shown beside the rule that it is in, and names are completed', async (t) => {
    await page.locator('table a').first().click()
    await page.getByRole('link', { name: 'Draft from this' }).click()
    t.same(await violations(page), [])
    const last = page.locator('fieldset').last()
    await last.locator('[name=id]').fill('X1')
    await last.locator('[name=text]').fill(evil)
    await last.locator('[name=lane]').selectOption('yellow')
    await last.locator('[name=when]').fill('decl.nothingOfTheKind > 1.0')
    await page.locator('#name').fill(`Winter ${evil}`)
    await page.getByRole('button', { name: 'Save as a draft' }).click()
    const wrong = page.locator('fieldset', { has: page.locator('legend', { hasText: 'X1' }) })
    await wrong.locator('.notice.bad').waitFor()
    t.match(await wrong.locator('.notice.bad').textContent(), /\/rules\/\d+\/when.*nothingOfTheKind/s)
    t.equal(await page.locator('fieldset .notice.bad').count(), 1)
    t.equal(await page.locator('main img, main script').count(), 0)
    t.same(await violations(page), [])
    await wrong.locator('[name=when]').fill('')
    await wrong.locator('[name=when]').pressSequentially('decl.li')
    await wrong.locator('.completion [aria-selected=true]').waitFor()
    t.same(await violations(page), [])
    await picture(page, 'risk-editor')
    await page.keyboard.press('Tab')
    t.match(await wrong.locator('[name=when]').inputValue(), 'decl.lines')
    await wrong.locator('[name=when]').pressSequentially(' >= 1.0')
    await page.getByRole('button', { name: 'Save as a draft' }).click()
    await page.locator('.verdict').getByText('Draft', { exact: true }).waitFor()
    t.equal((await page.locator('.diff').textContent())?.trim(), 'X1decl.lines >= 1.0 → yellow', 'nothing else changed')
  })

  await t.test('it is tried on the past, beside the profile in force', async (t) => {
    await page.getByRole('button', { name: 'Try it on the past' }).click()
    await page.locator('.chart').waitFor()
    t.match(await page.locator('main').textContent(), /On 3 past declarations/)
    t.ok((await page.locator('.chart rect').count()) === 8)
    t.same(await violations(page), [])
    await picture(page, 'risk-backtest')
  })

  await t.test('two others bring it into force, and not its author', async (t) => {
    const address = page.url().replace('/backtests', '')
    await page.goto(address)
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.locator('.notice.bad').waitFor()
    for (const officer of [second, third]) {
      const { page, context } = await visitor(browser, app.origin, { viewport: desktop })
      await signIn(page, officer.key)
      await page.goto(address)
      await page.getByRole('button', { name: 'Approve' }).click()
      await page.locator('.verdict').waitFor()
      await context.close()
    }
    await page.goto(address)
    t.match(await page.locator('.verdict').textContent(), 'In force')
    t.equal(await page.locator('main img, main script').count(), 0)
  })

  t.same(faults, [], 'nothing was thrown, kept away or asked elsewhere')
})
