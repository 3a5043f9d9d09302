// One declaration on one page: the decision, its reasons and what they rest on, declared beside found, and the next thing to do.
import { Type } from 'typebox'
import { raiseReasons } from '../inspection/schema.ts'
import type { Check, Declared, Reason } from './border-schema.ts'
import { Person } from '../participants/schema.ts'
import { piece } from './ask.ts'
import { goodsPicture } from './goods-picture.ts'
import { data, h, type Html, type Part } from './html.ts'
import { cameraParts } from './code-field.ts'
import type { Say } from './language.ts'
import { csrfField, facts, notice, type Page, table, type Tone, verdict } from './layout.ts'
import { codeLink } from './life.ts'
import { base } from './session.ts'
import type { SignedVisit } from './visit.ts'

export const laneTone = (lane: string | null | undefined): Tone =>
  lane === 'red' ? 'bad' : lane === 'yellow' ? 'warn' : lane === 'blue' ? 'calm' : 'good'

/** What is released is well now, whatever lane it came by. */
const standingTone = ({ lane, status }: Declared): Tone =>
  status === 'released' ? 'good' : status === 'seized' ? 'bad' : laneTone(lane)

/** Released or closed: nothing is left to do about it. */
export const isOver = ({ releasedAt, status }: Pick<Declared, 'releasedAt' | 'status'>): boolean =>
  Boolean(releasedAt) || !['accepted', 'control', 'hold', 'do_not_load'].includes(status)

export async function declarationPage(visit: SignedVisit, declared: Declared, refused?: Part): Promise<Page> {
  const { say } = visit
  const [goods, people] = await Promise.all([goodsPicture(visit, declared), peopleOf(visit)])
  const open = declared.checks.filter(({ done }) => !done)
  const last = declared.decisions.at(-1)
  const over = isOver(declared)
  const next = over
    ? declared.releasedAt
      ? say.moment(declared.releasedAt)
      : ''
    : open[0]
      ? say('border.next', { check: say.orPlain('check-name', open[0].id, open[0].text) })
      : say('border.nextRelease', { votes: declared.votes ?? 0 })
  return {
    title: declared.reference,
    wide: true,
    scripts: ['inspection'],
    body: h`<p><a href="${base}/border">← ${say('nav.border')}</a></p><h1>${declared.reference}</h1>
${refused === undefined ? '' : notice('bad', refused)}
${verdict(standingTone(declared), h`${say.orPlain('lane', declared.lane ?? 'green')} · ${say.orPlain('declared', declared.status)}`, next)}
<div class="columns"><div>
<h2>${say('border.reasons')}</h2>
${reasonList(
  say,
  declared.decisions.flatMap(({ reasons }) => reasons),
)}
${last ? h`<p class="soft">${say('border.decided', { time: say.moment(last.at), version: last.profile.version, position: last.position })}</p>` : ''}
<h2>${say('border.goods')}</h2>
${goods}
</div><div>
<h2>${say('border.checks')}</h2>
${declared.checks.length === 0 ? h`<p>${say('border.noChecks')}</p>` : h`<ul class="checks">${declared.checks.map((check) => checkItem(say, check))}</ul>`}
${over ? '' : actions(visit, declared, open, people)}
${raiseForm(visit, declared)}
<h2>${say('border.declared')}</h2>
${aboutLoad(say, declared)}
</div></div>`,
  }
}

function reasonList(say: Say, reasons: readonly Reason[]): Html {
  if (reasons.length === 0) return h`<p>${say('border.noReasons')}</p>`
  const distinct = [
    ...new Map(reasons.map((reason) => [`${reason.rule} ${reason.item} ${reason.text}`, reason])).values(),
  ]
  const items = distinct.map(({ rule, lane, text, codes = [], entries = [], legalBasis }) => {
    const behind = [
      ...codes.slice(0, 5).map(codeLink),
      ...entries.slice(0, 5).map(({ log, position }) => h`<code>${log} ${say.number(position)}</code>`),
    ]
    return h`<li class="reason ${lane === null ? 'plain-reason' : laneTone(lane)}"><strong>${rule}</strong> <span lang="en">${text}</span>
${behind.length > 0 ? h`<p class="behind">${say('border.behind')} ${behind.map((part) => h`${part} `)}</p>` : ''}
${legalBasis ? h`<p class="soft">${legalBasis}</p>` : ''}</li>`
  })
  return h`<ul class="reasons">${items}</ul>`
}

function aboutLoad(say: Say, declared: Declared): Html {
  const { consignor, consignee, transport, route, items } = declared.declaration
  const { names = {} } = declared
  const name = (party: typeof consignor): string =>
    typeof party === 'string' ? (names[party] ?? party) : `${party.name}, ${say.country(party.country)}`
  return h`${facts([
    ...(declared.declarant === undefined ? [] : [[say('risk.broker'), name(declared.declarant)] as const]),
    [say('border.consignor'), name(consignor)],
    [say('border.consignee'), name(consignee)],
    [say('border.vehicle'), transport.id],
    [say('border.route'), route.map((code) => say.country(code)).join(' → ')],
    [say('border.office'), declared.office],
    [say('border.lodged'), say.moment(declared.lodgedAt)],
  ])}
${table(
  say('border.items'),
  ['№', say('make.hs'), say('word.origin'), say('word.count')],
  items.map((item) => [item.number, item.hsCode, say.country(item.originCountry), `${item.quantity} ${item.unit}`]),
)}`
}

const checkItem = (say: Say, { id, text, done }: Check): Html =>
  h`<li class="${done ? 'good' : 'warn'}"><strong>${done ? '✓' : '…'} ${say.orPlain('check-name', id, id)}</strong>${say.language === 'en' ? h`<p>${text}</p>` : ''}</li>`

function actions(visit: SignedVisit, declared: Declared, open: readonly Check[], people: readonly Person[]): Html {
  const { say } = visit
  const path = `${base}/border/declarations/${encodeURIComponent(declared.id)}`
  const inspect = open.length > 0 ? inspectionForm(visit, path, open, people) : ''
  return h`${inspect}
<form class="card" method="post" action="${path}/release">${csrfField(visit)}<h3>${say('border.release')}</h3><p>${say('border.releaseText')}</p>${stillMissing(say, declared, open)}<button class="big">${say('border.releaseDo')}</button></form>`
}

/** What a release would be refused for, before anybody asks. */
function stillMissing(say: Say, { lane, votes = 0 }: Declared, open: readonly Check[]): Html {
  const names = open.map(({ id }) => say.orPlain('check-name', id, id)).join(', ')
  return h`${names === '' ? '' : h`<p class="differs">✕ ${say('border.missing', { checks: names })}</p>`}${lane === 'red' ? h`<p class="soft">${say('border.votes', { votes })}</p>` : ''}`
}

/** Who may stand by at an inspection: the officers of one's own authority. */
const peopleOf = (visit: SignedVisit): Promise<Person[]> =>
  visit.ask(Type.Array(Person), `/participants/${piece(visit.me.id)}/people?perPage=100`)

const foundAs = ['', 'found', 'missing', 'unreadable', 'inaccessible'] as const

/** The units that the machine drew, ticked off by scanning; client/inspection.ts does that, and without it a list is chosen from. */
function inspectionForm(visit: SignedVisit, path: string, open: readonly Check[], people: readonly Person[]): Html {
  const { say } = visit
  const units = [...new Set(open.flatMap((check) => check.units ?? []))]
  const of = Math.max(0, ...open.map((check) => check.of ?? 0))
  const rows = units.map(
    (
      code,
      i,
    ) => h`<li data-unit="${code}"><input type="hidden" name="unit" value="${code}"><label for="found-${i}"><code>${code.split('/21/')[1] ?? code}</code></label>
<select id="found-${i}" name="found">${foundAs.map((as) => h`<option value="${as}">${as === '' ? '…' : say.orPlain('found', as)}</option>`)}</select></li>`,
  )
  const words = { stranger: say('border.stranger'), left: say('border.left', { count: '{count}' }) }
  return h`<form class="card" method="post" action="${path}/inspections" data-inspection data-words="${data(words)}" data-address="${base}">${csrfField(visit)}
<h3>${say('border.inspection')}</h3>
${units.length > 0 ? h`<p>${say('border.drawn', { count: units.length, of })}</p><div data-tick><label for="tick">${say('scan.next')}</label><input id="tick" autocomplete="off" autocapitalize="off" spellcheck="false">${cameraParts(say)}<p class="line" data-left role="status"></p></div><ol class="drawn">${rows}</ol>` : ''}
<fieldset><legend>${say('border.result')}</legend><div class="choices"><label><input type="radio" name="result" value="conforms" required> ${say('border.conforms')}</label><label><input type="radio" name="result" value="differs"> ${say('border.differs')}</label></div></fieldset>
<label for="notes">${say('border.notes')}</label><textarea id="notes" name="notes" rows="3" maxlength="5000"></textarea>
<label for="extra">${say('border.extra')}</label><textarea id="extra" name="extra" rows="2"></textarea>
<label for="photos">${say('border.photos')}</label><textarea id="photos" name="photos" rows="2"></textarea>
<label for="witness">${say('border.witness')}</label><select id="witness" name="witness"><option value="">${say('firm.nobody')}</option>${people.map(({ id, name }) => h`<option value="${id}">${name}</option>`)}</select>
<p><button class="big">${say('border.inspectDo')}</button></p></form>`
}

/** A lane rises even after a release at lodgement: the goods may still be on their way. */
function raiseForm(visit: SignedVisit, declared: Declared): Html {
  const { say } = visit
  const path = `${base}/border/declarations/${encodeURIComponent(declared.id)}`
  return h`<details class="help"><summary>${say('border.raise')}</summary><form class="card" method="post" action="${path}/raises">${csrfField(visit)}
<label for="lane">${say('border.raiseTo')}</label><select id="lane" name="lane">${['blue', 'yellow', 'red'].map((lane) => h`<option value="${lane}">${say.orPlain('lane', lane)}</option>`)}</select>
<label for="reason">${say('border.raiseReason')}</label><select id="reason" name="reason">${raiseReasons.map((reason) => h`<option value="${reason}">${say.orPlain('raise', reason)}</option>`)}</select>
<label for="until">${say('border.raiseUntil')}</label><input id="until" name="until" type="date" required>
<p><button>${say('border.raiseDo')}</button></p></form></details>`
}
