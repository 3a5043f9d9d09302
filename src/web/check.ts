// The public check: no sign-in, one answer, and what to do.
import { PublicCheck } from '../retail/schema.ts'
import { Refused, piece } from './ask.ts'
import { codeForm, shownCode } from './code-field.ts'
import { h, type Html } from './html.ts'
import { facts, type Page, type Tone, verdict } from './layout.ts'
import { base } from './session.ts'
import type { Visit } from './visit.ts'

const tones: Readonly<Record<PublicCheck['status'], Tone>> = {
  known: 'good',
  not_on_market: 'warn',
  sold: 'warn',
  withdrawn: 'bad',
  unknown: 'bad',
  forged: 'bad',
}

export async function checkPage(visit: Visit): Promise<Page> {
  const { say } = visit
  const code = visit.query.get('code')?.trim() ?? ''
  const answer = code === '' ? '' : await answerFor(visit, code)
  return {
    title: say('check.title'),
    scripts: ['camera-field'],
    body: h`<h1>${say('check.title')}</h1>
${answer === '' ? h`<p class="lead">${say('check.lead')}</p>` : answer}
${codeForm(say, `${base}/check`, '')}
${answer === '' ? h`<details class="help"><summary>${say('check.where')}</summary><p>${say('check.whereText')}</p></details>` : ''}`,
  }
}

async function answerFor(visit: Visit, code: string): Promise<Html> {
  const { say } = visit
  try {
    return told(visit, await visit.ask(PublicCheck, `/check/${piece(code)}`), code)
  } catch (error) {
    if (!(error instanceof Refused) || error.refusal.status === 429 || error.refusal.status >= 500) throw error
    const { code: problem } = error.refusal
    return h`${verdict('warn', say.orPlain('problem', problem, say('check.unreadable')), say('check.unreadableDo'))}
<p class="read">${say('check.read')} <code>${shownCode(code)}</code></p>`
  }
}

function told({ say }: Visit, { status, tail, product, soldAt }: PublicCheck, code: string): Html {
  const doubt = status === 'known' && tail === 'absent' ? h`<p>${say('check.noTail')}</p>` : ''
  const rows = [
    ...(product
      ? ([
          [say('word.product'), product.name],
          [say('word.origin'), say.country(product.originCountry)],
          [say('word.gtin'), product.gtin],
        ] as const)
      : []),
    ...(soldAt
      ? ([[say('check.soldOn'), `${say.day(soldAt.date)}${soldAt.town ? `, ${soldAt.town}` : ''}`]] as const)
      : []),
  ]
  return h`${verdict(tones[status], say(`check.${status}`), say(`check.${status}Do`), doubt)}
${rows.length > 0 ? facts(rows) : ''}
<p class="read">${say('check.read')} <code>${shownCode(code)}</code></p>`
}
