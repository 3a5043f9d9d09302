// Mandates: who lets whom act for him, in what, for which goods, until when.
import type { Db } from '../db/connect.ts'
import { fieldProblem, Problem } from '../http/problem.ts'
import { padGtin } from '../gs1/identifiers.ts'
import type { OnAdministrativeAct } from './act.ts'
import { hasRole, type Actor } from './actor.ts'
import * as mandates from './mandate-store.ts'
import type { Mandate } from './schema.ts'
import * as store from './store.ts'

export type MandateDeps = { db: Db; now: () => Date; onAct: OnAdministrativeAct; onChange: () => void }
type Given = { to: string; may: string[]; gtins?: string[]; until: string }

/** @throws Problem field_invalid, not_possible */
export async function giveMandate(deps: MandateDeps, actor: Actor, given: Given): Promise<Mandate> {
  const { db, now, onAct, onChange } = deps
  const principal = actor.participant
  // What an authority may do comes from the law and cannot be lent.
  if (hasRole(principal, 'operator', 'customs', 'auditor', 'agency')) {
    throw new Problem('not_possible', { detail: 'An authority gives no mandates: its powers are not its own to lend.' })
  }
  const until = new Date(given.until)
  if (!(until > now())) throw fieldProblem('/until', 'This time is past. Choose one in the future.')
  const gtins = given.gtins?.map((text, i) => {
    const { value, fault } = padGtin(text)
    if (fault)
      throw fieldProblem(`/gtins/${i}`, fault.detail, fault.code === 'code_malformed' ? 'field_invalid' : fault.code)
    return value
  })
  const agent = await store.findParticipant(db, { id: given.to })
  if (!agent) throw fieldProblem('/to', 'There is no such participant. Check the id.')
  if (agent.no === principal.no)
    throw fieldProblem('/to', 'Nobody needs a mandate from itself. Name another participant.')
  const body = await db.transaction().execute(async (tx) => {
    const may = [...new Set(given.may)]
    const row = await mandates.insertMandate(tx, {
      principalNo: principal.no,
      agentNo: agent.no,
      may,
      gtins,
      until,
      createdBy: actor.key.no,
    })
    const body = {
      id: row.id,
      from: principal.id,
      to: agent.id,
      may,
      ...(gtins ? { gtins } : {}),
      until: until.toISOString(),
    }
    await onAct({ kind: 'mandate_given', at: now(), actor, subject: { ...body, mandate: row.id } })
    return body
  })
  onChange() // Who was just refused for want of it may act at once.
  return body
}

/** Ends a mandate that the actor gave. Repeating is no error. @throws Problem not_found, role_missing */
export async function endMandate({ db, now, onAct, onChange }: MandateDeps, actor: Actor, id: string): Promise<void> {
  const mandate = await mandates.findMandate(db, id)
  const isParty = mandate?.principal === actor.participant.id || mandate?.agent === actor.participant.id
  if (!mandate || !isParty)
    throw new Problem('not_found', { detail: 'There is no such mandate of yours. Check the id.' })
  if (mandate.principal !== actor.participant.id) {
    throw new Problem('role_missing', { detail: 'Only the principal ends a mandate. Ask it to.' })
  }
  await db.transaction().execute(async (tx) => {
    if (!(await mandates.withdrawMandate(tx, mandate.no, now()))) return
    await onAct({
      kind: 'mandate_withdrawn',
      at: now(),
      actor,
      subject: { mandate: id, from: mandate.principal, to: mandate.agent },
    })
  })
  onChange()
}

export const mandateBody = (row: mandates.MandateRow): Mandate => ({
  id: row.id,
  from: row.principal,
  to: row.agent,
  may: row.may,
  until: row.until.toISOString(),
  ...(row.gtins === null ? {} : { gtins: row.gtins }),
  ...(row.withdrawn_at === null ? {} : { withdrawnAt: row.withdrawn_at.toISOString() }),
})
