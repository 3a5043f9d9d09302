// A unit's life: the verdict first, then the way it went, then everything that happened, and the proof of each step.
import { type Static } from 'typebox'
import { LogisticUnit, Unit } from '../provenance/schema.ts'
import { piece, Refused } from './ask.ts'
import { codeForm, shownCode } from './code-field.ts'
import { data, h, type Html } from './html.ts'
import type { Say } from './language.ts'
import { facts, type Page, table, type Tone, verdict } from './layout.ts'
import { LifeHistory, LogKeys } from './life-schema.ts'
import { timeline } from './life-timeline.ts'
import { drawMap, type Stop } from './map.ts'
import type { Pages } from './routes.ts'
import { base } from './session.ts'
import type { SignedVisit } from './visit.ts'

export function lifePage(pages: Pages): void {
  pages.signed('/units', [], async (visit) => unitsPage(visit))
  // The proof of one event, for this page's script; the session's key stays where no script reads it.
  pages.file('/proof', async (visit, _request, reply) => {
    const event = visit.query.get('event') ?? ''
    const { status, bytes } = await visit.raw(`/events/${piece(event)}/proof`, {
      headers: { accept: 'application/json' },
    })
    return reply.code(status).type('application/json').send(bytes)
  })
  pages.file('/log-keys', async (visit) => visit.ask(LogKeys, '/logs'))
}

async function unitsPage(visit: SignedVisit): Promise<Page> {
  const { say } = visit
  const code = visit.query.get('code')?.trim() ?? ''
  const title = say('life.title')
  if (code === '') {
    return {
      title,
      scripts: ['camera-field'],
      body: h`<h1>${title}</h1><p class="lead">${say('life.lead')}</p>${codeForm(say, `${base}/units`, '')}`,
    }
  }
  const shown = await lifeOf(visit, code)
  return {
    title,
    scripts: ['camera-field', 'life'],
    body: h`<h1>${title}</h1>${shown}${codeForm(say, `${base}/units`, '')}`,
  }
}

async function lifeOf(visit: SignedVisit, code: string): Promise<Html> {
  const { say } = visit
  try {
    const [unit, history] = await Promise.all([
      visit.ask(Unit, `/units/${piece(code)}`),
      visit.ask(LifeHistory, `/units/${piece(code)}/history`),
    ])
    return unitLife(say, unit, history)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const { status, code: problem } = error.refusal
    if (status === 404) return (await containerLife(visit, code)) ?? notFound(say, code)
    if (status === 400 || status === 409) {
      return h`${verdict('bad', say.orPlain('problem', problem, error.refusal.title), say.orPlain('do', problem, error.refusal.detail))}
<p class="read">${say('check.read')} <code>${shownCode(code)}</code></p>`
    }
    throw error
  }
}

const notFound = (say: Say, code: string): Html => h`${verdict('warn', say('life.notFound'), say('life.notFoundDo'))}
<p class="read">${say('check.read')} <code>${shownCode(code)}</code></p>`

const tones: Readonly<Record<string, Tone>> = {
  active: 'good',
  in_transit: 'good',
  sold: 'calm',
  exported: 'calm',
  encoded: 'warn',
  ordered: 'warn',
  opened: 'warn',
  destroyed: 'bad',
  withdrawn: 'bad',
  stolen: 'bad',
}

function unitLife(say: Say, unit: Static<typeof Unit>, history: LifeHistory): Html {
  const names = new Map(
    history.custody.flatMap(({ holder, name }) => (holder && name ? [[holder, name] as const] : [])),
  )
  for (const { by } of history.events) if (by) names.set(by.id, by.name)
  const nameOf = (id: string | null | undefined): string => (id ? (names.get(id) ?? id) : say('life.notShown'))
  const doubted = history.findings.length
  const tone = doubted > 0 && tones[unit.state] !== 'bad' ? 'warn' : (tones[unit.state] ?? 'calm')
  const seen = unit.lastSeen
  const where = seen
    ? `${seen.place?.name ?? (seen.place ? say.country(seen.place.country) : '')} ${say.moment(seen.time)}`
    : ''
  const head = h`${say.orPlain('state', unit.state)}${doubted > 0 ? h` · ${say('life.findings', { count: doubted })}` : ''}`
  return h`${verdict(tone, head, say.orPlain('stateText', unit.state, ''))}
${facts([
  [
    say('word.product'),
    unit.product ? h`${unit.product.name} <span class="soft">${unit.product.gtin}</span>` : say('life.notShown'),
  ],
  ...(unit.product ? [[say('word.origin'), say.country(unit.product.originCountry)] as const] : []),
  [say('word.holder'), nameOf(unit.holder)],
  [say('word.owner'), nameOf(unit.owner)],
  ...(unit.parent ? [[say('word.parent'), codeLink(unit.parent)] as const] : []),
  ...(where === '' ? [] : [[say('word.lastSeen'), where] as const]),
  [say('word.tail'), say.orPlain('tail', unit.tail)],
  ...(unit.replaces ? [[say('life.replaces'), codeLink(unit.replaces)] as const] : []),
  ...(unit.replacedBy ? [[say('life.replacedBy'), codeLink(unit.replacedBy)] as const] : []),
])}
<p class="read"><code>${unit.code}</code></p>
${wayOf(say, history)}
${proofBox(say, history)}
<h2>${say('life.timeline', { count: unit.eventCount })}</h2>
${timeline(say, history, nameOf)}`
}

/** A code as a way to its own page. */
export const codeLink = (code: string): Html =>
  h`<a href="${base}/units?code=${piece(code)}"><code>${code.replace('https://id.gs1.org/', '')}</code></a>`

/** The way that a unit went, on a map. */
export function wayOf(say: Say, { events }: LifeHistory): Html {
  const stops = events.flatMap(({ place, takenBack }): Stop[] =>
    place && !takenBack && typeof place.lat === 'number' && typeof place.lon === 'number'
      ? [{ lat: place.lat, lon: place.lon, name: place.name ?? '' }]
      : [],
  )
  return drawMap(stops, say('life.map', { places: new Set(stops.map(({ lat, lon }) => `${lat} ${lon}`)).size }))
}

/** What client/life.ts fills: each provable event is checked in the visitor's own browser. */
function proofBox(say: Say, { events }: LifeHistory): Html {
  const provable = events.flatMap(({ eventID, log }) => (eventID && log ? [{ event: eventID, log }] : []))
  if (provable.length === 0) return h``
  const words = {
    checking: say('proof.checking'),
    // Filled where it is checked.
    good: say('proof.good', { count: '{count}', size: '{size}', origin: '{origin}' }),
    bad: say('proof.bad'),
    late: say('proof.late'),
    keyChanged: say('proof.keyChanged'),
  }
  return h`<section class="proof" data-proof="${data(provable)}" data-words="${data(words)}" data-language="${say.language}">
<h2>${say('proof.title')}</h2><p data-proof-verdict role="status">${say('proof.lead')}</p>
<button type="button" data-proof-check>${say('proof.check')}</button>
<noscript><p>${say('proof.noScript')}</p></noscript></section>`
}

async function containerLife(visit: SignedVisit, code: string): Promise<Html | undefined> {
  const { say } = visit
  try {
    const unit = await visit.ask(LogisticUnit, `/logistic-units/${piece(code)}`)
    const rows = unit.contents.map(({ name, gtin, count }) => [name ?? '', gtin ?? '', say.number(count)] as const)
    return h`${verdict(tones[unit.state] ?? 'calm', say('life.container', { count: unit.count }), say.orPlain('state', unit.state))}
${facts([
  [say('word.code'), h`<code>${unit.code}</code>`],
  ...(unit.parent ? [[say('word.parent'), codeLink(unit.parent)] as const] : []),
  [say('life.levels'), say.number(unit.levels)],
])}
${rows.length > 0 ? table(say('life.contents'), [say('word.product'), say('word.gtin'), say('word.count')], rows) : ''}`
  } catch (error) {
    if (error instanceof Refused && error.refusal.status < 500) return undefined
    throw error
  }
}
