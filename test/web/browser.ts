// A real Chromium for tests, from the npm package that carries one, and what is asked of every page.
import { mkdir, readFile, rmdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import chromiumPackage from '@sparticuz/chromium'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

type Teardown = { teardown: (done: () => Promise<void>) => void }

/** Unpacking takes seconds, and two test files at once would run each other's half a browser. */
async function unpacked(): Promise<string> {
  const lock = join(tmpdir(), 'tamga-chromium.unpacking')
  for (let tries = 0; ; tries++) {
    try {
      await mkdir(lock)
      break
    } catch {
      // A lock that stands for a minute is a dead one's.
      if (tries > 600) break
      await delay(100)
    }
  }
  try {
    return await chromiumPackage.executablePath()
  } finally {
    await rmdir(lock).catch(() => undefined)
  }
}

export type OpenBrowser = Browser
/** @param camera a file in Motion JPEG or Y4M that the camera shows instead of the world */
export async function openBrowser(t: Teardown, camera?: string): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: await unpacked(),
    headless: true,
    args: [
      '--headless=shell',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      ...(camera === undefined ? [] : [`--use-file-for-fake-video-capture=${camera}`]),
    ],
  })
  t.teardown(() => browser.close())
  return browser
}

export const phone = { width: 390, height: 844 }
export const desktop = { width: 1280, height: 860 }

/** A visitor with cookies of his own. Anything that a page throws, or that its policy keeps away, fails the test. */
export async function visitor(
  browser: Browser,
  origin: string,
  options: { viewport?: { width: number; height: number }; dark?: boolean; locale?: string } = {},
): Promise<{ page: Page; context: BrowserContext; faults: string[] }> {
  const { viewport = phone, dark = false, locale = 'en-GB' } = options
  const context = await browser.newContext({ baseURL: origin, viewport, locale, colorScheme: dark ? 'dark' : 'light' })
  context.setDefaultTimeout(40_000)
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('dialog', (dialog) => {
    faults.push(`a dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy|Refused to/.test(message.text()))
      faults.push(message.text())
  })
  page.on('request', (request) => {
    const { url } = { url: request.url() }
    if (!url.startsWith(origin) && !/^(blob|data):/.test(url)) faults.push(`asked elsewhere: ${url}`)
  })
  return { page, context, faults }
}

/** Signs in with a key, by the form. */
export async function signIn(page: Page, key: string): Promise<void> {
  await page.goto('/app/sign-in')
  await page.locator('#key').fill(key)
  await page.locator('form.card button').click()
  await page.locator('form.account').waitFor()
}

let axe: Promise<string> | undefined

/** What axe-core holds against the page under WCAG 2.1 A and AA; empty is well. */
export async function violations(page: Page): Promise<string[]> {
  axe ??= readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  await page.evaluate(await axe)
  return page.evaluate(
    `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }).then(({ violations }) =>
       violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' ' + target.join(' ') + ': ' + failureSummary)))`,
  )
}

/** Milliseconds from asking for the page that is shown to its first word or picture: the least of three, for the machine is busy. */
export async function firstPaint(page: Page): Promise<number> {
  let least = Infinity
  for (let look = 0; look < 3 && least > 500; look++) {
    if (look > 0) await page.reload()
    const painted = await page.evaluate<number>(
      `new Promise((resolve) => new PerformanceObserver((list) => {
         const seen = list.getEntriesByName('first-contentful-paint')[0]
         if (seen) resolve(seen.startTime)
       }).observe({ type: 'paint', buffered: true }))`,
    )
    least = Math.min(least, painted)
  }
  return least
}

/** Pictures for people to look at, where SCREENSHOTS names a folder: phone and desktop, light and dark. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS']
  if (folder === undefined) return
  const before = page.viewportSize()
  for (const [size, viewport] of [
    ['phone', phone],
    ['desktop', desktop],
  ] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`), fullPage: true })
    }
  }
  await page.emulateMedia({ colorScheme: 'light' })
  const map = page.locator('.map')
  if ((await map.count()) > 0) await map.screenshot({ path: join(folder, `${name}-map.png`) })
  if (before) await page.setViewportSize(before)
}
