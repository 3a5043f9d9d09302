// What is shown where there is nothing to show: what happened, and where to go from here.
import { h } from './html.ts'
import { type Page, verdict } from './layout.ts'
import { base } from './session.ts'
import type { Visit } from './visit.ts'

/** @param detail what the interface said, in its own language */
export function problemPage(visit: Visit, status: number, code: string, detail?: string): Page {
  const { say } = visit
  const title = status === 404 ? say('error.notFound') : say.orPlain('problem', code, say('error.failed'))
  const next =
    status === 404
      ? say('error.notFoundDo')
      : status === 429 || status === 503
        ? say('error.waitDo')
        : say('error.failedDo')
  const words =
    detail !== undefined && status !== 404 && status < 500 ? h`<p class="plain" lang="en">${detail}</p>` : ''
  return {
    title,
    status,
    body: h`<h1>${title}</h1>${verdict(status >= 500 ? 'bad' : 'calm', title, next, words)}
<p><a class="button" href="${base}">${say('error.home')}</a></p>`,
  }
}

export function forbiddenPage(visit: Visit, roles: readonly string[]): Page {
  const { say } = visit
  const names = roles.map((role) => say.orPlain('role', role)).join(', ')
  return {
    title: say('error.forbidden'),
    status: 403,
    body: h`<h1>${say('error.forbidden')}</h1>${verdict('warn', say('error.forbidden'), say('error.forbiddenDo', { roles: names }))}
<p><a class="button" href="${base}">${say('error.home')}</a></p>`,
  }
}

/** A form that no page of this session sent: an old one, or somebody else's. */
export function stalePage(visit: Visit): Page {
  const { say } = visit
  return {
    title: say('error.stale'),
    status: 403,
    body: h`<h1>${say('error.stale')}</h1>${verdict('warn', say('error.stale'), say('error.staleDo'))}
<p><a class="button" href="${visit.path}">${say('error.again')}</a></p>`,
  }
}
