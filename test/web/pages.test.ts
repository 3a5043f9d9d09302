// What is asked of every page, for everybody who sees it: WCAG in light and dark, a keyboard, three languages, a phone, and names
// that would be scripts if anybody let them.
import type { Page } from 'playwright-core'
import t from 'tap'
import { loadAssets } from '../../src/web/assets.ts'
import { allMessages, languages } from '../../src/web/language.ts'
import { declaration, load, lodge, post } from '../border/load.ts'
import { operatorKey, type TestApp } from '../support/app.ts'
import * as given from '../support/given.ts'
import { sscc } from '../support/story.ts'
import { desktop, firstPaint, openBrowser, phone, signIn, violations, visitor } from './browser.ts'
import { codesOf, scan, servedApp } from './given.ts'
import { strangers, walk } from './walk.ts'

const evil = `"'><img src=x onerror="window.ran=['img']"><svg onload="window.ran=['svg']"></svg><script>window.ran=['script']</script>`
const keys = Object.keys(allMessages.en)
/** What a page says of itself in a language, read and not shown: reasons and details of the interface are English, and marked so. */
const saidAt = (
  address: string,
): string => `fetch(${JSON.stringify(address)}).then((answer) => answer.text()).then((html) => {
  const { body } = new DOMParser().parseFromString(html, 'text/html')
  const unsaid = 'code, [lang=en], textarea, input, script, svg, .reason strong, .diff, del, ins'
  for (const node of body.querySelectorAll(unsaid)) node.remove()
  return body.textContent
})`

type World = Awaited<ReturnType<typeof world>>

/** Everybody and everything has a name that would run. */
async function world(app: TestApp) {
  const border = await post(app)
  const [officer, other] = border.officers
  const maker = await given.participant(app, {
    roles: ['producer', 'importer'],
    name: `Maker ${evil}`,
    taxId: `"><b>1</b>`,
  })
  const shop = await given.participant(app, { roles: ['retailer'], name: `Shop ${evil}` })
  const line = await given.place(maker, { name: `Line ${evil}`, town: `Town ${evil}`, licence: `L ${evil}` })
  const { gtin } = await given.product(maker, { name: `Vodka ${evil}` })
  const codes = await codesOf(maker, gtin, 14)
  const [one = '', two = ''] = codes
  await maker.expect(201, 'POST', `/participants/${maker.id}/people`, { name: `Aida ${evil}`, office: evil })
  await given.issued(maker, maker.id, { label: `Key ${evil}` })
  await maker.expect(201, 'POST', '/mandates', {
    to: shop.id,
    may: ['ship'],
    until: new Date(Date.now() + 86_400_000).toISOString(),
  })
  await scan(maker, 'commissioning', codes.slice(0, 12), { place: line.id })
  await scan(maker, 'shipping', [one, two], { to: shop.id, document: `INV ${evil}` })
  await scan(shop, 'receiving', [one, two])
  const receipt = (number: string) => ({ till: '1', number, time: new Date().toISOString(), lines: [{ code: one }] })
  await shop.expect(201, 'POST', '/receipts', receipt('1'))
  await shop.expect(409, 'POST', '/receipts', receipt('2'))
  const [finding] = await shop.expect<{ id: string }[]>(200, 'GET', '/findings')
  await shop.expect(201, 'POST', `/findings/${finding?.id}/responses`, {
    text: evil,
    documents: [evil, { name: evil, uri: `javascript:window.ran=['uri']` }],
  })
  const pallet = `(00)${sscc()}`
  await scan(maker, 'packing', codes.slice(2, 12), { parent: pallet, place: line.id })
  const declared = await lodge(
    border,
    maker,
    declaration([pallet], 9, {
      reference: `D ${evil}`.slice(0, 60),
      office: `KG ${evil}`.slice(0, 60),
      consignor: maker.id,
      consignee: { name: `Buyer ${evil}`, country: 'KZ' },
      transport: { mode: 'road', id: evil.slice(0, 40) },
      containers: [evil.slice(0, 30)],
      seals: [evil.slice(0, 30)],
    }),
  )
  await officer.expect(201, 'POST', `/declarations/${declared.id}/inspections`, {
    result: 'differs',
    scanned: (declared.checks ?? []).flatMap(({ units = [] }) => units.map((code) => ({ code, found: 'found' }))),
    notes: evil,
    photos: [evil],
    found: [evil.slice(0, 60)],
  })
  const rules = [{ id: 'X1', when: 'decl.lines >= 1.0', lane: 'yellow', text: evil }]
  const draft = await officer.expect<{ id: string }>(201, 'POST', '/risk/profiles', { name: `Winter ${evil}`, rules })
  await load(border, 2)
  return { border, officer, other, maker, shop, one, pallet, finding: finding?.id, declared, draft }
}

const pagesOf = ({ officer, maker, shop, one, pallet, finding, declared, draft }: World) => {
  const code = encodeURIComponent
  return [
    [
      undefined,
      [
        '',
        '/check',
        `/check?code=${code(one)}`,
        `/check?code=${code(evil)}`,
        `/check?${code(evil)}=1`,
        '/sign-in',
        '/nothing',
        '/scanner/shell',
      ],
    ],
    [
      maker.key,
      ['', '/producer', '/producer/stock', '/scanner', '/firm', '/units', `/units?code=${code(evil)}`, '/risk'],
    ],
    [shop.key, ['/firm', `/findings/${finding}`, `/units?code=${code(one)}`]],
    [
      officer.key,
      [
        '/border',
        `/border/declarations/${declared.id}`,
        '/risk',
        `/risk/profiles/${draft.id}`,
        `/risk/profiles/${draft.id}/edit`,
        '/findings',
        '/findings/resolved',
        `/units?code=${code(pallet)}`,
      ],
    ],
    [
      operatorKey,
      [
        '/ledger',
        '/participants',
        `/participants?name=${code('Mak')}`,
        `/participants/${maker.id}`,
        `/findings/${finding}`,
      ],
    ],
  ] as const
}

/** Light and dark, and whatever is folded in opened. */
async function accessible(page: Page): Promise<string[]> {
  await page.evaluate(`for (const node of document.querySelectorAll('details')) node.open = true`)
  const light = await violations(page)
  await page.emulateMedia({ colorScheme: 'dark' })
  const dark = await violations(page)
  await page.emulateMedia({ colorScheme: 'light' })
  return [...light, ...dark.map((text) => `dark: ${text}`)]
}

t.test('every page', async (t) => {
  const app = await servedApp(t)
  const there = await world(app)
  const browser = await openBrowser(t)
  const found: Record<string, string[]> = {}
  const hold = (path: string, against: readonly string[]) => {
    if (against.length > 0) found[path] = [...(found[path] ?? []), ...against]
  }
  const paints: number[] = []
  for (const [key, paths] of pagesOf(there)) {
    const { page, context, faults } = await visitor(browser, app.origin, { viewport: desktop })
    await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) => {
      window.ran = [...(window.ran ?? []), 'kept away: ' + event.violatedDirective + ' ' + event.blockedURI]
    })`)
    if (key !== undefined) await signIn(page, key)
    for (const path of paths) {
      await page.goto(`/app${path}`)
      paints.push(await firstPaint(page))
      hold(path, await strangers(page))
      hold(path, await accessible(page))
      hold(path, await walk(page))
      await page.setViewportSize(phone)
      hold(path, await page.evaluate(`document.documentElement.scrollWidth > innerWidth ? ['wider than a phone'] : []`))
      await page.setViewportSize(desktop)
      for (const language of languages) {
        const address = `/app${path}${path.includes('?') ? '&' : '?'}lang=${language}`
        const text = await page.evaluate<string>(saidAt(address))
        hold(
          `${path} ${language}`,
          keys.filter((name) => text.includes(name)),
        )
        hold(
          `${path} ${language}`,
          [...text.matchAll(/\{\w*\}|\b[a-z]+_[a-z_]+\b|undefined|\[object/g)].map(([raw]) => raw),
        )
      }
    }
    hold(`as ${key?.slice(0, 12)}`, faults)
    await context.close()
  }
  t.same(found, {}, 'nothing is held against any page')
  paints.sort((a, b) => a - b)
  const [median = NaN, worst = NaN] = [paints[Math.floor(paints.length / 2)], paints.at(-1)]
  t.comment(
    `first contentful paint of ${paints.length} pages: median ${Math.round(median)} ms, worst ${Math.round(worst)} ms`,
  )
  t.ok(worst < 1000)
  t.ok((await loadAssets()).sizeOf('scanner') < 150_000)
})
