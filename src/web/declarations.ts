// A trader's own declarations: what became of each, what is to be done now, and the bar code that the driver shows.
import { piece } from './ask.ts'
import { type Mine, MyDeclaration, Queued } from './border-schema.ts'
import { laneTone } from './declaration.ts'
import { h, type Html } from './html.ts'
import type { Say } from './language.ts'
import { facts, older, type Page, type Tone, verdict } from './layout.ts'
import { type Pages, rolesOf } from './routes.ts'
import { base } from './session.ts'
import type { SignedVisit } from './visit.ts'

const here = `${base}/declarations`

export function declarationPages(pages: Pages): void {
  const roles = rolesOf('/declarations')
  pages.signed('/declarations', roles, listPage)
  pages.signed('/declarations/:id', roles, onePage)
  pages.file('/declarations/:id/symbol.svg', async (visit, _request, reply) => {
    const { status, type, bytes } = await visit.raw(`/declarations/${piece(idOf(visit))}/symbol.svg`)
    return reply.code(status).type(type).send(bytes)
  })
}

/** `/app/declarations/<id>` and what follows. */
const idOf = ({ path }: SignedVisit): string => decodeURIComponent(path.slice(here.length).split('/')[1] ?? '')

async function listPage(visit: SignedVisit): Promise<Page> {
  const { say } = visit
  const { rows, next } = await visit.page(Queued, '/declarations?perPage=50', visit.query.get('next'))
  return {
    title: say('nav.declarations'),
    body: h`<h1>${say('nav.declarations')}</h1><p class="lead">${say('hint.declarations')}</p>
${rows.length === 0 ? h`<p class="soft">${say('mine.none')}</p>` : h`<ul class="queue">${rows.map((one) => listItem(say, one))}</ul>`}
${older(visit, next)}`,
  }
}

const listItem = (say: Say, { id, reference, status, required = [] }: Queued): Html => {
  const todo = required.map(({ check }) => say.orPlain('check-name', check)).join(', ')
  return h`<li><a href="${here}/${piece(id)}"><strong>${reference}</strong><span>${say.orPlain('declared', status)}</span>${todo === '' ? '' : h`<span class="whole">${todo}</span>`}</a></li>`
}

/** The declarant hears of a lane only once the goods are there; until then of what it must do. */
function toneOf({ status, lane }: Mine): Tone {
  if (status === 'released') return 'good'
  if (status === 'hold' || status === 'do_not_load' || status === 'seized') return 'bad'
  return lane === undefined ? 'calm' : laneTone(lane)
}

async function onePage(visit: SignedVisit): Promise<Page> {
  const { say } = visit
  const mine = await visit.ask(MyDeclaration, `/declarations/${piece(idOf(visit))}`)
  const stands = say.orPlain('declared', mine.status)
  const released = mine.releasedAt ? say('mine.released', { time: say.moment(mine.releasedAt) }) : ''
  return {
    title: mine.reference,
    body: h`<p><a href="${here}">← ${say('nav.declarations')}</a></p><h1>${mine.reference}</h1>
${verdict(toneOf(mine), mine.lane ? h`${say.orPlain('lane', mine.lane)} · ${stands}` : stands, released)}
<h2>${say('mine.todo')}</h2>
${mine.required.length === 0 ? h`<p>${say('mine.nothing')}</p>` : h`<ul class="checks">${mine.required.map((one) => todoItem(say, one))}</ul>`}
${reasonsOf(say, mine)}
<h2>${say('mine.symbol')}</h2><p>${say('mine.symbolText')}</p>
<p><img class="symbol" src="${here}/${piece(mine.id)}/symbol.svg" alt="${say('mine.symbol')}" width="240" height="240"></p>
${facts([
  [say('border.office'), mine.office],
  [say('border.lodged'), say.moment(mine.lodgedAt)],
  ...mine.presentations.map(
    ({ at, office, vehicle }) => [say('mine.presented'), `${say.moment(at)} · ${office} · ${vehicle}`] as const,
  ),
])}`,
  }
}

const todoItem = (say: Say, { check, text, legalBasis }: Mine['required'][number]): Html =>
  h`<li class="warn"><strong>${say.orPlain('check-name', check)}</strong><p lang="en">${text}</p>${basis(say, legalBasis)}</li>`

/** As much as each rule tells: its words, or only of what kind it is. */
function reasonsOf(say: Say, { reasons = [] }: Mine): Html {
  if (reasons.length === 0) return h``
  const items = reasons.map(
    ({ rule, category, text, clearedBy, legalBasis }) =>
      h`<li class="reason plain-reason">${rule === undefined ? '' : h`<strong>${rule}</strong> `}<span lang="en">${text ?? category}</span>
${clearedBy === undefined ? '' : h`<p lang="en">${clearedBy}</p>`}${basis(say, legalBasis)}</li>`,
  )
  return h`<h2>${say('border.reasons')}</h2><ul class="reasons">${items}</ul>`
}

const basis = (say: Say, legalBasis: string | undefined): Html =>
  legalBasis === undefined ? h`` : h`<p class="soft">${say('mine.basis')}: ${legalBasis}</p>`
