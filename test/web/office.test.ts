// The office: a finding is answered and resolved, keys are issued and withdrawn, and somebody works in another's name.
import t from 'tap'
import { operatorKey } from '../support/app.ts'
import * as given from '../support/given.ts'
import { desktop, openBrowser, picture, signIn, violations, visitor } from './browser.ts'
import { bottles, scan, servedApp } from './given.ts'

const evil = `"><img src=x onerror=alert(1)><script>alert(2)</script>`
const injected = 'main img, main script, header img, header script'

t.test('the office', async (t) => {
  const app = await servedApp(t)
  const { maker, shop, codes } = await bottles(app, 3)
  const [one = ''] = codes
  await scan(maker, 'commissioning', codes)
  await scan(maker, 'shipping', [one], { to: shop.id })
  await scan(shop, 'receiving', [one])
  const receipt = (number: string) => ({ till: '1', number, time: new Date().toISOString(), lines: [{ code: one }] })
  await shop.expect(201, 'POST', '/receipts', receipt('1'))
  await shop.expect(409, 'POST', '/receipts', receipt('2'))
  const customs = await app.operator.expect<{ id: string }>(201, 'POST', '/participants', {
    name: `Customs ${evil}`,
    country: 'KG',
    roles: ['customs'],
  })
  const officer = await given.officer(app, customs.id)
  const browser = await openBrowser(t)
  const faults: string[] = []
  const enter = async (key: string) => {
    const entered = await visitor(browser, app.origin)
    await signIn(entered.page, key)
    const leave = async (): Promise<void> => {
      faults.push(...entered.faults)
      await entered.context.close()
    }
    return { ...entered, leave }
  }

  await t.test('whom a finding concerns answers it', async (t) => {
    const { page, leave } = await enter(shop.key)
    await page.getByRole('link', { name: 'Findings', exact: true }).click()
    t.same(await violations(page), [])
    await page.getByRole('link', { name: /Sold already/ }).click()
    await page.locator('#text').fill(`Sold by mistake ${evil}`)
    await page.locator('#documents').fill(`Act 7 ${evil}\n\nhttps://shop.example/act`)
    t.same(await violations(page), [])
    await page.getByRole('button', { name: 'Answer' }).click()
    await page.locator('.timeline').getByText('Sold by mistake').waitFor()
    t.match(await page.locator('.verdict h2').textContent(), 'Answered')
    t.equal(await page.locator(injected).count(), 0)
    t.same(await violations(page), [])
    await leave()
  })

  await t.test('an authority resolves it, by a person', async (t) => {
    const asFirm = await enter(operatorKey)
    await asFirm.page.goto('/app/findings/answered')
    await asFirm.page.getByRole('link', { name: /Sold already/ }).click()
    const resolve = async (page: typeof asFirm.page) => {
      await page.getByLabel('explained').check()
      await page.locator('#text').fill(`A mistake at the till ${evil}`)
      await page.locator('#legalBasis').fill(`Article 5 ${evil}`)
      await page.getByRole('button', { name: 'Resolve' }).click()
    }
    await resolve(asFirm.page)
    await asFirm.page.locator('.notice.bad').getByText('Not with this key').waitFor()
    await asFirm.leave()
    const { page, leave } = await enter(officer.key)
    await page.goto(asFirm.page.url().replace('/resolutions', ''))
    await resolve(page)
    await page.locator('.timeline').getByText('Resolved: explained').waitFor()
    t.equal(await page.locator('main form').count(), 0, 'once and for all')
    t.equal(await page.locator(injected).count(), 0)
    t.same(await violations(page), [])
    await picture(page, 'finding')
    await leave()
  })

  await t.test('the operator registers a firm and its people, and issues and withdraws a key', async (t) => {
    const { page, leave } = await enter(operatorKey)
    await page.goto('/app/participants')
    t.same(await violations(page), [])
    await page.getByText('Register a participant').click()
    await page.locator('#new-name').fill(`Osh Trade ${evil}`)
    await page.getByRole('button', { name: 'Register' }).click()
    await page.locator('.notice.bad').waitFor()
    await page.getByText('Register a participant').click()
    await page.locator('#new-name').fill(`Osh Trade ${evil}`)
    await page.getByLabel('retailer').check()
    t.same(await violations(page), [])
    await page.getByRole('button', { name: 'Register' }).click()
    await page.getByRole('heading', { name: 'Osh Trade' }).waitFor()
    await page.getByText('Register a person').click()
    await page.locator('#person-name').fill(`Aida ${evil}`)
    await page.locator('#person-office').fill(`Till ${evil}`)
    await page.getByRole('button', { name: 'Register' }).click()
    await page.locator('td').getByText('Aida').waitFor()
    await page.getByText('Issue a key').click()
    await page.locator('#label').fill(`Phone ${evil}`)
    await page.locator('#person').selectOption({ index: 1 })
    await page.getByRole('button', { name: 'Issue', exact: true }).click()
    const key = (await page.locator('.notice.good code').textContent()) ?? ''
    t.equal(await page.locator(injected).count(), 0)
    t.same(await violations(page), [])
    await picture(page, 'firm')
    const other = await enter(key)
    await other.page.getByRole('heading', { name: 'Osh Trade' }).waitFor()
    await other.leave()
    await page.getByRole('button', { name: /^Withdraw/ }).click()
    await page.getByText('withdrawn').waitFor()
    t.equal(await page.getByRole('button', { name: /^Withdraw/ }).count(), 0)
    await page.goto('/app/participants?name=osh')
    t.equal(await page.locator('table').count(), 2, 'found by a part of its name')
    await leave()
  })

  await t.test('a long list goes on, page after page', async (t) => {
    for (let i = 0; i < 101; i++) await given.participant(app, { roles: ['retailer'], name: `Shop ${i}` })
    const { page, leave } = await enter(operatorKey)
    const names = new Set<string>()
    await page.goto('/app/participants')
    for (let pages = 1; ; pages++) {
      for (const name of await page.locator('table td:first-child').allTextContents()) names.add(name)
      const more = page.getByRole('link', { name: 'Older' })
      if ((await more.count()) === 0) {
        t.equal(pages, 2)
        break
      }
      t.same(await violations(page), [])
      await more.click()
      await page.waitForURL(/next=/)
    }
    for (let i = 0; i < 101; i++) if (!names.has(`Shop ${i}`)) t.fail(`Shop ${i} is on no page`)
    await leave()
  })

  await t.test('a key of customs waits for another person of customs', async (t) => {
    const second = await given.officer(app, customs.id)
    const third = await given.officer(app, customs.id)
    const { page, leave } = await enter(second.key)
    await page.locator('a.who').click()
    await page.getByText('waits for a confirmation').waitFor()
    await page.getByRole('button', { name: /^Confirm/ }).click()
    await page.getByText('waits for a confirmation').waitFor({ state: 'detached' })
    t.same(await violations(page), [])
    await leave()
    const confirmed = await enter(third.key)
    await confirmed.leave()
  })

  await t.test('who has a mandate works in the name of who gave it, until it is over', async (t) => {
    const store = await given.participant(app, { roles: ['warehouse'], name: `Store ${evil}` })
    const { id } = await maker.expect<{ id: string }>(201, 'POST', '/mandates', {
      to: store.id,
      may: ['order_codes', 'ship'],
      until: new Date(Date.now() + 86_400_000).toISOString(),
    })
    const { page, context, leave } = await enter(store.key)
    t.equal(await page.getByRole('link', { name: 'Production' }).count(), 0)
    await page.locator('a.who').click()
    t.match(await page.locator('main').textContent(), /Ak-Suu Distillery.*You may: order codes, ship/s)
    t.same(await violations(page), [])
    const before = await page.locator('[name=csrf]').first().inputValue()
    await page.getByRole('button', { name: /^Act for them/ }).click()
    await page.locator('a.who').getByText('for Ak-Suu Distillery').waitFor()
    t.not(
      await page.locator('[name=csrf]').first().inputValue(),
      before,
      'a page opened before does nothing in this name',
    )
    const { key } = (await (await page.request.get('/app/scanner/session')).json()) as { key: string }
    t.match(key, maker.id, 'nor do scans that waited')
    await page.getByRole('link', { name: 'Production' }).first().click()
    await page.locator('#quantity').fill('7')
    await page.getByRole('button', { name: 'Order', exact: true }).click()
    await page.getByText('0 of 7 used').waitFor()
    t.match(await maker.expect(200, 'GET', '/code-orders'), [{ quantity: 7, participant: maker.id }])
    t.same(await violations(page), [])
    const [cookie] = (await context.cookies()).filter(({ name }) => name === 'tamga_session')
    t.match(cookie, { httpOnly: true, sameSite: 'Strict' })
    await page.locator('a.who').click()
    await page.getByText('You act for Ak-Suu Distillery').waitFor()
    t.same(await violations(page), [])
    await picture(page, 'acting')
    await maker.expect(204, 'DELETE', `/mandates/${id}`)
    await page.reload()
    t.equal(await page.getByText('You act for').count(), 0, 'a mandate that ended is not acted under')
    t.equal(await page.getByRole('link', { name: 'Production' }).count(), 0)
    await leave()
  })

  const desk = await visitor(browser, app.origin, { viewport: desktop })
  const answer = await desk.page.goto('/app/findings')
  t.match(answer?.url(), '/app/sign-in', 'nothing of it is for who is not signed in')
  t.same(faults, [], 'nothing was thrown, kept away or asked elsewhere')
})
