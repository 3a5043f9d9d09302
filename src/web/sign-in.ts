// Signing in with an API key, and the first page: the jobs that this visitor has.
import { codeForm } from './code-field.ts'
import { h } from './html.ts'
import { jobsOf, notice, type Page } from './layout.ts'
import { base } from './session.ts'
import { isSigned, type Visit } from './visit.ts'

/** Where to after signing in: a path of these pages, never another site's. */
export const safeNext = (text: string | null | undefined): string =>
  typeof text === 'string' && /^\/app(?:[/?][!-~]*)?$/.test(text) && !text.includes('\\') ? text : base

export function signInPage(visit: Visit, wrong = false): Page {
  const { say } = visit
  return {
    title: say('signIn.title'),
    status: wrong ? 403 : 200,
    body: h`<h1>${say('signIn.title')}</h1>
<p class="lead">${say('signIn.lead')}</p>
${wrong ? notice('bad', say('signIn.wrong')) : ''}
<form class="card" method="post" action="${base}/sign-in">
<input type="hidden" name="next" value="${safeNext(visit.query.get('next'))}">
<label for="key">${say('signIn.key')}</label>
<input id="key" name="key" type="password" required autocomplete="current-password" maxlength="200">
<button class="big">${say('nav.signIn')}</button>
<p class="hint">${say('signIn.hint')}</p>
</form>`,
  }
}

export function homePage(visit: Visit): Page {
  const { say } = visit
  const tiles = jobsOf(visit).map(
    (job) =>
      h`<li><a class="tile" href="${base}${job.path}"><strong>${say(job.name)}</strong><span>${say(job.hint)}</span></a></li>`,
  )
  return {
    title: say('home.title'),
    scripts: ['camera-field'],
    body: h`<h1>${isSigned(visit) ? visit.me.name : say('home.title')}</h1>
<p class="lead">${isSigned(visit) ? say('home.jobs') : say('home.lead')}</p>
${codeForm(say, isSigned(visit) ? `${base}/units` : `${base}/check`, '')}
<ul class="tiles">${tiles}</ul>`,
  }
}
