// The ledger and who runs it: logs and their signatures, what was noticed, who takes part, and whether all is well.
import { type Static, Type } from 'typebox'
import { Finding } from '../findings/schema.ts'
import { Participant } from '../participants/schema.ts'
import { piece } from './ask.ts'
import { findingName } from './findings.ts'
import { codeLink } from './life.ts'
import { h, type Html } from './html.ts'
import type { Say } from './language.ts'
import { bar, facts, type Page, table, verdict } from './layout.ts'
import { type Pages, rolesOf } from './routes.ts'
import { base } from './session.ts'
import { hasRole, type SignedVisit } from './visit.ts'

const Logs = Type.Array(
  Type.Object({ id: Type.String(), origin: Type.String(), size: Type.Integer(), verifierKey: Type.String() }),
)
type Log = Static<typeof Logs>[number]

const findingsShown = 100

export function ledgerPages(pages: Pages): void {
  const roles = rolesOf('/ledger')
  pages.signed('/ledger', roles, ledgerPage)
  // What changes while somebody looks, for client/refresh.ts.
  pages.file('/ledger/sizes', async (visit) => (await visit.ask(Logs, '/logs')).map(({ id, size }) => ({ id, size })))
}

async function ledgerPage(visit: SignedVisit): Promise<Page> {
  const { say } = visit
  const [ready, logs, findings] = await Promise.all([
    visit.raw('/ready'),
    visit.ask(Logs, '/logs'),
    visit.ask(Type.Array(Finding), `/findings?perPage=${findingsShown}`),
  ])
  const signed = await Promise.all(logs.map((log) => signaturesOf(visit, log)))
  const participants = hasRole(visit, ['operator'])
    ? await visit.ask(Type.Array(Participant), '/participants?perPage=100')
    : []
  const well = ready.status === 200
  return {
    title: say('nav.ledger'),
    wide: true,
    scripts: ['refresh'],
    body: h`<h1>${say('nav.ledger')}</h1>
${verdict(well ? 'good' : 'bad', say(well ? 'ledger.well' : 'ledger.unwell'), h`${say('ledger.rate')} <strong data-rate data-source="${base}/ledger/sizes" data-language="${say.language}">…</strong>`)}
<div class="logs">${logs.map((log, i) => logCard(say, log, signed[i] ?? []))}</div>
${findingsPart(say, findings)}
${participants.length > 0 ? participantsPart(say, participants) : ''}`,
  }
}

/** Who signed the newest checkpoint: the log itself, then its witnesses (C2SP signed-note). */
async function signaturesOf(visit: SignedVisit, { id }: Log): Promise<string[]> {
  const { status, bytes } = await visit.raw(`/logs/${piece(id)}/checkpoint`)
  if (status !== 200) return []
  return [...bytes.toString('utf8').matchAll(/^— (\S+) /gm)].map(([, name = '']) => name)
}

const logCard = (say: Say, log: Log, signers: readonly string[]): Html => h`<section class="card"><h2>${log.id}</h2>
<p class="figure" data-log="${log.id}">${say.number(log.size)}</p><p class="soft">${say('ledger.entries')}</p>
${facts([
  [say('ledger.origin'), log.origin],
  [say('ledger.signed'), signers[0] ?? say('ledger.unsigned')],
  [say('ledger.witnesses'), signers.length > 1 ? signers.slice(1).join(', ') : say('ledger.noWitness')],
  [say('ledger.key'), h`<code>${log.verifierKey}</code>`],
])}</section>`

function findingsPart(say: Say, findings: readonly Finding[]): Html {
  const counts = new Map<string, number>()
  for (const { code } of findings) counts.set(code, (counts.get(code) ?? 0) + 1)
  const name = (code: string) => findingName(say, code)
  const most = Math.max(1, ...counts.values())
  const bars = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([code, count]) => bar(name(code), count, most, say.number(count)))
  const rows = findings
    .slice(0, 20)
    .map((finding) => [
      h`<time datetime="${finding.openedAt}">${say.moment(finding.openedAt)}</time>`,
      h`<a href="${base}/findings/${piece(finding.id)}">${name(finding.code)}</a>`,
      say.orPlain('findingState', finding.state),
      finding.claimant.name ?? say.country(finding.claimant.country),
      finding.objects.slice(0, 1).map(({ code }) => (code.startsWith('https://id.gs1.org/') ? codeLink(code) : code)),
    ])
  return h`<h2>${say('ledger.findings')}</h2>
${bars.length === 0 ? h`<p>${say('ledger.noFindings')}</p>` : h`<ul class="bars">${bars}</ul>`}
${rows.length > 0 ? table(say('ledger.newest'), [say('word.time'), say('word.kind'), say('word.state'), say('ledger.claimant'), say('word.code')], rows) : ''}`
}

const participantsPart = (say: Say, participants: readonly Static<typeof Participant>[]): Html =>
  table(
    say('ledger.participants'),
    [say('word.name'), say('word.country'), say('ledger.roles'), 'id'],
    participants.map(({ name, country, roles, id }) => [
      h`<a href="${base}/participants/${piece(id)}">${name}</a>`,
      say.country(country),
      roles.map((role) => say.orPlain('role', role)).join(', '),
      h`<code>${id}</code>`,
    ]),
  )
