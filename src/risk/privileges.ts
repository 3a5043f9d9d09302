// Who has earned an easier way: authorised operators and approved combinations. Acts with dates; never immunity.
import type { ClientBase } from 'pg'
import { listActsOfKind } from '../declarations/act-store.ts'
import type { NewDeclaration } from '../declarations/schema.ts'
import { partyName } from './party.ts'

type Queryable = Pick<ClientBase, 'query'>

export type Authorisation = { participant: string; type: string; from: string; until: string; legalBasis: string }
export type Combination = {
  consignor: string
  importer: string
  filer: string
  /** The beginning of the heading. */
  hsCode: string
  /** In order; empty: any. */
  route: readonly string[]
  from: string
  until: string
}

export type Privilege<Body> = { id: string; body: Body; endedAt: Date | undefined; endedFor?: string }

const isIn = ({ from, until }: { from: string; until: string }, at: Date): boolean =>
  new Date(from) <= at && at < new Date(until)

/** Privileges of a kind with their ends; acts below a position count. Ended ones stay in the list. */
export async function listPrivileges<Body>(
  client: Queryable,
  kinds: readonly [given: string, ended: string],
  before?: number,
): Promise<Privilege<Body>[]> {
  const found = new Map<string, Privilege<Body>>()
  for (const act of await listActsOfKind(client, kinds, before)) {
    // Written by border/privilege-routes.ts and pinned by its entry.
    if (act.kind === kinds[0])
      found.set(act.subject, { id: act.subject, body: JSON.parse(act.body) as Body, endedAt: undefined })
    const privilege = found.get(act.subject)
    if (act.kind === kinds[1] && privilege) {
      privilege.endedAt = act.at
      privilege.endedFor = (JSON.parse(act.body) as { reason: string }).reason
    }
  }
  return [...found.values()]
}

export const authorisationKinds = ['operator_authorised', 'operator_suspended'] as const
export const combinationKinds = ['combination_approved', 'combination_ended'] as const

export async function isAuthorised(client: Queryable, participant: string, at: Date, before: number): Promise<boolean> {
  const known = await listPrivileges<Authorisation>(client, authorisationKinds, before)
  return known.some(({ body, endedAt }) => body.participant === participant && !endedAt && isIn(body, at))
}

/** Whether one combination covers every line. */
export async function isApproved(
  client: Queryable,
  content: NewDeclaration,
  declarant: string,
  at: Date,
  before: number,
): Promise<boolean> {
  const known = await listPrivileges<Combination>(client, combinationKinds, before)
  return known.some(({ id, body, endedAt }) => {
    if (endedAt || !isIn(body, at) || (content.combination !== undefined && content.combination !== id)) return false
    const parties =
      body.consignor === partyName(content.consignor) &&
      body.importer === partyName(content.consignee) &&
      body.filer === declarant
    const route = body.route.length === 0 || body.route.join('>') === content.route.join('>')
    return parties && route && content.items.every(({ hsCode }) => hsCode.startsWith(body.hsCode))
  })
}

/**
 * Rules that two persons withdrew for all. A profile that was drafted afterwards has its rules anew: whoever mends a faulty rule is not
 * bound by the end of the old one, and nobody switches a rule off for ever.
 * @param drafted position of the profile's draft
 */
export async function withdrawnRules(client: Queryable, drafted: number, before?: number): Promise<Set<string>> {
  const persons = new Map<string, Set<number>>()
  for (const act of await listActsOfKind(client, ['rule_withdrawn'], before)) {
    if (act.person === null || act.position < drafted) continue
    persons.set(act.subject, (persons.get(act.subject) ?? new Set()).add(act.person))
  }
  return new Set([...persons].flatMap(([rule, who]) => (who.size >= 2 ? [rule.replace(/^rule:/, '')] : [])))
}
