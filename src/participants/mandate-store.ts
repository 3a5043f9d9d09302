// All SQL about mandates.
import { sql } from 'kysely'
import type { Db, Tx } from '../db/connect.ts'
import { newId } from '../db/id.ts'
import type { MandateRef } from './actor.ts'

export type MandateRow = {
  no: number
  id: string
  principal_no: number
  principal: string
  agent: string
  may: string[]
  gtins: string[] | null
  until: Date
  created_at: Date
  withdrawn_at: Date | null
}

export type NewMandate = {
  principalNo: number
  agentNo: number
  may: readonly string[]
  gtins?: readonly string[] | undefined
  until: Date
  createdBy: number
}

export async function insertMandate(tx: Tx, given: NewMandate): Promise<{ no: number; id: string }> {
  const { rows } = await sql<{ no: number; id: string }>`
    insert into mandate (id, principal_no, agent_no, may, gtins, until, created_by)
    values (${newId()}, ${given.principalNo}, ${given.agentNo}, ${[...given.may]}::text[],
            ${given.gtins ? [...given.gtins] : null}::text[], ${given.until}, ${given.createdBy})
    returning no, id`.execute(tx)
  const [row] = rows
  if (!row) throw new Error('an insert returned no row')
  return row
}

const mandateColumns = sql`mandate.no, mandate.id, mandate.principal_no, principal.id as principal, agent.id as agent,
  mandate.may, mandate.gtins, mandate.until, mandate.created_at, mandate.withdrawn_at`

/** Mandates that a participant gave or was given, oldest first. */
export async function listMandates(db: Db, participantNo: number, after: number, limit: number): Promise<MandateRow[]> {
  const { rows } = await sql<MandateRow>`
    select ${mandateColumns} from mandate
    join participant as principal on principal.no = mandate.principal_no
    join participant as agent on agent.no = mandate.agent_no
    where (mandate.principal_no = ${participantNo} or mandate.agent_no = ${participantNo}) and mandate.no > ${after}
    order by mandate.no limit ${limit}`.execute(db)
  return rows
}

export async function findMandate(db: Db | Tx, id: string): Promise<MandateRow | undefined> {
  const { rows } = await sql<MandateRow>`
    select ${mandateColumns} from mandate
    join participant as principal on principal.no = mandate.principal_no
    join participant as agent on agent.no = mandate.agent_no
    where mandate.id = ${id}`.execute(db)
  return rows[0]
}

/** Ends a mandate; true if it was not ended before. */
export async function withdrawMandate(tx: Tx, no: number, at: Date): Promise<boolean> {
  const { rows } = await sql`
    update mandate set withdrawn_at = ${at} where no = ${no} and withdrawn_at is null returning no`.execute(tx)
  return rows.length > 0
}

export type SellingMandate = { other: number; gtins: string[] | null; until: Date }

/** Between whom and a participant, in either direction, a mandate to sell was given and not ended; `until` is the caller's to check. */
export async function mandatesToSell(db: Db, participantNo: number): Promise<SellingMandate[]> {
  const { rows } = await sql<SellingMandate>`
    select case when principal_no = ${participantNo} then agent_no else principal_no end as other, gtins, until from mandate
    where (principal_no = ${participantNo} or agent_no = ${participantNo}) and 'sell' = any (may) and withdrawn_at is null
    order by no desc limit 1000`.execute(db)
  return rows
}

export type MandateInForce = MandateRef & { until: Date }

/** What an agent may do for a principal, the newest mandate first; ended ones are left out, `until` is the caller's to check. */
export async function mandatesBetween(db: Db, agentNo: number, principalNo: number): Promise<MandateInForce[]> {
  const { rows } = await sql<{ no: number; id: string; may: string[]; gtins: string[] | null; until: Date }>`
    select no, id, may, gtins, until from mandate
    where agent_no = ${agentNo} and principal_no = ${principalNo} and withdrawn_at is null
    order by no desc limit 100`.execute(db)
  return rows.map(({ gtins, ...row }) => ({ ...row, ...(gtins ? { gtins } : {}) }))
}
