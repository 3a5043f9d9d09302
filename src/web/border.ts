// The border desk: one scan at the barrier, the queue with its lanes, and what officers do about one declaration.
import { Type } from 'typebox'
import { piece, Refused } from './ask.ts'
import { Barrier, Declared, Queued } from './border-schema.ts'
import { lines } from './findings.ts'
import { declarationPage, isOver, laneTone } from './declaration.ts'
import { cameraParts } from './code-field.ts'
import { h, type Html, type Part } from './html.ts'
import { csrfField, notice, type Page, type Tone, verdict } from './layout.ts'
import { type FormFields, type Outcome, type Pages, rolesOf } from './routes.ts'
import { base } from './session.ts'
import type { SignedVisit } from './visit.ts'

const here = `${base}/border`

export function borderPages(pages: Pages): void {
  const roles = rolesOf('/border')
  pages.signed('/border', roles, async (visit) => queuePage(visit))
  pages.form('/border/scans', roles, scanned)
  pages.signed('/border/declarations/:id', roles, async (visit) => shown(visit, idOf(visit)))
  pages.form('/border/declarations/:id/release', roles, async (visit) =>
    act(visit, (id) => visit.ask(Type.Unknown(), `/declarations/${piece(id)}/release`, { method: 'POST' })),
  )
  pages.form('/border/declarations/:id/inspections', roles, async (visit, fields) =>
    act(visit, (id) =>
      visit.ask(Type.Unknown(), `/declarations/${piece(id)}/inspections`, {
        method: 'POST',
        body: inspectionOf(fields),
      }),
    ),
  )
  pages.form('/border/declarations/:id/raises', roles, async (visit, fields) =>
    act(visit, (id) =>
      visit.ask(Type.Unknown(), `/declarations/${piece(id)}/raises`, {
        method: 'POST',
        body: { lane: fields.get('lane'), reason: fields.get('reason'), until: untilOf(fields) },
      }),
    ),
  )
}

/** `/app/border/declarations/<id>` and what follows. */
const idOf = ({ path }: SignedVisit): string => decodeURIComponent(path.slice(here.length).split('/')[2] ?? '')

const shown = async (visit: SignedVisit, id: string, refused?: Part): Promise<Page> =>
  declarationPage(visit, await visit.ask(Declared, `/declarations/${piece(id)}`), refused)

/** Does it and shows the declaration again; a refusal stands on top, with what is missing, one by one. */
async function act(visit: SignedVisit, what: (id: string) => Promise<unknown>): Promise<Outcome> {
  const id = idOf(visit)
  try {
    await what(id)
    return { location: `${here}/declarations/${piece(id)}` }
  } catch (error) {
    if (!(error instanceof Refused) || error.refusal.status >= 500 || error.refusal.status === 404) throw error
    const { status, code, detail, errors = [] } = error.refusal
    const items = errors
      .slice(0, 20)
      .map(
        ({ detail: text, value = '' }) =>
          h`<li>${visit.say.orPlain('check-name', value)}: <span lang="en">${text}</span></li>`,
      )
    const words = h`<strong>${visit.say.orPlain('problem', code)}</strong> ${items.length > 0 ? h`<ul>${items}</ul>` : h`<span lang="en">${detail}</span>`}`
    return { ...(await shown(visit, id, words)), status }
  }
}

function inspectionOf(fields: FormFields): Record<string, unknown> {
  const codes = fields.getAll('unit')
  const found = fields.getAll('found')
  const extra = lines(fields.get('extra'))
  const photos = lines(fields.get('photos'))
  const witness = fields.get('witness')?.trim() ?? ''
  return {
    result: fields.get('result'),
    scanned: codes.flatMap((code, i) => (found[i] ? [{ code, found: found[i] }] : [])),
    notes: fields.get('notes') ?? '',
    ...(extra.length > 0 ? { found: extra } : {}),
    ...(photos.length > 0 ? { photos } : {}),
    ...(witness === '' ? {} : { witness }),
  }
}

/** A day in the form; till its end in Bishkek. */
const untilOf = (fields: FormFields): string => `${fields.get('until') ?? ''}T23:59:59+06:00`

/** As many as one can look at; more of them wait at one office only where something is wrong. */
const queueMax = 500

const order: readonly (string | null | undefined)[] = ['red', 'yellow', 'blue', 'green']

async function queuePage(visit: SignedVisit, answer?: Part): Promise<Page> {
  const { say } = visit
  const office = visit.query.get('office')?.trim() ?? ''
  const at = office === '' ? '' : `&office=${piece(office)}`
  const [{ rows: open, more }, newest] = await Promise.all([
    visit.list(Queued, `/declarations?open=true&perPage=100${at}`, queueMax),
    visit.ask(Type.Array(Queued), `/declarations?perPage=100${at}`),
  ])
  const closed = newest.filter(isOver)
  const lane = (name: string) => open.filter((one) => (one.lane ?? 'green') === name)
  return {
    title: say('nav.border'),
    wide: true,
    scripts: ['camera-field'],
    body: h`<h1>${say('nav.border')}</h1>
${answer ?? ''}
<form class="code-form" method="post" action="${here}/scans" data-code-form>${csrfField(visit)}
<label for="code">${say('border.scan')}</label>
<div class="field-row"><input id="code" name="code" required autocomplete="off" autocapitalize="off" spellcheck="false"><button>${say('code.ask')}</button></div>
<p class="hint">${say('border.scanHint')}</p>${cameraParts(say)}</form>
<form class="card" method="get" action="${here}"><label for="office">${say('border.office')}</label>
<div class="field-row"><input id="office" name="office" value="${office}" maxlength="200" autocomplete="off"><button>${say('border.ofOffice')}</button></div></form>
${more ? notice('warn', say('border.more', { count: queueMax })) : ''}
<div class="lanes">${order.map((name) => laneColumn(visit, String(name), lane(String(name))))}</div>
<h2>${say('border.done')}</h2>
${closed.length === 0 ? h`<p class="soft">${say('border.none')}</p>` : h`<ul class="queue">${closed.slice(0, 30).map((one) => queueItem(visit, one))}</ul>`}`,
  }
}

const laneColumn = (visit: SignedVisit, lane: string, declarations: readonly Queued[]): Html =>
  h`<section class="lane"><h2 class="${laneTone(lane)}">${visit.say.orPlain('lane', lane)} · ${visit.say.number(declarations.length)}</h2>
${declarations.length === 0 ? h`<p class="soft">${visit.say('border.none')}</p>` : h`<ul class="queue">${declarations.map((one) => queueItem(visit, one))}</ul>`}</section>`

const queueItem = ({ say }: SignedVisit, { id, reference, status, required = [] }: Queued): Html => {
  const [next] = required
  const stands = say.orPlain('declared', status)
  return h`<li><a href="${here}/declarations/${piece(id)}"><strong>${reference}</strong>${next ? h`<span class="whole">${stands} · ${say('border.next', { check: say.orPlain('check-name', next.check) })}</span>` : h`<span>${stands}</span>`}</a></li>`
}

const verbTone: Readonly<Record<string, Tone>> = { pass: 'good', park: 'warn', open: 'bad', hold: 'bad' }

async function scanned(visit: SignedVisit, fields: FormFields): Promise<Outcome> {
  const { say } = visit
  try {
    const found = await visit.ask(Barrier, '/border/scans', {
      method: 'POST',
      body: { code: fields.get('code')?.trim() ?? '' },
    })
    const reasons = found.reasons.map(
      ({ rule, text }) => h`<li><strong>${rule}</strong> <span lang="en">${text}</span></li>`,
    )
    const links = found.declarations.map(
      ({ id, reference }) => h`<li><a href="${here}/declarations/${piece(id)}">${reference}</a></li>`,
    )
    const more = h`${reasons.length > 0 ? h`<ul>${reasons}</ul>` : ''}${links.length > 0 ? h`<ul>${links}</ul>` : ''}`
    return queuePage(
      visit,
      verdict(
        verbTone[found.verb] ?? 'warn',
        say.orPlain('verb', found.verb),
        say.orPlain('verbText', found.verb, found.text),
        more,
      ),
    )
  } catch (error) {
    if (!(error instanceof Refused) || error.refusal.status >= 500) throw error
    const { code, detail, status } = error.refusal
    return {
      ...(await queuePage(visit, notice('bad', h`${say.orPlain('problem', code)} <span lang="en">${detail}</span>`))),
      status,
    }
  }
}
