// Walks a page by keyboard alone, and looks for what a script of somebody else's would have left.
import type { Page } from 'playwright-core'

/** More presses than any page has fields. */
const pressesMax = 600
/** A field for a day has three parts, and a button for its calendar. */
const partsMax = 5

/** Everything that is there to be reached; of a group of radio buttons one. */
const reachable = `(() => {
  const groups = new Set()
  return [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')].filter((node) => {
    if (node.disabled || node.type === 'hidden' || node.closest('[hidden]') || !node.checkVisibility()) return false
    if (node.type !== 'radio') return true
    const isNew = !groups.has(node.name)
    groups.add(node.name)
    return isNew
  })
})()`

/**
 * Presses Tab until it is where it began.
 * @returns what cannot be reached, what shows no focus, and a trap; empty is well
 */
export async function walk(page: Page): Promise<string[]> {
  await page.evaluate(
    `document.activeElement?.blur(); window.walked = ${reachable}; window.seen = new Set(); window.dim = []`,
  )
  let [last, times] = ['', 0]
  for (let press = 0; press < pressesMax; press++) {
    await page.keyboard.press('Tab')
    const at = await page.evaluate<string>(`(() => {
      const node = document.activeElement
      if (!node || node === document.body) return 'outside'
      const { outlineStyle, outlineWidth } = getComputedStyle(node)
      const box = node.getBoundingClientRect()
      if (outlineStyle === 'none' || outlineWidth === '0px') window.dim.push('no outline: ' + node.outerHTML.slice(0, 80))
      if (box.bottom < 0 || box.top > innerHeight || box.width === 0) window.dim.push('out of sight: ' + node.outerHTML.slice(0, 80))
      const known = window.seen.has(node)
      window.seen.add(node)
      return (known ? 'again ' : 'new ') + window.walked.indexOf(node)
    })()`)
    times = at === last ? times + 1 : 0
    if (times > partsMax) return [`a trap at ${at}`]
    if (at.startsWith('again') && at !== last) break
    last = at.replace('new', 'again')
  }
  return page.evaluate<string[]>(`[
    ...window.walked.filter((node) => ![...window.seen].some((seen) => seen === node || (node.type === 'radio' && seen.name === node.name)))
      .map((node) => 'not reached: ' + node.outerHTML.slice(0, 80)),
    ...window.dim,
  ]`)
}

/** Every element and attribute that no page of ours has. */
export const strangers = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`[
    ...document.querySelectorAll('img, iframe, object, embed, body script, style, [style], [srcdoc], a[href^="javascript:" i]'),
    ...[...document.querySelectorAll('*')].filter((node) => node.getAttributeNames().some((name) => name.startsWith('on'))),
  ].map((node) => node.outerHTML.slice(0, 120)).concat(window.ran ?? [])`)
