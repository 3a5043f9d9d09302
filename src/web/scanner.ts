// The scanner of carriers, warehouses and shops: a step is chosen once, then one code after another is scanned. Scans are kept in the
// browser until they are answered (client/scanner.ts); this page and the two addresses below it are all that the service adds.
import { Type } from 'typebox'
import type { bizSteps } from '../epcis/vocabulary.ts'
import { limits } from '../config/limits.ts'
import { data, flag, h, type Html } from './html.ts'
import type { MessageKey, Say } from './language.ts'
import { cameraParts } from './code-field.ts'
import { csrfField, type Page } from './layout.ts'
import { Counterparties } from '../provenance/stock-routes.ts'
import { piece } from './ask.ts'
import { type Pages, rolesOf } from './routes.ts'
import { base } from './session.ts'
import { hasRole, type SignedVisit, type Visit } from './visit.ts'

const Places = Type.Array(Type.Object({ id: Type.String(), name: Type.String() }))

/** What is done with a scanner; `roles` where the step belongs to some alone. */
const steps: readonly { step: (typeof bizSteps)[number]; roles?: readonly string[] }[] = [
  { step: 'receiving' },
  { step: 'shipping' },
  { step: 'packing' },
  { step: 'unpacking' },
  { step: 'retail_selling', roles: ['retailer'] },
  { step: 'commissioning', roles: ['producer', 'importer'] },
  { step: 'loading' },
  { step: 'departing' },
  { step: 'arriving' },
  { step: 'unloading' },
  { step: 'storing' },
  { step: 'inspecting' },
  { step: 'destroying' },
]

/** Asks whether a unit may be sold, and records nothing. */
const checkStep = 'check'

export function scannerPages(pages: Pages): void {
  pages.signed('/scanner', rolesOf('/scanner'), async (visit) => scannerPage(visit))
  // What opens without a network: it names nobody, and whose scans it takes is remembered by the browser (client/queue.ts).
  pages.open('/scanner/shell', async (visit) => shellPage({ ...visit, me: undefined, session: undefined }))
  pages.file('/scanner/session', async ({ me, session }) => ({ key: whose(me), csrf: session.csrf }))
  pages.file('/scanner/parties', async (visit) =>
    visit.ask(Counterparties, `/counterparties?name=${piece(visit.query.get('name') ?? '')}`),
  )
  pages.script('/scanner/scans', async (visit, request, reply) => {
    const { status, bytes, type } = await visit.raw('/scans', { method: 'POST', body: request.body })
    return reply.code(status).type(type).send(bytes)
  })
  pages.script('/scanner/checks', async (visit, request, reply) => {
    const { status, bytes, type } = await visit.raw('/sale-checks', { method: 'POST', body: request.body })
    return reply.code(status).type(type).send(bytes)
  })
}

/** Whose scans they are: of this key, for whom it acts. What waits is never sent in another's name. */
const whose = ({ key, principal }: SignedVisit['me']): string => (principal ? `${key.id} ${principal.id}` : key.id)

async function scannerPage(visit: SignedVisit): Promise<Page> {
  const { me } = visit
  const places = await visit.ask(Places, '/places?perPage=100')
  const allowed = steps
    .filter(({ roles }) => roles === undefined || hasRole(visit, roles))
    .filter(({ step }) => me.key.steps === undefined || me.key.steps.includes(step))
    .map(({ step }) => step as string)
  const all = hasRole(visit, ['retailer']) ? [...allowed, checkStep] : allowed
  return frame(
    visit,
    all,
    places,
    h`${csrfField(visit)}<span data-key="${whose(me)}" data-steps="${data(all)}" hidden></span>`,
  )
}

const shellPage = async (visit: Visit): Promise<Page> =>
  frame(visit, [...steps.map(({ step }) => step), checkStep], [], h`<span data-shell hidden></span>`)

function frame(
  { say }: Visit,
  all: readonly string[],
  places: readonly { id: string; name: string }[],
  whose: Html,
): Page {
  return {
    title: say('nav.scanner'),
    scripts: ['scanner'],
    body: h`<h1>${say('nav.scanner')}</h1>
<div class="scanner" data-scanner data-words="${data(words(say))}" data-language="${say.language}" data-address="${base}/scanner" data-limit="${limits.documentCodesMax}">
${whose}
<label for="step">${say('scan.step')}</label>
<select id="step" name="step">${all.map((step) => h`<option value="${step}"${flag('selected', step === all[0])}>${say.orPlain('do-step', step)}</option>`)}</select>
${detailFields(say, places)}
<form class="code-form" data-scan-form>
<p class="pack" data-pack hidden></p>
<label for="scan">${say('scan.next')}</label>
<div class="field-row"><input id="scan" name="code" autocomplete="off" autocapitalize="off" spellcheck="false" inputmode="text" enterkeyhint="send">
<button>${say('scan.record')}</button></div>
${cameraParts(say)}
<button type="button" class="big" data-close-pack hidden>${say('scan.closePack')}</button>
</form>
<p class="line" data-line role="status"></p>
<p class="notice warn" data-attention hidden role="alert"></p>
<h2>${say('scan.answers')} <span data-count></span></h2>
<ol class="scans" data-answers aria-live="polite"></ol>
<noscript><p class="notice warn">${say('scan.noScript')}</p></noscript>
</div>`,
  }
}

/** What a step may need besides codes; which of them are shown is the step's. */
const detailFields = (
  say: Say,
  places: readonly { id: string; name: string }[],
): Html => h`<details class="help" data-details><summary>${say('scan.details')}</summary>
<div class="grid2">
${field('to', say('scan.to'), 'shipping')}
${field('carrier', say('scan.carrier'), 'shipping')}
${field('document', say('scan.document'), 'shipping receiving')}
<div data-for="*"><label for="place">${say('word.place')}</label><select id="place" name="place"><option value="">${say('scan.placeOfKey')}</option>${places.map(({ id, name }) => h`<option value="${id}">${name}</option>`)}</select></div>
</div></details>`

const field = (name: string, label: string, of: string): Html =>
  h`<div data-for="${of}"><label for="${name}">${label}</label><input id="${name}" name="${name}" autocomplete="off" maxlength="250"${name === 'document' ? '' : h` list="${name}-names"`}>${name === 'document' ? '' : h`<datalist id="${name}-names"></datalist>`}</div>`

const problemNames = [
  'code_malformed',
  'gtin_check_digit',
  'code_unknown',
  'code_forged',
  'not_owner',
  'not_holder',
  'not_addressed',
  'wrong_state',
  'packed_elsewhere',
  'already_sold',
  'withdrawn',
  'on_hold',
  'expired',
  'several_logs',
  'event_id_taken',
  'role_missing',
  'not_mandated',
  'key_limited',
  'time_in_future',
  'field_invalid',
  'event_rule',
] as const

const own = [
  'good',
  'maySell',
  'waiting',
  'early',
  'kept',
  'sending',
  'offline',
  'online',
  'signIn',
  'scanParent',
  'inPack',
  'forget',
  'scanTwice',
  'notKept',
  'needTo',
] as const

/** Everything that the script may have to say. */
function words(say: Say): Record<string, string> {
  const entries: [string, string][] = own.map((name) => [
    name,
    say(`scan.${name}`, { count: '{count}', parent: '{parent}' }),
  ])
  for (const name of problemNames) {
    const key: MessageKey = `problem.${name}`
    entries.push([key, say(key)], [`do.${name}`, say.orPlain('do', name, '')])
  }
  return Object.fromEntries(entries)
}
