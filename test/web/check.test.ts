// What a citizen does: no sign-in, a code by camera or by hand, one answer and what to do; and the frame of every page.
import t from 'tap'
import { operatorKey, testApp } from '../support/app.ts'
import * as given from '../support/given.ts'
import { desktop, firstPaint, openBrowser, picture, signIn, violations, visitor } from './browser.ts'
import { cameraAt } from './camera.ts'
import { bottles, codesOf, scan, servedApp } from './given.ts'

t.test('pages for everybody', async (t) => {
  const app = await servedApp(t)
  const { maker, shop, gtin, codes } = await bottles(app)
  const [bottle = '', sold = '', lost = '', unused = ''] = codes
  await scan(maker, 'commissioning', [bottle, sold, lost])
  await scan(maker, 'shipping', [bottle, sold], { to: shop.id })
  await scan(shop, 'receiving', [bottle, sold])
  await shop.expect(201, 'POST', '/receipts', {
    till: '1',
    number: '1',
    time: new Date().toISOString(),
    lines: [{ code: sold }],
  })
  await scan(maker, 'destroying', [lost])
  const browser = await openBrowser(t, await cameraAt(t, bottle))
  const { page, faults } = await visitor(browser, app.origin)

  await t.test('the camera reads a bottle', async (t) => {
    await page.goto('/app/check')
    t.same(await violations(page), [])
    await picture(page, 'check')
    await page.getByRole('button', { name: 'Scan with the camera' }).click()
    await page.locator('.verdict').waitFor()
    t.match(await page.locator('.verdict.good h2').textContent(), 'Known and not sold yet')
    t.match(await page.locator('dl.facts').textContent(), /Vodka Ak-Suu 0\.5 l.*Kyrgyzstan/s)
    t.same(await violations(page), [])
    await picture(page, 'check-known')
  })

  await t.test('each answer says what to do', async (t) => {
    const forged = `${bottle.slice(0, -1)}${bottle.endsWith('5') ? '6' : '5'}`
    for (const [code, tone, head] of [
      [bottle, 'good', 'Known and not sold yet'],
      [unused, 'warn', 'Not on the market'],
      [sold, 'warn', 'Sold already'],
      [lost, 'bad', 'Withdrawn from the market'],
      [`(01)${gtin}(21)400ZZZZZZZZZZZZ`, 'bad', 'Not known here'],
      [forged, 'bad', 'Forged code'],
      ['what is this', 'warn', 'This is not a readable code'],
    ] as const) {
      await page.goto('/app/check')
      await page.locator('#code').fill(code)
      await page.keyboard.press('Enter')
      await page.locator('.verdict').waitFor()
      t.equal(await page.locator(`.verdict.${tone} h2`).textContent(), head)
      t.ok(((await page.locator('.verdict p').first().textContent()) ?? '').length > 20, 'what to do')
    }
    t.same(await violations(page), [])
  })

  await t.test('in three languages', async (t) => {
    for (const [language, head] of [
      ['ru', 'Проверить код'],
      ['ky', 'Кодду текшерүү'],
      ['en', 'Check a code'],
    ] as const) {
      await page.locator(`footer a[lang=${language}]`).click()
      await page.locator(`html[lang=${language}]`).waitFor()
      t.equal(await page.locator('h1').textContent(), head)
      await page.goto('/app/check')
      t.equal(await page.locator('h1').textContent(), head, 'and it is remembered')
    }
    const other = await visitor(browser, app.origin, { locale: 'ru-RU' })
    await other.page.goto('/app/check')
    t.equal(await other.page.locator('h1').textContent(), 'Проверить код', 'what the browser asks for')
    await other.context.close()
  })

  await t.test('by keyboard alone, and quickly', async (t) => {
    await page.goto('/app/check')
    await page.keyboard.press('Tab')
    t.equal(await page.evaluate('document.activeElement.className'), 'skip')
    await page.keyboard.press('Enter')
    t.equal(await page.evaluate('document.activeElement.id'), 'content')
    await page.keyboard.press('Tab')
    t.equal(await page.evaluate('document.activeElement.id'), 'code')
    await page.keyboard.type(`(01)${gtin}(21)400ZZZZZZZZZZZZ`)
    await page.keyboard.press('Enter')
    await page.locator('.verdict.bad').waitFor()
    const painted = await firstPaint(page)
    t.comment(`first contentful paint ${Math.round(painted)} ms`)
    t.ok(painted < 1000)
  })

  await t.test('there is nothing at a wrong address, and the first page shows the way', async (t) => {
    const answer = await page.goto('/app/nothing/here')
    t.equal(answer?.status(), 404)
    t.equal(await page.locator('h1').textContent(), 'Nothing here')
    t.same(await violations(page), [])
    await page.goto('/app')
    t.same(await violations(page), [])
    await picture(page, 'home')
  })

  await t.test('no script of somebody else runs, whatever a product is called and whatever is asked', async (t) => {
    const evil = `"><img src=x onerror=alert(1)><script>alert(2)</script>`
    const evilProduct = await given.product(maker, { name: evil })
    const [code = ''] = await codesOf(maker, evilProduct.gtin, 1)
    await scan(maker, 'commissioning', [code])
    for (const asked of [code, evil, `(01)${gtin}(21)<b>`]) {
      await page.goto(`/app/check?code=${encodeURIComponent(asked)}`)
      await page.locator('.verdict').waitFor()
      t.equal(await page.locator('main img, main script, main b').count(), 0)
    }
    await page.goto(`/app/check?lang=${encodeURIComponent(evil)}&${encodeURIComponent(evil)}=1`)
    t.equal(await page.locator('footer img, footer script').count(), 0)
    await page.goto(`/app/${encodeURIComponent(evil)}`)
    t.equal(await page.locator('main img, main script').count(), 0)
  })

  await t.test('signing in and out', async (t) => {
    const { page, context } = await visitor(browser, app.origin, { viewport: desktop })
    await page.goto('/app/units')
    t.match(page.url(), '/app/sign-in?next=')
    t.same(await violations(page), [])
    await picture(page, 'sign-in')
    await page.locator('#key').fill('not a key of anybody at all, whatever')
    await page.locator('form.card button').click()
    await page.locator('.notice.bad').waitFor()
    await signIn(page, operatorKey)
    const [cookie] = (await context.cookies()).filter(({ name }) => name === 'tamga_session')
    t.match(cookie, { httpOnly: true, sameSite: 'Strict', path: '/app' })
    t.notMatch(cookie?.value ?? '', operatorKey)
    await picture(page, 'home-operator')
    t.same(await violations(page), [])
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('link', { name: 'Sign in' }).waitFor()
    t.equal((await context.cookies()).filter(({ name }) => name === 'tamga_session').length, 0)
    await context.close()
  })

  t.same(faults, [], 'nothing was thrown, kept away or asked elsewhere')
})

t.test('what no page of ours sends is not done', async (t) => {
  const { app, operator } = await servedApp(t)
  const shop = await operator.expect<{ id: string }>(201, 'POST', '/participants', {
    name: 'A shop',
    country: 'KG',
    roles: ['retailer'],
  })
  const { key, id: keyId } = await given.issued(operator, shop.id)
  const host = 'tamga.example'
  const form = { 'content-type': 'application/x-www-form-urlencoded', host, origin: `https://${host}` }
  const post = (url: string, payload: string, headers: Record<string, string>) =>
    app.inject({ method: 'POST', url, payload, headers: { ...form, ...headers } })

  const foreign = await post('/app/sign-in', `key=${key}`, { origin: 'https://elsewhere.example' })
  t.equal(foreign.statusCode, 403, "another site's form signs nobody in")
  const signed = await post('/app/sign-in', `key=${key}&next=//elsewhere.example`, {})
  t.equal(signed.statusCode, 303)
  t.equal(signed.headers.location, '/app', 'nor does it lead elsewhere')
  const cookie = String(signed.headers['set-cookie'])
  t.match(cookie, /; HttpOnly; SameSite=Strict; Max-Age=43200; Secure$/)
  const session = cookie.split(';', 1)[0] ?? ''

  t.equal((await post('/app/sign-out', '', { cookie: session })).statusCode, 403, 'a form without its token')
  const direct = await app.inject({ url: '/participants/me', headers: { cookie: session } })
  t.equal(direct.statusCode, 401, 'the interface knows no cookies')
  const changed = `${session.slice(0, -3)}${session.endsWith('AAA') ? 'BBB' : 'AAA'}`
  const home = async (with_: string) => (await app.inject({ url: '/app', headers: { cookie: with_ } })).body
  t.match(await home(session), 'A shop')
  t.notMatch(await home(changed), 'A shop')
  const forbidden = await app.inject({ url: '/app/ledger', headers: { cookie: session } })
  t.equal(forbidden.statusCode, 403)
  const typed = await app.inject({ url: '/', headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } })
  t.equal(typed.headers.location, '/app', 'an address that is typed leads to the pages')
  t.equal((await app.inject({ url: '/' })).json<{ name: string }>().name, 'Tamga')
  const page = await app.inject({ url: '/app/check' })
  t.match(page.headers['content-security-policy'], /default-src 'none'; script-src 'self'/)
  t.notMatch(page.body, /<script>|style="|onclick/)
  await operator.expect(204, 'DELETE', `/participants/${shop.id}/keys/${keyId}`)
  t.notMatch(await home(session), 'A shop', 'a key that is withdrawn ends its sessions')
})

t.test('who asks too much is told so on a page, and pages count as what they ask', async (t) => {
  const { app, operator } = await testApp(t, { config: { rateLimit: 5 } })
  const { key } = await given.issued(
    operator,
    (await operator.expect<{ id: string }>(200, 'GET', '/participants/me')).id,
  )
  const form = { 'content-type': 'application/x-www-form-urlencoded', host: 'here', origin: 'http://here' }
  const signed = await app.inject({ method: 'POST', url: '/app/sign-in', payload: `key=${key}`, headers: form })
  const cookie = String(signed.headers['set-cookie']).split(';', 1)[0] ?? ''
  for (const [url, headers] of [
    ['/app/check?code=x', {}],
    ['/app/units', { cookie }],
  ] as const) {
    const answers = await Promise.all(Array.from({ length: 60 }, () => app.inject({ url, headers })))
    const [refused] = answers.filter(({ statusCode }) => statusCode === 429)
    t.match(refused?.headers['content-type'], 'text/html')
    t.match(refused?.body, /class="verdict/)
    t.same([...new Set(answers.map(({ statusCode }) => statusCode))].sort(), [200, 429])
  }
})
