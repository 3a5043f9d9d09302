// Drafting a profile from another: each rule in its own fields, so that what is wrong stands beside what it is about.
import { Type } from 'typebox'
import { piece, Refused, type Refusal } from './ask.ts'
import { data, flag, h, type Html } from './html.ts'
import { csrfField, notice, type Page } from './layout.ts'
import { profileId } from './risk.ts'
import { Facts } from './risk-schema.ts'
import type { FormFields, Outcome, Pages } from './routes.ts'
import { base } from './session.ts'
import type { SignedVisit } from './visit.ts'

const here = `${base}/risk`
const lanes = ['', 'green', 'blue', 'yellow', 'red'] as const

/** A rule as it is kept: what the form does not show is carried over from the profile that the draft begins with. */
const Rule = Type.Object({ id: Type.String(), when: Type.String() }, { additionalProperties: true })
const Whole = Type.Object({
  id: Type.String(),
  profile: Type.Object({ name: Type.String(), rules: Type.Array(Rule) }, { additionalProperties: true }),
})

/** `of`: which rule of the profile it comes from; an id may stand there twice. */
type Fields = { id: string; when: string; lane: string; text: string; of: string }

export function editPages(pages: Pages, roles: readonly string[]): void {
  const profileOf = (visit: SignedVisit) => visit.ask(Whole, `/risk/profiles/${piece(profileId(visit))}`)
  pages.signed('/risk/profiles/:id/edit', roles, async (visit) => {
    const { profile } = await profileOf(visit)
    return editor(
      visit,
      profile.name,
      profile.rules.map((rule, i) => fieldsOf(rule, i)),
    )
  })
  pages.form('/risk/profiles/:id/drafts', roles, async (visit, form): Promise<Outcome> => {
    const { profile } = await profileOf(visit)
    const [name, rules] = [form.get('name') ?? '', rulesOf(form)]
    // What a profile does not have is null where it is told, and absent where it is drafted.
    const given = Object.fromEntries(Object.entries(profile).filter(([, value]) => value !== null))
    const body = {
      ...given,
      name,
      rules: rules.map((fields) => ruleOf(fields, fields.of === '' ? undefined : profile.rules[Number(fields.of)])),
    }
    try {
      const drafted = await visit.ask(Type.Object({ id: Type.String() }), '/risk/profiles', { method: 'POST', body })
      return { location: `${here}/profiles/${piece(drafted.id)}` }
    } catch (error) {
      if (!(error instanceof Refused) || error.refusal.status >= 500) throw error
      return { ...(await editor(visit, name, rules, error.refusal)), status: error.refusal.status }
    }
  })
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const fieldsOf = (rule: Record<string, unknown>, i: number): Fields => ({
  of: String(i),
  id: textOf(rule['id']),
  when: textOf(rule['when']),
  lane: textOf(rule['lane']),
  text: textOf(rule['text']),
})

/** A rule whose condition was emptied is left out. */
function rulesOf(form: FormFields): Fields[] {
  const [ids, whens, lanesChosen, texts, origins] = ['id', 'when', 'lane', 'text', 'of'].map((name) =>
    form.getAll(name),
  )
  return (ids ?? [])
    .map((id, i) => ({
      id: id.trim(),
      // A form ends its lines as the web does.
      when: (whens?.[i] ?? '').replaceAll('\r\n', '\n').trim(),
      lane: lanesChosen?.[i] ?? '',
      text: texts?.[i]?.trim() ?? '',
      of: origins?.[i] ?? '',
    }))
    .filter(({ when }) => when !== '')
}

function ruleOf({ id, when, lane, text }: Fields, known: Record<string, unknown> = {}): Record<string, unknown> {
  const { lane: _, ...rest } = known
  return { ...rest, id, when, ...(lane === '' ? {} : { lane }), ...(text === '' ? {} : { text }) }
}

async function editor(visit: SignedVisit, name: string, rules: readonly Fields[], refusal?: Refusal): Promise<Page> {
  const { say } = visit
  const { facts } = await visit.ask(Facts, '/risk/facts')
  const names = Object.entries(facts).flatMap(([group, members]) =>
    Object.keys(members).map((fact) => `${group}.${fact}`),
  )
  const errors = refusal?.errors ?? []
  const faults = (i: number): Html[] =>
    errors
      .filter(({ path }) => path.startsWith(`/rules/${i}/`) || path === `/rules/${i}`)
      .map(({ path, detail }) => h`<p class="notice bad" lang="en"><code>${path}</code> ${detail}</p>`)
  const located = errors.some(({ path }) => path.startsWith('/rules/'))
  return {
    title: say('risk.edit'),
    wide: true,
    scripts: ['editor'],
    body: h`<p><a href="${here}">← ${say('nav.risk')}</a></p><h1>${say('risk.edit')}</h1><p class="lead">${say('risk.editText')}</p>
${refusal ? notice('bad', h`${say.orPlain('problem', refusal.code)} ${located ? '' : h`<span lang="en">${refusal.detail}</span>`}`) : ''}
<form method="post" action="${here}/profiles/${piece(profileId(visit))}/drafts" data-editor data-facts="${data(names)}">${csrfField(visit)}
<label for="name">${say('word.name')}</label><input id="name" name="name" value="${name}" required maxlength="200">
${[...rules, { id: '', when: '', lane: '', text: '', of: '' }].map((rule, i) => ruleFields(visit, rule, i, faults(i)))}
<p><button class="big">${say('risk.draft')}</button></p></form>`,
  }
}

const ruleFields = (
  { say }: SignedVisit,
  { id, when, lane, text, of }: Fields,
  i: number,
  faults: readonly Html[],
): Html =>
  h`<fieldset class="card"><legend>${id === '' ? say('risk.newRule') : id}</legend>${faults}<input type="hidden" name="of" value="${of}">
<div class="grid2"><div><label for="id-${i}">${say('risk.rule')}</label><input id="id-${i}" name="id" value="${id}" maxlength="40"></div>
<div><label for="lane-${i}">${say('risk.lane')}</label><select id="lane-${i}" name="lane">${lanes.map((one) => h`<option value="${one}"${flag('selected', one === lane)}>${one === '' ? say('risk.scoreOnly') : say.orPlain('lane', one)}</option>`)}</select></div></div>
<label for="text-${i}">${say('risk.meaning')}</label><input id="text-${i}" name="text" value="${text}" maxlength="1000">
<label for="when-${i}">${say('risk.when')}</label><textarea id="when-${i}" name="when" rows="2" maxlength="2000" spellcheck="false" autocapitalize="off" class="code">${when}</textarea></fieldset>`
