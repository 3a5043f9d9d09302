// The frame of every page.
import type { Script } from './assets.ts'
import { h, type Html, type Part } from './html.ts'
import { type MessageKey, languageNames, languages } from './language.ts'
import { base } from './session.ts'
import { hasRole, isSigned, type Visit } from './visit.ts'

/** What a page is: rendered into the frame by `renderPage`. */
export type Page = {
  title: string
  body: Html
  scripts?: readonly Script[]
  status?: number
  /** Uses the whole width: for tables. */
  wide?: boolean
}

type Job = { path: string; name: MessageKey; hint: MessageKey; roles?: readonly string[] }

/** The jobs that pages do, and for whom. */
export const jobs: readonly Job[] = [
  { path: '/check', name: 'nav.check', hint: 'hint.check' },
  { path: '/units', name: 'nav.units', hint: 'hint.units', roles: [] },
  {
    path: '/scanner',
    name: 'nav.scanner',
    hint: 'hint.scanner',
    roles: ['producer', 'importer', 'distributor', 'carrier', 'warehouse', 'broker', 'retailer', 'customs'],
  },
  { path: '/producer', name: 'nav.producer', hint: 'hint.producer', roles: ['producer', 'importer'] },
  {
    path: '/declarations',
    name: 'nav.declarations',
    hint: 'hint.declarations',
    roles: ['importer', 'producer', 'broker'],
  },
  { path: '/border', name: 'nav.border', hint: 'hint.border', roles: ['customs'] },
  { path: '/risk', name: 'nav.risk', hint: 'hint.risk', roles: ['customs'] },
  { path: '/findings', name: 'nav.findings', hint: 'hint.findings', roles: [] },
  { path: '/participants', name: 'nav.participants', hint: 'hint.participants', roles: ['operator'] },
  { path: '/ledger', name: 'nav.ledger', hint: 'hint.ledger', roles: ['operator', 'auditor', 'customs'] },
]

/** A job without roles is everybody's; with an empty list, everybody's who is signed in. */
export const jobsOf = (visit: Visit): Job[] =>
  jobs.filter(({ roles }) => roles === undefined || (isSigned(visit) && (roles.length === 0 || hasRole(visit, roles))))

export function renderPage(visit: Visit, page: Page): string {
  const { say, assets } = visit
  const scripts = (page.scripts ?? []).map((name) => h`<script type="module" src="${assets.script(name)}"></script>`)
  return h`<!doctype html>
<html lang="${say.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${page.title} · Tamga</title>
<link rel="stylesheet" href="${assets.style}">
<link rel="icon" href="${base}/icon.svg" type="image/svg+xml">
${scripts}
</head>
<body>
<a class="skip" href="#content">${say('nav.skip')}</a>
<header class="top">
<a class="brand" href="${base}">${tamga}<span>Tamga</span></a>
${navigation(visit)}
${account(visit)}
</header>
<main id="content" tabindex="-1"${page.wide ? h` class="wide"` : ''}>
${page.body}
</main>
<footer class="foot">
<nav aria-label="${say('nav.language')}">${languages.map((language) => languageLink(visit, language))}</nav>
<p>${say('foot.line')}</p>
</footer>
</body>
</html>
`.text
}

/** The mark: a tamga, as it would be cut into a post. */
const tamga = h`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><path d="M16 3v26M6 10c0 7 20 7 20 0M6 22c0-7 20-7 20 0" fill="none" stroke="currentColor" stroke-width="3.4" stroke-linecap="round"/></svg>`

export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#8c2f20"/><path d="M16 6v20M8 12c0 5 16 5 16 0M8 20c0-5 16-5 16 0" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round"/></svg>`

function navigation(visit: Visit): Html {
  const { say, path } = visit
  const links = jobsOf(visit).map((job) => {
    const here = path === base + job.path || path.startsWith(`${base}${job.path}/`)
    return h`<li><a href="${base}${job.path}"${here ? h` aria-current="page"` : ''}>${say(job.name)}</a></li>`
  })
  return h`<nav class="jobs" aria-label="${say('nav.jobs')}"><ul>${links}</ul></nav>`
}

/** To the page of a list after this one; nothing where this is the last. */
export const older = ({ say, path }: Visit, next: string | undefined): Html =>
  next === undefined
    ? h``
    : h`<p><a class="button quiet" href="${path}?next=${encodeURIComponent(next)}">${say('list.older')}</a></p>`

/** Parts of one job, each a page of its own. */
export const tabs = ({ say, path }: Visit, parts: readonly (readonly [path: string, name: string])[]): Html =>
  h`<nav class="tabs" aria-label="${say('nav.parts')}"><ul>${parts.map(([to, name]) => h`<li><a href="${to}"${path === to ? h` aria-current="page"` : ''}>${name}</a></li>`)}</ul></nav>`

function account(visit: Visit): Html {
  const { say } = visit
  if (!isSigned(visit)) return h`<a class="button quiet" href="${base}/sign-in">${say('nav.signIn')}</a>`
  return h`<form class="account" method="post" action="${base}/sign-out">
${csrfField(visit)}<a class="who" href="${base}/firm">${visit.me.name}${visit.me.principal ? h` <strong>${say('acting.for', { name: visit.me.principal.name })}</strong>` : ''}</a>
<button class="quiet">${say('nav.signOut')}</button></form>`
}

function languageLink(visit: Visit, language: (typeof languages)[number]): Html {
  const query = new URLSearchParams(visit.query)
  query.set('lang', language)
  const here = visit.say.language === language
  return h`<a href="${visit.path}?${query.toString()}" lang="${language}" hreflang="${language}"${here ? h` aria-current="true"` : ''}>${languageNames[language]}</a>`
}

/** Every form that changes something brings it. */
export const csrfField = (visit: Visit): Html =>
  h`<input type="hidden" name="csrf" value="${visit.session?.csrf ?? ''}">`

/** `good`, `bad`, `warn`, `calm`: a verdict never rests on its colour alone. */
export type Tone = 'good' | 'bad' | 'warn' | 'calm'

const signs: Readonly<Record<Tone, string>> = {
  good: 'M7 16.5l6 6L25 10',
  bad: 'M9 9l14 14M23 9L9 23',
  warn: 'M16 7v11M16 24v.5',
  calm: 'M16 14v10M16 8v.5',
}

/** A sign in a circle, to be seen at arm's length. */
export const toneSign = (tone: Tone): Html =>
  h`<svg class="sign" viewBox="0 0 32 32" aria-hidden="true"><circle cx="16" cy="16" r="15" fill="currentColor"/><path d="${signs[tone]}" fill="none" stroke="var(--sign)" stroke-width="3.2" stroke-linecap="round" stroke-linejoin="round"/></svg>`

/** The answer first: what it is in a few words, then what to do. */
export const verdict = (tone: Tone, head: Part, text: Part, more: Part = ''): Html =>
  h`<section class="verdict ${tone}" role="status">${toneSign(tone)}<div><h2>${head}</h2><p>${text}</p>${more}</div></section>`

export const notice = (tone: Tone, text: Part): Html => h`<div class="notice ${tone}" role="alert">${text}</div>`

/** Names and values, read down. */
export const facts = (rows: readonly (readonly [name: string, value: Part])[]): Html =>
  h`<dl class="facts">${rows.map(([name, value]) => h`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`

/** A table; on a phone each row is a card of its own, its cells named by their column. The roles stay where the layout changes. */
export const table = (caption: string, heads: readonly string[], rows: readonly (readonly Part[])[]): Html =>
  h`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table role="table"><caption>${caption}</caption><thead role="rowgroup"><tr role="row">${heads.map((head) => h`<th scope="col" role="columnheader">${head}</th>`)}</tr></thead><tbody role="rowgroup">${rows.map((cells) => h`<tr role="row">${cells.map((cell, i) => h`<td role="cell" data-label="${heads[i]}">${cell === '' ? '' : h`<div>${cell}</div>`}</td>`)}</tr>`)}</tbody></table></div>`

/** One line of a bar chart: its name, a bar as long as its share of the longest, and the figure itself. */
export const bar = (name: Part, value: number, most: number, shown: Part): Html =>
  h`<li><span>${name}</span><svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="bar-track" width="100" height="10"/><rect width="${most > 0 && Number.isFinite(value) ? Math.max(value > 0 ? 1 : 0, Math.round((value / most) * 100)) : 0}" height="10"/></svg><strong>${shown}</strong></li>`
