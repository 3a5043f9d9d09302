// What was noticed: answered by those whom it concerns, resolved by a person of an authority.
import { Type } from 'typebox'
import { Finding } from '../findings/schema.ts'
import { piece, Refused } from './ask.ts'
import { h, type Html, type Part } from './html.ts'
import type { Say } from './language.ts'
import { csrfField, facts, notice, older, type Page, tabs, type Tone, verdict } from './layout.ts'
import { codeLink } from './life.ts'
import type { Outcome, Pages } from './routes.ts'
import { base } from './session.ts'
import { hasRole, type SignedVisit } from './visit.ts'

const here = `${base}/findings`
const states = ['open', 'answered', 'resolved'] as const
const outcomes = ['confirmed', 'explained', 'ours'] as const
const codesShown = 20
const stateWords = { open: 'found.open', answered: 'found.answered', resolved: 'found.closed' } as const

export function findingPages(pages: Pages): void {
  for (const state of ['', ...states]) {
    pages.signed(state === '' ? '/findings' : `/findings/${state}`, [], (visit) => listPage(visit, state))
  }
  pages.signed('/findings/:id', [], async (visit) => shown(visit))
  pages.form('/findings/:id/responses', [], async (visit, fields) => {
    const documents = lines(fields.get('documents'))
    return act(visit, 'responses', {
      text: fields.get('text') ?? '',
      ...(documents.length === 0 ? {} : { documents }),
    })
  })
  pages.form('/findings/:id/resolutions', [], async (visit, fields) => {
    const legalBasis = fields.get('legalBasis')?.trim() ?? ''
    return act(visit, 'resolutions', {
      as: fields.get('as'),
      text: fields.get('text') ?? '',
      ...(legalBasis === '' ? {} : { legalBasis }),
    })
  })
}

export const lines = (text: string | null): string[] =>
  (text ?? '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')

/** `/app/findings/<id>` and what follows. */
const idOf = ({ path }: SignedVisit): string => decodeURIComponent(path.slice(here.length).split('/')[1] ?? '')

async function act(visit: SignedVisit, what: string, body: unknown): Promise<Outcome> {
  const path = `/findings/${piece(idOf(visit))}`
  try {
    await visit.ask(Type.Unknown(), `${path}/${what}`, { method: 'POST', body })
    return { location: `${base}${path}` }
  } catch (error) {
    if (!(error instanceof Refused) || error.refusal.status >= 500 || error.refusal.status === 404) throw error
    const { code, detail, status } = error.refusal
    const words = h`${visit.say.orPlain('problem', code)} <span lang="en">${detail}</span>`
    return { ...(await shown(visit, notice('bad', words))), status }
  }
}

/** What was found, in the visitor's words. */
export const findingName = (say: Say, code: string): string =>
  say.orPlain('finding', code, say.orPlain('problem', code))

const toneOf = (finding: Finding): Tone =>
  finding.state === 'resolved' ? 'calm' : finding.severity === 'red' ? 'bad' : 'warn'

async function listPage(visit: SignedVisit, state: string): Promise<Page> {
  const { say } = visit
  const { rows: findings, next } = await visit.page(
    Finding,
    `/findings?perPage=50${state === '' ? '' : `&state=${state}`}`,
    visit.query.get('next'),
  )
  return {
    title: say('nav.findings'),
    body: h`<h1>${say('nav.findings')}</h1><p class="lead">${say('found.lead')}</p>
${tabs(visit, [
  [here, say('found.all')],
  [`${here}/open`, say('found.open')],
  [`${here}/answered`, say('found.answered')],
  [`${here}/resolved`, say('found.closed')],
])}
${findings.length === 0 ? h`<p class="soft">${say('found.none')}</p>` : h`<ul class="queue">${findings.map((finding) => listItem(say, finding))}</ul>`}
${older(visit, next)}`,
  }
}

const partyName = (say: Say, { name, country }: { name?: string; country: string }): string =>
  name ?? say.country(country)

const listItem = (say: Say, finding: Finding): Html =>
  h`<li><a href="${here}/${piece(finding.id)}"><strong>${findingName(say, finding.code)}</strong><span>${say.orPlain('findingState', finding.state)}</span>
<span class="whole">${say.moment(finding.openedAt)} · ${partyName(say, finding.claimant)}</span></a></li>`

async function shown(visit: SignedVisit, top: Part = ''): Promise<Page> {
  const { say } = visit
  const finding = await visit.ask(Finding, `/findings/${piece(idOf(visit))}`)
  const name = findingName(say, finding.code)
  const said = say.language === 'en' ? finding.text : h`${say('life.toExplain')} <span lang="en">${finding.text}</span>`
  return {
    title: name,
    body: h`<p><a href="${here}">← ${say('nav.findings')}</a></p><h1>${name}</h1>${top}
${verdict(toneOf(finding), say(stateWords[finding.state]), said)}
${aboutFinding(say, finding)}
<h2>${say('found.answers')}</h2>${answerList(say, finding)}
${finding.state === 'resolved' ? '' : answerForms(visit, finding)}`,
  }
}

function aboutFinding(say: Say, finding: Finding): Html {
  const { objects, objectCount, act, owes = [], innocentCauses = [], clearedBy } = finding
  const codes = objects
    .slice(0, codesShown)
    .map(
      ({ code }) => h`<div>${code.startsWith('https://id.gs1.org/') ? codeLink(code) : h`<code>${code}</code>`}</div>`,
    )
  const more = objectCount - codes.length
  const rows: (readonly [string, Part] | false)[] = [
    [say('found.reported'), say.orPlain('step', act.replace(/^.*[:/-]/, ''), say.orPlain('may', act))],
    [say('found.happened'), say.moment(finding.eventTime)],
    [say('found.noticed'), say.moment(finding.openedAt)],
    [say('found.by'), partyName(say, finding.claimant)],
    finding.for !== undefined && [say('found.for'), partyName(say, finding.for)],
    owes.length > 0 && [say('found.owes'), owes.map((party) => partyName(say, party)).join(', ')],
    [
      say('found.codes'),
      h`${codes}${more > 0 ? h`<div class="soft">${say('found.more', { count: more })}</div>` : ''}`,
    ],
    innocentCauses.length > 0 && [
      say('found.innocent'),
      h`<ul lang="en">${innocentCauses.map((cause) => h`<li>${cause}</li>`)}</ul>`,
    ],
    clearedBy !== undefined && [say('found.clearedBy'), h`<span lang="en">${clearedBy}</span>`],
  ]
  return facts(rows.filter((row) => row !== false))
}

function answerList(say: Say, { responses, resolution }: Finding): Html {
  const answers = responses.map(
    ({
      at,
      by,
      text,
      documents,
    }) => h`<li class="event"><div class="event-head"><strong>${partyName(say, by)}</strong><time datetime="${at}">${say.moment(at)}</time></div>
<p class="written">${text}</p>${documents.length === 0 ? '' : h`<p class="soft">${documents.map((document) => (typeof document === 'string' ? document : document.name)).join(', ')}</p>`}</li>`,
  )
  const end = resolution
    ? h`<li class="event"><div class="event-head"><strong>${say('found.resolved', { as: say.orPlain('found', resolution.as) })} · ${partyName(say, resolution.by)}</strong><time datetime="${resolution.at}">${say.moment(resolution.at)}</time></div>
<p class="written">${resolution.text}</p>${resolution.legalBasis ? h`<p class="soft">${resolution.legalBasis}</p>` : ''}</li>`
    : ''
  if (answers.length === 0 && end === '') return h`<p class="soft">${say('found.noAnswers')}</p>`
  return h`<ol class="timeline">${answers}${end}</ol>`
}

function answerForms(visit: SignedVisit, { id }: Finding): Html {
  const { say } = visit
  const path = `${here}/${piece(id)}`
  if (!hasRole(visit, ['customs', 'agency', 'operator', 'auditor'])) {
    return h`<form class="card" method="post" action="${path}/responses">${csrfField(visit)}
<label for="text">${say('found.answer')}</label><textarea id="text" name="text" rows="3" required maxlength="5000"></textarea>
<label for="documents">${say('found.documents')}</label><textarea id="documents" name="documents" rows="2"></textarea>
<p><button class="big">${say('found.answerDo')}</button></p></form>`
  }
  if (!hasRole(visit, ['customs', 'agency', 'operator'])) return h``
  return h`<form class="card" method="post" action="${path}/resolutions">${csrfField(visit)}<h3>${say('found.resolve')}</h3>
<fieldset><legend>${say('found.as')}</legend><div class="choices">${outcomes.map((as) => h`<label><input type="radio" name="as" value="${as}" required> ${say.orPlain('found', as)}</label>`)}</div></fieldset>
<label for="text">${say('found.reason')}</label><textarea id="text" name="text" rows="3" required maxlength="5000"></textarea>
<label for="legalBasis">${say('found.basis')}</label><input id="legalBasis" name="legalBasis" maxlength="500" autocomplete="off">
<p><button class="big">${say('found.resolveDo')}</button></p></form>`
}
