// All SQL about the GS1 company prefixes of participants.
import { sql } from 'kysely'
import type { Pool } from 'pg'
import type { Db, Tx } from '../db/connect.ts'

/** Registers a prefix; false if it is there, begins with one that is, or one that is there begins with it. */
export async function insertCompanyPrefix(tx: Tx, participantNo: number, prefix: string): Promise<boolean> {
  await sql`select pg_advisory_xact_lock(hashtext('company_prefix'))`.execute(tx)
  const { rows } = await sql`
    insert into company_prefix (prefix, participant_no)
    select ${prefix}, ${participantNo}::integer
    where not exists (
      select from company_prefix
      where starts_with(prefix, ${prefix}) or starts_with(${prefix}::text, prefix))
    returning prefix`.execute(tx)
  return rows.length > 0
}

export async function listCompanyPrefixes(db: Db, participantNo: number): Promise<string[]> {
  const { rows } = await sql<{ prefix: string }>`
    select prefix from company_prefix where participant_no = ${participantNo} order by prefix`.execute(db)
  return rows.map(({ prefix }) => prefix)
}

const SHORTEST = 6
const LONGEST = 12

/**
 * How many digits the registered company prefix has with which `digits` begin; undefined if none does.
 * @param digits of a GS1 key, from its company prefix on
 */
export async function findPrefixLength(pool: Pool, digits: string): Promise<number | undefined> {
  const candidates: string[] = []
  for (let length = SHORTEST; length <= Math.min(LONGEST, digits.length); length++)
    candidates.push(digits.slice(0, length))
  const { rows } = await pool.query<{ prefix: string }>({
    name: 'company-prefix',
    text: 'select prefix from company_prefix where prefix = any ($1::text[])',
    values: [candidates],
  })
  return rows[0]?.prefix.length
}
