// For whom a visitor acts: itself, or a principal whose mandate is in force. The choice is kept in the sealed session.
import { type Static, Type } from 'typebox'
import { Mandate, Me } from '../participants/schema.ts'
import { forItself, Refused } from './ask.ts'
import { h, type Html } from './html.ts'
import type { Say } from './language.ts'
import { csrfField } from './layout.ts'
import type { Pages } from './routes.ts'
import { base } from './session.ts'
import type { SignedVisit } from './visit.ts'

type Principal = { id: string; name: string; mandates: Static<typeof Mandate>[] }
/** More principals than this are found by their id at the interface. */
const principalsMax = 20

export function actingPages(pages: Pages): void {
  pages.form('/firm/acting', [], async (visit, fields) => {
    const wanted = fields.get('principal') ?? ''
    // Whom nobody gave a mandate for is refused here, in words, and not at the next page.
    if (wanted !== '') await visit.ask(Me, '/participants/me', { headers: { 'tamga-for': wanted } })
    return { location: base, actFor: wanted === '' ? undefined : wanted }
  })
}

/** The principals whose mandates are in force, by name. */
async function principalsOf(visit: SignedVisit): Promise<Principal[]> {
  const mandates = await visit.ask(Type.Array(Mandate), '/mandates?perPage=100', { headers: forItself })
  const received = mandates.filter(({ to, withdrawnAt }) => to === visit.me.id && withdrawnAt === undefined)
  const ids = [...new Set(received.map(({ from }) => from))].slice(0, principalsMax)
  const found = await Promise.all(
    ids.map(async (id): Promise<Principal[]> => {
      try {
        const { principal } = await visit.ask(Me, '/participants/me', { headers: { 'tamga-for': id } })
        return principal ? [{ id, name: principal.name, mandates: received.filter(({ from }) => from === id) }] : []
      } catch (error) {
        // Over since, or not in force yet.
        if (error instanceof Refused && error.refusal.status === 403) return []
        throw error
      }
    }),
  )
  return found.flat()
}

export async function actingPart(visit: SignedVisit): Promise<Html> {
  const { say, me } = visit
  const principals = await principalsOf(visit)
  const own = me.principal
    ? h`<form method="post" action="${base}/firm/acting">${csrfField(visit)}<input type="hidden" name="principal" value=""><p>${say('acting.now', { name: me.principal.name })}</p><button class="quiet">${say('acting.stop')}</button></form>`
    : ''
  return h`<h2 id="acting">${say('acting.title')}</h2>${own}
${principals.length === 0 ? h`<p class="soft">${say('acting.none')}</p>` : h`<ul class="queue">${principals.map((principal) => principalItem(visit, principal))}</ul>`}`
}

const principalItem = (visit: SignedVisit, { id, name, mandates }: Principal): Html => {
  const { say, me } = visit
  const here = me.principal?.id === id
  return h`<li class="card"><h3>${name}</h3>${mandates.map((mandate) => mandateLine(say, mandate))}
${here ? '' : h`<form method="post" action="${base}/firm/acting">${csrfField(visit)}<input type="hidden" name="principal" value="${id}"><p><button aria-label="${say('acting.do')}: ${name}">${say('acting.do')}</button></p></form>`}</li>`
}

const mandateLine = (say: Say, { may, gtins, until }: Static<typeof Mandate>): Html =>
  h`<p class="soft">${say('acting.may', { may: may.map((word) => say.orPlain('may', word)).join(', ') })}${gtins ? h` · ${gtins.join(', ')}` : ''} · ${say('acting.until', { time: say.day(until) })}</p>`
