// Risk: the profiles with what changed between them, what each would have made of the past, and how right the rules were.
import { Type } from 'typebox'
import { Person } from '../participants/schema.ts'
import { Counterparties } from '../provenance/stock-routes.ts'
import { piece, Refused } from './ask.ts'
import { h, type Html, type Part } from './html.ts'
import type { Say } from './language.ts'
import { csrfField, facts, notice, type Page, table, type Tone, verdict } from './layout.ts'
import { editPages } from './risk-editor.ts'
import { Backtest, type Rule, ShownProfile, Statistics } from './risk-schema.ts'
import { type Outcome, type Pages, rolesOf } from './routes.ts'
import { base } from './session.ts'
import type { SignedVisit } from './visit.ts'

const here = `${base}/risk`

export function riskPages(pages: Pages): void {
  const roles = rolesOf('/risk')
  pages.signed('/risk', roles, riskPage)
  pages.signed('/risk/profiles/:id', roles, async (visit) => profilePage(visit))
  pages.form('/risk/profiles/:id/approvals', roles, async (visit) => {
    const path = `/risk/profiles/${piece(profileId(visit))}/approvals`
    return tried(visit, async () => {
      await visit.ask(Type.Unknown(), path, { method: 'POST', body: {} })
      return { location: `${here}/profiles/${piece(profileId(visit))}` }
    })
  })
  pages.form('/risk/profiles/:id/backtests', roles, async (visit) => {
    const path = `/risk/profiles/${piece(profileId(visit))}/backtests`
    return tried(visit, async () =>
      profilePage(visit, chart(visit.say, await visit.ask(Backtest, path, { method: 'POST', body: {} }))),
    )
  })
  editPages(pages, roles)
}

/** `/app/risk/profiles/<id>` and what follows. */
export const profileId = ({ path }: SignedVisit): string =>
  decodeURIComponent(path.slice(here.length).split('/')[2] ?? '')

async function tried(visit: SignedVisit, act: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof Refused) || error.refusal.status >= 500 || error.refusal.status === 404) throw error
    const { code, detail, status } = error.refusal
    const words = notice('bad', h`${visit.say.orPlain('problem', code)} <span lang="en">${detail}</span>`)
    return { ...(await profilePage(visit, words)), status }
  }
}

const profilesOf = (visit: SignedVisit) => visit.ask(Type.Array(ShownProfile), '/risk/profiles')

const toneOf = (state: string): Tone => (state === 'in_force' ? 'good' : state === 'draft' ? 'warn' : 'calm')

async function riskPage(visit: SignedVisit): Promise<Page> {
  const { say } = visit
  const [profiles, statistics] = await Promise.all([profilesOf(visit), visit.ask(Statistics, '/risk/statistics')])
  const pairs = await pairTable(visit, statistics)
  const rows = profiles.map(({ id, name, version, state, approvals, approvalsNeeded, draftedAt, profile }) => [
    h`<a href="${here}/profiles/${piece(id)}">${name}</a>`,
    say.number(version),
    say.orPlain('profile', state),
    `${approvals} / ${approvalsNeeded}`,
    say.number(profile.rules.length),
    say.moment(draftedAt),
  ])
  const heads = [
    say('word.name'),
    say('risk.version'),
    say('word.state'),
    say('risk.approvals'),
    say('risk.rules'),
    say('risk.drafted'),
  ]
  return {
    title: say('nav.risk'),
    wide: true,
    body: h`<h1>${say('nav.risk')}</h1>${table(say('risk.profiles'), heads, rows)}
<h2>${say('risk.statistics')}</h2>${ruleTable(say, statistics)}
<h2>${say('risk.pairs')}</h2>${pairs}`,
  }
}

const percent = (value: number): string => `${Math.round(value * 100)} %`

function ruleTable(say: Say, { rules }: Statistics): Html {
  if (rules.length === 0) return h`<p class="soft">${say('risk.noStatistics')}</p>`
  return table(
    say('risk.statistics'),
    [say('risk.rule'), say('risk.fired'), say('risk.inspected'), say('risk.confirmed'), say('risk.precision')],
    rules.map(({ rule, fired, inspected, confirmed, precision, low, high }) => [
      rule,
      say.number(fired),
      say.number(inspected),
      say.number(confirmed),
      precision === null ? '—' : `${percent(precision)} (${percent(low)}–${percent(high)})`,
    ]),
  )
}

const pairsShown = 20

/** Pairs by name: officers of one's own authority, and declarants as far as they are still registered. */
async function pairTable(visit: SignedVisit, { pairs }: Statistics): Promise<Html> {
  const { say } = visit
  if (pairs.steered.length === 0) return h`<p>${say('risk.noPairs', { count: pairs.counted })}</p>`
  const shown = pairs.steered.slice(0, pairsShown)
  const [people, declarants] = await Promise.all([
    visit.ask(Type.Array(Person), `/participants/${piece(visit.me.id)}/people?perPage=100`),
    Promise.all(
      [...new Set(shown.map(({ broker }) => broker))].map((id) =>
        visit.ask(Counterparties, `/counterparties?name=${piece(id)}`),
      ),
    ),
  ])
  const names = new Map([...people, ...declarants.flat()].map(({ id, name }) => [id, name]))
  return table(
    say('risk.pairs'),
    [say('risk.broker'), say('risk.officer'), say('word.count'), say('risk.expected'), 'z'],
    shown.map(({ broker, officer, count, expected, z }) => [
      names.get(broker) ?? broker,
      names.get(officer) ?? officer,
      say.number(count),
      expected,
      z,
    ]),
  )
}

async function profilePage(visit: SignedVisit, top: Part = ''): Promise<Page> {
  const { say } = visit
  const profiles = await profilesOf(visit)
  const profile = profiles.find(({ id }) => id === profileId(visit))
  if (!profile) throw new Refused({ status: 404, code: 'not_found', title: '', detail: '' })
  const current = profiles.find(({ state }) => state === 'in_force')
  const path = `${here}/profiles/${piece(profile.id)}`
  const draft = profile.state === 'draft'
  return {
    title: profile.name,
    wide: true,
    body: h`<p><a href="${here}">← ${say('nav.risk')}</a></p><h1>${profile.name}</h1>
${verdict(toneOf(profile.state), say.orPlain('profile', profile.state), draft ? say('risk.needs', { done: profile.approvals, needed: profile.approvalsNeeded }) : '')}
${top}
${facts([
  [say('risk.version'), say.number(profile.version)],
  [say('risk.hash'), h`<code>${profile.hash}</code>`],
  [say('risk.drafted'), say.moment(profile.draftedAt)],
  [say('risk.since'), profile.inForceFrom ? say.moment(profile.inForceFrom) : '—'],
])}
<div class="buttons"><form method="post" action="${path}/backtests">${csrfField(visit)}<button>${say('risk.backtest')}</button></form>
${draft ? h`<form method="post" action="${path}/approvals">${csrfField(visit)}<button class="quiet">${say('risk.approve')}</button></form>` : ''}
<a class="button quiet" href="${path}/edit">${say('risk.edit')}</a></div>
${current && current.id !== profile.id ? differences(say, current.profile.rules, profile.profile.rules) : ''}
<h2>${say('risk.rules')}</h2>
<ul class="reasons">${profile.profile.rules.map((rule) => h`<li class="reason plain-reason"><strong>${rule.id}</strong> ${rule.text ?? ''} ${effect(say, rule)}<p><code>${rule.when}</code></p></li>`)}</ul>`,
  }
}

const effect = (say: Say, { lane, score, mode }: Rule): Html =>
  h`<span class="soft">${[lane ? say.orPlain('lane', lane) : '', score === undefined ? '' : `${score > 0 ? '+' : ''}${score}`, mode === 'enforce' ? '' : (mode ?? '')].filter((part) => part !== '').join(' · ')}</span>`

/** By id, and by how often it was there before: an id may stand in a profile twice. */
function byName(rules: readonly Rule[]): Map<string, Rule> {
  const found = new Map<string, Rule>()
  for (const rule of rules) {
    let name = rule.id
    for (let n = 2; found.has(name); n++) name = `${rule.id} (${n})`
    found.set(name, rule)
  }
  return found
}

/** What this profile does otherwise than the one in force, rule by rule. */
function differences(say: Say, before: readonly Rule[], after: readonly Rule[]): Html {
  const [old, fresh] = [byName(before), byName(after)]
  const said = (rule: Rule): string => `${rule.when} → ${rule.lane ?? ''} ${rule.score ?? ''}`.trim()
  const rows = [...new Set([...old.keys(), ...fresh.keys()])].flatMap((id): Html[] => {
    const [was, is] = [old.get(id), fresh.get(id)]
    if (was && is && said(was) === said(is)) return []
    return [
      h`<li><strong>${id}</strong>${was ? h`<p><del><code>${said(was)}</code></del></p>` : ''}${is ? h`<p><ins><code>${said(is)}</code></ins></p>` : ''}</li>`,
    ]
  })
  return h`<h2>${say('risk.differences')}</h2>${rows.length === 0 ? h`<p>${say('risk.same')}</p>` : h`<ul class="diff">${rows}</ul>`}`
}

const lanes = ['green', 'blue', 'yellow', 'red'] as const

/** The past by lane, under this profile and under the one in force: two bars of the same length, and the figures beside them. */
function chart(say: Say, report: Backtest): Html {
  const row = (label: string, shares: Record<string, number>, y: number): Html => {
    const total = Math.max(
      1,
      lanes.reduce((sum, lane) => sum + (shares[lane] ?? 0), 0),
    )
    let x = 0
    const parts = lanes.map((lane) => {
      const length = ((shares[lane] ?? 0) / total) * 600
      const rect = h`<rect class="bar-${lane}" x="${x}" y="${y + 20}" width="${length}" height="34"/>`
      x += length
      return rect
    })
    return h`<text x="0" y="${y + 12}">${label}</text>${parts}`
  }
  const counts = lanes.map((lane) => [
    say.orPlain('lane', lane),
    percent(report.lanes[lane] ?? 0),
    percent(report.before[lane] ?? 0),
    say.number(report.hits[lane] ?? 0),
  ])
  return h`<section class="card"><h2>${say('risk.backtestOf', { cases: report.cases })}</h2>
<svg class="chart" viewBox="0 0 600 140" role="img" aria-label="${say('risk.chart')}">${row(say('risk.thisProfile'), report.lanes, 0)}${row(say('risk.inForce'), report.before, 70)}</svg>
<p>${say('risk.moves', { harder: report.harder, lighter: report.lighter, alarms: report.alarms })}</p>
${table(say('risk.chart'), [say('risk.lane'), say('risk.thisProfile'), say('risk.inForce'), say('risk.confirmed')], counts)}</section>`
}
