// A firm and its keys: for itself, and for the operator, who registers firms; and for whom a visitor acts.
import { type Static, Type } from 'typebox'
import { roles as roleNames } from '../participants/actor.ts'
import { IssuedKey, Key, Participant, Person } from '../participants/schema.ts'
import { Counterparties } from '../provenance/stock-routes.ts'
import { actingPart, actingPages } from './acting.ts'
import { forItself, piece, Refused } from './ask.ts'
import { h, type Html, type Part } from './html.ts'
import { csrfField, facts, notice, older, type Page, table } from './layout.ts'
import { type FormFields, type Outcome, type Pages, rolesOf } from './routes.ts'
import { base } from './session.ts'
import type { SignedVisit } from './visit.ts'

const here = `${base}/participants`
const headers = forItself

export function firmPages(pages: Pages): void {
  const operators = rolesOf('/participants')
  actingPages(pages)
  pages.signed('/firm', [], async (visit) => firmPage(visit, visit.me.id))
  pages.signed('/participants', operators, async (visit) => participantsPage(visit))
  pages.signed('/participants/:id', operators, async (visit) => firmPage(visit, idOf(visit)))
  pages.form('/participants', operators, async (visit, fields) =>
    tried(
      async () => {
        const body = newParticipant(fields)
        const { id } = await visit.ask(Participant, '/participants', { method: 'POST', body, headers })
        return { location: `${here}/${piece(id)}` }
      },
      (refused) => participantsPage(visit, refused),
      visit,
    ),
  )
  pages.form('/participants/:id/keys', [], async (visit, fields) =>
    act(visit, async (id) => {
      const question = { method: 'POST', body: newKey(fields), headers } as const
      return firmPage(visit, id, issued(visit, await visit.ask(IssuedKey, `/participants/${piece(id)}/keys`, question)))
    }),
  )
  for (const [name, method, suffix] of [
    ['withdrawals', 'DELETE', ''],
    ['confirmations', 'POST', '/confirmations'],
  ] as const) {
    pages.form(`/participants/:id/${name}`, [], async (visit, fields) =>
      act(visit, async (id) => {
        const path = `/participants/${piece(id)}/keys/${piece(fields.get('key') ?? '')}${suffix}`
        await visit.ask(Type.Unknown(), path, { method, headers })
        return { location: placeOf(visit, id) }
      }),
    )
  }
  pages.form('/participants/:id/people', [], async (visit, fields) =>
    act(visit, async (id) => {
      const office = fields.get('office')?.trim() ?? ''
      const body = { name: fields.get('name')?.trim() ?? '', ...(office === '' ? {} : { office }) }
      await visit.ask(Person, `/participants/${piece(id)}/people`, { method: 'POST', body, headers })
      return { location: placeOf(visit, id) }
    }),
  )
}

/** `/app/participants/<id>` and what follows. */
const idOf = ({ path }: SignedVisit): string => decodeURIComponent(path.slice(here.length).split('/')[1] ?? '')
const placeOf = (visit: SignedVisit, id: string): string =>
  id === visit.me.id ? `${base}/firm` : `${here}/${piece(id)}`

async function tried(
  what: () => Promise<Outcome>,
  again: (refused: Part) => Promise<Page>,
  { say }: SignedVisit,
): Promise<Outcome> {
  try {
    return await what()
  } catch (error) {
    if (!(error instanceof Refused) || error.refusal.status >= 500 || error.refusal.status === 404) throw error
    const { code, detail, status } = error.refusal
    return {
      ...(await again(notice('bad', h`${say.orPlain('problem', code)} <span lang="en">${detail}</span>`))),
      status,
    }
  }
}

const act = (visit: SignedVisit, what: (id: string) => Promise<Outcome>): Promise<Outcome> =>
  tried(
    () => what(idOf(visit)),
    (refused) => firmPage(visit, idOf(visit), refused),
    visit,
  )

const text = (fields: FormFields, name: string): string => fields.get(name)?.trim() ?? ''
const given = (name: string, value: string): Record<string, string> => (value === '' ? {} : { [name]: value })

const newParticipant = (fields: FormFields): Record<string, unknown> => ({
  name: text(fields, 'name'),
  country: text(fields, 'country').toUpperCase(),
  roles: fields.getAll('role'),
  ...given('gln', text(fields, 'gln')),
  ...given('taxId', text(fields, 'taxId')),
})

function newKey(fields: FormFields): Record<string, unknown> {
  const [person, day] = [text(fields, 'person'), text(fields, 'until')]
  const kind = person === '' ? text(fields, 'kind') : 'person'
  return {
    kind,
    ...given('label', text(fields, 'label')),
    ...given('person', person),
    ...(day === '' ? {} : { expiresAt: `${day}T23:59:59+06:00` }),
  }
}

const issued = ({ say }: SignedVisit, { key, state }: Static<typeof IssuedKey>): Html =>
  notice(
    'good',
    h`${say('firm.newKey')} <code>${key}</code>${state === 'pending' ? h`<p>${say('firm.pending')}</p>` : ''}`,
  )

async function participantsPage(visit: SignedVisit, refused: Part = ''): Promise<Page> {
  const { say } = visit
  const wanted = visit.query.get('name')?.trim() ?? ''
  const found = wanted === '' ? [] : await visit.ask(Counterparties, `/counterparties?name=${piece(wanted)}`)
  const { rows: all, next } = await visit.page(Participant, '/participants?perPage=100', visit.query.get('next'))
  const link = (id: string, name: string): Html => h`<a href="${here}/${piece(id)}">${name}</a>`
  const known =
    found.length === 0
      ? h`<p class="notice warn" role="status">${say('firm.notFound')}</p>`
      : table(
          say('firm.found'),
          [say('word.name'), say('word.country'), 'id'],
          found.map(({ id, name, country }) => [link(id, name), say.country(country), h`<code>${id}</code>`]),
        )
  return {
    title: say('nav.participants'),
    wide: true,
    body: h`<h1>${say('nav.participants')}</h1>${refused}
<form class="card" method="get" action="${here}" role="search"><label for="name-search">${say('firm.search')}</label>
<div class="field-row"><input id="name-search" name="name" value="${wanted}" autocomplete="off" maxlength="200"><button>${say('firm.searchDo')}</button></div></form>
${wanted === '' ? '' : known}
${registerForm(visit)}
<h2>${say('ledger.participants')}</h2>
${table(
  say('ledger.participants'),
  [say('word.name'), say('word.country'), say('ledger.roles'), 'id'],
  all.map(({ id, name, country, roles }) => [
    link(id, name),
    say.country(country),
    roles.map((role) => say.orPlain('role', role)).join(', '),
    h`<code>${id}</code>`,
  ]),
)}
${older(visit, next)}`,
  }
}

const field = (id: string, label: string, more: Html): Html =>
  h`<div><label for="${id}">${label}</label><input id="${id}" autocomplete="off" ${more}></div>`

const registerForm = (visit: SignedVisit): Html => {
  const { say } = visit
  return h`<details class="help"><summary>${say('firm.register')}</summary>
<form class="card" method="post" action="${here}">${csrfField(visit)}<div class="grid2">
${field('new-name', say('word.name'), h`name="name" required maxlength="200"`)}
${field('new-country', say('firm.country'), h`name="country" required pattern="[A-Za-z]{2}" maxlength="2" value="KG"`)}
${field('new-gln', say('firm.gln'), h`name="gln" inputmode="numeric" pattern="[0-9]{13}"`)}
${field('new-tax', say('firm.taxId'), h`name="taxId" maxlength="40"`)}</div>
<fieldset><legend>${say('ledger.roles')}</legend><div class="choices">${roleNames.map((role) => h`<label><input type="checkbox" name="role" value="${role}"> ${say.orPlain('role', role)}</label>`)}</div></fieldset>
<p><button>${say('firm.registerDo')}</button></p></form></details>`
}

async function firmPage(visit: SignedVisit, id: string, top: Part = ''): Promise<Page> {
  const { say } = visit
  const path = `/participants/${piece(id)}`
  const [firm, keys, people] = await Promise.all([
    visit.ask(Participant, path, { headers }),
    visit.ask(Type.Array(Key), `${path}/keys?perPage=100`, { headers }),
    visit.ask(Type.Array(Person), `${path}/people?perPage=100`, { headers }),
  ])
  const own = id === visit.me.id
  return {
    title: firm.name,
    wide: true,
    body: h`${own ? '' : h`<p><a href="${here}">← ${say('nav.participants')}</a></p>`}<h1>${firm.name}</h1>${top}
${facts([
  [say('ledger.roles'), firm.roles.map((role) => say.orPlain('role', role)).join(', ')],
  [say('word.country'), say.country(firm.country)],
  ['id', h`<code>${firm.id}</code>`],
  ...(firm.gln === undefined ? [] : [[say('firm.gln'), firm.gln] as const]),
])}
${own ? await actingPart(visit) : ''}
<h2>${say('firm.keys')}</h2>${keyTable(visit, firm, keys, people)}${keyForm(visit, firm, people)}
<h2>${say('firm.people')}</h2>${peoplePart(visit, firm, people)}`,
  }
}

type Firm = Static<typeof Participant>

function keyTable(visit: SignedVisit, firm: Firm, keys: readonly Key[], people: readonly Person[]): Html {
  const { say } = visit
  const nameOf = (id: string | undefined): string => people.find((person) => person.id === id)?.name ?? id ?? ''
  const button = (key: Key, name: 'withdrawals' | 'confirmations', word: string): Html =>
    h`<form method="post" action="${here}/${piece(firm.id)}/${name}">${csrfField(visit)}<input type="hidden" name="key" value="${key.id}"><button class="quiet" aria-label="${word} ${key.label ?? key.id}">${word}</button></form>`
  const mayConfirm = firm.id === visit.me.id && firm.roles.includes('customs')
  return table(
    say('firm.keys'),
    [
      say('firm.label'),
      say('firm.kind'),
      say('firm.person'),
      say('word.state'),
      say('firm.created'),
      say('firm.expires'),
      say('firm.action'),
    ],
    [...keys]
      .reverse()
      .map((key) => [
        key.label ?? h`<code>${key.id}</code>`,
        say.orPlain('keyKind', key.kind),
        nameOf(key.person),
        say.orPlain('keyState', key.state),
        h`<time datetime="${key.createdAt}">${say.moment(key.createdAt)}</time>`,
        key.expiresAt === undefined ? '' : say.moment(key.expiresAt),
        key.state === 'active' || key.state === 'pending'
          ? h`<div class="buttons">${key.state === 'pending' && mayConfirm ? button(key, 'confirmations', say('firm.confirm')) : ''}${button(key, 'withdrawals', say('firm.withdraw'))}</div>`
          : '',
      ]),
  )
}

const keyForm = (visit: SignedVisit, firm: Firm, people: readonly Person[]): Html => {
  const { say } = visit
  return h`<details class="help"><summary>${say('firm.issue')}</summary>
<form class="card" method="post" action="${here}/${piece(firm.id)}/keys">${csrfField(visit)}<div class="grid2">
${field('label', say('firm.label'), h`name="label" maxlength="200"`)}
<div><label for="kind">${say('firm.kind')}</label><select id="kind" name="kind"><option value="system">${say('keyKind.system')}</option><option value="device">${say('keyKind.device')}</option></select></div>
<div><label for="person">${say('firm.person')}</label><select id="person" name="person"><option value="">${say('firm.nobody')}</option>${people.map(({ id, name }) => h`<option value="${id}">${name}</option>`)}</select></div>
${field('until', say('firm.expires'), h`name="until" type="date"`)}</div>
<p><button>${say('firm.issueDo')}</button></p></form></details>`
}

function peoplePart(visit: SignedVisit, firm: Firm, people: readonly Person[]): Html {
  const { say } = visit
  const rows = people.map(({ id, name, office }) => [name, office ?? '', h`<code>${id}</code>`])
  return h`${rows.length === 0 ? h`<p class="soft">${say('firm.noPeople')}</p>` : table(say('firm.people'), [say('word.name'), say('firm.office'), 'id'], rows)}
<details class="help"><summary>${say('firm.addPerson')}</summary>
<form class="card" method="post" action="${here}/${piece(firm.id)}/people">${csrfField(visit)}<div class="grid2">
${field('person-name', say('word.name'), h`name="name" required maxlength="200"`)}
${field('person-office', say('firm.office'), h`name="office" maxlength="200"`)}</div>
<p><button>${say('firm.registerDo')}</button></p></form></details>`
}
